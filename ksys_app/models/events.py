"""The events of tags in a time range, shown beside their series (PRD §33.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

Kind = Literal["alarm", "outage", "anomaly", "change"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""Alarms, outages of communication, anomalies, and changes of limits."""
Wanted = Literal[Kind, "shift"]
"""The kinds that a request may name."""


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """A row of the journal; with the event ``STANDS``, an alarm that is active now."""

    ts: datetime
    tag_name: str
    condition: str
    raised_at: datetime
    event: str
    level: str
    priority: int | None
    value: float | None
    limit_value: float | None


@dataclass(frozen=True, slots=True)
class GapRow:
    """A run of critical hours of a tag.

    Attributes:
        now: the database's clock.
        first_ts: time of the tag's first sample; ``last_ts`` of its newest.
        first: the first hour of the run; ``last`` its last hour.
        newest: whether no hour with a state follows.
    """

    tag_name: str
    now: datetime
    first_ts: datetime | None
    last_ts: datetime | None
    first: datetime
    last: datetime
    newest: bool


@dataclass(frozen=True, slots=True)
class AnomalyRow:
    """A row of ``anomalies``."""

    ts: datetime
    tag_name: str
    score: float | None
    level: str


@dataclass(frozen=True, slots=True)
class DenseRow:
    """The number of events of a kind in a part of the range, and the first and last start."""

    tag_name: str
    place: int
    count: int
    first: datetime
    last: datetime
    priority: int | None


@dataclass(frozen=True, slots=True)
class Span:
    """An event of a tag, or several merged events of one kind.

    Attributes:
        kind: the kind of the event.
        tag_name: the tag; None for merged events of several tags.
        start: when it began.
        end: when it ended; None while it is ongoing, or if the end is not recorded.
        key: the key of its text in the catalogue.
        values: the figures of the event.
        ongoing: whether it is ongoing.
        clipped: whether it extends beyond ``start`` or ``end``.
        level: level of an alarm or an anomaly, otherwise empty.
        priority: priority of an alarm, otherwise None; of merged alarms the most urgent.
        count: the number of merged events.
    """

    kind: Kind
    tag_name: str | None
    start: datetime
    end: datetime | None
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    ongoing: bool = False
    clipped: bool = False
    level: str = ""
    priority: int | None = None
    count: int = 1
