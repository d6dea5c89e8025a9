"""The figures of alarms over a time range (PRD §32.7)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ksys_app.domain.alarms.kpi import figures
from ksys_app.errors import PayloadBloat
from ksys_app.models.alarm_kpi import AlarmKpi
from ksys_app.models.message import Message
from ksys_app.queries import alarm_journal, limits
from ksys_app.queries.comm import database_clock
from ksys_app.queries.export import clock
from ksys_app.queries.tags import MAX_TAGS
from ksys_app.services import runtime

DEFAULT_SPAN: Final = timedelta(days=7)
MOST_SPAN: Final = timedelta(days=92)
"""Longest period of one request; longer periods need several requests."""
LOOK_BACK: Final = timedelta(days=30)
"""How far before the period the journal is read: an alarm may have been raised or hidden then."""
MOST_ROWS: Final = 200_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KpiOfPeriod:
    """The figures from ``start`` up to ``end``."""

    start: datetime
    end: datetime
    kpi: AlarmKpi

    @property
    def days(self) -> float:
        """The length of the period, in days."""
        return (self.end - self.start) / timedelta(days=1)


async def read_kpi(start: datetime | None, end: datetime | None) -> KpiOfPeriod:
    """The figures of a time range; by default of the last seven days.

    The period ends now at the latest. Its figures are cached for 30 s, or until an alarm or a limit
    changes; then their period ends when they were computed.

    Raises:
        PayloadBloat: the range is longer than 92 days, or has too many rows.
        KsysError: the database does not answer.
    """
    now = await database_clock()
    key = {"start": start, "end": None if end is None or end >= now else end}
    version = await alarm_journal.version()
    answer = await alarm_journal.computed(key, version, lambda: _compute(start, end))
    return answer.fresh_rows()[0]


async def _compute(start: datetime | None, end: datetime | None) -> tuple[KpiOfPeriod]:
    # What was written just now is before this clock, and may be after that of a cached answer.
    now = await clock()
    until = now if end is None else min(end, now)
    since = until - DEFAULT_SPAN if start is None else min(start, until - timedelta(seconds=1))
    if until - since > MOST_SPAN:
        raise PayloadBloat(Message("errors.kpi_long", {"days": MOST_SPAN.days}))
    timeout_s = runtime.current().settings.export_timeout_s
    rows = await alarm_journal.happenings(since, until, since - LOOK_BACK, MOST_ROWS + 1, timeout_s)
    if len(rows) > MOST_ROWS:
        raise PayloadBloat(Message("errors.journal_long", {"most": MOST_ROWS}))
    changed = await limits.changed_tags(since, until, MAX_TAGS, timeout_s)
    kpi = await asyncio.to_thread(figures, rows, _us(since), _us(until), changed)
    return (KpiOfPeriod(since, until, kpi),)


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def time_of_us(us: int) -> datetime:
    """The time ``us`` microseconds after the beginning of 1970, UTC."""
    return _EPOCH + timedelta(microseconds=us)
