"""The order of tiles and table rows, and the group that is shown alone."""

from __future__ import annotations

from typing import Final

import reflex as rx

from ksys_app.domain.names import clean_filter
from ksys_app.domain.ordering import COLUMNS
from ksys_app.states.held import HeldOrder

SORTS: Final = ("name", "worst")


class Sorted(HeldOrder, mixin=True):
    """How tiles and rows are sorted, and of which group they are."""

    # Empty for all groups.
    group: str = ""
    table_sort: str = "tag"
    table_desc: bool = False
    tile_sort: str = "name"
    saved_sort: str = rx.LocalStorage("", name="ksys.sort")

    @rx.event
    def show_group(self, name: str) -> None:
        """Show only the tags of a group; the same group again, or none, shows all."""
        self.group = "" if name == self.group else clean_filter(name)
        self._choose()

    @rx.event
    def set_tile_sort(self, value: str) -> None:
        """``worst`` first or by ``name``."""
        if value not in SORTS:
            return
        self.tile_sort = self.saved_sort = value
        self._choose()

    @rx.event
    def sort_table(self, column: str) -> None:
        """Sort the table by a column; the same column again turns the order round."""
        if column not in COLUMNS:
            return
        self.table_desc = not self.table_desc if column == self.table_sort else False
        self.table_sort = column
        self._choose()
