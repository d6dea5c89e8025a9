"""Notifies pages and other watchers soon when the database is lost or back (PRD §6.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Final

from ksys_app.utils import request

# With this interval and the timeout of the ping itself, a page shows a loss within 8 s.
EVERY_S: Final = 2.0


class Pulse:
    """Pings an idle database every few seconds while a caller watches it.

    Args:
        ping: pings the database and reports the result to :meth:`report`; raises nothing.
        every_s: seconds without an answer or a failure after which the database is pinged.
    """

    def __init__(self, ping: Callable[[], Awaitable[None]], every_s: float = EVERY_S) -> None:
        self.away = False
        self._ping, self._every_s = ping, every_s
        self._reported_at = 0.0
        self._watchers: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    def report(self, *, away: bool) -> None:
        """Report that the database answered, or with ``away`` that it did not."""
        self._reported_at = asyncio.get_running_loop().time()
        if away != self.away:
            self.away = away
            for on_change in self._watchers:
                on_change()

    @contextmanager
    def watched(self, on_change: Callable[[], None]) -> Iterator[None]:
        """Watch the database while in the block.

        Args:
            on_change: called when the database is lost and when it is back.
        """
        self._watchers.append(on_change)
        if self._task is None or self._task.done():
            # The task serves all watchers, so it does not inherit the first watcher's context.
            beat = self._beat()
            self._task = asyncio.create_task(beat, name="database pulse", context=Context())
        try:
            yield
        finally:
            self._watchers.remove(on_change)

    async def news(self, away: bool, seconds: float) -> bool:
        """Wait until the database is lost or back; False if nothing changed in ``seconds``.

        Args:
            away: the state that the caller has seen; another current state returns at once.
            seconds: longest wait.
        """
        changed = asyncio.Event()
        with self.watched(changed.set):
            try:
                async with asyncio.timeout(seconds):
                    while self.away == away:
                        changed.clear()
                        await changed.wait()
            except TimeoutError:
                return False
        return True

    async def close(self) -> None:
        """Stop pinging."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while self._watchers:
            quiet = loop.time() - self._reported_at
            if quiet >= self._every_s:
                with request.with_id(request.new_id()):
                    await self._ping()
                # Wait before the next ping, whatever the result was.
                quiet = 0.0
            await asyncio.sleep(self._every_s - quiet)
