"""Runs the live feed with a clock that jumps.

The event loop is real, but it jumps to the next timer and does not wait for it. So minutes of ticks
and backoff take no time and are exact to the millisecond.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable

from ksys_app.domain.ordering import Selection
from ksys_app.domain.windows import parse_window
from ksys_app.services.live import LiveFeed, Snapshot
from ksys_app.services.tiles import TileSet

EPOCH = 1_755_242_767


def selected(label: str) -> Selection:
    """All tags in a window."""
    return Selection(parse_window(label))


class JumpingSelector(selectors.DefaultSelector):
    """Moves the clock forward where a selector would wait."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "every task waits and nothing will ever wake one"
        self.now += max(0.0, timeout)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop with that clock, which starts at 0."""

    def __init__(self) -> None:
        self._jumps = JumpingSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.now


def now() -> float:
    """Seconds since the scenario began."""
    return round(asyncio.get_running_loop().time(), 3)


class Database:
    """Returns new tiles for each selection, or fails on request; records the time of each call."""

    def __init__(self) -> None:
        self.reads: list[tuple[float, str]] = []
        self.failing: dict[Selection, Exception] = {}
        self.takes_s = 0.0

    async def tiles(self, selection: Selection) -> TileSet:
        self.reads.append((now(), selection.window.label))
        await asyncio.sleep(self.takes_s)
        if selection in self.failing:
            raise self.failing[selection]
        return TileSet(selection, fetched_ms=len(self.reads))

    def times(self, selection: Selection) -> list[float]:
        return [at for at, label in self.reads if label == selection.window.label]


class Tab:
    """A subscriber of one selection that records each snapshot and its time."""

    def __init__(self, feed: LiveFeed, selection: Selection) -> None:
        self.received: list[tuple[float, Snapshot]] = []
        self.task = asyncio.create_task(self._follow(feed, selection))

    async def _follow(self, feed: LiveFeed, selection: Selection) -> None:
        async with feed.subscribe(selection) as subscription:
            while True:
                snapshot = await subscription.next()
                self.received.append((now(), snapshot))

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.received]

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


Scenario = Callable[[LiveFeed, Database], Awaitable[None]]


def play(scenario: Scenario, interval: float = 10.0) -> None:
    """Run ``scenario`` with a feed that ticks every ``interval`` seconds."""

    async def run() -> None:
        database = Database()
        loop = asyncio.get_running_loop()
        feed = LiveFeed(database.tiles, interval, wall=lambda: EPOCH + loop.time())
        try:
            await scenario(feed, database)
        finally:
            await feed.close()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(run())
