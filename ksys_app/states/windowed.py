"""The state of a page that shows one of the 13 windows, live or paused."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import reflex as rx

from ksys_app import log
from ksys_app.domain.ranges import Period, Resolution
from ksys_app.domain.windows import DEFAULT_WINDOW, UnknownWindow, Window, parse_window
from ksys_app.errors import BadParameter
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.states.base import BaseState
from ksys_app.states.captions import window_caption


class WindowedState(BaseState, mixin=True):
    """The selected window, which the browser stores, and live or paused, which the tab stores."""

    window: str = DEFAULT_WINDOW
    window_caption: Message = Message()
    realtime_mode: bool = True
    # Empty while live. The tab stores it, so that another process can continue the page.
    saved_pause: str = rx.SessionStorage("")

    # The name of the var with the last window of this browser. Its value may be any text.
    _window_var: ClassVar[str]

    @rx.event
    def set_window_filter(self, label: str) -> Any:
        """Select one of the 13 windows, and load it. Any other label changes nothing."""
        try:
            window = parse_window(label)
        except UnknownWindow:
            return None
        self._select_window(window)
        log.event("range_change_ok", range=window.label, view=window.view)
        return self._load_selection()

    @rx.event
    def stop_realtime(self) -> None:
        """Pause. The shown data stay, with their age."""
        self._set_mode(live=False)

    def _read_mode(self) -> None:
        """Stay paused if this tab was paused. A page in kiosk mode is always live."""
        self.realtime_mode = not self.saved_pause or self._query().get("kiosk") == "1"

    def _set_mode(self, *, live: bool) -> None:
        self.realtime_mode = live
        self.saved_pause = "" if live else "paused"

    def _read_window(self) -> Window:
        """The window of the address, else the last one of this browser.

        Raises:
            BadParameter: the address names none of the 13 windows.
        """
        from_url = self._query().get("window")
        label = from_url or getattr(self, self._window_var) or self.window
        try:
            return parse_window(label)
        except UnknownWindow as error:
            if from_url:
                raise BadParameter(error.sentence) from None
            return parse_window(DEFAULT_WINDOW)

    def _select_window(self, window: Window) -> None:
        self.window = window.label
        setattr(self, self._window_var, window.label)
        self.window_caption = window_caption(window)

    def _caption_days(self, days: str | None) -> None:
        """Name the zone of daily buckets in the caption, if it is not the display zone."""
        display_zone = runtime.current().settings.tz
        window = parse_window(self.window)
        named_zone = None if days == display_zone else days
        self._set_changed(
            window_caption=window_caption(window, named_zone, self._selected_bucket())
        )

    def _selected_bucket(self) -> Resolution | None:
        """The bucket width that a person has selected; None for the width of the window."""
        return None


def log_load(
    period: Period, tag: str | None, started: float, rowcount: int, *, cache_hit: bool
) -> None:
    """Log that a page has loaded its selection.

    Args:
        period: the window or the range.
        tag: the tag, or the words of the filter; None for all tags.
        started: the start of loading, by :func:`time.monotonic`.
        rowcount: the number of shown rows.
        cache_hit: whether the answer came from the cache.
    """
    log.event(
        "dash_load_ok",
        range=period.label,
        tag=tag,
        view=period.view,
        rowcount=rowcount,
        dur_ms=(time.monotonic() - started) * 1000,
        cache_hit=cache_hit,
    )
