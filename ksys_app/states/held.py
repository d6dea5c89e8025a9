"""The order of tiles and table rows, which stands still while somebody points at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import reflex as rx

from ksys_app.domain import ordering
from ksys_app.models.tiles import Tile

LISTS: Final = ("tiles", "table")


class HeldOrder(rx.State, mixin=True):
    """Indexes of the rows of both lists, and how many tags would move in a list that is held."""

    tile_order: list[int] = []
    table_order: list[int] = []
    tiles_moved: int = 0
    table_moved: int = 0

    _held: tuple[str, ...] = ()
    # Of a list that is held, the tiles of its last order, and their indexes in that order.
    _placed: dict[str, tuple[Sequence[Tile], list[int]]] = {}

    @rx.event
    def hold(self, name: str, held: bool) -> None:
        """Keep the order of ``tiles`` or ``table`` from now on, or bring it up to date."""
        if name not in LISTS:
            return
        self._held = tuple(one for one in LISTS if (held if one == name else one in self._held))
        self._placed.pop(name, None)
        self._order()

    @rx.event
    def reorder(self, name: str) -> None:
        """Bring the order of ``tiles`` or ``table`` up to date, and keep that one."""
        if name in LISTS:
            self._placed.pop(name, None)
            self._order()

    def _choose(self) -> None:
        """Show what somebody has just selected, and say it in the address."""
        raise NotImplementedError

    def _order(self) -> None:
        """Arrange both lists anew."""
        raise NotImplementedError

    def _let_go(self) -> None:
        """Forget the order that is held: a person chose another one, or opened the page again."""
        self._placed = {}

    def _arrange(
        self, name: str, tiles: Sequence[Tile], wanted: list[int]
    ) -> tuple[list[int], int]:
        """The indexes to show, in the held order, and how many tags would move without it."""
        if name not in self._held:
            return wanted, 0
        placed = self._placed.get(name)
        shown, moved = (wanted, 0) if placed is None else _in_place(*placed, tiles, wanted)
        self._placed = self._placed | {name: (tiles, shown)}
        return shown, moved


def _in_place(
    before: Sequence[Tile], placed: list[int], tiles: Sequence[Tile], wanted: list[int]
) -> tuple[list[int], int]:
    """The indexes in the order of before, and how many tags would move without it."""
    index = {tile.title: at for at, tile in enumerate(tiles)}
    names, titles = [before[at].title for at in placed], [tiles[at].title for at in wanted]
    # A tag that the filter leaves out by now stays until the next order.
    left = {title for title in names if title in index} - set(titles)
    shown = ordering.held(names, [*titles, *left])
    moved = len(left) + ordering.moves([t for t in shown if t not in left], titles)
    return [index[title] for title in shown], moved
