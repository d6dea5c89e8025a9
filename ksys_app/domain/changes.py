"""Which tiles have changed since a tick, so that a reader gets only these (PRD §6.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ksys_app.models.tiles import Tile

KEPT: Final = 60
"""How many ticks a reader may fall behind; with the default of 10 s, ten minutes."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reader needs to be up to date.

    Attributes:
        whole: whether ``tiles`` are all tiles, which replace those that the reader has.
        tiles: the tiles that are new or have changed, by name. The age is no part of a tile.
        removed: names of tiles that are gone, by name.
    """

    whole: bool
    tiles: tuple[Tile, ...]
    removed: tuple[str, ...] = ()


class ChangeLog:
    """Remembers of each tile at which tick it changed last."""

    def __init__(self) -> None:
        self._ticks: deque[int] = deque(maxlen=KEPT)
        self._tiles: dict[str, Tile] = {}
        self._changed: dict[str, int] = {}
        self._removed: dict[str, int] = {}
        # All screens ask the same few questions in a tick.
        self._answers: dict[int | None, Changes] = {}

    def add(self, seq: int, tiles: Sequence[Tile]) -> None:
        """Take the tiles of the tick ``seq``, which is larger than all before."""
        before, self._tiles = self._tiles, {tile.title: tile for tile in tiles}
        for title, tile in self._tiles.items():
            known = before.get(title)
            if known is not tile and known != tile:
                self._changed[title] = seq
                self._removed.pop(title, None)
        for title in before.keys() - self._tiles.keys():
            del self._changed[title]
            self._removed[title] = seq
        self.again(seq)

    def again(self, seq: int) -> None:
        """Take a tick that has no tiles of its own, because the database did not answer."""
        self._ticks.append(seq)
        self._answers = {}
        oldest = self._ticks[0]
        for title in [one for one, gone in self._removed.items() if gone <= oldest]:
            del self._removed[title]

    def since(self, seq: int) -> Changes:
        """What has changed after the tick ``seq``; everything where that tick is not remembered."""
        known = seq if seq in self._ticks else None
        if known not in self._answers:
            self._answers[known] = self._since(known)
        return self._answers[known]

    def _since(self, seq: int | None) -> Changes:
        if seq is None:
            return Changes(True, tuple(self._tiles.values()))
        changed = (tile for title, tile in self._tiles.items() if self._changed[title] > seq)
        removed = sorted(title for title, gone in self._removed.items() if gone > seq)
        return Changes(False, tuple(changed), tuple(removed))
