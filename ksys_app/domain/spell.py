"""How long the value of a tag has been in its state, computed from stored data (PRD §5.8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ksys_app.domain.figures import finite
from ksys_app.domain.kpi import StatusLevel, limiting
from ksys_app.domain.quality import LOST_FACTOR, Reading, held_limits, judge
from ksys_app.models.rows import QcRule, Sample
from ksys_app.models.series import Bucket
from ksys_app.models.tiles import Reason

BUCKET: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The values from ``start`` to ``end``: one sample, or lowest, highest and last of a bucket."""

    start: datetime
    end: datetime
    low: float
    high: float
    last: float


@dataclass(frozen=True, slots=True)
class Spell:
    """A state and its beginning.

    Attributes:
        level: 0 normal, 1 warning, 2 critical.
        since: the earliest time at which the data shows the state.
        at_least: whether the state may have begun earlier, because the data begins there or a
            silence precedes it.
        by_minute: whether ``since`` is exact to a minute only.
    """

    level: StatusLevel
    since: datetime
    at_least: bool
    by_minute: bool


def stretches(buckets: Sequence[Bucket], samples: Sequence[Sample]) -> Iterator[Stretch]:
    """The minute buckets before the first sample, then each sample, ascending.

    Args:
        buckets: buckets of one minute, ascending.
        samples: samples, ascending.
    """
    for row in buckets:
        if samples and row.bucket >= samples[0].ts:
            break
        if row.min is not None and row.max is not None and row.last is not None:
            yield Stretch(row.bucket, row.bucket + BUCKET, row.min, row.max, row.last)
    for sample in samples:
        yield Stretch(sample.ts, sample.ts, sample.value, sample.value, sample.value)


def spell(
    series: Iterable[Stretch], rule: QcRule | None, allowed: timedelta, now: datetime
) -> Spell | None:
    """The state of the newest value and its beginning; None without limits or data.

    Every value is judged by the current rule, with its hysteresis. The values during a silence that
    makes the tag lost are unknown, so a state never begins before such a silence.

    Args:
        series: the stored values, ascending.
        rule: the tag's rule.
        allowed: how old a sample may be while the tag counts as alive.
        now: the clock; later values are ignored.
    """
    if limiting(rule) is None:
        return None
    found: Spell | None = None
    held: frozenset[Reason] = frozenset()
    before: datetime | None = None
    for stretch in series:
        if stretch.start > now or finite(stretch.low) is None or finite(stretch.high) is None:
            continue
        low, high = _limits(rule, stretch.low, held), _limits(rule, stretch.high, held)
        last, held = _limits(rule, stretch.last, held | low[1] | high[1])
        by_minute = stretch.end > stretch.start
        if before is None or stretch.start - before > LOST_FACTOR * allowed:
            found = None
        if found is None:
            # If the state changed inside the bucket, only its last value shows the state.
            start = stretch.start if low == high else stretch.end
            found = Spell(last, start, at_least=low == high, by_minute=by_minute)
        elif low != high:
            found = Spell(last, stretch.end, at_least=False, by_minute=True)
        elif last != found.level:
            found = Spell(last, stretch.start, at_least=False, by_minute=by_minute)
        before = stretch.end
    return found if found is None else replace(found, since=min(found.since, now))


def _limits(
    rule: QcRule | None, value: float, held: frozenset[Reason]
) -> tuple[StatusLevel, frozenset[Reason]]:
    """The state of a value by its limits alone, and the limits that it breaks."""
    now = datetime.min
    violations = judge(rule, Reading(now=now, value=value, ts=now), held)
    level: StatusLevel = 0 if not violations else 2 if violations[0].level == "crit" else 1
    return level, held_limits(violations)
