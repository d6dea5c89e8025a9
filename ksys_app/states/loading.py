"""The state of the data of a page: what every page with data has."""

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

# In a minute: if many tabs fail, the log must not fill the disk.
LINES: Final = 100
_logged = Pace(LINES)

NO_PROBLEM: Final = Problem()


class LoadingState(BaseState, mixin=True):
    """``idle``, ``loading``, ``loaded``, ``empty``, ``error``, ``retrying`` or ``stale``."""

    phase: str = "idle"
    is_loading: bool = True
    problem: Problem = Problem()
    updated_ms: int = 0
    db_now_ms: int = 0
    tick_s: int = 10
    link: str = ""
    # The query of the address that was read, so that the browser follows no older link.
    link_of: str = ""

    _path: ClassVar[str] = ""
    _ways_out: ClassVar[Mapping[str, str]] = WAYS_OUT

    @rx.event
    def retry(self) -> Any:
        """Try again; a link that asks for something unknown gives way to the last good one."""
        self.link_of = ""
        return self._chosen()

    def _read_address(self) -> None:
        """Remember the address; it stays unchanged until its selection is shown."""
        self.link, self.link_of = "", self.router.url.query

    def _open_in(self, path: str) -> bool:
        """Whether this tab is still on the page: a loop may outlive its page."""
        router = self.router
        there = runtime.current().connected(router.session.client_token)
        return there and router.url.path.rstrip("/") == path.rstrip("/")

    def _holds_data(self) -> bool:
        """Whether the page shows data of what is selected."""
        raise NotImplementedError

    def _link(self) -> str:
        """The address of the page with all that is selected."""
        raise NotImplementedError

    def _begin(self) -> None:
        self.is_loading = True
        self.phase = self.phase if self._holds_data() else "loading"

    def _drop(self) -> None:
        """Remove the data that are shown: they are not of what is selected."""
        raise NotImplementedError

    def _succeed(self, *, empty: bool) -> None:
        self._become(is_loading=False, problem=NO_PROBLEM, phase="empty" if empty else "loaded")
        self._note_replica()

    def _asked_wrong(self) -> bool:
        """Whether the address asks for what does not exist, so that trying again cannot help."""
        return self.problem.way != ""

    def _told(self, new: Problem) -> Problem:
        """A problem of the page: logged where it is a new one, else with the id it had."""
        before = self.problem
        away = new.code in (DatabaseUnreachable.code, DatabaseTimeout.code)
        if before.code == new.code and (away or before.message == new.message):
            return replace(new, request_id=before.request_id)
        meters.ERRORS.labels("page", new.code).inc()
        if _logged.passes():
            unlogged, _logged.held = _logged.held, 0
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
        self.is_loading = False
        since = since_ms or self.problem.since_ms or int(time.time() * 1000)
        self.problem = self._told(problem(error, since, retry_in_s, self._ways_out))
        if self._asked_wrong():
            # What was asked for does not exist; other figures in its place would mislead, and so
            # would another address.
            self.phase, self.link = "error", ""
        elif self._holds_data():
            self.phase = "stale"
        else:
            self._drop()
            self.phase = "retrying" if retry_in_s else "error"
