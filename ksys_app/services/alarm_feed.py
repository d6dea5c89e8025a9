"""The live list of alarms, shared by all readers of a process (PRD §32.6).

While somebody reads the list, the feed reads the number of the newest change at most every
``INTERVAL_S`` seconds. It reads the alarms only after a change. It reads the values beside the
alarms every ``VALUES_S`` seconds.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from ksys_app.domain.alarms.badge import TagAlarms, by_tag
from ksys_app.domain.alarms.shown import Counts, counts, ordered, shown
from ksys_app.domain.changes import ChangeLog
from ksys_app.errors import KsysError
from ksys_app.models.alarm_rows import Alarm, Evaluation
from ksys_app.models.alarms import LOST
from ksys_app.models.rows import Latest
from ksys_app.queries import alarm_state
from ksys_app.services.rules import rules_by_tag
from ksys_app.utils.results import Results

INTERVAL_S: Final = 0.5
"""Largest age of a snapshot, seconds. Pages poll once a second and get a change within 1.5 s."""
VALUES_S: Final = 10.0
MOST_STANDING: Final = 10_000
"""Most alarms in one read."""
AlarmLog: TypeAlias = ChangeLog[Alarm, tuple[str, str]]
ValueLog: TypeAlias = ChangeLog[Latest, str]


def alarm_log() -> AlarmLog:
    """A new log of changed alarms."""
    return ChangeLog(lambda alarm: alarm.key)


def value_log() -> ValueLog:
    """A new log of changed values beside alarms."""
    return ChangeLog(lambda value: value.tag_name)


@dataclass(frozen=True, slots=True)
class AlarmSnapshot:
    """The alarms that are not normal, as of one moment.

    Attributes:
        seq: grows with every snapshot of the process.
        alarms: the alarms in the order of the list.
        counts: the number of alarms of each kind.
        values: the newest sample of each of their tags.
        evaluation: whether a worker evaluated at that moment, None if the feed has never read it.
        error: why the latest read failed, None while the alarms are fresh.
        read_at: when the database answered, monotonic clock, seconds.
        changes: which alarms have changed since earlier snapshots, or are normal again.
        new_values: which of ``values`` have changed since earlier snapshots.
        results: results computed from the snapshot.
    """

    seq: int = 0
    alarms: tuple[Alarm, ...] = ()
    counts: Counts = field(default_factory=Counts)
    values: Mapping[str, Latest] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    error: KsysError | None = None
    read_at: float = 0.0
    changes: AlarmLog = field(default_factory=alarm_log, compare=False, repr=False)
    new_values: ValueLog = field(default_factory=value_log, compare=False, repr=False)
    results: Results = field(default_factory=Results, init=False, compare=False, repr=False)


class AlarmFeed:
    """The alarms that are not normal, for all readers of the process.

    Args:
        away: returns whether the database has just been lost. Then the next call reads again.
        clock: monotonic clock, seconds.
        first_seq: the sequence numbers are larger. No two processes should share them.
    """

    def __init__(
        self,
        away: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        first_seq: int = 0,
    ) -> None:
        self._away, self._clock, self._seq = away, clock, first_seq
        self.newest = AlarmSnapshot()
        self.evaluation: Evaluation | None = None
        self._read_at, self._read_again = -math.inf, False
        self._lock = asyncio.Lock()

    async def now(self) -> AlarmSnapshot:
        """The alarms, read again if the last read was more than ``INTERVAL_S`` ago.

        Raises:
            KsysError: the database does not answer, and there is no older snapshot.
        """
        due = self._clock() - self._read_at >= INTERVAL_S
        if due or self.newest.error is not None or self._away():
            await self._read_shared()
        newest = self.newest
        if newest.evaluation is None and newest.error is not None:
            raise newest.error
        return newest

    async def by_tag(self) -> TagAlarms | None:
        """The alarms of each tag, for tiles; None if no worker has ever evaluated."""
        try:
            snapshot = await self.now()
        except KsysError:  # No alarm tables, or no database; other readers report that.
            return None
        evaluation = self.evaluation
        if evaluation is None or evaluation.evaluated_to is None:
            return None
        alarms_by_tag = snapshot.results.once("by_tag", lambda: by_tag(snapshot.alarms), 0)
        return TagAlarms(alarms_by_tag, None if evaluation.evaluating else evaluation.evaluated_to)

    def request_read(self) -> None:
        """Make the next call read at once, because somebody has changed an alarm."""
        self._read_at, self._read_again = -math.inf, True

    async def _read_shared(self) -> None:
        """Read changes and publish them. Concurrent callers share one read."""
        called_at = self._clock()
        async with self._lock:
            if self._read_at > called_at:
                return
            started_at, self._read_again = self._clock(), False
            try:
                await self._read()
                error = None
            except KsysError as failure:
                error = failure
            # A change that somebody made during the read may be missing in the result.
            self._read_at = -math.inf if self._read_again else started_at
            previous = self.newest.error
            if error is not None and (previous is None or previous.code != error.code):
                self._publish(replace(self.newest, error=error))

    async def _read(self) -> None:
        previous = self.newest
        evaluation = await alarm_state.evaluation()
        self.evaluation = evaluation
        last = previous.evaluation
        unchanged = last is not None and previous.error is None and last.seq == evaluation.seq
        unchanged = unchanged and last is not None and last.evaluating == evaluation.evaluating
        if unchanged and self._clock() - previous.read_at < VALUES_S:
            return
        rules = await rules_by_tag()
        rows = await alarm_state.standing_alarms(MOST_STANDING)
        alarms = tuple(ordered(shown(row, rules.get(row.tag_name)) for row in rows))
        tags = sorted({row.tag_name for row in rows if row.condition != LOST})
        samples = await alarm_state.values_now(tags) if tags else []
        values = {sample.tag_name: sample for sample in samples}
        if unchanged and alarms == previous.alarms and values == previous.values:
            # Only the time of the read is new.
            self.newest = replace(previous, read_at=self._clock(), evaluation=evaluation)
            return
        self._publish(
            AlarmSnapshot(
                alarms=alarms,
                counts=counts(alarms),
                values=values,
                evaluation=evaluation,
                read_at=self._clock(),
                changes=previous.changes,
                new_values=previous.new_values,
            )
        )

    def _publish(self, snapshot: AlarmSnapshot) -> None:
        self._seq += 1
        snapshot.changes.add(self._seq, snapshot.alarms)
        snapshot.new_values.add(self._seq, snapshot.values.values())
        self.newest = replace(snapshot, seq=self._seq)
