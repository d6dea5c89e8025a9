"""The series of one tag over a window or a range: what ``/trend`` and ``/tech`` have in common.

The chart asks for its columns itself; the state holds what is selected and one page of the table.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, ClassVar, Final

import reflex as rx

from ksys_app import log
from ksys_app.domain import names
from ksys_app.domain.indicators import Band
from ksys_app.domain.kpi import series_decimals
from ksys_app.domain.paging import page
from ksys_app.errors import KsysError
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.services.live import BACKOFF_S
from ksys_app.services.series import SeriesQuery, TagSeries, read_tag
from ksys_app.services.tags import first_tag
from ksys_app.states import series_link as address
from ksys_app.states.named import NamedTag
from ksys_app.states.ranged import RangedState
from ksys_app.states.series_empty import empty_texts, fetched
from ksys_app.states.series_table import SeriesTable, Table
from ksys_app.states.standing import standings
from ksys_app.states.views import drawn_limits, page_link
from ksys_app.states.windowed import log_load
from ksys_app.utils.cache import TTL

# The cache keeps an answer for so long: to ask more often brings nothing new.
TICK_S: Final = TTL["metrics"]


class SeriesState(NamedTag, SeriesTable, RangedState, mixin=True):
    """One tag, the time and the series that are shown, and a page of the table."""

    places: int = 2
    limits: dict[str, float] = {}
    url: str = ""
    csv_url: str = ""
    csv_zoom_url: str = ""
    revision: int = 0
    shown: list[str] = []
    empty_why: Message = Message()
    empty_do: Message = Message()

    # Each page keeps its own in the browser.
    saved_series: str = ""

    # What the chart draws, and which series of it can be switched.
    _chart: ClassVar[Table]
    _series: ClassVar[tuple[str, ...]] = ()
    _window_kept_in: ClassVar[str] = "saved_span"
    _shown_of: tuple[str, ...] = ()
    _fetched_ms: int = 0

    @rx.event(background=True, supersedes=True)
    async def refresh(self) -> AsyncIterator[Any]:
        """Ask the database now, not the cache, and follow it while live."""
        await self._load(fresh=True)
        yield self.__class__.follow

    @rx.event(background=True, supersedes=True)
    async def show(self) -> AsyncIterator[Any]:
        """Show what is selected, and follow it while live."""
        await self._load()
        yield self.__class__.follow

    @rx.event
    def start_realtime(self) -> Any:
        """Live: show new buckets as they come."""
        self._set_mode(live=True)
        return self.__class__.show

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> None:
        """Ask again as answers expire, after failures, and when the database is lost or back."""
        failures = 0
        while True:
            async with self:
                if not self._follows():
                    return
                failures = failures + 1 if self.problem.code else 0
                pause = self._pause(failures)
                if failures:
                    self.problem = replace(self.problem, retry_in=round(pause))
            pulse = runtime.current().database.pulse
            # The cache may have answered, and does not say that the database is lost by now.
            news = await pulse.news(pulse.away and failures > 0, pause)
            async with self:
                if not self._follows():
                    return
            await self._load(fresh=news)

    @rx.event
    def choose_tag(self, tag: str) -> Any:
        """Show another tag."""
        if names.lookup_flaw(tag) is not None or tag == self.tag:
            return None
        self._name(tag)
        self.saved_tag = tag
        self._start_over()
        log.event("tag_filter_ok", range=self.window, tag=tag)
        return self._chosen()

    @rx.event
    def toggle_series(self, key: str) -> None:
        """Switch a series of the chart on or off."""
        if key not in self._series:
            return
        shown = {*self.shown} ^ {key}
        self.shown = [one for one in self._series if one in shown]
        self.saved_series = address.series_text(self.shown, self._series)
        self.link = self._link()
        log.event("overlay_toggle", range=self.window, tag=self.tag, series=key, on=key in shown)

    @rx.event
    def go_to(self, number: int) -> Any:
        """Show another page of the table."""
        self._turn_to(page(self.total, number).number)
        self.link = self._link()
        return self.__class__.show

    @rx.event(background=True, supersedes=True)
    async def find_row(self, ms: int) -> None:
        """Show the page that holds the row of a time, and mark it."""
        async with self:
            self.found_ms = ms
        await self._load(find=True)

    def _start_over(self) -> None:
        """Turn to the first page and to all of the time, for another series."""
        self.zoom = []
        self._turn_to(1)

    def _follows(self) -> bool:
        if not self._open_in(self._path) or self._asked_wrong():
            return False
        return (self.realtime_mode and not self.past) or self.problem.code != ""

    def _pause(self, failures: int) -> float:
        if failures:
            return BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
        age = time.time() - self.updated_ms / 1000
        return min(TICK_S, max(1.0, TICK_S - age))

    def _selection(self) -> tuple[str, ...]:
        """What the table's rows depend on."""
        return (self.tag, self.window, self.start, self.end)

    def _holds_data(self) -> bool:
        return self._shown_of != () and self._shown_of == self._selection()

    def _drop(self) -> None:
        self._drop_rows()
        self._shown_of = ()

    def _chosen(self) -> Any:
        """Point the chart at what is selected at once, and load the table."""
        self._point()
        self.is_loading = True
        return self.__class__.show

    def _point(self) -> None:
        self.link = self._link()
        self.url = address.chart_url(self._chart.endpoint, self._asked())
        self.csv_url = address.file_url(self._table().kind, self._asked())
        self.csv_zoom_url = address.zoom_url(
            self._table().kind, self._asked(), self.zoom, self._bucket
        )
        self._note_finer()

    def _table(self) -> Table:
        """What the table shows."""
        return self._chart

    def _band(self) -> Band:
        """The centre of the bands that are asked for."""
        return "plant"

    def _asked(self) -> dict[str, str]:
        """Parameters of the chart's request."""
        return {"tag": self.tag, **self._of_time()}

    def _link(self) -> str:
        """The page with everything that is selected and not as it is at first."""
        more = address.shown_part(self.shown, self._series, self.zoom, self.page)
        return page_link(self._path, self._asked() | more)

    def _read_selection(self) -> None:
        """Take the selection from the URL, else from this browser's last one.

        Raises:
            BadParameter: the URL names no window, no range, or what no tag can be called.
        """
        query = self._query()
        asked = query.get("tag")
        self._name(address.asked_tag(asked) if asked else self._last_tag() or self.tag)
        self._read_period()
        self.zoom = address.asked_zoom(query.get("zoom", ""))
        self.shown = address.valid_series(query.get("series") or self.saved_series, self._series)
        self.page, self._until_ms = address.valid_page(query.get("page", "")), 0

    async def _begin_page(self) -> bool:
        """Take the selection from the link, else the first tag; whether there is a tag to show."""
        async with self:
            try:
                self._fill_footer()
                self._read_address()
                self._read_mode()
                self._read_selection()
            except KsysError as error:
                self._fail(error)
                return False
            self._begin()
            tag = self.tag
            if "tag" in self._query() and {"window", "to"} & self._query().keys():
                # At once: somebody may press Back again before the answer has come.
                self.link = self._link()
        try:
            first = tag or await first_tag()
        except KsysError as error:
            async with self:
                self._fail(error)
            return False
        async with self:
            self._name(first)
            # Not the tag that nobody asked for: /comm would open on it in place of the worst one.
            self.saved_tag = tag or self.saved_tag
            if first:
                self._point()
            else:
                self._succeed(empty=True)
        return bool(first)

    async def _load(self, *, find: bool = False, fresh: bool = False) -> None:
        """Read what is selected, and show it or what failed; a newer selection is left alone.

        Args:
            find: turn to the page that holds the time found.
            fresh: ask the database even where the cache has an answer.
        """
        started = time.monotonic()
        async with self:
            self.is_loading = True
            selection, tag = self._selection(), self.tag
            try:
                period = self._period()
            except KsysError as error:
                return self._fail(error)
            chart = SeriesQuery(self._chart.kind, period, tag, self._band())
            table = SeriesQuery(self._table().kind, period, tag, self._band())
        try:
            series = await read_tag(chart, table, tag, fresh=fresh)
        except Exception as error:
            if not isinstance(error, KsysError):
                log.logger.exception("loading %s of %s", period.label, tag)
            async with self:
                if self._selection() == selection:
                    self._fail(error)
            return
        async with self:
            if self._selection() == selection:
                self._show(series, find=find)
        log_load(period, tag, started, series.table.rowcount, cache_hit=series.table.cache_hit)

    def _show(self, series: TagSeries, *, find: bool) -> None:
        rule, answer, zone = series.rule, series.table, runtime.current().zone
        chart, period = series.chart.answer, series.chart.query.window
        self._know(rule, None if series.now is None else standings(series.now, rule))
        self.places = series_decimals(rule, chart.rows)
        self.limits = drawn_limits(rule)
        self._note_ends(period)
        self._say_days(series.chart.days)
        self._show_rows(answer.rows, self._table().columns, self.places, find=find)
        self.link = self._link()
        known, asked_at = series.chart.known, fetched(chart.fetched_ms)
        why = (Message(), Message()) if answer.rows else empty_texts(known, period, asked_at, zone)
        self.empty_why, self.empty_do = why
        self._shown_of = self._selection()
        if chart.fetched_ms != self._fetched_ms:
            self.revision += 1
        self._fetched_ms = chart.fetched_ms
        self._note_clock(series)
        self.tick_s = round(TICK_S)
        if answer.error is None:
            self._succeed(empty=False)
        else:
            self._fail(answer.error)
