"""Log unexpected errors of event handlers, and show them on the page where they happened."""

from __future__ import annotations

from typing import Any, Final

import reflex as rx
from reflex.event import EventSpec

from ksys_app import log
from ksys_app.errors import KsysError
from ksys_app.models.message import Message
from ksys_app.states.base import BaseState
from ksys_app.states.loading import LoadingState
from ksys_app.utils import request
from ksys_app.utils.pace import Pace

# Lines a minute. If every event fails, the log must not fill the disk.
TRACEBACKS: Final = 20
REPORTS: Final = 20
MAX_REPORT: Final = 2_000

_tracebacks, _reports = Pace(TRACEBACKS), Pace(REPORTS)


class FailureState(BaseState):
    """Tells a page that one of its handlers failed."""

    @rx.event
    async def show_failure(self) -> None:
        """Show the error ``INTERNAL`` on the open page. Its data stay, and are marked as old."""
        path = self.router.url.path.rstrip("/") or "/"
        page_state = next(
            (state for state in BaseState.get_substates() if _path(state) == path), None
        )
        if page_state is None:
            return
        page: Any = await self.get_state(page_state)
        try:
            failure = KsysError(Message("errors.handler_failed"))
            # The traceback was logged by the event that failed.
            failure.request_id = request.cause() or failure.request_id
            page._fail(failure)
        except Exception as error:  # A raised error would call this handler again, without an end.
            _log_traceback(f"telling {path} that it failed", error)


def _path(kind: type) -> str | None:
    return kind._path if issubclass(kind, LoadingState) else None


def handler_failed(exception: Exception) -> EventSpec | None:
    """Log the error of a handler, and return the event that shows it on the page."""
    _log_traceback("event handler failed", exception)
    event: EventSpec = FailureState.event_handlers["show_failure"]()
    return event


def _log_traceback(message: str, error: Exception) -> None:
    """Log an error with its traceback, at most ``TRACEBACKS`` a minute."""
    if _tracebacks.passes():
        log.logger.error(message, exc_info=error)


def page_failed(exception: Exception) -> None:
    """Log an error that a browser reports, in one line, because anybody can send a report."""
    if _reports.passes():
        log.event("page_fail", why=str(exception)[:MAX_REPORT])
