"""The period of a page of series: a window or a range, and the zoomed part of it."""

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
    """A window, or a range as two texts, and the zoom, which shows a part of the period."""

    # The texts of the range; both empty for a window.
    start: str = ""
    end: str = ""
    # Whether the period ends before now, so that it gets no new samples.
    past: bool = False
    # Start and end of the range in epoch milliseconds; empty for a window.
    ends: list[int] = []
    range_problem: Message = Message()
    zoom: list[int] = []
    # The bucket width that the zoom would have as a range; empty if it is not finer.
    finer: str = ""

    _bucket: Resolution = "1m"

    @rx.event
    def set_range(self, start: str, end: str) -> Any:
        """Show the range between two texts. If they are invalid, the page says why."""
        return self._change_range(start, end)

    @rx.event
    def shift_range(self, halves: int) -> Any:
        """Move the period by half lengths: 2 is one length later, -1 is half a length earlier."""
        if halves not in STEPS:
            return None
        return self._move_range(lambda start, end, *at: shifted(start, end, halves, *at))

    @rx.event
    def widen(self) -> Any:
        """Show a range of twice the length around the same middle."""
        return self._move_range(zoomed_out)

    @rx.event
    def load_zoom(self) -> Any:
        """Show the zoom as a range, with the bucket width that fits its length."""
        if not self.zoom:
            return None
        return self._change_range(*zoom_texts(self.zoom, runtime.current().zone))

    @rx.event
    def return_to_now(self) -> Any:
        """Show a period of the same length that ends now, and go live."""
        if not self.past:
            return None
        period = up_to_now(self._period().duration)
        self._set_mode(live=True)
        if isinstance(period, str):
            return self._change_range(period, NOW)
        self._select_window(period)
        return self._load_selection()

    @rx.event
    def set_zoom(self, zoom: list[int]) -> None:
        """Store the part that the chart shows; an empty list for the whole period."""
        self.zoom = address.valid_zoom(zoom)
        self._update_links()

    def _move_range(self, move: Callable[[str, str, datetime, ZoneInfo], tuple[str, str]]) -> Any:
        """Select and load the range that ``move`` computes from the texts of the period."""
        # Without seconds, because a person reads the texts.
        now = self._clock().replace(second=0, microsecond=0)
        try:
            texts = move(*self._range_texts(), now, runtime.current().zone)
        except WrongRange:
            return None
        return self._change_range(*texts)

    def _change_range(self, start: str, end: str) -> Any:
        """Select and load the range between two texts, or show why they are invalid."""
        try:
            span = self._parse(start, end)
        except WrongRange as error:
            self.range_problem = error.sentence
            return None
        self._select_range(start, end, span)
        log.event("range_change_ok", range=span.label, view=span.view)
        return self._load_selection()

    def _clock(self) -> datetime:
        """The database's clock, estimated from its time in the newest answer."""
        ahead = self.db_now_ms - self.updated_ms if self.db_now_ms else 0
        return datetime.now(UTC) + timedelta(milliseconds=ahead)

    def _parse(self, start: str, end: str) -> Range:
        return parse_range(start, end, self._clock(), runtime.current().zone)

    def _range_texts(self) -> tuple[str, str]:
        """The texts of the period's start and end, also for a window."""
        return (self.start or window_start(parse_window(self.window))), self.end or NOW

    def _period(self) -> Period:
        """The selected window, or the selected range as of now.

        Raises:
            BadParameter: the texts are no longer a valid range.
        """
        if not self.start:
            return parse_window(self.window)
        try:
            return self._parse(self.start, self.end)
        except WrongRange as error:
            raise BadParameter(error.sentence) from None

    def _period_params(self) -> dict[str, str]:
        """The query parameters of the period."""
        if self.start:
            return {"from": self.start, "to": self.end}
        return {"window": self.window}

    def _read_period(self) -> None:
        """Set the range or window from the address, else from the last one of this tab or browser.

        Raises:
            BadParameter: the address has an invalid range, an invalid window, or both at once.
        """
        query = self._query()
        texts = (query.get("from", ""), query.get("to", ""))
        if any(texts) and query.get("window"):
            raise BadParameter(Message("errors.range_and_window"))
        try:
            if any(texts):
                return self._select_range(*texts, self._parse(*texts))
            if self.saved_range and not query.get("window"):
                start, _, end = self.saved_range.partition("|")
                return self._select_range(start, end, self._parse(start, end))
        except WrongRange as error:
            if any(texts):
                raise BadParameter(error.sentence) from None
        return self._select_window(self._read_window())

    def _select_range(self, start: str, end: str, span: Range) -> None:
        self.start, self.end = start.strip(), end.strip() or NOW
        self.past = self.end != NOW
        self.saved_range = f"{self.start}|{self.end}"
        self.range_problem = Message()
        self.window_caption = range_caption(self.start, self.end, span, runtime.current().zone)
        self._set_ends(span)
        self._reset_view()

    def _select_window(self, window: Window) -> None:
        super()._select_window(window)
        self.start, self.end, self.saved_range, self.past = "", "", "", False
        self._set_ends(window)
        self._reset_view()

    def _reset_view(self) -> None:
        """Show the whole period and the first page of the table."""
        raise NotImplementedError

    def _update_links(self) -> None:
        """Set the addresses of chart, files and page for the selection."""
        raise NotImplementedError

    def _set_ends(self, period: Period) -> None:
        ends = (period.start, period.end) if isinstance(period, Range) else ()
        self._set_changed(ends=[*map(epoch_ms, ends)])
        self._bucket = period.bucket

    def _set_clock(self, series: TagSeries) -> None:
        """Set the times of the shown answer, by the app's clock and by the database's clock."""
        rows, now = series.table.rows or series.chart.answer.rows, series.now
        # The rows of a past range may be minutes old, and the state of the tag is newer.
        later = timedelta()
        if self.past and rows and now is not None and now.at is not None:
            later = max(later, now.at - rows[0].now)
        if rows:
            self.db_now_ms = epoch_ms(rows[0].now + later)
        self.updated_ms = series.chart.answer.fetched_ms + later // timedelta(milliseconds=1)

    def _set_finer(self) -> None:
        """Set the bucket width that the zoom could have, if it is finer than the chart's."""
        self._set_changed(finer=finer_bucket(self.zoom, self._bucket) or "")

    def _caption_days(self, days: str | None) -> None:
        period = self._period()
        if not isinstance(period, Range):
            return super()._caption_days(days)
        display_zone = runtime.current().settings.tz
        named_zone = None if days == display_zone else days
        zone, bucket = runtime.current().zone, self._selected_bucket()
        caption = range_caption(self.start, self.end, period, zone, named_zone, bucket)
        return self._set_changed(window_caption=caption)
