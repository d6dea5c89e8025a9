"""Alarms for pages and programs: states, journal, evaluation (PRD §32.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ksys_app.models.message import Message

AlarmState = Literal[
    "unacked",
    "acked",
    "returned",
    "latched",
    "shelved",
    "suppressed",
    "out_of_service",
    "normal",
]
"""The shown state of an alarm; ``returned``: back to normal and not acknowledged."""

Action = Literal[
    "ack", "unack", "shelve", "unshelve", "out_of_service", "in_service", "reset", "assign"
]
Result = Literal["done", "already", "stale", "forbidden"]


@dataclass(frozen=True, slots=True)
class StateRow:
    """A row of ``alarm_state`` with the texts of ``alarm_rule``.

    Attributes:
        process: ``norm``, ``pend``, ``act`` or ``clr``.
        ack: ``none``, ``unacked`` or ``acked``.
        raised_at: the start of the newest episode, which identifies it; None before the first.
        value: the value at the last event; ``limit_value`` is the limit that it broke.
        count: how often the condition was raised.
        assigned_to: the user who has taken the alarm over, empty without one.
        seq: grows with each change of any row.
    """

    tag_name: str
    condition: str
    process: str = "norm"
    level: str = ""
    priority: int = 3
    raised_at: datetime | None = None
    cleared_at: datetime | None = None
    ack: str = "none"
    acked_at: datetime | None = None
    acked_by: str = ""
    ack_comment: str = ""
    latched: bool = False
    shelved_until: datetime | None = None
    shelved_kind: str | None = None
    shelved_by: str = ""
    shelved_reason: str = ""
    designed_by: str | None = None
    oos_by: str | None = None
    oos_reason: str = ""
    oos_at: datetime | None = None
    count: int = 0
    value: float | None = None
    limit_value: float | None = None
    quality: str = ""
    assigned_to: str = ""
    assigned_at: datetime | None = None
    seq: int = 0
    message: str = ""
    cause: str = ""
    consequence: str = ""
    response: str = ""
    group_name: str = ""

    @property
    def active(self) -> bool:
        """Whether the limit is broken."""
        return self.process in ("act", "clr")


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm with its shown state, and title, unit and group from the rule of its tag."""

    row: StateRow
    state: AlarmState
    title: str = ""
    unit: str = ""
    group: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Tag and condition, which identify the alarm."""
        return self.row.tag_name, self.row.condition


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The progress of the alarm worker, by the database's clock.

    Attributes:
        seq: number of the newest change of any alarm.
        evaluated_to: the time up to which every tag is judged, None if no worker ever ran.
        evaluating: whether a worker holds the lease.
        now: the database's clock.
    """

    seq: int
    evaluated_to: datetime | None
    evaluating: bool
    now: datetime

    @property
    def age_s(self) -> float | None:
        """Seconds since every tag was judged, None if no worker ever ran."""
        if self.evaluated_to is None:
            return None
        return max(0.0, (self.now - self.evaluated_to).total_seconds())


@dataclass(frozen=True, slots=True)
class JournalKey:
    """The key of a row of the journal, which also orders the rows."""

    ts: datetime
    tag_name: str
    condition: str
    raised_at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A row of ``alarm_journal``; ``raised_at`` identifies the episode.

    Attributes:
        messages: the messages about it, by route, purpose and state: the number of recipients, and
            when the last message was sent or given up, or else when the next one is sent.
    """

    ts: datetime
    recorded_at: datetime
    id: str
    tag_name: str
    condition: str
    level: str
    raised_at: datetime
    event: str
    priority: int | None
    value: float | None
    limit_value: float | None
    deadband: float | None
    quality: str
    rule_version: int | None
    actor: str
    via: str
    station: str
    comment: str
    reason: str
    data: Mapping[str, Any] = field(default_factory=dict)
    messages: Sequence[Mapping[str, Any]] = ()

    @property
    def key(self) -> JournalKey:
        """The key of the row, after which the next page starts."""
        return JournalKey(self.ts, self.tag_name, self.condition, self.raised_at, self.event)


@dataclass(frozen=True, slots=True)
class Item:
    """An alarm that a person acts on; ``raised_at`` is the episode that the person sees."""

    tag_name: str
    condition: str
    raised_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an action on an item; ``why`` is the reason if it is forbidden."""

    item: Item
    result: Result
    why: Message | None = None
