"""Comm and Alarm: is a tag alive, and does its newest sample break a rule (decisions 9 and 10).

The words and the order of severity follow ISA-18.2: ``crit`` comes before ``warn``, and the limits
are named LL, L, H and HH.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from ksys_app.domain.figures import finite
from ksys_app.domain.kpi import active, beyond
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
    """How old a tag's newest sample may be and still count as alive (PRD decision 9)."""
    rule = active(rule)
    if rule is not None and rule.max_gap_seconds is not None:
        seconds = float(rule.max_gap_seconds)
    else:
        per_minute = 1 if expectation is None else expectation.exp_per_min
        seconds = 2 * 60 / max(1, per_minute)
    return max(COMM_FLOOR, timedelta(seconds=seconds))


def comm_state(age: timedelta | None, allowed: timedelta) -> Comm:
    """The Comm state for the age of the newest sample.

    ``ok`` up to ``allowed``, ``late`` up to ten times ``allowed``, else ``lost``; ``never`` for no
    sample. A sample from the future, from a clock that runs ahead, is judged by its distance from
    now too: it says as little about now as an old sample.
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
    """Every rule that ``reading`` breaks, worst first.

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


def held_limits(violations: tuple[Violation, ...]) -> frozenset[Reason]:
    """The limits among ``violations``, which the next call of :func:`judge` takes as ``held``."""
    return frozenset(v.reason for v in violations if v.reason in ("LL", "L", "H", "HH", "RANGE"))


def _deadband(rule: QcRule) -> float:
    if rule.deadband_pct is None or rule.min_val is None or rule.max_val is None:
        return 0.0
    return max(0.0, (rule.max_val - rule.min_val) * rule.deadband_pct / 100)


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
    if rule.allow_negative is False and value < 0:
        found.append(Violation("crit", "NEGATIVE", value, 0.0))
    band = _deadband(rule)
    if beyond(value, rule.min_val, rule.max_val, inclusive=False):
        found.append(_out_of_range(value, rule))
    elif "RANGE" in held and band > 0 and _near_an_end(value, rule, band):
        found.append(replace(_out_of_range(value, rule), held=True))
    sides: tuple[tuple[Level, Reason, float | None, int], ...] = (
        ("crit", "HH", rule.crit_max, 1),
        ("crit", "LL", rule.crit_min, -1),
        ("warn", "H", rule.warn_max, 1),
        ("warn", "L", rule.warn_min, -1),
    )
    for level, reason, limit, sign in sides:
        if limit is None:
            continue
        slack = band if reason in held else 0.0
        if (value - limit) * sign >= -slack:
            inside = (value - limit) * sign < 0
            found.append(Violation(level, reason, value, limit, held=inside))
    return found


def _near_an_end(value: float, rule: QcRule, band: float) -> bool:
    low = None if rule.min_val is None else rule.min_val + band
    high = None if rule.max_val is None else rule.max_val - band
    return beyond(value, low, high)


def _out_of_range(value: float, rule: QcRule) -> Violation:
    ends = [end for end in (rule.min_val, rule.max_val) if end is not None]
    nearest = min(ends, key=lambda end: abs(value - end))
    return Violation("crit", "RANGE", value, nearest, low=rule.min_val, high=rule.max_val)


def _motion(rule: QcRule, reading: Reading) -> list[Violation]:
    value, prev = finite(reading.value), finite(reading.prev_value)
    if value is None or reading.ts is None:
        return []
    found: list[Violation] = []
    if prev is not None and reading.prev_ts is not None:
        step = abs(value - prev)
        if rule.max_step is not None and step > rule.max_step:
            found.append(Violation("warn", "STEP", step, rule.max_step))
        minutes = (reading.ts - reading.prev_ts).total_seconds() / 60
        most = rule.roc_max_per_min
        if most is not None and minutes > 0 and step / minutes > most:
            found.append(Violation("warn", "RATE", step / minutes, most))
    mean, std = finite(reading.recent_mean), finite(reading.recent_std)
    if rule.spike_zscore is not None and mean is not None and std is not None and std > 0:
        score = abs(value - mean) / std
        if score > rule.spike_zscore:
            found.append(Violation("warn", "SPIKE", score, rule.spike_zscore))
    return found


def _gap(rule: QcRule, reading: Reading) -> list[Violation]:
    if rule.max_gap_seconds is None or reading.ts is None:
        return []
    age = (reading.now - reading.ts).total_seconds()
    if age <= rule.max_gap_seconds:
        return []
    return [Violation("warn", "GAP", age, float(rule.max_gap_seconds))]
