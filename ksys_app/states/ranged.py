"""The time that a page of a tag shows, a window or any range, and which part of it is seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import reflex as rx

from ksys_app import log
from ksys_app.domain.period import finer_bucket, up_to_now, window_start, zoom_texts
from ksys_app.domain.range_moves import shifted, zoomed_out
from ksys_app.domain.ranges import NOW, Period, Range, Resolution, WrongRange, parse_range
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.domain.windows import Window, parse_window
from ksys_app.errors import BadParameter
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.services.series import TagSeries
from ksys_app.states import series_link as address
from ksys_app.states.captions import range_caption
from ksys_app.states.loading import LoadingState
from ksys_app.states.windowed import WindowedState

STEPS: Final = (-2, -1, 1, 2)


class RangedState(WindowedState, LoadingState, mixin=True):
    """A window, or a range as two texts; the zoom, which shows a part of it."""

    # Both empty for a window.
    start: str = ""
    end: str = ""
    # Whether what is shown ends before now, so that nothing new comes.
    past: bool = False
    # When the range that is shown begins and ends, epoch ms; empty for a window.
    ends: list[int] = []
    range_problem: Message = Message()
    zoom: list[int] = []
    # The width of the buckets that the zoom would have as a range, empty where it is not finer.
    finer: str = ""

    _bucket: Resolution = "1m"

    @rx.event
    def set_range(self, start: str, end: str) -> Any:
        """Show the range between two texts; of texts that are none, say why."""
        return self._turn_to_range(start, end)

    @rx.event
    def shift_range(self, halves: int) -> Any:
        """Show the time beside: 2 is the whole length later, -1 is half of it earlier."""
        if halves not in STEPS:
            return None
        return self._step(lambda start, end, *at: shifted(start, end, halves, *at))

    @rx.event
    def widen(self) -> Any:
        """Show twice the time around the same middle."""
        return self._step(zoomed_out)

    @rx.event
    def load_zoom(self) -> Any:
        """Show what is zoomed as a range, with the buckets of its length."""
        if not self.zoom:
            return None
        return self._turn_to_range(*zoom_texts(self.zoom, runtime.current().zone))

    @rx.event
    def return_to_now(self) -> Any:
        """Show as much time up to now, live."""
        if not self.past:
            return None
        found = up_to_now(self._period().duration)
        self._set_mode(live=True)
        if isinstance(found, str):
            return self._turn_to_range(found, NOW)
        self._select_window(found)
        return self._chosen()

    @rx.event
    def set_zoom(self, zoom: list[int]) -> None:
        """Remember the part that the chart shows; empty for all of it."""
        self.zoom = address.valid_zoom(zoom)
        self._point()

    def _step(self, move: Callable[[str, str, datetime, ZoneInfo], tuple[str, str]]) -> Any:
        # Without seconds, for a person reads the texts.
        now = self._clock().replace(second=0, microsecond=0)
        try:
            texts = move(*self._texts(), now, runtime.current().zone)
        except WrongRange:
            return None
        return self._turn_to_range(*texts)

    def _turn_to_range(self, start: str, end: str) -> Any:
        try:
            span = self._parse(start, end)
        except WrongRange as error:
            self.range_problem = error.said
            return None
        self._select_range(start, end, span)
        log.event("range_change_ok", range=span.label, view=span.view)
        return self._chosen()

    def _clock(self) -> datetime:
        """The database's clock, as far as this page knows."""
        ahead = self.db_now_ms - self.updated_ms if self.db_now_ms else 0
        return datetime.now(UTC) + timedelta(milliseconds=ahead)

    def _parse(self, start: str, end: str) -> Range:
        return parse_range(start, end, self._clock(), runtime.current().zone)

    def _texts(self) -> tuple[str, str]:
        """The texts of what is shown, also of a window."""
        return (self.start or window_start(parse_window(self.window))), self.end or NOW

    def _period(self) -> Period:
        """What is shown, as of now.

        Raises:
            BadParameter: the texts are no range any more.
        """
        if not self.start:
            return parse_window(self.window)
        try:
            return self._parse(self.start, self.end)
        except WrongRange as error:
            raise BadParameter(error.said) from None

    def _of_time(self) -> dict[str, str]:
        """The parameters of what is shown."""
        if self.start:
            return {"from": self.start, "to": self.end}
        return {"window": self.window}

    def _read_period(self) -> None:
        """Take range or window from the URL, else what this tab or browser showed last.

        Raises:
            BadParameter: the URL names no range, no window of the 13, or both.
        """
        query = self._query()
        asked = (query.get("from", ""), query.get("to", ""))
        if any(asked) and query.get("window"):
            raise BadParameter(Message("errors.range_and_window"))
        try:
            if any(asked):
                return self._select_range(*asked, self._parse(*asked))
            if self.saved_range and not query.get("window"):
                start, _, end = self.saved_range.partition("|")
                return self._select_range(start, end, self._parse(start, end))
        except WrongRange as error:
            if any(asked):
                raise BadParameter(error.said) from None
        return self._select_window(self._read_window())

    def _select_range(self, start: str, end: str, span: Range) -> None:
        self.start, self.end = start.strip(), end.strip() or NOW
        self.past = self.end != NOW
        self.saved_range = f"{self.start}|{self.end}"
        self.range_problem = Message()
        self.window_caption = range_caption(self.start, self.end, span, runtime.current().zone)
        self._note_ends(span)
        self._start_over()

    def _select_window(self, window: Window) -> None:
        super()._select_window(window)
        self.start, self.end, self.saved_range, self.past = "", "", "", False
        self._note_ends(window)
        self._start_over()

    def _start_over(self) -> None:
        """Show all of it, from its first page on."""
        raise NotImplementedError

    def _point(self) -> None:
        """Point chart, files and link at what is selected."""
        raise NotImplementedError

    def _note_ends(self, period: Period) -> None:
        ends = (period.start, period.end) if isinstance(period, Range) else ()
        self._become(ends=[*map(epoch_ms, ends)])
        self._bucket = period.bucket

    def _note_clock(self, series: TagSeries) -> None:
        """When what is shown was read, by the app's clock and by the database's."""
        rows, now = series.table.rows, series.now
        # The rows of a range that is over may be minutes old; how the tag stands is of now.
        later = timedelta()
        if self.past and rows and now is not None and now.at is not None:
            later = max(later, now.at - rows[0].now)
        if rows:
            self.db_now_ms = epoch_ms(rows[0].now + later)
        self.updated_ms = series.chart.answer.fetched_ms + later // timedelta(milliseconds=1)

    def _note_finer(self) -> None:
        """Say whether the zoom could have finer buckets than the chart."""
        self._become(finer=finer_bucket(self.zoom, self._bucket) or "")

    def _say_days(self, days: str | None) -> None:
        period = self._period()
        if not isinstance(period, Range):
            return super()._say_days(days)
        own = runtime.current().settings.tz
        other = None if days == own else days
        caption = range_caption(self.start, self.end, period, runtime.current().zone, other)
        return self._become(window_caption=caption)
