"""Which items of a list have changed since a tick, so that a reader gets only these (PRD §6.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

from ksys_app.models.tiles import Tile

KEPT: Final = 60
"""How many ticks a reader may fall behind; with the default of 10 s, ten minutes."""

Item = TypeVar("Item")
Key = TypeVar("Key", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Changes(Generic[Item, Key]):
    """What a reader needs to be up to date.

    Attributes:
        whole: whether ``items`` are all items, which replace those that the reader has.
        items: the items that are new or have changed, in the order of the list.
        removed: keys of items that are gone, in order.
    """

    whole: bool
    items: tuple[Item, ...]
    removed: tuple[Key, ...] = ()


class ChangeLog(Generic[Item, Key]):
    """Remembers of each item at which tick it changed last.

    Args:
        key: what identifies an item in the list. It does not change.
    """

    def __init__(self, key: Callable[[Item], Key]) -> None:
        self._key: Callable[[Item], Key] = key
        self._ticks: deque[int] = deque(maxlen=KEPT)
        self._items: dict[Key, Item] = {}
        self._changed: dict[Key, int] = {}
        self._removed: dict[Key, int] = {}
        # All screens ask the same few questions in a tick.
        self._answers: dict[int | None, Changes[Item, Key]] = {}

    def add(self, seq: int, items: Iterable[Item]) -> None:
        """Take the items of the tick ``seq``, which is larger than all before."""
        before, self._items = self._items, {self._key(item): item for item in items}
        for key, item in self._items.items():
            known = before.get(key)
            if known is not item and known != item:
                self._changed[key] = seq
                self._removed.pop(key, None)
        for key in before.keys() - self._items.keys():
            del self._changed[key]
            self._removed[key] = seq
        self.again(seq)

    def again(self, seq: int) -> None:
        """Take a tick that has no items of its own, because the database did not answer."""
        self._ticks.append(seq)
        self._answers = {}
        oldest = self._ticks[0]
        for key in [one for one, gone in self._removed.items() if gone <= oldest]:
            del self._removed[key]

    def since(self, seq: int) -> Changes[Item, Key]:
        """What has changed after the tick ``seq``; everything where that tick is not remembered."""
        known = seq if seq in self._ticks else None
        if known not in self._answers:
            self._answers[known] = self._since(known)
        return self._answers[known]

    def _since(self, seq: int | None) -> Changes[Item, Key]:
        if seq is None:
            return Changes(True, tuple(self._items.values()))
        changed = (item for key, item in self._items.items() if self._changed[key] > seq)
        removed = sorted(key for key, gone in self._removed.items() if gone > seq)
        return Changes(False, tuple(changed), tuple(removed))


TileLog: TypeAlias = ChangeLog[Tile, str]


def tile_log() -> TileLog:
    """The changes of tiles, which their tags name."""
    return ChangeLog(lambda tile: tile.title)
