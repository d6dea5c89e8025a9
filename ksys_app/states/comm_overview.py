"""The overview of ``/comm``: every tag, in which order and on which page (PRD §28.3)."""

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
    """A page of the tags. The server orders all tags and sends one page."""

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
    _held: bool = False
    # Whether the days of the overview end today.
    _ends_today: bool = False

    @rx.event
    def set_page(self, page: int) -> None:
        """Show a page of the overview, the first being 1."""
        self.page = page
        self._place_rows()

    @rx.event
    def set_sort(self, column: str) -> None:
        """Order all tags by a column, its worst value first; the same one again turns it round."""
        if column == WORST:
            self.sort, self.descending = column, False
        elif column not in comm_order.COLUMNS:
            return
        elif column == self.sort:
            self.descending = not self.descending
        else:
            self.sort, self.descending = column, column in comm_order.WORST_IS_MOST
        self.page, self._order = 1, ()
        self._place_rows()
        self.link = self._link()

    @rx.event
    def hold(self, held: bool) -> None:
        """Keep the order from now on, or bring it up to date."""
        self._held = held is True
        self._place_rows()

    @rx.event
    def reorder(self) -> None:
        """Bring the order up to date, and keep that one."""
        self._order = ()
        self._place_rows()

    def _take_overview(self, overview: Overview, alive: Sequence[Alive], now: datetime) -> None:
        self._overview, self.truncated, self.overview_shown = overview, overview.truncated, True
        self._alive = {one.tag_name: one for one in alive}
        self._ends_today = comm.ends_today(overview.calendar, now)
        self._place_rows()

    def _drop_overview(self) -> None:
        self.rows, self.nows, self._overview, self._alive, self._order = [], [], None, {}, ()
        self.overview_shown = self.searched = False

    def _search(self, text: str) -> None:
        """Show only tags that hold every word of ``text``."""
        self.search, self.page, self._order = clean_filter(text), 1, ()
        self._place_rows()
        self.link = self._link()

    def _place_rows(self) -> None:
        if self._overview is None:
            return
        self.searched = self._overview.covers(self.search)
        found = self._arranged([r for r in self._overview.rows if matches(r.tag_name, self.search)])
        at = page(len(found), self.page)
        self.row_count, self.page, self.pages = at.total, at.number, at.count
        shown = found[at.start : at.start + PAGE_ROWS]
        assumed = self._overview.assumed
        rows = [views.overview_row(row, assumed=row.tag_name in assumed) for row in shown]
        if rows != self.rows:
            self.rows = rows
        self.nows = [views.overview_now(self._alive[row.tag_name]) for row in shown]

    def _arranged(self, found: list[TagDays]) -> list[TagDays]:
        """The rows in order. While somebody points at them, they keep the order that they had."""
        wanted = comm_order.ordered(
            found, self._alive, self.sort, self.descending, self._ends_today
        )
        names = [row.tag_name for row in wanted]
        shown, self.moved = names, 0
        if self._held and self._order:
            shown = ordering.held(self._order, names)
            self.moved = ordering.moves(shown, names)
        self._order = tuple(shown)
        by_name = {row.tag_name: row for row in found}
        return [by_name[name] for name in shown]
