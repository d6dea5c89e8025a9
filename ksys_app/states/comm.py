"""The state of ``/comm``: the selected tags and days, and their communication (PRD §28.3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

import reflex as rx

from ksys_app import log
from ksys_app.domain import comm
from ksys_app.domain.timefmt import epoch_ms, local_minute
from ksys_app.errors import AWAY, BadParameter, KsysError, UnknownTag
from ksys_app.models.comm import Alive
from ksys_app.models.comm_views import COLOR_SCALE, CalendarView, CardView
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.services.comm_page import CommPage
from ksys_app.services.live import BACKOFF_S
from ksys_app.states import comm_address as address, comm_views as views
from ksys_app.states.base import BaseState
from ksys_app.states.comm_hours import HoursState
from ksys_app.states.comm_overview import OverviewState
from ksys_app.utils.cache import TTL

# The time to live of an answer in the cache. Reading more often gives the same answer.
TICK_S: Final = TTL["comm"]


class CommState(HoursState, OverviewState, BaseState):
    """The grids of up to nine tags by hours, or the overview of all tags."""

    start_date: str = ""
    color_scale: str = COLOR_SCALE
    view: str = address.VIEWS[0]
    window_caption: Message = Message()
    realtime_mode: bool = True  # Nobody can pause it.
    calendar: CalendarView = CalendarView()
    alive_ms: int = 0
    last_start: str = ""
    today: str = ""
    tick_s: int = round(TICK_S)
    csv: dict[str, str] = {}

    _path: ClassVar[str] = "/comm"
    # The picker lists only existing tags, so a person cannot remove another tag with it.
    _ways_out: ClassVar[Mapping[str, str]] = {BadParameter.code: "open", UnknownTag.code: "open"}
    _default_tag: str = ""  # The tag that the page chose itself, because the address names none.
    _recent: bool = True
    _fresh: bool = False

    @rx.event
    def load(self) -> Any:
        """Read the selection from the address, and show it."""
        self._fill_footer()
        self._read_address()
        try:
            self._apply_selection(address.parse_selection(self._query()))
        except KsysError as error:
            self._fail(error)
            return None
        return [CommState.show, CommState.follow]

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> AsyncIterator[Any]:
        """Show at each tick which tags are alive, and at once that the database is lost or back."""
        pulse, away = runtime.current().database.pulse, False
        while True:
            news = await pulse.news(away, runtime.current().feed.interval)
            async with self:
                if not self._is_open("/comm") or self._is_bad_address():
                    return
            away = away is not news
            if news or (not away and not await self._read_alive()):
                async with self:
                    self._fresh = True
                yield CommState.show

    @rx.event(background=True, supersedes=True)
    async def show(self) -> None:
        """Show the selection. While the database is away, try again after 1, 2, 4, then 8 s."""
        failures = 0
        while True:
            pause = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            if not await self._fetch(pause):
                return
            failures += 1
            await asyncio.sleep(pause)
            async with self:
                if not self._is_open("/comm"):
                    return
                self._fresh = True

    @rx.event
    def refresh(self) -> Any:
        """Read from the database now. Without this event, counts may be five minutes old."""
        self._fresh = True
        return CommState.show

    @rx.event
    def retry(self) -> Any:
        """Try again. If the address asks for what does not exist, show the default selection."""
        self.link_of = ""
        if self._is_bad_address():
            self._apply_selection(address.Selection())
            self.tag_names = []
            return [CommState.refresh, CommState.follow]
        return CommState.refresh

    @rx.event
    def prev_day(self) -> Any:
        """Show the 30 days that begin one day earlier."""
        log.event("comm_nav_prev", range=self.start_date)
        return self._move_days(-1)

    @rx.event
    def next_day(self) -> Any:
        """Show the 30 days that begin one day later, at most those that end today."""
        log.event("comm_nav_next", range=self.start_date)
        return self._move_days(1)

    @rx.event
    def recent_30d(self) -> Any:
        """Show the 30 days that end today."""
        log.event("comm_recent30", range=self.start_date)
        self._recent = True
        return CommState.show

    @rx.event
    def set_start(self, day: str) -> Any:
        """Show the 30 days from ``day``, ``YYYY-MM-DD``. Any other text changes nothing."""
        try:
            self.start_date, self._recent = address.parse_day(day).isoformat(), False
        except BadParameter:
            return None
        return CommState.show

    @rx.event
    def set_tags(self, tags: list[str]) -> Any:
        """Show these tags by hours, nine at most. An empty list changes nothing."""
        chosen = list(dict.fromkeys(filter(None, tags)))
        if not chosen:
            return None
        self.tag_names, self.view = chosen[: address.MAX_TAGS], address.VIEWS[0]
        self._default_tag = ""
        return CommState.show

    @rx.event
    def set_view(self, view: str) -> Any:
        """Show tags by ``hours``, or the ``overview`` of all tags."""
        if view not in address.VIEWS:
            return None
        self.view = view
        return CommState.show

    @rx.event
    def set_search(self, text: str) -> Any:
        """Show only tags that contain every word of ``text``; read them if the page lacks some."""
        self._search(text)
        return None if self.searched else CommState.show

    def _move_days(self, days: int) -> Any:
        start = address.moved_start(self.start_date, days, self.last_start)
        if start is None:
            return None
        self.start_date, self._recent = start.isoformat(), False
        return CommState.show

    def _has_data(self) -> bool:
        days_shown = [days.day for days in self.calendar.days[:1]] == [self.start_date]
        if self.view == "overview":
            return days_shown and (self.searched or bool(self.rows))
        return days_shown and [cells.tag for cells in self.cells] == self.tag_names

    def _clear_data(self) -> None:
        self._clear_hours()
        self._clear_overview()

    def _apply_selection(self, chosen: address.Selection) -> None:
        self.tag_names = list(chosen.tags) or self.tag_names
        self._recent = chosen.start is None
        self.start_date = self.start_date if chosen.start is None else chosen.start.isoformat()
        self.view, self.search = chosen.view, chosen.search
        self.sort, self.descending = chosen.sort, chosen.descending
        self._order_held, self._order = False, ()
        self._cell_tag, self._bucket, self.card = chosen.cell_tag, chosen.bucket, CardView()

    def _link(self) -> str:
        start = None if self._recent else address.parse_day(self.start_date)
        shown = (tuple(self.tag_names), start, self.view, self._cell_tag, self._bucket)
        arranged = (self.search, self.sort, self.descending)
        return address.link(address.Selection(*shown, *arranged))

    def _set_days(self, tags: list[str], days: comm.Calendar, now: datetime) -> list[str]:
        """Set the days, and the tags if none are selected. Returns the tags to show, if any."""
        if not self.tag_names:
            self.tag_names = tags
            self._default_tag = next((tag for tag in tags if tag != self.saved_tag), "")
        self.last_start = comm.recent_start(now, days.zone).isoformat()
        self.today = now.astimezone(days.zone).date().isoformat()
        self.start_date = days.start.isoformat()
        return list(self.tag_names) if tags else []

    async def _fetch(self, pause: float) -> bool:
        """Show the selection. Returns whether the database is away, to try again in ``pause`` s."""
        started = time.monotonic()
        async with self:
            # While the page tries again, it still shows the problem.
            self.is_loading = True
            if not self.problem.code:
                self._start_loading()
            fresh, self._fresh = self._fresh, False
            recent = self._recent or not self.start_date
            start = None if recent else address.parse_day(self.start_date)
            chosen, last_tag = list(self.tag_names), self._last_tag()
        try:
            source = runtime.current().comm
            days, now = await source.calendar(start)
            choosable = await source.choose_tags(chosen, last_tag, days, now)
            async with self:
                tags, view, search = self._set_days(choosable, days, now), self.view, self.search
                if not tags:
                    self._clear_data()
                    self._succeed(empty=True)
                    return False
            if view == "overview":
                page = await source.days(days, now, search, fresh=fresh)
            else:
                page = await source.hours(tags, days, fresh=fresh)
            async with self:
                self._show(page)
            if page.error is not None:
                raise page.error
        except Exception as error:
            away = isinstance(error, AWAY)
            if not isinstance(error, KsysError):
                log.logger.exception("loading /comm")
            async with self:
                self._fail(error, retry_in_s=pause if away else 0.0)
            return away
        log.event(
            "comm_load_ok",
            range=days.start,
            tag=" ".join(tags) if view == "hours" else None,
            view="comm_recv_1h",
            rowcount=page.rowcount,
            dur_ms=(time.monotonic() - started) * 1000,
            cache_hit=page.cache_hit,
        )
        return False

    async def _read_alive(self) -> bool:
        """Show which tags are alive now. Returns whether it worked and no other problem is left."""
        async with self:
            tags = self._listed_tags()
        try:
            alive, answer = await runtime.current().comm.alive(tags)
        except KsysError:
            return False
        async with self:
            self._show_alive(alive, answer.fetched_ms)
            return answer.error is None and (not self.problem.code or self._is_bad_address())

    def _show(self, page: CommPage) -> None:
        if page.overview is None:
            if not self.tag_names:
                return  # Retry has removed the tags meanwhile, and loads the page again.
            if self.tag_names != [self._default_tag]:
                self.saved_tag = self.tag_names[0]
            self._set_hours(page.reports, page.alive)
        else:
            self._set_overview(page.overview, page.alive, page.now)
        self.calendar = views.calendar_view(page.calendar, page.now)
        self._succeed(empty=False)
        self.alive_ms, self.updated_ms = page.alive_ms, page.fetched_ms
        self.db_now_ms = epoch_ms(page.now)
        values = {"start": self.start_date, "time": local_minute(page.now, runtime.current().zone)}
        self.window_caption = Message("comm.caption", values)
        self.csv = address.csv_links(self.tag_names, self.start_date)
        self.link = self._link()

    def _listed_tags(self) -> list[str]:
        """The tags for which the page shows whether they are alive."""
        if self.view == "hours":
            return [row.tag for row in self.summaries]
        return [] if self._overview is None else [row.tag_name for row in self._overview.rows]

    def _show_alive(self, alive: Sequence[Alive], fetched_ms: int) -> None:
        # Somebody may have chosen other tags in the meantime.
        if self._listed_tags() != [row.tag_name for row in alive]:
            return
        self.alive_ms = fetched_ms
        if self.view == "overview":
            self._alive = {row.tag_name: row for row in alive}
            self._show_page()
        else:
            self.summaries = list(map(views.alive_view, self.summaries, alive))
