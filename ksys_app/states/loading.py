"""The state of a page that loads data: its phase and its problem."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

import reflex as rx

from ksys_app import log, meters
from ksys_app.errors import DatabaseTimeout, DatabaseUnreachable
from ksys_app.models.views import Problem
from ksys_app.services import runtime
from ksys_app.states.base import BaseState
from ksys_app.states.views import WAYS_OUT, problem
from ksys_app.texts import say
from ksys_app.utils.pace import Pace

# Lines a minute. If many tabs fail, the log must not fill the disk.
LINES: Final = 100
_logged = Pace(LINES)

NO_PROBLEM: Final = Problem()


class LoadingState(BaseState, mixin=True):
    """The phase of a page, its problem, and the times of its data.

    The phase is ``idle``, ``loading``, ``loaded``, ``empty``, ``error``, ``retrying`` or ``stale``.
    """

    phase: str = "idle"
    is_loading: bool = True
    problem: Problem = Problem()
    updated_ms: int = 0
    db_now_ms: int = 0
    tick_s: int = 10
    link: str = ""
    # The query of the address that was read last, so that the browser ignores an older link.
    link_of: str = ""

    _path: ClassVar[str] = ""
    _ways_out: ClassVar[Mapping[str, str]] = WAYS_OUT

    @rx.event
    def retry(self) -> Any:
        """Try again. If the address asks for what does not exist, drop that part of it first."""
        self.link_of = ""
        if self._is_bad_address():
            self._drop_bad_selection()
        return self._load_selection()

    def _drop_bad_selection(self) -> None:
        """Remove the part of the selection that the page cannot show."""

    def _read_address(self) -> None:
        """Store the query of the address. The address stays until its selection is shown."""
        self.link, self.link_of = "", self.router.url.query

    def _is_open(self, path: str) -> bool:
        """Whether this tab still shows the page ``path``. A loop may outlive its page."""
        router = self.router
        connected = runtime.current().connected(router.session.client_token)
        return connected and router.url.path.rstrip("/") == path.rstrip("/")

    def _has_data(self) -> bool:
        """Whether the page shows data of the selection."""
        raise NotImplementedError

    def _link(self) -> str:
        """The address of the page with the whole selection."""
        raise NotImplementedError

    def _start_loading(self) -> None:
        self.is_loading = True
        self.phase = self.phase if self._has_data() else "loading"

    def _clear_data(self) -> None:
        """Remove the shown data, because they do not belong to the selection."""
        raise NotImplementedError

    def _succeed(self, *, empty: bool) -> None:
        self._set_changed(
            is_loading=False, problem=NO_PROBLEM, phase="empty" if empty else "loaded"
        )
        self._set_replica()

    def _is_bad_address(self) -> bool:
        """Whether the address asks for what does not exist, so that another try cannot help."""
        return self.problem.way != ""

    def _log_problem(self, new: Problem) -> Problem:
        """Log a new problem, and return it.

        A problem that the page shows already is not logged again; it keeps its request id.
        """
        before = self.problem
        away = new.code in (DatabaseUnreachable.code, DatabaseTimeout.code)
        if before.code == new.code and (away or before.message == new.message):
            return replace(new, request_id=before.request_id)
        meters.ERRORS.labels("page", new.code).inc()
        if _logged.passes():
            unlogged, _logged.refused = _logged.refused, 0
            log.event(
                "page_problem",
                code=new.code,
                page=self._path,
                error=say(new.message),
                unlogged=unlogged,
                request_id=new.request_id,
            )
        return new

    def _fail(self, error: Exception, since_ms: int = 0, retry_in_s: float = 0.0) -> None:
        """Show an error. Data of the selection stay and become stale; other data are removed.

        Args:
            error: the error.
            since_ms: the time of the first failure, epoch milliseconds; 0 if the caller has none.
            retry_in_s: seconds until the page tries again; 0 for never.
        """
        self.is_loading = False
        since = since_ms or self.problem.since_ms or int(time.time() * 1000)
        self.problem = self._log_problem(problem(error, since, retry_in_s, self._ways_out))
        if self._is_bad_address():
            # The selection does not exist. Figures or an address of another one would mislead.
            self.phase, self.link = "error", ""
        elif self._has_data():
            self.phase = "stale"
        else:
            self._clear_data()
            self.phase = "retrying" if retry_in_s else "error"
