"""Comm and Alarm: whether a tag is alive and whether its newest sample breaks a rule (PRD §5.3).

The words and the order of severity follow ISA-18.2: ``crit`` comes before ``warn``, and the limits
are named LL, L, H and HH. See PRD decisions 9 and 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from ksys_app.domain.figures import finite
from ksys_app.domain.kpi import active
from ksys_app.domain.limits import Limit, limits, moved, spiked
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.models.tiles import Level, Reason, Violation

Comm = Literal["ok", "late", "lost", "never"]

COMM_FLOOR: Final = timedelta(seconds=60)
LOST_FACTOR: Final = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest samples of a tag, which the rules judge.

    ``recent_mean`` and ``recent_std`` describe the last 5 minutes without the newest sample.
    ``refused`` counts the samples of the last 5 minutes that were not usable. ``refused_at``,
    ``refused_value`` and ``refused_reason`` belong to the newest of these.
    """

    now: datetime
    value: float | None
    ts: datetime | None
    prev_value: float | None = None
    prev_ts: datetime | None = None
    recent_mean: float | None = None
    recent_std: float | None = None
    refused: int = 0
    refused_at: datetime | None = None
    refused_value: float | None = None
    refused_reason: str = ""


def allowed_gap(rule: QcRule | None, expectation: Expectation | None) -> timedelta:
    """The largest age of the newest sample of a tag that counts as alive (PRD decision 9)."""
    rule = active(rule)
    if rule is not None and rule.max_gap_seconds is not None:
        seconds = float(rule.max_gap_seconds)
    else:
        per_minute = 1 if expectation is None else expectation.exp_per_min
        seconds = 2 * 60 / max(1, per_minute)
    return max(COMM_FLOOR, timedelta(seconds=seconds))


def comm_state(age: timedelta | None, allowed: timedelta) -> Comm:
    """The Comm state for the age of the newest sample.

    ``ok`` up to ``allowed``, ``late`` up to ten times ``allowed``, otherwise ``lost``; ``never``
    without a sample. A sample in the future, from a clock that runs ahead, is judged by its
    distance from now too, because it says as little about now as an old sample.
    """
    if age is None:
        return "never"
    distance = abs(age)
    if distance <= allowed:
        return "ok"
    return "late" if distance <= LOST_FACTOR * allowed else "lost"


def judge(
    rule: QcRule | None, reading: Reading, held: frozenset[Reason] = frozenset()
) -> tuple[Violation, ...]:
    """The violations of ``reading``, the worst first.

    Args:
        rule: the tag's rule. None or a disabled rule is never broken. Bad quality needs no rule.
        reading: the tag's newest samples.
        held: limits that were broken at the last judgement. Such a limit stays broken until the
            value has come back by more than ``deadband_pct`` of the range (hysteresis).
    """
    rule = active(rule)
    found = _quality(reading)
    if rule is not None and reading.ts is not None:
        found += [*_limits(rule, reading, held), *_motion(rule, reading), *_gap(rule, reading)]
    return tuple(sorted(found, key=lambda violation: violation.level != "crit"))


def refusals(reading: Reading) -> tuple[Violation, ...]:
    """The violations for bad quality only, for use where a worker judges everything else."""
    return tuple(_quality(reading))


def held_limits(violations: tuple[Violation, ...]) -> frozenset[Reason]:
    """The limits among ``violations``, which the next call of :func:`judge` takes as ``held``."""
    return frozenset(v.reason for v in violations if v.reason in ("LL", "L", "H", "HH", "RANGE"))


def _quality(reading: Reading) -> list[Violation]:
    """Violations for bad quality: a newest value that is no finite number, or refused samples.

    Refused samples are critical until a usable sample follows; then they are a warning.
    """
    if reading.ts is not None and finite(reading.value) is None:
        return [Violation("crit", "BAD")]
    if reading.refused_at is None:
        return []
    followed = reading.ts is not None and reading.ts > reading.refused_at
    return [
        Violation(
            "warn" if followed else "crit",
            "BAD",
            reading.refused_value,
            note=reading.refused_reason,
            count=reading.refused,
        )
    ]


def _limits(rule: QcRule, reading: Reading, held: frozenset[Reason]) -> list[Violation]:
    value = finite(reading.value)
    if value is None:
        return []
    found: list[Violation] = []
    for limit in limits(rule):
        broken = limit.breaks(value)
        # Without a deadband, a value on the end of the range is normal (PRD decision 2).
        if broken or (limit.name in held and limit.band > 0 and not limit.returned(value)):
            found.append(_violation(limit, value, rule, held=not broken))
    return found


def _violation(limit: Limit, value: float, rule: QcRule, *, held: bool) -> Violation:
    level: Level = "warn" if limit.name in ("H", "L") else "crit"
    low, high = (rule.min_val, rule.max_val) if limit.name == "RANGE" else (None, None)
    return Violation(level, limit.name, value, limit.nearest(value), low, high, held)


def _motion(rule: QcRule, reading: Reading) -> list[Violation]:
    value, prev = finite(reading.value), finite(reading.prev_value)
    if value is None or reading.ts is None:
        return []
    figures = spiked(rule, value, finite(reading.recent_mean), finite(reading.recent_std))
    if prev is not None and reading.prev_ts is not None:
        seconds = (reading.ts - reading.prev_ts).total_seconds()
        figures = [*moved(rule, value, prev, seconds), *figures]
    return [
        Violation("warn", figure.name, figure.value, figure.limit)
        for figure in figures
        if figure.broken
    ]


def _gap(rule: QcRule, reading: Reading) -> list[Violation]:
    if rule.max_gap_seconds is None or reading.ts is None:
        return []
    age = (reading.now - reading.ts).total_seconds()
    if age <= rule.max_gap_seconds:
        return []
    return [Violation("warn", "GAP", age, float(rule.max_gap_seconds))]
