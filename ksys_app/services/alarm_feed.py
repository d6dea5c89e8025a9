"""The live list of alarms: one poller a process, which asks while somebody looks (PRD §32.6).

Each second it asks for the number of the newest change, and only after a change for the alarms
themselves. The values beside the alarms are read again every ``VALUES_S`` seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from typing import Final

from ksys_app.domain.alarms.badge import TagAlarms, by_tag
from ksys_app.domain.alarms.shown import Counts, counts, ordered, shown
from ksys_app.errors import KsysError
from ksys_app.log import logger
from ksys_app.models.alarm_rows import Alarm, Evaluation
from ksys_app.models.message import Message
from ksys_app.models.rows import Latest
from ksys_app.queries import alarm_state
from ksys_app.queries.qc import rules_by_tag
from ksys_app.utils import request
from ksys_app.utils.made import Made

INTERVAL_S: Final = 1.0
VALUES_S: Final = 10.0
MOST_STANDING: Final = 10_000
"""Alarms that are read at once."""


@dataclass(frozen=True, slots=True)
class AlarmSnapshot:
    """The alarms that are not normal, as of one moment.

    Attributes:
        seq: grows with every snapshot of the process.
        changed: the ``seq`` of the last snapshot whose alarms, evaluation or error differ from the
            one before; between them only values do.
        alarms: in the order of the list.
        counts: how many there are of each kind.
        values: the newest sample of each of their tags.
        evaluation: whether somebody evaluated at that moment, None where nobody knows.
        error: why the alarms could not be read again since then, None while they are fresh.
        read_at: our clock when the database answered, epoch seconds.
        made: results computed from the snapshot.
    """

    seq: int = 0
    changed: int = 0
    alarms: tuple[Alarm, ...] = ()
    counts: Counts = field(default_factory=Counts)
    values: Mapping[str, Latest] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    error: KsysError | None = None
    read_at: float = 0.0
    made: Made = field(default_factory=Made, init=False, compare=False, repr=False)


class AlarmSubscription:
    """A reader that waits for newer snapshots."""

    def __init__(self, feed: AlarmFeed, *, values: bool) -> None:
        self._feed, self._values, self._seen = feed, values, 0

    async def next(self) -> AlarmSnapshot:
        """The newest snapshot, as soon as there is one that differs from the last one."""
        while True:
            waiting = self._feed.published
            newest = self._feed.newest
            number = newest.seq if self._values else newest.changed
            if number > self._seen:
                self._seen = newest.seq
                return newest
            await waiting.wait()


class AlarmFeed:
    """The alarms that are not normal, for all readers of the process.

    Args:
        away: whether the database has just been lost; then the last look does not count.
        wall: the clock, epoch seconds.
        first_seq: the sequence numbers are larger. No two processes should share them.
    """

    def __init__(
        self,
        away: Callable[[], bool] = lambda: False,
        wall: Callable[[], float] = time.time,
        first_seq: int = 0,
    ) -> None:
        self._away, self._wall, self._seq = away, wall, first_seq
        self.newest = AlarmSnapshot()
        self.published = asyncio.Event()
        self.evaluation: Evaluation | None = None
        self._looked_at, self._hurried = 0.0, False
        self._readers = 0
        self._poller: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def subscribe(self, *, values: bool = False) -> AsyncIterator[AlarmSubscription]:
        """Follow the alarms until the block is left.

        Args:
            values: whether new values of the same alarms are of interest.
        """
        self._readers += 1
        if self._poller is None or self._poller.done():
            # Nobody has looked for a while: the reader must not receive old alarms as new.
            self.newest, self._looked_at = AlarmSnapshot(), 0.0
            # The poller works for all readers, not for the request of the first one.
            self._poller = asyncio.create_task(self._poll(), name="alarms", context=Context())
        try:
            yield AlarmSubscription(self, values=values)
        finally:
            self._readers -= 1
            if not self._readers and self._poller is not None:
                self._poller.cancel()
                self._poller = None

    async def now(self) -> AlarmSnapshot:
        """The alarms, read again if the last look was more than a second ago.

        Raises:
            KsysError: the database does not answer, and nothing older is known.
        """
        old = self._wall() - self._looked_at >= INTERVAL_S
        if old or self.newest.error is not None or self._away():
            await self._look()
        newest = self.newest
        if newest.evaluation is None and newest.error is not None:
            raise newest.error
        return newest

    async def by_tag(self) -> TagAlarms | None:
        """What tiles show of the alarms; None where no worker has ever evaluated."""
        try:
            snapshot = await self.now()
        except KsysError:  # without alarms, or without a database, which others report
            return None
        evaluation = self.evaluation
        if evaluation is None or evaluation.evaluated_to is None:
            return None
        found = snapshot.made.once("by_tag", lambda: by_tag(snapshot.alarms), 0)
        return TagAlarms(found, None if evaluation.evaluating else evaluation.evaluated_to)

    def hurry(self) -> None:
        """Look at once, because somebody has changed something."""
        self._looked_at, self._hurried = 0.0, True
        self._wake.set()

    async def close(self) -> None:
        """Stop the poller."""
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
            self._poller = None

    async def _poll(self) -> None:
        while True:
            self._wake.clear()
            with request.named(request.new_id()):
                await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_S):
                    await self._wake.wait()

    async def _look(self) -> None:
        """Ask for changes, and publish them. Callers at the same time share one answer."""
        begun = self._wall()
        async with self._lock:
            if self._looked_at > begun:
                return
            began, self._hurried = self._wall(), False
            try:
                await self._read()
                error = None
            except KsysError as refused:
                error = refused
            except Exception:  # the poller serves every page: one bad row must not end it
                logger.exception("alarms")
                error = KsysError(Message("errors.feed_failed"))
            # What somebody changed during the reading may not be part of it.
            self._looked_at = 0.0 if self._hurried else began
            known = self.newest.error
            if error is not None and (known is None or known.code != error.code):
                self._publish(replace(self.newest, error=error), differs=True)

    async def _read(self) -> None:
        before = self.newest
        found = await alarm_state.evaluation()
        self.evaluation = found
        last = before.evaluation
        same = last is not None and before.error is None and last.seq == found.seq
        same = same and last is not None and last.evaluating == found.evaluating
        if same and self._wall() - before.read_at < VALUES_S:
            return
        rules = await rules_by_tag()
        rows = await alarm_state.standing(MOST_STANDING)
        alarms = tuple(ordered(shown(row, rules.get(row.tag_name)) for row in rows))
        tags = sorted({row.tag_name for row in rows})
        values = {one.tag_name: one for one in await alarm_state.values_now(tags)} if tags else {}
        if same and alarms == before.alarms and values == before.values:
            # Only the time of the reading is new.
            self.newest = replace(before, read_at=self._wall(), evaluation=found)
            return
        read = AlarmSnapshot(
            alarms=alarms,
            counts=counts(alarms),
            values=values,
            evaluation=found,
            read_at=self._wall(),
            changed=before.changed,
        )
        self._publish(read, differs=not same or alarms != before.alarms)

    def _publish(self, snapshot: AlarmSnapshot, *, differs: bool) -> None:
        self._seq += 1
        changed = self._seq if differs else snapshot.changed
        self.newest = replace(snapshot, seq=self._seq, changed=changed)
        published, self.published = self.published, asyncio.Event()
        published.set()
