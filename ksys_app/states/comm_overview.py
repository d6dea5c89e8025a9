"""The overview of ``/comm``: all tags in an order, and the shown page of them (PRD §28.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import reflex as rx

from ksys_app.domain import comm, comm_order, ordering
from ksys_app.domain.names import clean_filter, matches
from ksys_app.domain.paging import PAGE_ROWS, page
from ksys_app.models.comm import WORST, Alive, TagDays
from ksys_app.models.comm_views import OverviewNow, OverviewRow
from ksys_app.services.comm_page import Overview
from ksys_app.states import comm_views as views
from ksys_app.states.loading import LoadingState


class OverviewState(LoadingState, mixin=True):
    """One page of the tags. The server orders all tags and sends only this page."""

    overview_shown: bool = False
    search: str = ""
    sort: str = WORST
    descending: bool = False
    rows: list[OverviewRow] = []
    nows: list[OverviewNow] = []
    row_count: int = 0
    page: int = 1
    pages: int = 1
    moved: int = 0
    truncated: bool = False
    searched: bool = False

    _overview: Overview | None = None
    _alive: dict[str, Alive] = {}
    _order: tuple[str, ...] = ()
    _order_held: bool = False
    # Whether the days of the overview end today.
    _ends_today: bool = False

    @rx.event
    def set_page(self, page: int) -> None:
        """Show a page of the overview. The first page is 1."""
        self.page = page
        self._show_page()

    @rx.event
    def set_sort(self, column: str) -> None:
        """Order all tags by a column, its worst value first. The same column again reverses it."""
        if column == WORST:
            self.sort, self.descending = column, False
        elif column not in comm_order.COLUMNS:
            return
        elif column == self.sort:
            self.descending = not self.descending
        else:
            self.sort, self.descending = column, column in comm_order.WORST_IS_MOST
        self.page, self._order = 1, ()
        self._show_page()
        self.link = self._link()

    @rx.event
    def hold(self, held: bool) -> None:
        """Hold the order from now on, or release it and bring it up to date."""
        self._order_held = held is True
        self._show_page()

    @rx.event
    def reorder(self) -> None:
        """Bring the order up to date, and hold the new one."""
        self._order = ()
        self._show_page()

    def _set_overview(self, overview: Overview, alive: Sequence[Alive], now: datetime) -> None:
        self._overview, self.truncated, self.overview_shown = overview, overview.truncated, True
        self._alive = {row.tag_name: row for row in alive}
        self._ends_today = comm.ends_today(overview.calendar, now)
        self._show_page()

    def _clear_overview(self) -> None:
        self.rows, self.nows, self._overview, self._alive, self._order = [], [], None, {}, ()
        self.overview_shown = self.searched = False

    def _search(self, text: str) -> None:
        """Show only tags that contain every word of ``text``."""
        self.search, self.page, self._order = clean_filter(text), 1, ()
        self._show_page()
        self.link = self._link()

    def _show_page(self) -> None:
        if self._overview is None:
            return
        self.searched = self._overview.covers(self.search)
        matching = self._ordered(
            [r for r in self._overview.rows if matches(r.tag_name, self.search)]
        )
        place = page(len(matching), self.page)
        self.row_count, self.page, self.pages = place.total, place.number, place.count
        page_rows = matching[place.start : place.start + PAGE_ROWS]
        assumed = self._overview.assumed
        rows = [views.overview_row(row, assumed=row.tag_name in assumed) for row in page_rows]
        if rows != self.rows:
            self.rows = rows
        self.nows = [views.overview_now(self._alive[row.tag_name]) for row in page_rows]

    def _ordered(self, matching: list[TagDays]) -> list[TagDays]:
        """The rows in order. While the order is held, they keep the order of before."""
        wanted_order = comm_order.ordered(
            matching, self._alive, self.sort, self.descending, self._ends_today
        )
        names = [row.tag_name for row in wanted_order]
        order, self.moved = names, 0
        if self._order_held and self._order:
            order = ordering.keep_order(self._order, names)
            self.moved = ordering.moves(order, names)
        self._order = tuple(order)
        by_name = {row.tag_name: row for row in matching}
        return [by_name[name] for name in order]
