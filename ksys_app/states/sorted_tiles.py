"""The selected order of tiles and table rows, and the selected group."""

from __future__ import annotations

from typing import Final

import reflex as rx

from ksys_app.domain.names import clean_filter
from ksys_app.domain.ordering import COLUMNS
from ksys_app.states.held_order import HeldOrder

SORTS: Final = ("name", "worst")


class SortedTiles(HeldOrder, mixin=True):
    """The order of tiles and table rows, and the one group that is shown."""

    # The one group that is shown; empty for all groups.
    group: str = ""
    table_sort: str = "tag"
    table_desc: bool = False
    tile_sort: str = "name"
    saved_sort: str = rx.LocalStorage("", name="ksys.sort")

    @rx.event
    def show_group(self, name: str) -> None:
        """Show only the tags of a group. The same group again, or an empty text, shows all."""
        self.group = "" if name == self.group else clean_filter(name)
        self._show_selection()

    @rx.event
    def set_tile_sort(self, value: str) -> None:
        """Sort tiles by ``worst`` state or by ``name``."""
        if value not in SORTS:
            return
        self.tile_sort = self.saved_sort = value
        self._show_selection()

    @rx.event
    def sort_table(self, column: str) -> None:
        """Sort the table by a column. The same column again reverses the order."""
        if column not in COLUMNS:
            return
        self.table_desc = not self.table_desc if column == self.table_sort else False
        self.table_sort = column
        self._show_selection()
