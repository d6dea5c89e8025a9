"""The order of tiles and table rows, which is held while somebody points at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import reflex as rx

from ksys_app.domain import ordering
from ksys_app.models.tiles import Tile

LISTS: Final = ("tiles", "table")


class HeldOrder(rx.State, mixin=True):
    """The indexes of tiles in both lists, and how many tags would move if a held list let go."""

    tile_order: list[int] = []
    table_order: list[int] = []
    tiles_moved: int = 0
    table_moved: int = 0

    _held_lists: tuple[str, ...] = ()
    # For each held list, the tiles of its last order, and their indexes in that order.
    _held_orders: dict[str, tuple[Sequence[Tile], list[int]]] = {}

    @rx.event
    def hold(self, name: str, held: bool) -> None:
        """Hold the order of ``tiles`` or ``table`` from now on, or bring it up to date."""
        if name not in LISTS:
            return
        self._held_lists = tuple(
            list_name
            for list_name in LISTS
            if (held if list_name == name else list_name in self._held_lists)
        )
        self._held_orders.pop(name, None)
        self._order_lists()

    @rx.event
    def reorder(self, name: str) -> None:
        """Bring the order of ``tiles`` or ``table`` up to date, and hold the new one."""
        if name in LISTS:
            self._held_orders.pop(name, None)
            self._order_lists()

    def _show_selection(self) -> None:
        """Show a new selection, and update the address."""
        raise NotImplementedError

    def _order_lists(self) -> None:
        """Compute the order of both lists again."""
        raise NotImplementedError

    def _release_order(self) -> None:
        """Forget the held order, because a person chose another one or opened the page again."""
        self._held_orders = {}

    def _arrange(
        self, name: str, tiles: Sequence[Tile], current: list[int]
    ) -> tuple[list[int], int]:
        """The indexes to show, and how many tags would move if the list were not held."""
        if name not in self._held_lists:
            return current, 0
        placed = self._held_orders.get(name)
        indexes, moved = (current, 0) if placed is None else _keep_places(*placed, tiles, current)
        self._held_orders = self._held_orders | {name: (tiles, indexes)}
        return indexes, moved


def _keep_places(
    before: Sequence[Tile], placed: list[int], tiles: Sequence[Tile], current: list[int]
) -> tuple[list[int], int]:
    """The indexes in the held order, and how many tags would move without it."""
    index = {tile.title: at for at, tile in enumerate(tiles)}
    names, titles = [before[at].title for at in placed], [tiles[at].title for at in current]
    # A tag that no longer passes the filter stays until the order is brought up to date.
    kept_back = {title for title in names if title in index} - set(titles)
    order = ordering.keep_order(names, [*titles, *kept_back])
    moved = len(kept_back) + ordering.moves([t for t in order if t not in kept_back], titles)
    return [index[title] for title in order], moved
