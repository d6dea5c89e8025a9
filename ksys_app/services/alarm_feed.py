"""The live list of alarms, which all readers of a process share (PRD §32.6).

While somebody reads it, the database is asked for the number of the newest change, at most every
``INTERVAL_S`` seconds, and only after a change for the alarms themselves. The values beside the
alarms are read again every ``VALUES_S`` seconds.
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
from ksys_app.queries.qc import rules_by_tag
from ksys_app.utils.made import Made

INTERVAL_S: Final = 0.5
"""An answer is at most so old. A page asks once a second, so it has a change within 1.5 s."""
VALUES_S: Final = 10.0
MOST_STANDING: Final = 10_000
"""Alarms that are read at once."""
AlarmLog: TypeAlias = ChangeLog[Alarm, tuple[str, str]]
ValueLog: TypeAlias = ChangeLog[Latest, str]


def alarm_log() -> AlarmLog:
    """The changes of alarms."""
    return ChangeLog(lambda alarm: alarm.key)


def value_log() -> ValueLog:
    """The changes of the values beside alarms."""
    return ChangeLog(lambda value: value.tag_name)


@dataclass(frozen=True, slots=True)
class AlarmSnapshot:
    """The alarms that are not normal, as of one moment.

    Attributes:
        seq: grows with every snapshot of the process.
        alarms: in the order of the list.
        counts: how many there are of each kind.
        values: the newest sample of each of their tags.
        evaluation: whether somebody evaluated at that moment, None where nobody knows.
        error: why the alarms could not be read again since then, None while they are fresh.
        read_at: the monotonic clock when the database answered.
        changes: which alarms have changed since earlier snapshots, or are normal again.
        new_values: which of ``values`` have changed since earlier snapshots.
        made: results computed from the snapshot.
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
    made: Made = field(default_factory=Made, init=False, compare=False, repr=False)


class AlarmFeed:
    """The alarms that are not normal, for all readers of the process.

    Args:
        away: whether the database has just been lost; then the last look does not count.
        clock: seconds, of a clock that nobody sets back.
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
        self._looked_at, self._hurried = -math.inf, False
        self._lock = asyncio.Lock()

    async def now(self) -> AlarmSnapshot:
        """The alarms, read again if the last look was more than ``INTERVAL_S`` ago.

        Raises:
            KsysError: the database does not answer, and nothing older is known.
        """
        old = self._clock() - self._looked_at >= INTERVAL_S
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
        self._looked_at, self._hurried = -math.inf, True

    async def _look(self) -> None:
        """Ask for changes, and publish them. Callers at the same time share one answer."""
        begun = self._clock()
        async with self._lock:
            if self._looked_at > begun:
                return
            began, self._hurried = self._clock(), False
            try:
                await self._read()
                error = None
            except KsysError as refused:
                error = refused
            # What somebody changed during the reading may not be part of it.
            self._looked_at = -math.inf if self._hurried else began
            known = self.newest.error
            if error is not None and (known is None or known.code != error.code):
                self._publish(replace(self.newest, error=error))

    async def _read(self) -> None:
        before = self.newest
        found = await alarm_state.evaluation()
        self.evaluation = found
        last = before.evaluation
        same = last is not None and before.error is None and last.seq == found.seq
        same = same and last is not None and last.evaluating == found.evaluating
        if same and self._clock() - before.read_at < VALUES_S:
            return
        rules = await rules_by_tag()
        rows = await alarm_state.standing(MOST_STANDING)
        alarms = tuple(ordered(shown(row, rules.get(row.tag_name)) for row in rows))
        tags = sorted({row.tag_name for row in rows if row.condition != LOST})
        values = {one.tag_name: one for one in await alarm_state.values_now(tags)} if tags else {}
        if same and alarms == before.alarms and values == before.values:
            # Only the time of the reading is new.
            self.newest = replace(before, read_at=self._clock(), evaluation=found)
            return
        self._publish(
            AlarmSnapshot(
                alarms=alarms,
                counts=counts(alarms),
                values=values,
                evaluation=found,
                read_at=self._clock(),
                changes=before.changes,
                new_values=before.new_values,
            )
        )

    def _publish(self, snapshot: AlarmSnapshot) -> None:
        self._seq += 1
        snapshot.changes.add(self._seq, snapshot.alarms)
        snapshot.new_values.add(self._seq, snapshot.values.values())
        self.newest = replace(snapshot, seq=self._seq)
