"""Since when the value of a tag has been in its state, from what is stored (PRD §5.8)."""

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
    """Values from ``start`` to ``end``: one sample, or the lowest, highest and last of a bucket."""

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
        since: its first time that is known.
        at_least: whether it may have begun earlier: nothing older was looked at, or a silence
            came before.
        by_minute: whether ``since`` is known to the minute only.
    """

    level: StatusLevel
    since: datetime
    at_least: bool
    by_minute: bool


def stretches(buckets: Sequence[Bucket], samples: Sequence[Sample]) -> Iterator[Stretch]:
    """Minutes before the first sample, then the samples one by one, ascending.

    Args:
        buckets: of a minute each, ascending.
        samples: ascending.
    """
    for row in buckets:
        if not samples or row.bucket < samples[0].ts:
            yield Stretch(row.bucket, row.bucket + BUCKET, row.min, row.max, row.last)
    for sample in samples:
        yield Stretch(sample.ts, sample.ts, sample.value, sample.value, sample.value)


def spell(
    series: Iterable[Stretch], rule: QcRule | None, allowed: timedelta, now: datetime
) -> Spell | None:
    """The state that the limits give the newest value, and since when; None where nobody can tell.

    Every value is judged by the rule that is in force now, with its hysteresis. A silence that
    makes a tag lost ends what is known: nobody saw the values in it.

    Args:
        series: what is stored, ascending.
        rule: the tag's rule.
        allowed: how old a sample may be and still count as alive.
        now: the clock; what is later is ignored.
    """
    if limiting(rule) is None:
        return None
    found: Spell | None = None
    held: frozenset[Reason] = frozenset()
    before: datetime | None = None
    for one in series:
        if one.start > now or finite(one.low) is None or finite(one.high) is None:
            continue
        low, high = _limits(rule, one.low, held), _limits(rule, one.high, held)
        last, held = _limits(rule, one.last, held | low[1] | high[1])
        whole = one.end > one.start
        if before is None or one.start - before > LOST_FACTOR * allowed:
            found = None
        if found is None:
            # Of values that differ only the last one tells the state.
            start = one.start if low == high else one.end
            found = Spell(last, start, at_least=low == high, by_minute=whole)
        elif low != high:
            found = Spell(last, one.end, at_least=False, by_minute=True)
        elif last != found.level:
            found = Spell(last, one.start, at_least=False, by_minute=whole)
        before = one.end
    return found if found is None else replace(found, since=min(found.since, now))


def _limits(
    rule: QcRule | None, value: float, held: frozenset[Reason]
) -> tuple[StatusLevel, frozenset[Reason]]:
    """The state that the limits alone give a value, and those that are broken."""
    now = datetime.min
    violations = judge(rule, Reading(now=now, value=value, ts=now), held)
    level: StatusLevel = 0 if not violations else 2 if violations[0].level == "crit" else 1
    return level, held_limits(violations)
