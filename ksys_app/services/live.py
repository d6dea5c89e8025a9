"""The live feed: one poller per process, one subscriber per tab (PRD decision 8).

The first subscriber starts the poller, and the last one stops it. At each tick the poller reads
every watched selection once from the database, and publishes an immutable snapshot. If the database
fails, it publishes the last good snapshot as stale, and tries again after 1, 2, 4, 8 s.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final

from ksys_app.domain.changes import TileLog, tile_log
from ksys_app.domain.ordering import Selection
from ksys_app.driver.pulse import Pulse
from ksys_app.errors import KsysError
from ksys_app.log import logger
from ksys_app.models.message import Message
from ksys_app.services.tiles import TileSet
from ksys_app.utils import request
from ksys_app.utils.results import Results

BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0)
# Largest age of tiles for a page that scrolls, if nobody watches the selection.
RECENT_S: Final = 30.0
# Most unwatched selections with a log of changes, for programs that poll over HTTP.
MAX_UNWATCHED: Final = 4


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest tiles for subscribers, and why they are stale.

    Attributes:
        seq: a number that grows with every snapshot of the process.
        tile_set: the newest tiles; empty if the database has never answered.
        error: why the tiles are stale, None while they are fresh.
        failing_since_ms: when the failure began, epoch milliseconds.
        retry_in_s: seconds to the next attempt.
        changes: which tiles have changed since earlier snapshots of the selection.
        results: results computed from the snapshot; ``results_in_sight`` those for tiles in sight.
    """

    seq: int
    tile_set: TileSet
    error: KsysError | None = None
    failing_since_ms: int = 0
    retry_in_s: float = 0.0
    changes: TileLog = field(default_factory=tile_log, compare=False, repr=False)
    results: Results = field(default_factory=Results, init=False, compare=False, repr=False)
    results_in_sight: Results = field(
        default_factory=Results, init=False, compare=False, repr=False
    )


class Subscription:
    """A tab that receives snapshots of one selection."""

    def __init__(self, feed: LiveFeed, selection: Selection) -> None:
        self.selection = selection
        self._feed, self._last_seq = feed, 0

    async def next(self) -> Snapshot:
        """The newest snapshot that this tab has not received yet; waits for it."""
        snapshot = await self._feed.newer_than(self.selection, self._last_seq)
        self._last_seq = snapshot.seq
        return snapshot


