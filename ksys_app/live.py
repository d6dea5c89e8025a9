"""The live feed: one poller a process, as many subscribers as there are tabs (PRD decision 8).

The first subscriber starts the poller, the last one stops it. Each tick asks the database once a
watched window and publishes an immutable snapshot; a failure publishes the last good one as stale
and is tried again after 1, 2, 4, 8 s.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from ksys_app.domain.windows import Window
from ksys_app.errors import KsysError
from ksys_app.log import logger
from ksys_app.tile_source import TileSet

BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What subscribers get: the newest tiles, and what is wrong if they are not fresh.

    Attributes:
        seq: grows with every snapshot of the process.
        tile_set: the newest tiles at hand, without any where there never were.
        error: why they are stale, None while fresh.
        failing_since_ms: when that began, epoch milliseconds.
        retry_in_s: seconds to the next attempt.
    """

    seq: int
    tile_set: TileSet
    error: KsysError | None = None
    failing_since_ms: int = 0
    retry_in_s: float = 0.0


class Subscription:
    """One tab's place in the feed."""

    def __init__(self, feed: LiveFeed, window: Window) -> None:
        self.window = window
        self._feed, self._seen = feed, 0

    async def next(self) -> Snapshot:
        """The newest snapshot this tab has not seen; waits for one, skips what it missed."""
        snapshot = await self._feed.newer_than(self.window, self._seen)
        self._seen = snapshot.seq
        return snapshot


class LiveFeed:
    """Polls what somebody watches, and nothing else.

    Args:
        load: asks the database for the tiles of a window.
        interval: seconds between ticks.
        wall: epoch seconds.
    """

    def __init__(
        self,
        load: Callable[[Window], Awaitable[TileSet]],
        interval: float,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.interval = interval
        self._load, self._wall = load, wall
        self._watchers: Counter[Window] = Counter()
        self._newest: dict[Window, Snapshot] = {}
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()
        self._due: dict[Window, float] = {}
        self._failures: Counter[Window] = Counter()
        self._poller: asyncio.Task[None] | None = None
        self._seq = 0
        self._ticked_at: float | None = None

    @property
    def subscribers(self) -> int:
        """How many tabs listen."""
        return sum(self._watchers.values())

    @property
    def age_s(self) -> float | None:
        """Seconds since the last tick that reached the database, None while nobody listens."""
        if self._poller is None or self._ticked_at is None:
            return None
        return max(0.0, self._wall() - self._ticked_at)

    @asynccontextmanager
    async def subscribe(self, window: Window) -> AsyncIterator[Subscription]:
        """Watch ``window`` until the block is left, however it is left."""
        self._watchers[window] += 1
        self._wake.set()
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="live feed")
        try:
            yield Subscription(self, window)
        finally:
            self._leave(window)

    async def newer_than(self, window: Window, seq: int) -> Snapshot:
        """The newest snapshot of ``window`` after ``seq``; waits for it."""
        while True:
            snapshot = self._newest.get(window)
            if snapshot is not None and snapshot.seq > seq:
                return snapshot
            await self._changed.wait()

    async def close(self) -> None:
        """Stop the poller."""
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
            self._poller = None

    def _leave(self, window: Window) -> None:
        self._watchers[window] -= 1
        if self._watchers[window] <= 0:
            del self._watchers[window]
            # A later watcher is not shown this one as new, and does not wait for its tick.
            for kept in (self._newest, self._due, self._failures):
                kept.pop(window, None)
        if not self._watchers and self._poller is not None:
            self._poller.cancel()
            self._poller = self._ticked_at = None

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            for window in list(self._watchers):
                if window in self._watchers and self._due.get(window, 0.0) <= loop.time():
                    await self._tick(window)
            due = [self._due.get(window, 0.0) for window in self._watchers]
            await self._sleep(min(due, default=loop.time() + self.interval) - loop.time())

    async def _sleep(self, seconds: float) -> None:
        """Until the next tick is due, or somebody new subscribes."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._wake.wait()
        except TimeoutError:
            return

    def _pause(self, failures: int) -> float:
        if not failures:
            return self.interval
        return min(self.interval, BACKOFF_S[min(failures, len(BACKOFF_S)) - 1])

    async def _tick(self, window: Window) -> None:
        """Ask for one window, publish the answer or the failure, and say when it is due again."""
        kept = self._newest[window].tile_set if window in self._newest else TileSet(window)
        started = asyncio.get_running_loop().time()
        try:
            tile_set = await self._load(window)
            error = tile_set.error
        except KsysError as refused:
            tile_set, error = kept, refused
        except Exception:  # the poller serves every tab and must outlive a bad row
            logger.exception("live feed: %s", window.label)
            tile_set, error = kept, KsysError("the live feed failed; the log has the details")
        if window not in self._watchers:
            return
        self._failures[window] = 0 if error is None else self._failures[window] + 1
        pause = self._pause(self._failures[window])
        # From the start, so that a slow answer does not stretch the period; a failure waits.
        ended = asyncio.get_running_loop().time()
        self._due[window] = (started if error is None else ended) + pause
        if error is None:
            self._ticked_at = self._wall()
            self._publish(Snapshot(self._next(), tile_set))
            return
        wrong = error if isinstance(error, KsysError) else KsysError(str(error))
        before = self._newest.get(window)
        since = before.failing_since_ms if before is not None else 0
        now_ms = int(self._wall() * 1000)
        self._publish(Snapshot(self._next(), tile_set, wrong, since or now_ms, pause))

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _publish(self, snapshot: Snapshot) -> None:
        self._newest[snapshot.tile_set.window] = snapshot
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
