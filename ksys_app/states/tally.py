"""The counts above the tiles, and the one kind of tags that tiles and table show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import reflex as rx

from ksys_app.domain import ordering
from ksys_app.models.tiles import Tile
from ksys_app.models.views import KINDS, PINNED, TallyView
from ksys_app.states.held_order import HeldOrder

ONLY: Final = (*KINDS, PINNED)


class TagTally(HeldOrder, mixin=True):
    """The counts of tags with trouble. A pressed count shows only its own tags."""

    only: str = ""
    tally: TallyView = TallyView()

    @rx.event
    def show_only(self, kind: str) -> None:
        """Show only tags with one kind of trouble, or only pinned tags.

        The same kind again, or an empty text, shows all tags.
        """
        if kind and kind not in ONLY:
            return
        self.only = "" if kind == self.only else kind
        self._show_selection()

    def _set_tally(
        self, tiles: Sequence[Tile], tally_counts: ordering.Tally, shown: int, *, partial: bool
    ) -> None:
        """Set the counts of ``tiles``, of which ``shown`` pass the filters."""
        every, kinds = len(tiles), tally_counts.kinds
        tally = TallyView(
            tally_counts.tags,
            every,
            shown,
            kinds,
            tally_counts.outside,
            partial,
            tally_counts.pinned,
        )
        if tally != self.tally:
            self.tally = tally
