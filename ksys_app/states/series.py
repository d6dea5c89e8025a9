"""The course of one tag over a window: what ``/trend`` and ``/tech`` have in common.

The chart asks for its columns itself; the state holds what is selected and one page of the table.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

import reflex as rx

from ksys_app import log
from ksys_app.domain import names
from ksys_app.domain.figures import count
from ksys_app.domain.kpi import course_decimals
from ksys_app.domain.paging import counted, newest_first, page, page_with
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.domain.windows import Window
from ksys_app.models.views import SeriesRow
from ksys_app.services import runtime
from ksys_app.services.live import BACKOFF_S
from ksys_app.states.named import NamedTag
from ksys_app.states.present import drawn_limits, page_link, series_row
from ksys_app.states.series_empty import empty_texts, fetched
from ksys_app.states.series_link import (
    asked_tag,
    asked_zoom,
    valid_page,
    valid_series,
    valid_zoom,
    zoom_period,
)
from ksys_app.states.series_load import Course, Table, load
from ksys_app.states.windowed import WindowedState
from ksys_app.utils.cache import TTL

# An answer is kept that long, so asking more often brings nothing.
TICK_S: Final = TTL["metrics"]


class SeriesState(NamedTag, WindowedState, mixin=True):
    """One tag, one window, the series that are shown, the zoom, and a page of the table."""

    places: int = 2
    limits: dict[str, float] = {}
    url: str = ""
    csv_url: str = ""
    csv_zoom_url: str = ""
    revision: int = 0
    shown: list[str] = []
    zoom: list[int] = []
    rows: list[SeriesRow] = []
    total: int = 0
    count: str = "0"
    page: int = 1
    pages: int = 1
    found_ms: int = 0
    empty_why: str = ""
    empty_do: str = ""

    _series: ClassVar[tuple[str, ...]] = ()
    _shown_of: tuple[str, ...] = ()
    # The newest row that pages after the first one count, so that they stand still; 0 on the first.
    _until_ms: int = 0

    @rx.event(background=True, supersedes=True)
    async def refresh(self) -> AsyncIterator[Any]:
        """Ask the database now, not the cache, and follow it while live."""
        await load(self, fresh=True)
        yield self.__class__.follow

    @rx.event(background=True, supersedes=True)
    async def show(self) -> AsyncIterator[Any]:
        """Show what is selected, and follow it while live."""
        await load(self)
        yield self.__class__.follow

    @rx.event
    def start_realtime(self) -> Any:
        """Live: show new buckets as they come."""
        self.realtime_mode = True
        return self.__class__.show

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> None:
        """Ask again as answers expire, and at once when the database is lost or back.

        While it fails, ask after 1, 2, 4, 8 s.
        """
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
            # What is shown may be kept, and say nothing of a database that is lost by now.
            news = await pulse.news(pulse.away and failures > 0, pause)
            async with self:
                if not self._follows():
                    return
            await load(self, fresh=news)

    @rx.event
    def choose_tag(self, tag: str) -> Any:
        """Show another tag."""
        if names.asked_flaw(tag) is not None or tag == self.tag:
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
        self._save_series(self._series_text())
        self.link = self._link()
        log.event("overlay_toggle", range=self.window, tag=self.tag, series=key, on=key in shown)

    @rx.event
    def set_zoom(self, zoom: list[int]) -> None:
        """Remember the part of the window that the chart shows; empty for all of it."""
        self.zoom = valid_zoom(zoom)
        self._point()

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
        await load(self, find=True)

    def _select_window(self, window: Window) -> None:
        super()._select_window(window)
        self._start_over()

    def _start_over(self) -> None:
        """Another course: its first page, all of its window."""
        self.zoom = []
        self._turn_to(1)

    def _turn_to(self, number: int) -> None:
        self.page, self.found_ms = number, 0
        self._until_ms = self._until_ms if number > 1 else 0

    def _follows(self) -> bool:
        failing = self.problem.code != ""
        if not self._open_in(self._path) or self._asked_wrong():
            return False
        return self.realtime_mode or failing

    def _pause(self, failures: int) -> float:
        if failures:
            return BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
        age = time.time() - self.updated_ms / 1000
        return min(TICK_S, max(1.0, TICK_S - age))

    def _selection(self) -> tuple[str, ...]:
        """What the table's rows depend on."""
        return (self.tag, self.window)

    def _holds_data(self) -> bool:
        return self._shown_of != () and self._shown_of == self._selection()

    def _drop(self) -> None:
        self.rows, self.total, self.count, self.pages, self._shown_of = [], 0, "0", 1, ()

    def _chosen(self) -> Any:
        """Point the chart at what is selected at once, and load the table."""
        self._point()
        self.is_loading = True
        return self.__class__.show

    def _point(self) -> None:
        self.link = self._link()
        self.url = (
            f"/api/v1/{self._chart().endpoint}?{urlencode(self._asked() | {'format': 'columns'})}"
        )
        file = self._asked() | {"kind": self._table().kind}
        period = zoom_period(self.zoom)
        self.csv_url = f"/api/v1/export.csv?{urlencode(file)}"
        self.csv_zoom_url = f"/api/v1/export.csv?{urlencode(file | period)}" if period else ""

    def _chart(self) -> Table:
        """What the chart draws."""
        raise NotImplementedError

    def _table(self) -> Table:
        """What the table shows."""
        return self._chart()

    def _kept_window(self) -> str:
        return str(self.saved_span)

    def _keep_window(self, label: str) -> None:
        self.saved_span = label

    def _saved_series(self) -> str:
        """The series that this browser showed last."""
        raise NotImplementedError

    def _save_series(self, series: str) -> None:
        raise NotImplementedError

    def _asked(self) -> dict[str, str]:
        """Parameters of the chart's request."""
        return {"tag": self.tag, "window": self.window}

    def _link(self) -> str:
        """The page with everything that is selected and not as it is at first."""
        more = {
            "series": self._series_text(),
            "zoom": "-".join(map(str, self.zoom)),
            "page": str(self.page) if self.page > 1 else "",
        }
        return page_link(self._path, self._asked() | more)

    def _read_selection(self) -> None:
        """Take the selection from the URL, else from this browser's last one.

        Raises:
            BadParameter: the URL names no window of the 13, or what no tag can be called.
        """
        query = self._query()
        self._name(asked_tag(query["tag"]) if query.get("tag") else self._last_tag() or self.tag)
        self._select_window(self._read_window())
        self.zoom = asked_zoom(query.get("zoom", ""))
        self.shown = valid_series(query.get("series") or self._saved_series(), self._series)
        self.page, self._until_ms = valid_page(query.get("page", "")), 0

    def _series_text(self) -> str:
        """The series shown, for a link; empty for all of them."""
        return "" if len(self.shown) == len(self._series) else ",".join(self.shown) or "none"

    def _rows_of(self, course: Course, *, find: bool) -> None:
        """Show the page of ``course`` that is selected, or the one that holds the time found."""
        rows = course.answer.rows
        self.total, self.count = len(rows), count(len(rows))
        times = [epoch_ms(row.bucket) for row in rows]
        if find:
            self._until_ms = 0 if self.found_ms > self._until_ms else self._until_ms
            times = times[: counted(times, self._until_ms)]
            self.page = page_with(times, self.found_ms) or self.page
        rows = rows[: counted(times, self._until_ms)]
        at = page(len(rows), self.page)
        self.page, self.pages = at.number, at.count
        self._until_ms = epoch_ms(rows[-1].bucket) if rows and at.number > 1 else 0
        zone = runtime.current().zone
        shown = newest_first(rows, at)
        self.rows = [
            series_row(at.start + i, row, course.columns, zone, self.places)
            for i, row in enumerate(shown, 1)
        ]
        self.link = self._link()

    def _show(self, course: Course, *, find: bool) -> None:
        rule, answer = course.rule, course.answer
        self._know(rule, course.standing)
        self.places = course_decimals(rule, course.chart.rows)
        self.limits = drawn_limits(rule)
        self._say_days(course.days)
        self._rows_of(course, find=find)
        self.empty_why = self.empty_do = ""
        if not answer.rows:
            asked_at, zone = fetched(course.chart.fetched_ms), runtime.current().zone
            self.empty_why, self.empty_do = empty_texts(course.known, asked_at, zone)
        self._shown_of = self._selection()
        if course.chart.fetched_ms != self.updated_ms:
            self.revision += 1
        self.updated_ms = course.chart.fetched_ms
        if answer.rows:
            self.db_now_ms = epoch_ms(answer.rows[0].now)
        self.tick_s = round(TICK_S)
        if answer.error is None:
            self._succeed(empty=False)
        else:
            self._fail(answer.error)
