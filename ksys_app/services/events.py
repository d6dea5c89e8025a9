"""Reads the events of tags in a range, and the shifts (PRD §33.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeVar

from ksys_app.domain.events import (
    alarm_spans,
    anomaly_spans,
    change_spans,
    dense_spans,
    hours_around,
    merged,
    outage_spans,
)
from ksys_app.domain.ranges import Range
from ksys_app.domain.shifts import Shift, ShiftSpan, parse_shifts, shift_spans
from ksys_app.models.events import KINDS, DenseRow, Kind, Span, Wanted
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.queries import event_counts, events as queries
from ksys_app.queries.qc import expectations
from ksys_app.services import runtime
from ksys_app.services.rules import rules_by_tag
from ksys_app.services.tags import require_known_tags
from ksys_app.utils.cache import Answer

T = TypeVar("T")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_SHIFT_SPANS: Final = 200
"""Most shifts in an answer; a chart with more of them would show only stripes."""
MOST_OUTAGE_DAYS: Final = timedelta(days=400)
"""Outages are read only for this part at the end of a range, because every hour is judged."""
AHEAD: Final = timedelta(minutes=1)
"""How far an alarm may be ahead of the clock of the database."""


@dataclass(frozen=True, slots=True)
class EventsOfKind:
    """The events of one kind.

    Attributes:
        kind: the kind.
        count: number of events.
        spans: the events in ascending order; if there are too many, neighbours are merged.
        since: when the part of the range begins that was read; None for the complete range.
    """

    kind: Kind
    count: int
    spans: Sequence[Span]
    since: datetime | None = None

    @property
    def merged(self) -> bool:
        """Whether a span stands for several events."""
        return len(self.spans) != self.count


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a range.

    Attributes:
        span: the range.
        rules: the rule of each tag that has one.
        kinds: the events of each requested kind.
        shifts: the shifts, None if there are too many for a chart.
    """

    span: Range
    rules: Sequence[tuple[str, QcRule | None]]
    kinds: Sequence[EventsOfKind]
    shifts: Sequence[ShiftSpan] | None


async def read_events(
    tags: Sequence[str], span: Range, requested: Collection[Wanted], most: int
) -> Events:
    """The events of some tags in a range.

    Args:
        tags: the tags.
        span: the range.
        requested: the kinds of events, and ``shift`` for the shifts.
        most: most spans of one kind; if there are more, neighbours are merged.

    Raises:
        UnknownTag: a tag does not exist.
        KsysError: the database does not answer.
    """
    rules = await rules_by_tag(fresh=False)
    await require_known_tags(tags, rules)
    kinds, query = [], await _query(tags, span)
    for kind in KINDS:
        if kind in requested:
            start = max(query.start, span.end - MOST_OUTAGE_DAYS) if kind == "outage" else None
            spans = await _READ[kind](query if start is None else replace(query, start=start), most)
            shown = await _merged(spans, query, most)
            since = None if start in (None, query.start) else start
            kinds.append(EventsOfKind(kind, sum(event.count for event in spans), shown, since))
    shifts = _shifts(span) if "shift" in requested else []
    return Events(span, [(tag, rules.get(tag)) for tag in tags], kinds, shifts)


async def _query(tags: Sequence[str], span: Range) -> queries.EventQuery:
    """The events of a range. While it ends now, its bounds stay the same for a minute."""
    minute = timedelta(minutes=1)
    start = span.bounds(minute)[0] if span.slides and span.ends_now else span.start
    end = span.end + AHEAD + minute - (span.end - EPOCH) % minute if span.ends_now else span.end
    return queries.EventQuery(tags, span, start, end, await queries.version(tags))


async def _merged(spans: Sequence[Span], query: queries.EventQuery, most: int) -> list[Span]:
    if len(spans) <= most:
        return merged(spans, query.start, query.end, most)
    return await asyncio.to_thread(merged, spans, query.start, query.end, most)


def _shifts(span: Range) -> list[ShiftSpan] | None:
    process = runtime.current()
    shifts = _parsed(process.settings.shifts or "")
    return (
        shift_spans(shifts, span.start, span.end, process.zone, MOST_SHIFT_SPANS) if shifts else []
    )


@lru_cache(maxsize=4)
def _parsed(text: str) -> tuple[Shift, ...]:
    return parse_shifts(text)


async def _alarms(query: queries.EventQuery, most: int) -> list[Span]:
    answer = await queries.alarms(query)
    if answer.rowcount > queries.MOST_ROWS:
        return _dense("alarm", await event_counts.dense_alarms(query, most))
    return _spans(answer, lambda rows: alarm_spans(rows, query.start, query.end))


async def _changes(query: queries.EventQuery, most: int) -> list[Span]:
    answer = await queries.changes(query)
    if answer.rowcount > queries.MOST_ROWS:
        return _dense("change", await event_counts.dense_changes(query, most))
    return _spans(answer, change_spans)


async def _anomalies(query: queries.EventQuery, most: int) -> list[Span]:
    answer = await queries.anomalies(query)
    if answer.rowcount > queries.MOST_ROWS:
        return _dense("anomaly", await event_counts.dense_anomalies(query, most))
    return _spans(answer, anomaly_spans)


async def _outages(query: queries.EventQuery, most: int) -> list[Span]:
    stored = {row.tag_name: row for row in (await expectations(fresh=False)).rows}
    expected = [stored.get(tag, Expectation(tag)) for tag in query.tags]
    first, last = hours_around(query.start, query.end)
    query = replace(query, start=first, end=last)
    answer = await queries.gaps(query, expected)
    if answer.rowcount > queries.MOST_ROWS:
        return _dense("outage", await event_counts.dense_gaps(query, expected, most))
    return _spans(answer, lambda rows: outage_spans(rows, first, last))


def _dense(kind: Kind, answer: Answer[DenseRow]) -> list[Span]:
    return dense_spans(kind, answer.fresh_rows())


def _spans(answer: Answer[T], compute: Callable[[Sequence[T]], list[Span]]) -> list[Span]:
    """The spans of the rows, computed once for all callers with the same rows."""
    rows = answer.fresh_rows()
    return answer.once("spans", lambda: compute(rows), len(rows))


_Read = Callable[[queries.EventQuery, int], Awaitable[list[Span]]]
_READ: Final[dict[Kind, _Read]] = {
    "alarm": _alarms,
    "outage": _outages,
    "anomaly": _anomalies,
    "change": _changes,
}
