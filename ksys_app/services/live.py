"""The live feed: one poller a process, as many subscribers as there are tabs (PRD decision 8).

The first subscriber starts the poller, and the last one stops it. At each tick the poller asks the
database once for every watched selection, and publishes an immutable snapshot. When the database
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
from ksys_app.utils.made import Made

BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0)
# Who scrolls does not need newer tiles than these, where nobody watches them.
AT_HAND_S: Final = 30.0
# Selections that nobody watches and whose changes are remembered, for programs that ask over HTTP.
MAX_UNWATCHED: Final = 4


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What subscribers get: the newest tiles, and why they are not fresh.

    Attributes:
        seq: a number that grows with every snapshot of the process.
        tile_set: the newest tiles; no tile where the database has never answered.
        error: why the tiles are stale, None while they are fresh.
        failing_since_ms: when the failure began, epoch milliseconds.
        retry_in_s: seconds to the next attempt.
        changes: which tiles have changed since earlier snapshots of the selection.
        made: results computed from the snapshot; ``drawn`` those for tiles in sight.
    """

    seq: int
    tile_set: TileSet
    error: KsysError | None = None
    failing_since_ms: int = 0
    retry_in_s: float = 0.0
    changes: TileLog = field(default_factory=tile_log, compare=False, repr=False)
    made: Made = field(default_factory=Made, init=False, compare=False, repr=False)
    drawn: Made = field(default_factory=Made, init=False, compare=False, repr=False)


class Subscription:
    """A tab that receives snapshots of one selection."""

    def __init__(self, feed: LiveFeed, selection: Selection) -> None:
        self.selection = selection
        self._feed, self._seen = feed, 0

    async def next(self) -> Snapshot:
        """The newest snapshot, once there is one that this tab has not seen; none of before it."""
        snapshot = await self._feed.newer_than(self.selection, self._seen)
        self._seen = snapshot.seq
        return snapshot


class LiveFeed:
    """Polls the selections that somebody watches.

    Args:
        load: asks the database for the tiles of a selection.
        interval: seconds between ticks.
        pulse: says when the database is lost or back; then every selection is asked for at once.
        wall: the clock, epoch seconds.
        read: asks for the tiles of a selection that nobody watches; by default ``load``.
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
        """How many tabs are subscribed."""
        return sum(self._watchers.values())

    @property
    def age_s(self) -> float | None:
        """Seconds since the last tick that reached the database, None while nobody listens."""
        if self._poller is None or self._ticked_at is None:
            return None
        return max(0.0, self._wall() - self._ticked_at)

    @asynccontextmanager
    async def subscribe(self, selection: Selection) -> AsyncIterator[Subscription]:
        """Watch ``selection`` until the block is left, however it is left."""
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
        """The snapshot of the last tick; where nobody watches ``selection``, one that is read now.

        A tab that is not live has just read the tiles that its browser asks for next.

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
        return await self._ask(selection)

    def at_hand(self, selection: Selection) -> Snapshot | None:
        """The newest snapshot that has tiles; where nobody watches, a fresh one of AT_HAND_S."""
        read_at, read = self._fresh.get(selection, (0.0, None))
        lost = self._pulse is not None and self._pulse.away
        recent = self._wall() - read_at < AT_HAND_S and not lost
        usable = recent and read is not None and read.error is None
        found = [self._newest.get(selection), read if usable else None]
        there = [one for one in found if one is not None and one.tile_set.db_now is not None]
        return max(there, key=lambda snapshot: snapshot.seq, default=None)

    async def refresh(self, selection: Selection) -> Snapshot:
        """A snapshot that is read now; :meth:`now` knows it, and other tabs do not get it.

        Raises:
            KsysError: the database cannot be asked and nothing older is at hand.
        """
        snapshot = await self._ask(selection)
        self._fresh[selection] = self._wall(), snapshot
        return snapshot

    async def _ask(self, selection: Selection) -> Snapshot:
        tile_set = await self._read(selection)
        error = tile_set.error
        return self._snapshot(tile_set, None if error is None else _ours(error))

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
            # The next subscriber must not receive old data as new, nor wait for a tick of before.
            for by_selection in (self._newest, self._fresh, self._due, self._failures):
                by_selection.pop(selection, None)
        if not self._watchers and self._poller is not None:
            self._poller.cancel()
            self._poller = self._ticked_at = None

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        with nullcontext() if self._pulse is None else self._pulse.watched(self._hurry):
            while True:
                self._wake.clear()
                for selection in list(self._watchers):
                    if selection in self._watchers and self._due.get(selection, 0.0) <= loop.time():
                        with request.named(request.new_id()):
                            await self._tick(selection)
                due = [self._due.get(selection, 0.0) for selection in self._watchers]
                await self._sleep(min(due, default=loop.time() + self.interval) - loop.time())

    def _hurry(self) -> None:
        """Make every selection due, as the database is lost or back."""
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
        """Ask for one selection, publish a snapshot, and set when the selection is due again."""
        before = self._newest.get(selection)
        last = TileSet(selection) if before is None else before.tile_set
        started = asyncio.get_running_loop().time()
        try:
            tile_set = await self._load(selection)
            error = tile_set.error
        except KsysError as refused:
            tile_set, error = last, refused
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
        since = before.failing_since_ms if before is not None else 0
        now_ms = int(self._wall() * 1000)
        self._publish(self._snapshot(tile_set, _ours(error), since or now_ms, pause))

    def _snapshot(
        self,
        tile_set: TileSet,
        error: KsysError | None = None,
        since_ms: int = 0,
        retry_in_s: float = 0.0,
    ) -> Snapshot:
        """A snapshot with the next sequence number, whose changes are remembered."""
        self._seq += 1
        selection = tile_set.selection
        log = self._logs.setdefault(selection, tile_log())
        self._logs.move_to_end(selection)
        if error is None or tile_set.tiles:
            log.add(self._seq, tile_set.tiles)
        else:
            log.again(self._seq)
        for old in [one for one in self._logs if one not in self._watchers][:-MAX_UNWATCHED]:
            del self._logs[old]
            self._fresh.pop(old, None)
        return Snapshot(self._seq, tile_set, error, since_ms, retry_in_s, log)

    def _publish(self, snapshot: Snapshot) -> None:
        self._newest[snapshot.tile_set.selection] = snapshot
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _ours(error: Exception) -> KsysError:
    return error if isinstance(error, KsysError) else KsysError(str(error))
