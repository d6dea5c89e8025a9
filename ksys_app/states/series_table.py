"""The table of a tag's series: which rows, and the page of them that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import reflex as rx

from ksys_app.domain import figures
from ksys_app.domain.paging import Page, counted, newest_first, page, page_with
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.models.views import SeriesRow
from ksys_app.services import runtime
from ksys_app.services.series import Kind
from ksys_app.states.views import series_row

# Where a chart asks for the columns of its rows, under /api/v1/.
ENDPOINT: Final[dict[Kind, str]] = {
    "buckets": "timeseries",
    "indicators": "indicators",
    "features": "features",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that a chart or a table shows.

    Attributes:
        kind: which rows, as the export names them.
        columns: the figures of a row, in order.
    """

    kind: Kind
    columns: tuple[str, ...]

    @property
    def endpoint(self) -> str:
        """Where a chart asks for their columns, under ``/api/v1/``."""
        return ENDPOINT[self.kind]


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page of a table.

    Attributes:
        at: its place among the rows that are counted.
        rows: its rows, the newest first.
        until_ms: the newest row that is counted, epoch milliseconds; 0 for all of them.
    """

    at: Page
    rows: list[Any]
    until_ms: int


def table_page(
    rows: Sequence[Any], number: int, until_ms: int, find_ms: int | None = None
) -> TablePage:
    """The page that is selected, or the one that holds a time.

    Pages after the first one count no row that came later, so that they stand still.

    Args:
        rows: all rows, ascending by time.
        number: the page, from 1; one beyond the last is the last.
        until_ms: the newest row that is counted, epoch milliseconds; 0 for all of them.
        find_ms: turn to the page that holds the row of this time, if there is one.
    """
    times = [epoch_ms(row.bucket) for row in rows]
    if find_ms is not None:
        until_ms = 0 if find_ms > until_ms else until_ms
        number = page_with(times[: counted(times, until_ms)], find_ms) or number
    rows = rows[: counted(times, until_ms)]
    at = page(len(rows), number)
    until_ms = epoch_ms(rows[-1].bucket) if rows and at.number > 1 else 0
    return TablePage(at, list(newest_first(rows, at)), until_ms)


class SeriesTable(rx.State, mixin=True):
    """A page of the table."""

    rows: list[SeriesRow] = []
    total: int = 0
    page: int = 1
    pages: int = 1
    found_ms: int = 0

    # The newest row that pages after the first one count, so that they stand still; 0 on the first.
    _until_ms: int = 0

    @rx.var
    def count(self) -> str:
        """How many rows there are, as text."""
        return figures.count(self.total)

    def _turn_to(self, number: int) -> None:
        self.page, self.found_ms = number, 0
        self._until_ms = self._until_ms if number > 1 else 0

    def _drop_rows(self) -> None:
        self.rows, self.total, self.pages = [], 0, 1

    def _show_rows(
        self, rows: Sequence[Any], columns: Sequence[str], places: int, *, find: bool
    ) -> None:
        """Show the page that is selected, or the one that holds the time found.

        Args:
            rows: all rows, ascending by time.
            columns: the figures of a row, in order.
            places: the decimals of a figure.
            find: whether to turn to the page that holds ``found_ms``.
        """
        self.total = len(rows)
        shown = table_page(rows, self.page, self._until_ms, self.found_ms if find else None)
        self.page, self.pages, self._until_ms = shown.at.number, shown.at.count, shown.until_ms
        zone = runtime.current().zone
        self.rows = [
            series_row(number, row, columns, zone, places)
            for number, row in enumerate(shown.rows, shown.at.start + 1)
        ]
