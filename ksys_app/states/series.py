"""The course of one tag over a window: what ``/trend`` and ``/tech`` have in common.

The chart asks for its columns itself; the state holds what is selected and one page of the table.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

import reflex as rx

from ksys_app import log, runtime
from ksys_app.domain.names import MAX_TAG_LENGTH
from ksys_app.domain.paging import newest_first, page, page_with
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.domain.windows import Window
from ksys_app.live import BACKOFF_S
from ksys_app.models.views import SeriesRow
from ksys_app.states.present import drawn_limits, page_link, series_places, series_row
from ksys_app.states.series_link import valid_page, valid_series, valid_zoom
from ksys_app.states.series_load import Course, Table, load
from ksys_app.states.windowed import WindowedState
from ksys_app.utils.cache import TTL

# An answer is kept that long, so asking more often brings nothing.
TICK_S: Final = TTL["metrics"]


class SeriesState(WindowedState, mixin=True):
    """One tag, one window, the series that are shown, the zoom, and a page of the table."""

    tag: str = ""
    unit: str = ""
    places: int = 2
    limits: dict[str, float] = {}
    url: str = ""
    csv_url: str = ""
    revision: int = 0
    shown: list[str] = []
    zoom: list[int] = []
    rows: list[SeriesRow] = []
    total: int = 0
    count: str = "0"
    page: int = 1
    pages: int = 1
    found_ms: int = 0

    _path: ClassVar[str] = ""
    _series: ClassVar[tuple[str, ...]] = ()
    _shown_of: tuple[str, ...] = ()

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
        """Ask again as answers expire; after 1, 2, 4, 8 s while the database fails."""
        failures = 0
        while True:
            async with self:
                if not self._follows():
                    return
                failures = failures + 1 if self.problem.code else 0
                pause = self._pause(failures)
                if failures:
                    self.problem = replace(self.problem, retry_in=round(pause))
            await asyncio.sleep(pause)
            async with self:
                if not self._follows():
                    return
            await load(self)

    @rx.event
    def choose_tag(self, tag: str) -> Any:
        """Show another tag."""
        name = str(tag)[:MAX_TAG_LENGTH]
        if not name or name == self.tag:
            return None
        self.tag = self.saved_tag = name
        self._start_over()
        log.event("tag_filter_ok", range=self.window, tag=name)
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
        self.link = self._link()

    @rx.event
    def go_to(self, number: int) -> Any:
        """Show another page of the table."""
        if not isinstance(number, int | float):
            return None
        self.page, self.found_ms = page(self.total, int(number)).number, 0
        self.link = self._link()
        return self.__class__.show

    @rx.event(background=True, supersedes=True)
    async def find_row(self, ms: int) -> None:
        """Show the page that holds the row of a time, and mark it."""
        if not isinstance(ms, int | float):
            return
        async with self:
            self.found_ms = int(ms)
        await load(self, find=True)

    def _select_window(self, window: Window) -> None:
        super()._select_window(window)
        self._start_over()

    def _start_over(self) -> None:
        """Another course: its first page, all of its window."""
        self.page, self.zoom, self.found_ms = 1, [], 0

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
        self.csv_url = (
            f"/api/v1/export.csv?{urlencode(self._asked() | {'kind': self._table().kind})}"
        )

    def _chart(self) -> Table:
        """What the chart draws."""
        raise NotImplementedError

    def _table(self) -> Table:
        """What the table shows."""
        return self._chart()

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
            BadParameter: the URL names no window of the 13.
        """
        query = self._query()
        self.tag = query.get("tag", "")[:MAX_TAG_LENGTH] or self.saved_tag or self.tag
        self._select_window(self._read_window())
        self.zoom = valid_zoom(query.get("zoom", "").split("-"))
        self.shown = valid_series(query.get("series") or self._saved_series(), self._series)
        self.page = valid_page(query.get("page", ""))

    def _series_text(self) -> str:
        """The series shown, for a link; empty for all of them."""
        return "" if len(self.shown) == len(self._series) else ",".join(self.shown) or "none"

    def _rows_of(self, course: Course, *, find: bool) -> None:
        """Show the page of ``course`` that is selected, or the one that holds the time found."""
        rows = course.answer.rows
        self.total, self.count = len(rows), f"{len(rows):,}"
        if find:
            times = [epoch_ms(row.bucket) for row in rows]
            self.page = page_with(times, self.found_ms) or self.page
        at = page(self.total, self.page)
        self.page, self.pages = at.number, at.count
        zone = runtime.current().zone
        shown = newest_first(rows, at)
        self.rows = [
            series_row(at.start + i, row, course.columns, zone, self.places)
            for i, row in enumerate(shown, 1)
        ]
        self.link = self._link()

    def _show(self, course: Course, *, find: bool) -> None:
        rule, answer = course.rule, course.answer
        self.unit = "" if rule is None else rule.unit
        self.places = series_places(rule, [row.avg for row in course.chart.rows])
        self.limits = drawn_limits(rule)
        self._shown_of = self._selection()
        self._rows_of(course, find=find)
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
