"""News of whether the database answers, for those who show it (PRD §6.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

# With the deadline of the question itself, a page shows a loss within 8 s.
EVERY_S: Final = 2.0


class Pulse:
    """Asks a database that nobody asks, every few seconds, while somebody waits for news of it.

    Args:
        ask: asks it, and reports what comes of it to :meth:`told`; raises nothing.
        every_s: seconds without an answer or a failure after which it is asked.
    """

    def __init__(self, ask: Callable[[], Awaitable[None]], every_s: float = EVERY_S) -> None:
        self.away = False
        self._ask, self._every_s = ask, every_s
        self._told_at = 0.0
        self._watchers: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    def told(self, *, away: bool) -> None:
        """An answer came, or none did."""
        self._told_at = asyncio.get_running_loop().time()
        if away != self.away:
            self.away = away
            for on_change in self._watchers:
                on_change()

    @contextmanager
    def watched(self, on_change: Callable[[], None]) -> Iterator[None]:
        """See to it, while in the block, that a lost or returned database is known soon.

        Args:
            on_change: told when it is lost, and when it is back.
        """
        self._watchers.append(on_change)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._beat(), name="database pulse")
        try:
            yield
        finally:
            self._watchers.remove(on_change)

    async def news(self, away: bool, seconds: float) -> bool:
        """Whether the database is not as the caller knows it; waits up to ``seconds`` for that.

        Args:
            away: what the caller knows.
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
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while self._watchers:
            quiet = loop.time() - self._told_at
            if quiet >= self._every_s:
                await self._ask()
                # Whatever came of it, the next one is not at once.
                quiet = 0.0
            await asyncio.sleep(self._every_s - quiet)
