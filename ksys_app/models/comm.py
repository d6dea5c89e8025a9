"""Communication: rows of counted messages, judged hours, outages (PRD §28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

CellState = Literal["ok", "warn", "crit", "no_data"]

WORST: Final = "worst"
"""The order of the overview that no column has."""


@dataclass(frozen=True, slots=True)
class CommRow:
    """What the database says of one tag: its life, its expectation, its counted hours.

    Attributes:
        tag_name: the tag.
        now: the database's clock when it counted; what is judged is judged up to here.
        first_ts: first sample, None for a tag that never reported.
        last_ts: newest sample, of whatever day.
        exp_per_min: expected messages a minute.
        slo_warn: success rate under which an hour is a warning, 0 to 1.
        slo_crit: success rate under which it is critical.
        buckets: hours with messages, UTC, ascending.
        recv: messages in each.
        seen: last minute with a message in each.
        refused: samples of the last 24 hours that were not usable (PRD §4.9).
        assumed: whether nobody has stated what is expected.
    """

    tag_name: str
    now: datetime
    first_ts: datetime | None
    last_ts: datetime | None
    exp_per_min: int
    slo_warn: float
    slo_crit: float
    buckets: list[datetime]
    recv: list[int]
    seen: list[datetime]
    refused: int = 0
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class StoredCommRow:
    """A :class:`CommRow` with the expectation as it is stored, None without one."""

    tag_name: str
    now: datetime
    first_ts: datetime | None
    last_ts: datetime | None
    exp_per_min: int | None
    slo_warn: Decimal | None
    slo_crit: Decimal | None
    buckets: list[datetime]
    recv: list[int]
    seen: list[datetime]
    refused: int


@dataclass(frozen=True, slots=True)
class NewestRow:
    """A tag's newest sample, None without any, and the database's clock.

    ``prev_value`` is the value before it, where one has been seen.
    """

    tag_name: str
    now: datetime
    ts: datetime | None
    exp_per_min: int | None
    value: float | None = None
    prev_value: float | None = None


@dataclass(frozen=True, slots=True)
class Alive:
    """Whether a tag is alive.

    Attributes:
        tag_name: the tag.
        now: the database's clock when it was asked.
        ts: time of the newest sample, None for a tag that never reported.
        allowed: how old that sample may be.
        comm: ``ok``, ``late``, ``lost`` or ``never``.
        still_s: seconds for which its value has been the same, where that is longer than its rule
            allows, else 0; ``still_longer`` where it may be longer still.
    """

    tag_name: str
    now: datetime
    ts: datetime | None
    allowed: timedelta
    comm: str
    still_s: float = 0.0
    still_longer: bool = False


@dataclass(frozen=True, slots=True)
class CommDayRow:
    """The hours of one tag summed up by days, for many tags at once.

    Attributes:
        first_ts: first sample, None for a tag that never reported; ``last_ts`` the newest.
        days: numbers of the days with messages, 0 is the first.
        delivered: expected messages that arrived on each.
        sound: the hours of each that are judged and not critical, a bit an hour, 1 the first.
        delivered_24h: expected messages that arrived in the newest 24 hours.
    """

    tag_name: str
    now: datetime
    first_ts: datetime | None
    last_ts: datetime | None
    exp_per_min: int
    days: list[int]
    delivered: list[int]
    sound: list[int]
    delivered_24h: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of one tag.

    Attributes:
        bucket: its start, UTC.
        success_rate: part of the expected messages that arrived, 0 to 1; None where nothing was
            expected.
        recv_msgs: messages that arrived.
        exp_msgs: messages expected, of the part of the hour that can be judged.
        missing_msgs: expected ones that did not arrive.
        last_seen: last minute with a message, None without any.
        state: ``ok``, ``warn``, ``crit`` or ``no_data``.
    """

    bucket: datetime
    success_rate: float | None
    recv_msgs: int
    exp_msgs: int
    missing_msgs: int
    last_seen: datetime | None
    state: CellState


@dataclass(frozen=True, slots=True)
class Outage:
    """A run of critical hours.

    Attributes:
        first: its first hour, UTC.
        start: when it began: with that hour; while ongoing with the tag's newest sample, where
            that is older.
        end: end of its last hour; while ongoing the minute up to which it is known.
        ongoing: whether no better hour has followed yet.
        clipped: whether it reaches over an edge of the 30 days.
        success_rate: part of the expected messages of its hours that arrived; None where only
            its length was asked for.
    """

    first: datetime
    start: datetime
    end: datetime
    ongoing: bool
    clipped: bool
    success_rate: float | None = None

    @property
    def hours(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class Summary:
    """What 30 days amount to.

    Attributes:
        success_24h: part of the expected messages that arrived; None where nothing was expected.
        success_30d: the same of 30 days.
        judged_days: on how many of them something was expected.
        outages: how many.
        outage_hours: how long all of them lasted.
        longest_hours: how long the longest did.
        ongoing_since: when the ongoing one began, None without one.
    """

    success_24h: float | None
    success_30d: float | None
    judged_days: int
    outages: int
    outage_hours: float
    longest_hours: float
    ongoing_since: datetime | None


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day of a tag: success rate, None where nothing was expected, and critical hours."""

    success_rate: float | None
    crit_hours: int


@dataclass(frozen=True, slots=True)
class TagDays:
    """A tag in the overview: its days, and what they amount to as in its :class:`Summary`."""

    tag_name: str
    days: tuple[DayCell, ...]
    success_24h: float | None
    success_30d: float | None
    crit_hours: int
    outages: int
    longest_hours: float
    now: datetime
    ongoing_since: datetime | None = None

    @property
    def judged_days(self) -> int:
        """On how many of its days something was expected."""
        return sum(day.success_rate is not None for day in self.days)


@dataclass(frozen=True, slots=True)
class OddDay:
    """A day that has not 24 hours, and how many it has."""

    day: date
    hours: int
