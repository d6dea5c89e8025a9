"""The table of a tag's series: its kind of rows, and the shown page of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import reflex as rx

from ksys_app.domain import figures
from ksys_app.domain.paging import Page, count_until, newest_first, page, page_with
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.models.series import Bucket
from ksys_app.models.views import SeriesRow
from ksys_app.services import runtime
from ksys_app.services.series import Kind
from ksys_app.states.views import series_row

# Kind of rows to the path below /api/v1/ from which a chart fetches the columns.
ENDPOINT: Final[dict[Kind, str]] = {
    "buckets": "timeseries",
    "indicators": "indicators",
    "features": "features",
}

# The columns of a bucket that only samples of the tag's own give.
OF_SAMPLES: Final = frozenset(("min", "max", "first", "n"))


@dataclass(frozen=True, slots=True)
class Table:
    """The rows and columns that a chart or a table shows.

    Attributes:
        kind: the kind of rows, as the export names it.
        columns: the figures of a row, in order.
    """

    kind: Kind
    columns: tuple[str, ...]

    @property
    def endpoint(self) -> str:
        """The path below ``/api/v1/`` from which a chart fetches the columns."""
        return ENDPOINT[self.kind]

    def columns_of(self, *, means_only: bool) -> tuple[str, ...]:
        """The columns that have figures; see ``means_only``."""
        if self.kind != "buckets" or not means_only:
            return self.columns
        return tuple(column for column in self.columns if column not in OF_SAMPLES)


def means_only(rows: Sequence[Any]) -> bool:
    """Whether rows are buckets of a calculated tag, which has no samples of its own."""
    return len(rows) > 0 and isinstance(rows[-1], Bucket) and rows[-1].n is None


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page of a table.

    Attributes:
        at: the place of the page among the counted rows.
        rows: the rows of the page, the newest first.
        until_ms: the time of the newest counted row, epoch milliseconds; 0 if all rows count.
    """

    at: Page
    rows: list[Any]
    until_ms: int


def table_page(
    rows: Sequence[Any], number: int, until_ms: int, find_ms: int | None = None
) -> TablePage:
    """The page with this number, or the page that has the row of a time.

    Pages after the first one do not count newer rows, so that their rows do not move.

    Args:
        rows: all rows, ascending by time.
        number: the page, from 1; a number after the last page gives the last page.
        until_ms: the time of the newest counted row, epoch milliseconds; 0 if all rows count.
        find_ms: if a row has this time, return its page in place of ``number``.
    """
    times = [epoch_ms(row.bucket) for row in rows]
    if find_ms is not None:
        until_ms = 0 if find_ms > until_ms else until_ms
        number = page_with(times[: count_until(times, until_ms)], find_ms) or number
    rows = rows[: count_until(times, until_ms)]
    at = page(len(rows), number)
    until_ms = epoch_ms(rows[-1].bucket) if rows and at.number > 1 else 0
    return TablePage(at, list(newest_first(rows, at)), until_ms)


class SeriesTable(rx.State, mixin=True):
    """The shown page of the table."""

    rows: list[SeriesRow] = []
    total: int = 0
    page: int = 1
    pages: int = 1
    found_ms: int = 0

    # The time of the newest row that pages after the first one count, so that their rows do not
    # move; 0 on the first page.
    _until_ms: int = 0

    @rx.var
    def count(self) -> str:
        """How many rows there are, as text."""
        return figures.count(self.total)

    def _set_page(self, number: int) -> None:
        self.page, self.found_ms = number, 0
        self._until_ms = self._until_ms if number > 1 else 0

    def _clear_rows(self) -> None:
        self.rows, self.total, self.pages = [], 0, 1

    def _show_rows(
        self, rows: Sequence[Any], columns: Sequence[str], places: int, *, find: bool
    ) -> None:
        """Show the selected page, or the page that has the row of ``found_ms``.

        Args:
            rows: all rows, ascending by time.
            columns: the figures of a row, in order.
            places: the decimals of a figure.
            find: whether to show the page that has the row of ``found_ms``.
        """
        self.total = len(rows)
        shown = table_page(rows, self.page, self._until_ms, self.found_ms if find else None)
        self.page, self.pages, self._until_ms = shown.at.number, shown.at.count, shown.until_ms
        zone = runtime.current().zone
        self.rows = [
            series_row(number, row, columns, zone, places)
            for number, row in enumerate(shown.rows, shown.at.start + 1)
        ]
