"""Finds the items of a list that have changed since a tick, so a reader gets only these (§6.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

from ksys_app.models.tiles import Tile

REMEMBERED_TICKS: Final = 60
"""How many ticks a reader may fall behind; with the default of 10 s, ten minutes."""

Item = TypeVar("Item")
Key = TypeVar("Key", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Changes(Generic[Item, Key]):
    """The changes that bring a reader up to date.

    Attributes:
        whole: whether ``items`` are all items and replace the reader's items.
        items: the items that are new or have changed, in the order of the list.
        removed: keys of items that are gone, in order.
    """

    whole: bool
    items: tuple[Item, ...]
    removed: tuple[Key, ...] = ()


class ChangeLog(Generic[Item, Key]):
    """Remembers the tick at which each item last changed.

    Args:
        key: gives the key that identifies an item in the list. The key never changes.
    """

    def __init__(self, key: Callable[[Item], Key]) -> None:
        self._key: Callable[[Item], Key] = key
        self._ticks: deque[int] = deque(maxlen=REMEMBERED_TICKS)
        self._items: dict[Key, Item] = {}
        self._changed: dict[Key, int] = {}
        self._removed: dict[Key, int] = {}
        # In one tick, all screens request the same few answers.
        self._answers: dict[int | None, Changes[Item, Key]] = {}

    def add(self, seq: int, items: Iterable[Item]) -> None:
        """Add the items of the tick ``seq``, which is larger than all earlier ticks."""
        before, self._items = self._items, {self._key(item): item for item in items}
        for key, item in self._items.items():
            earlier = before.get(key)
            if earlier is not item and earlier != item:
                self._changed[key] = seq
                self._removed.pop(key, None)
        for key in before.keys() - self._items.keys():
            del self._changed[key]
            self._removed[key] = seq
        self.repeat(seq)

    def repeat(self, seq: int) -> None:
        """Add a tick that repeats the items before it, because the database did not answer."""
        self._ticks.append(seq)
        self._answers = {}
        oldest = self._ticks[0]
        for key in [key for key, removed_at in self._removed.items() if removed_at <= oldest]:
            del self._removed[key]

    def since(self, seq: int) -> Changes[Item, Key]:
        """The changes after the tick ``seq``; all items if that tick is not remembered."""
        remembered = seq if seq in self._ticks else None
        if remembered not in self._answers:
            self._answers[remembered] = self._since(remembered)
        return self._answers[remembered]

    def _since(self, seq: int | None) -> Changes[Item, Key]:
        if seq is None:
            return Changes(True, tuple(self._items.values()))
        changed = (item for key, item in self._items.items() if self._changed[key] > seq)
        removed = sorted(key for key, removed_at in self._removed.items() if removed_at > seq)
        return Changes(False, tuple(changed), tuple(removed))


TileLog: TypeAlias = ChangeLog[Tile, str]


def tile_log() -> TileLog:
    """A change log of tiles, keyed by their tags."""
    return ChangeLog(lambda tile: tile.title)
