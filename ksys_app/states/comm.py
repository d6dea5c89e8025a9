"""The state of ``/comm``: which tags and days are shown, and what they amount to (PRD §28.3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import reflex as rx

from ksys_app import log
from ksys_app.domain import comm
from ksys_app.domain.timefmt import epoch_ms, local_minute
from ksys_app.errors import BadParameter, KsysError, UnknownTag
from ksys_app.models.comm import Alive
from ksys_app.models.comm_views import (
    COLOR_SCALE,
    CalendarView,
    CardView,
    CellsView,
    OutageView,
    SummaryView,
)
from ksys_app.services import runtime
from ksys_app.services.comm import Overview, Report
from ksys_app.services.live import BACKOFF_S
from ksys_app.states import comm_address as address
from ksys_app.states import comm_present as present
from ksys_app.states.base import BaseState
from ksys_app.states.comm_load import fetch, look
from ksys_app.states.comm_overview import OverviewState
from ksys_app.states.loading import LoadingState
from ksys_app.texts_comm import C
from ksys_app.utils.cache import TTL

MAX_OUTAGES: Final = 500
# An answer is kept that long, so asking more often brings nothing.
TICK_S: Final = TTL["comm"]


class CommState(OverviewState, LoadingState, BaseState):
    """Grids of up to nine tags, or the overview of all."""

    start_date: str = ""
    tag_names: list[str] = []
    cells: list[CellsView] = []
    outages: list[OutageView] = []
    color_scale: str = COLOR_SCALE

    view: str = address.VIEWS[0]
    calendar: CalendarView = CalendarView()
    summaries: list[SummaryView] = []
    outage_count: int = 0
    silent: list[str] = []
    alive_ms: int = 0
    card: CardView = CardView()
    last_start: str = ""
    today: str = ""
    tick_s: int = round(TICK_S)
    csv: dict[str, str] = {}

    _path: ClassVar[str] = "/comm"
    # The picker lists tags that exist, so that no other can be taken out of the selection there.
    _ways_out: ClassVar[Mapping[str, str]] = {BadParameter.code: "open", UnknownTag.code: "open"}
    _reports: dict[str, Report] = {}
    _recent: bool = True
    _cell_tag: str = ""
    _bucket: datetime | None = None
    _fresh: bool = False

    @rx.event
    def load(self) -> Any:
        """Read the selection from the URL and show it."""
        self._fill_footer()
        self._read_address()
        try:
            self._take(address.read(self._query()))
        except KsysError as error:
            self._fail(error)
            return None
        return [CommState.show, CommState.follow]

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> AsyncIterator[Any]:
        """Show each tick which tags are alive; at once, that the database is lost or is back."""
        pulse, away = runtime.current().database.pulse, False
        while True:
            news = await pulse.news(away, runtime.current().feed.interval)
            async with self:
                if not self._open_in("/comm") or self._asked_wrong():
                    return
            away = away is not news
            if news or (not away and not await look(self)):
                async with self:
                    self._fresh = True
                yield CommState.show

    @rx.event(background=True, supersedes=True)
    async def show(self) -> None:
        """Show what is selected; while the database is away, try again after 1, 2, 4, then 8 s."""
        failures = 0
        while True:
            pause = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            if not await fetch(self, pause):
                return
            failures += 1
            await asyncio.sleep(pause)
            async with self:
                if not self._open_in("/comm"):
                    return
                self._fresh = True

    @rx.event
    def refresh(self) -> Any:
        """Count and judge now, where counts may else be five minutes old."""
        self._fresh = True
        return CommState.show

    @rx.event
    def retry(self) -> Any:
        """Try again; an address that asks for the impossible gives way to what there is."""
        self.link_of = ""
        if self._asked_wrong():
            self._take(address.Selection())
            self.tag_names = []
            return [CommState.refresh, CommState.follow]
        return CommState.refresh

    @rx.event
    def prev_day(self) -> Any:
        """Begin a day earlier."""
        log.event("comm_nav_prev", range=self.start_date)
        return self._move(-1)

    @rx.event
    def next_day(self) -> Any:
        """Begin a day later, up to the 30 days that end today."""
        log.event("comm_nav_next", range=self.start_date)
        return self._move(1)

    @rx.event
    def recent_30d(self) -> Any:
        """The 30 days that end today."""
        log.event("comm_recent30", range=self.start_date)
        self._recent = True
        return CommState.show

    @rx.event
    def set_start(self, day: str) -> Any:
        """Begin at a day, ``YYYY-MM-DD``; anything else changes nothing."""
        try:
            self.start_date, self._recent = address.day(day).isoformat(), False
        except BadParameter:
            return None
        return CommState.show

    @rx.event
    def set_tags(self, tags: list[str]) -> Any:
        """Show these tags by hours: at least one, at most nine."""
        chosen = list(dict.fromkeys(filter(None, tags)))
        if not chosen:
            return None
        self.tag_names, self.view = chosen[: address.MAX_TAGS], address.VIEWS[0]
        return CommState.show

    @rx.event
    def set_view(self, view: str) -> Any:
        """By hour, or the overview of all tags."""
        if view not in address.VIEWS:
            return None
        self.view = view
        return CommState.show

    @rx.event
    def select_cell(self, ts: str, tag: str = "") -> None:
        """Show the hour that begins at ``ts``, ISO 8601, of the first or the named tag."""
        report = self._reports.get(tag or next(iter(self.tag_names), ""))
        bucket = address.hour(ts)
        card = None if report is None or bucket is None else present.card_view(report, bucket)
        if card is None:
            return
        self.card, self._cell_tag, self._bucket = card, card.tag, bucket
        self.link = self._link()
        log.event("comm_cell_select", tag=card.tag, range=card.utc_s, view="comm_recv_1h")

    @rx.event
    def clear_cell(self) -> None:
        """Select no hour."""
        self.card, self._bucket = CardView(), None
        self.link = self._link()

    def _move(self, days: int) -> Any:
        if not self.start_date:
            return None
        start = address.day(self.start_date) + timedelta(days=days)
        if days > 0 and start > address.day(self.last_start):
            return None
        self.start_date, self._recent = max(comm.FIRST_START, start).isoformat(), False
        return CommState.show

    def _holds_data(self) -> bool:
        shown = [days.day for days in self.calendar.days[:1]] == [self.start_date]
        if self.view == "overview":
            return shown and (self.searched or bool(self.rows))
        return shown and [cells.tag for cells in self.cells] == self.tag_names

    def _drop(self) -> None:
        self.cells, self.outages, self.summaries, self._reports = [], [], [], {}
        self._drop_overview()

    def _take(self, chosen: address.Selection) -> None:
        self.tag_names = list(chosen.tags) or self.tag_names
        self._recent = chosen.start is None
        self.start_date = self.start_date if chosen.start is None else chosen.start.isoformat()
        self.view, self.search = chosen.view, chosen.search
        self.sort, self.descending = chosen.sort, chosen.descending
        self._held, self._order = False, ()
        self._cell_tag, self._bucket, self.card = chosen.cell_tag, chosen.bucket, CardView()

    def _link(self) -> str:
        start = None if self._recent else address.day(self.start_date)
        return address.link(
            address.Selection(
                tuple(self.tag_names),
                start,
                self.view,
                self._cell_tag,
                self._bucket,
                self.search,
                self.sort,
                self.descending,
            )
        )

    def _settle(self, tags: list[str], days: comm.Calendar, now: datetime) -> list[str]:
        """Take over the days, and the tags where none are chosen; the tags to show, if any."""
        self.tag_names = self.tag_names or tags
        self.last_start = comm.recent_start(now, days.zone).isoformat()
        self.today = now.astimezone(days.zone).date().isoformat()
        self.start_date = days.start.isoformat()
        return list(self.tag_names) if tags else []

    def _show(self, reports: Sequence[Report], alive: Sequence[Alive], asked_ms: int) -> None:
        oldest = min(reports, key=lambda report: report.answer.fetched_ms)
        self.calendar = present.calendar_view(oldest.calendar, oldest.row.now)
        self._reports = {report.row.tag_name: report for report in reports}
        self.saved_tag = self.tag_names[0]
        self.cells = [present.cells_view(report) for report in reports]
        self.summaries = list(map(present.summary_view, reports, alive))
        self.alive_ms = asked_ms
        runs = [run for report in reports for run in present.outage_views(report)]
        runs.sort(key=lambda run: (run.ongoing, run.last, run.tag), reverse=True)
        self.outages, self.outage_count = runs[:MAX_OUTAGES], len(runs)
        self.silent = present.no_data(reports)
        report = self._reports.get(self._cell_tag or self.tag_names[0])
        shown = None
        if report is not None and self._bucket is not None:
            shown = present.card_view(report, self._bucket)
        self.card = shown or CardView()
        self._cell_tag, self._bucket = self.card.tag, self._bucket if shown else None
        self._updated(oldest.row.now, oldest.answer.fetched_ms)

    def _shown_anew(self) -> Any:
        return CommState.show

    def _current(self) -> bool:
        return self.start_date == self.last_start

    def _watched(self) -> list[str]:
        """The tags of which is shown whether they are alive."""
        if self.view == "hours":
            return [row.tag for row in self.summaries]
        return [] if self._overview is None else [row.tag_name for row in self._overview.rows]

    def _show_alive(self, alive: Sequence[Alive], asked_ms: int) -> None:
        # Other tags may have been chosen since they were asked about.
        if self._watched() != [one.tag_name for one in alive]:
            return
        self.alive_ms = asked_ms
        if self.view == "overview":
            self._alive = {one.tag_name: one for one in alive}
            self._place_rows()
        else:
            self.summaries = list(map(present.alive_view, self.summaries, alive))

    def _show_overview(
        self, overview: Overview, alive: Sequence[Alive], asked_ms: int, clock: datetime
    ) -> None:
        now = overview.rows[0].now if overview.rows else clock
        self._take_overview(overview, alive, now)
        self.alive_ms = asked_ms
        self._updated(now, overview.fetched_ms)

    def _updated(self, now: datetime, fetched_ms: int) -> None:
        judged_to = local_minute(now, runtime.current().zone)
        self._succeed(empty=False)
        self.updated_ms, self.db_now_ms = fetched_ms, epoch_ms(now)
        self.window_caption = C.caption.format(start=self.start_date, time=judged_to)
        self.csv = {
            name: address.csv_link(name, self.tag_names, self.start_date)
            for name in ("cells", "outages")
        }
        self.link = self._link()
