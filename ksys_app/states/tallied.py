"""What the line over the tiles counts, and which of its tags tiles and table are cut to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import reflex as rx

from ksys_app.domain import ordering
from ksys_app.models.tiles import Tile
from ksys_app.models.views import KINDS, PINNED, TallyView
from ksys_app.states.held import HeldOrder

ONLY: Final = (*KINDS, PINNED)


class Tallied(HeldOrder, mixin=True):
    """Counts of what is wrong, each of which shows its tags alone when it is pressed."""

    only: str = ""
    tally: TallyView = TallyView()

    @rx.event
    def show_only(self, kind: str) -> None:
        """Show only tags with one kind of trouble, or the pinned ones; again, or none, all."""
        if kind and kind not in ONLY:
            return
        self.only = "" if kind == self.only else kind
        self._choose()

    def _count(
        self, tiles: Sequence[Tile], found: ordering.Tally, shown: int, *, partial: bool
    ) -> None:
        """Count the tags at hand, of which ``shown`` are shown."""
        every, kinds = len(tiles), found.kinds
        tally = TallyView(found.tags, every, shown, kinds, found.outside, partial, found.pinned)
        if tally != self.tally:
            self.tally = tally
