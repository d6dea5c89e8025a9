"""The state of a page of series that reloads its data while it is live, and after failures."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

import reflex as rx

from ksys_app.errors import KsysError
from ksys_app.services import runtime
from ksys_app.services.live import BACKOFF_S
from ksys_app.states.ranged import RangedState
from ksys_app.utils.cache import TTL

# The time to live of an answer in the cache. Reading more often gives the same answer.
TICK_S: Final = TTL["metrics"]


class FollowedState(RangedState, mixin=True):
    """Reads the selection again when its answer expires."""

    tick_s: int = round(TICK_S)
    # Grows when the same selection has a new answer, so that the browser fetches it.
    revision: int = 0

    # The selection of the shown answer.
    _answer_selection: tuple[Any, ...] = ()
    _fetched_ms: int = 0

    @rx.event(background=True, supersedes=True)
    async def refresh(self) -> AsyncIterator[Any]:
        """Read the selection from the database, not from the cache, and follow it while live."""
        await self._load(fresh=True)
        yield self.__class__.follow

    @rx.event(background=True, supersedes=True)
    async def show(self) -> AsyncIterator[Any]:
        """Show the selection, and follow it while live."""
        await self._load()
        yield self.__class__.follow

    @rx.event
    def start_realtime(self) -> Any:
        """Go live: show new buckets as they arrive."""
        self._set_mode(live=True)
        return self.__class__.show

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> None:
        """Read again when answers expire, after failures, and when the database is lost or back."""
        failures = 0
        while True:
            async with self:
                if not self._keeps_following():
                    return
                failures = failures + 1 if self.problem.code else 0
                pause = self._pause(failures)
                if failures:
                    self.problem = replace(self.problem, retry_in=round(pause))
            pulse = runtime.current().database.pulse
            # The last answer may come from the cache, which hides that the database is lost.
            news = await pulse.news(pulse.away and failures > 0, pause)
            async with self:
                if not self._keeps_following():
                    return
            await self._load(fresh=news)

    async def _load(self, *, fresh: bool = False) -> None:
        """Read the selection, and show the answer or the error.

        If the selection has changed meanwhile, nothing is shown.

        Args:
            fresh: read from the database even if the cache has an answer.
        """
        raise NotImplementedError

    def _read_selection(self) -> None:
        """Set the selection from the address, else from the last one of this browser.

        Raises:
            BadParameter: the address has an invalid value.
        """
        raise NotImplementedError

    def _apply_address(self) -> bool:
        """Set the selection from the address, or show why the address is invalid.

        Returns:
            Whether the address is valid.
        """
        try:
            self._fill_footer()
            self._read_address()
            self._read_mode()
            self._read_selection()
        except KsysError as error:
            self._fail(error)
            return False
        self._start_loading()
        return True

    def _selection(self) -> tuple[Any, ...]:
        """All selected values that the answer depends on."""
        raise NotImplementedError

    def _has_data(self) -> bool:
        return self._answer_selection != () and self._answer_selection == self._selection()

    def _set_answer(self, selection: tuple[Any, ...], fetched_ms: int) -> None:
        """Store the selection and the time of the shown answer.

        A new answer of the same selection raises ``revision``. For a new selection the browser
        fetches by itself, because its address has changed.
        """
        if selection == self._answer_selection and fetched_ms != self._fetched_ms:
            self.revision += 1
        self._answer_selection, self._fetched_ms = selection, fetched_ms

    def _keeps_following(self) -> bool:
        """Whether the page is still open and has a reason to read again: it is live, or failed."""
        if not self._is_open(self._path) or self._is_bad_address():
            return False
        return (self.realtime_mode and not self.past) or self.problem.code != ""

    def _pause(self, failures: int) -> float:
        """Seconds until the next read: longer with each failure, else until the answer expires."""
        if failures:
            return BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
        age = time.time() - self.updated_ms / 1000
        return min(TICK_S, max(1.0, TICK_S - age))
