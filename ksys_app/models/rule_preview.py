"""Preview of limits: the alarms that they would have raised over a span of time (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ksys_app.models.alarms import Condition, Level


@dataclass(frozen=True, slots=True)
class Episode:
    """An alarm from its RAISE to its CLEAR; times in microseconds since 1970.

    Attributes:
        condition: the condition.
        level: its level; after the end, its last level.
        priority: the highest priority that it reached; 1 is the highest.
        limit_value: the limit that the value broke first; None without a limit.
        raised_us: when it was raised.
        cleared_us: when it was cleared; None while it is active.
    """

    condition: Condition
    level: Level
    priority: int
    limit_value: float | None
    raised_us: int
    cleared_us: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The alarms of a span of time.

    Attributes:
        raises: number of alarms of the priorities 1 to 3.
        per_day: the same per day.
        events: number of alarms of priority 4, which nobody acknowledges.
        longest_s: the longest alarm, seconds.
        in_alarm_s: seconds of all alarms together.
        chatter: alarms that were raised three times or more within a minute.
        by_condition: number of alarms of each condition, events too.
        active: conditions that are in alarm at the end, and their levels.
    """

    raises: int = 0
    per_day: float = 0.0
    events: int = 0
    longest_s: float = 0.0
    in_alarm_s: float = 0.0
    chatter: int = 0
    by_condition: Mapping[Condition, int] = field(default_factory=dict)
    active: Mapping[Condition, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """The alarms with the limits in force and with the proposed limits.

    Attributes:
        start: start of the span.
        end: its end, the database's clock.
        reached: the time up to which the samples are judged.
        exact: whether every sample is judged; otherwise minutes are judged.
        samples: number of judged samples, or of minutes.
        truncated: whether there were more samples or alarms than may be judged.
        before: with the limits in force.
        after: with the proposed limits.
        not_judged: conditions that minutes cannot show.
    """

    start: datetime
    end: datetime
    reached: datetime
    exact: bool
    samples: int
    truncated: bool
    before: Summary
    after: Summary
    not_judged: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Minutes:
    """Smallest and largest value of each minute with a sample; ``at``: seconds since 1970."""

    at: Sequence[int]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples in order of time; ``at``: microseconds since 1970, ``value``: NaN without a value."""

    at: Sequence[int]
    value: Sequence[float]
    qc: Sequence[int]
