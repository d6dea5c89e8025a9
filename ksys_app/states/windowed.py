"""A page that shows one of the 13 windows, live or paused."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import reflex as rx

from ksys_app import log
from ksys_app.domain.ranges import Period
from ksys_app.domain.windows import DEFAULT_WINDOW, UnknownWindow, Window, parse_window
from ksys_app.errors import BadParameter
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.states.base import BaseState
from ksys_app.states.captions import window_caption


class WindowedState(BaseState, mixin=True):
    """The window that is selected, kept in this browser; live or paused, kept in this tab."""

    window: str = DEFAULT_WINDOW
    window_caption: Message = Message()
    realtime_mode: bool = True
    # Empty while live. The tab stores it, because another process may have to continue the page.
    saved_pause: str = rx.SessionStorage("")

    # The name of the var with the window that this browser showed last; it may hold anything.
    _window_kept_in: ClassVar[str]

    @rx.event
    def set_window_filter(self, label: str) -> Any:
        """Choose one of the 13 windows and load it."""
        try:
            window = parse_window(label)
        except UnknownWindow:
            return None
        self._select_window(window)
        log.event("range_change_ok", range=window.label, view=window.view)
        return self._chosen()

    @rx.event
    def stop_realtime(self) -> None:
        """Pause: what is shown stays, with its age."""
        self._set_mode(live=False)

    def _read_mode(self) -> None:
        """Stay paused where this tab was paused."""
        self.realtime_mode = not self.saved_pause

    def _set_mode(self, *, live: bool) -> None:
        self.realtime_mode = live
        self.saved_pause = "" if live else "paused"

    def _read_window(self) -> Window:
        """The window of the URL, else this browser's last one.

        Raises:
            BadParameter: the URL names none of the 13.
        """
        asked = self._query().get("window")
        label = asked or getattr(self, self._window_kept_in) or self.window
        try:
            return parse_window(label)
        except UnknownWindow as error:
            if asked:
                raise BadParameter(error.said) from None
            return parse_window(DEFAULT_WINDOW)

    def _select_window(self, window: Window) -> None:
        self.window = window.label
        setattr(self, self._window_kept_in, window.label)
        self.window_caption = window_caption(window)

    def _say_days(self, days: str | None) -> None:
        """Say whose days the buckets are, where they are not those of the display zone."""
        own = runtime.current().settings.tz
        window = parse_window(self.window)
        self._become(window_caption=window_caption(window, None if days == own else days))


def log_load(
    period: Period, tag: str | None, started: float, rowcount: int, *, cache_hit: bool
) -> None:
    """Log that a page has loaded what is selected.

    Args:
        period: the window, or the range.
        tag: the tag or the words of the filter, None for all tags.
        started: when loading began, as :func:`time.monotonic` says.
        rowcount: rows that are shown.
        cache_hit: whether the database was not asked.
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
