"""Alarms: conditions of a tag, their events, and the standing of an alarm (PRD §32).

Times are whole microseconds since 1970 in UTC (``domain.alarms.times``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Condition = Literal["HIGH", "LOW", "INSTR", "GAP", "STEP", "RATE", "SPIKE"]
"""The conditions of a tag that can raise an alarm."""
AlarmCondition = Literal[Condition, "SOURCE_LOST"]
"""The conditions of all alarms. ``SOURCE_LOST`` belongs to a group; its name replaces the tag."""
Level = Literal["H", "HH", "L", "LL", "BAD", "NEGATIVE", "RANGE", ""]
Process = Literal["norm", "pend", "act", "clr"]
Quality = Literal["GOOD", "BAD", "STALE"]
Ack = Literal["none", "unacked", "acked"]
Shelf = Literal["", "timed", "one_shot"]
Event = Literal[
    "RAISE",
    "CLEAR",
    "ESCALATE",
    "DEESCALATE",
    "SUPPRESS",
    "RELEASE",
    "SUPERSEDED",
    "LATE",
    "CLOCK",
    "RULE_CHANGED",
    "EVALUATION_HOLE",
    "ACK",
    "UNACK",
    "RESET",
    "SHELVE",
    "UNSHELVE",
    "OOS_IN",
    "OOS_OUT",
    "REALARM",
    "ASSIGN",
]
LOST: Final = "SOURCE_LOST"
CONDITIONS: Final[tuple[Condition, ...]] = (
    *("HIGH", "LOW", "INSTR", "GAP", "STEP", "RATE", "SPIKE"),
)


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """The settings of a site for a condition of a tag; None keeps the default (PRD §32.1).

    Attributes:
        priority: 1 critical, 2 high, 3 low, 4 event; for all levels of the condition.
        on_delay_s: seconds that a limit is broken before the alarm is raised.
        off_delay_s: seconds that the value is back before the alarm is cleared.
        latch: whether the alarm stays until somebody resets it.
        ack: whether somebody has to acknowledge it.
        realarm_s: seconds after which an acknowledged, active alarm is unacknowledged again.
    """

    priority: int | None = None
    on_delay_s: float | None = None
    off_delay_s: float | None = None
    latch: bool | None = None
    ack: bool | None = None
    realarm_s: float | None = None


@dataclass(frozen=True, slots=True)
class ProcessEvent:
    """A row of the journal that was caused by samples, a rule or the passing of time.

    Attributes:
        ts_us: when it happened, in the tag's own time.
        tag_name: the tag; for ``SOURCE_LOST`` the group.
        condition: the condition; empty for ``LATE``, ``CLOCK`` and ``RULE_CHANGED``.
        level: the level that the alarm has now; for ``CLEAR`` the level that it had.
        raised_at_us: the episode: time of its ``RAISE``; equal to ``ts_us`` without an episode.
        event: what happened.
        value: the figure: a value of the tag, a step, a rate, a z-score, or an age in seconds.
        limit_value: the limit for that figure; None for ``BAD``.
        priority: priority of the level; None without a condition.
        quality: quality of the tag.
        deadband: the deadband of the limit, in the tag's unit; None if it has none.
        reason: ``RULE`` or ``RULE_OFF`` where a change of the rule caused it, otherwise empty.
    """

    ts_us: int
    tag_name: str
    condition: AlarmCondition | Literal[""]
    level: Level
    raised_at_us: int
    event: Event
    value: float | None
    limit_value: float | None
    priority: int | None
    quality: Quality
    deadband: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """An action of a person, or of the clock of the database, on an alarm.

    Attributes:
        event: ``ACK``, ``UNACK``, ``RESET``, ``SHELVE``, ``UNSHELVE``, ``OOS_IN``, ``OOS_OUT``,
            ``REALARM``, ``SUPERSEDED`` or ``ASSIGN``.
        ts_us: when, by the clock of the database.
        raised_at_us: the episode.
        until_us: the end of a shelf.
        one_shot: whether the shelf also ends when the alarm clears.
    """

    event: Event
    ts_us: int
    raised_at_us: int
    until_us: int | None = None
    one_shot: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of the alarm of a tag and condition: process, response and suppression.

    Attributes:
        active: whether the condition is raised and not cleared.
        level: level of the alarm; while it is not active, its last level.
        priority: priority of that level, 0 before the first ``RAISE``.
        raised_at_us: the newest episode; None before the first.
        cleared_at_us: when that episode ended; None while it is active.
        value, limit_value: the figures with which it reached its level.
        quality: quality of the tag at the newest event.
        ack: whether the alarm needs an acknowledgement, or has one.
        acked_at_us: when it was acknowledged.
        latched: whether it stays until it is reset.
        shelf: the kind of its shelf; it ends at ``shelved_until_us``.
        designed: whether another alarm suppresses it by design.
        out_of_service: whether it is out of service.
        count: number of episodes.
        assigned_at_us: when a user took the active alarm over, None without one.
    """

    active: bool = False
    level: Level = ""
    priority: int = 0
    raised_at_us: int | None = None
    cleared_at_us: int | None = None
    value: float | None = None
    limit_value: float | None = None
    quality: Quality = "GOOD"
    ack: Ack = "none"
    acked_at_us: int | None = None
    latched: bool = False
    shelf: Shelf = ""
    shelved_until_us: int | None = None
    designed: bool = False
    out_of_service: bool = False
    count: int = 0
    assigned_at_us: int | None = None