class LiveFeed:
    """Polls the selections that somebody watches.

    Args:
        load: reads the tiles of a watched selection.
        interval: seconds between ticks.
        pulse: reports when the database is lost or back; then every selection is read at once.
        wall: the wall clock, epoch seconds.
        read: reads the tiles of a selection that nobody watches; by default ``load``.
        first_seq: the sequence numbers are larger. No two processes should share them.
    """

    def __init__(
        self,
        load: Callable[[Selection], Awaitable[TileSet]],
        interval: float,
        pulse: Pulse | None = None,
        wall: Callable[[], float] = time.time,
        read: Callable[[Selection], Awaitable[TileSet]] | None = None,
        first_seq: int = 0,
    ) -> None:
        self.interval = interval
        self._load, self._wall, self._pulse = load, wall, pulse
        self._read = load if read is None else read
        self._logs: OrderedDict[Selection, TileLog] = OrderedDict()
        self._watchers: Counter[Selection] = Counter()
        self._newest: dict[Selection, Snapshot] = {}
        self._fresh: dict[Selection, tuple[float, Snapshot]] = {}
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()
        self._due: dict[Selection, float] = {}
        self._failures: Counter[Selection] = Counter()
        self._poller: asyncio.Task[None] | None = None
        self._seq = first_seq
        self._ticked_at: float | None = None

    @property
    def subscribers(self) -> int:
        """The number of subscribed tabs."""
        return sum(self._watchers.values())

    @property
    def age_s(self) -> float | None:
        """Seconds since the last tick that reached the database, None without a subscriber."""
        if self._poller is None or self._ticked_at is None:
            return None
        return max(0.0, self._wall() - self._ticked_at)

    @asynccontextmanager
    async def subscribe(self, selection: Selection) -> AsyncIterator[Subscription]:
        """A block that watches ``selection``."""
        self._watchers[selection] += 1
        self._wake.set()
        if self._poller is None or self._poller.done():
            # The poller works for all tabs, not for the request of the first one.
            poll = self._poll()
            self._poller = asyncio.create_task(poll, name="live feed", context=Context())
        try:
            yield Subscription(self, selection)
        finally:
            self._leave(selection)

    async def newer_than(self, selection: Selection, seq: int) -> Snapshot:
        """The newest snapshot of ``selection`` after ``seq``; waits for it."""
        while True:
            snapshot = self._newest.get(selection)
            if snapshot is not None and snapshot.seq > seq:
                return snapshot
            await self._changed.wait()

    async def now(self, selection: Selection, since: int = 0) -> Snapshot:
        """The snapshot of the last tick; without a watcher a snapshot that is read now.

        For a tab that is not live, it may be the snapshot that :meth:`refresh` has just read.

        Args:
            selection: which tiles.
            since: the sequence number of the snapshot that the reader has.

        Raises:
            KsysError: the database cannot be read, and the cache has no older rows.
        """
        newest = self._newest.get(selection)
        read_at, fresh = self._fresh.get(selection, (0.0, newest))
        if fresh is not None and newest is None:
            recent = self._wall() - read_at < self.interval
            newest = fresh if recent and fresh.seq > since else None
        elif fresh is not None and newest is not None and fresh.seq > newest.seq:
            newest = fresh
        if newest is not None and (newest.error is None or newest.tile_set.db_now is not None):
            return newest
        return await self._read_now(selection)

    def at_hand(self, selection: Selection) -> Snapshot | None:
        """The newest snapshot with tiles; one of :meth:`refresh` is valid for ``RECENT_S``."""
        read_at, last_read = self._fresh.get(selection, (0.0, None))
        away = self._pulse is not None and self._pulse.away
        recent = self._wall() - read_at < RECENT_S and not away
        usable = recent and last_read is not None and last_read.error is None
        both = (self._newest.get(selection), last_read if usable else None)
        filled = [item for item in both if item is not None and item.tile_set.db_now is not None]
        return max(filled, key=lambda snapshot: snapshot.seq, default=None)

    async def refresh(self, selection: Selection) -> Snapshot:
        """A snapshot that is read now. :meth:`now` may return it; subscribers do not receive it.

        Raises:
            KsysError: the database cannot be read, and the cache has no older rows.
        """
        snapshot = await self._read_now(selection)
        self._fresh[selection] = self._wall(), snapshot
        return snapshot

    async def _read_now(self, selection: Selection) -> Snapshot:
        tile_set = await self._read(selection)
        error = tile_set.error
        return self._snapshot(tile_set, None if error is None else _as_ksys_error(error))

    async def close(self) -> None:
        """Stop the poller."""
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
            self._poller = None

    def _leave(self, selection: Selection) -> None:
        self._watchers[selection] -= 1
        if self._watchers[selection] <= 0:
            del self._watchers[selection]
            # The next subscriber must neither receive old data as new nor wait for an old tick.
            for by_selection in (self._newest, self._fresh, self._due, self._failures):
                by_selection.pop(selection, None)
        if not self._watchers and self._poller is not None:
            self._poller.cancel()
            self._poller = self._ticked_at = None

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        with nullcontext() if self._pulse is None else self._pulse.watched(self._make_all_due):
            while True:
                self._wake.clear()
                for selection in list(self._watchers):
                    if selection in self._watchers and self._due.get(selection, 0.0) <= loop.time():
                        with request.with_id(request.new_id()):
                            await self._tick(selection)
                due = [self._due.get(selection, 0.0) for selection in self._watchers]
                await self._sleep(min(due, default=loop.time() + self.interval) - loop.time())

    def _make_all_due(self) -> None:
        """Make every selection due, because the database is lost or back."""
        self._due.clear()
        self._wake.set()

    async def _sleep(self, seconds: float) -> None:
        """Wait until the next tick is due, or until somebody subscribes."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._wake.wait()
        except TimeoutError:
            return

    def _pause(self, failures: int) -> float:
        if not failures:
            return self.interval
        return min(self.interval, BACKOFF_S[min(failures, len(BACKOFF_S)) - 1])

    async def _tick(self, selection: Selection) -> None:
        """Read one selection, publish a snapshot, and set when the selection is due again."""
        previous = self._newest.get(selection)
        last = TileSet(selection) if previous is None else previous.tile_set
        started = asyncio.get_running_loop().time()
        try:
            tile_set = await self._load(selection)
            error = tile_set.error
        except KsysError as failure:
            tile_set, error = last, failure
        except Exception:  # The poller serves every tab: one bad row must not end it.
            logger.exception("live feed: %s", selection.window.label)
            tile_set, error = last, KsysError(Message("errors.feed_failed"))
        if selection not in self._watchers:
            return
        self._failures[selection] = 0 if error is None else self._failures[selection] + 1
        pause = self._pause(self._failures[selection])
        # The period counts from the start, so that a slow answer does not stretch it. The pause
        # after a failure counts from its end.
        ended = asyncio.get_running_loop().time()
        self._due[selection] = (started if error is None else ended) + pause
        if error is None:
            self._ticked_at = self._wall()
            self._publish(self._snapshot(tile_set))
            return
        since = previous.failing_since_ms if previous is not None else 0
        now_ms = int(self._wall() * 1000)
        self._publish(self._snapshot(tile_set, _as_ksys_error(error), since or now_ms, pause))

    def _snapshot(
        self,
        tile_set: TileSet,
        error: KsysError | None = None,
        since_ms: int = 0,
        retry_in_s: float = 0.0,
    ) -> Snapshot:
        """A snapshot with the next sequence number; its changes are added to the log."""
        self._seq += 1
        selection = tile_set.selection
        log = self._logs.setdefault(selection, tile_log())
        self._logs.move_to_end(selection)
        if error is None or tile_set.tiles:
            log.add(self._seq, tile_set.tiles)
        else:
            log.repeat(self._seq)
        unwatched = [logged for logged in self._logs if logged not in self._watchers]
        for old in unwatched[:-MAX_UNWATCHED]:
            del self._logs[old]
            self._fresh.pop(old, None)
        return Snapshot(self._seq, tile_set, error, since_ms, retry_in_s, log)

    def _publish(self, snapshot: Snapshot) -> None:
        self._newest[snapshot.tile_set.selection] = snapshot
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _as_ksys_error(error: Exception) -> KsysError:
    return error if isinstance(error, KsysError) else KsysError(str(error))
