"""Communication: rows of counted messages, judged hours, outages (PRD §28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple

CellState = Literal["ok", "warn", "crit", "no_data"]

WORST: Final = "worst"
"""The order of the overview that belongs to no column: the worst tag first."""


@dataclass(frozen=True, slots=True)
class CommRow:
    """The database's row for one tag: its first and newest sample, its expectation, its hours.

    Attributes:
        tag_name: the tag.
        now: the database's clock at the count; messages count up to this moment.
        first_ts: first sample, None for a tag that never sent.
        last_ts: newest sample, of any day.
        exp_per_min: expected messages a minute.
        slo_warn: success rate below which an hour is a warning, 0 to 1.
        slo_crit: success rate below which an hour is critical.
        buckets: hours with messages, UTC, ascending.
        recv: messages in each of these hours.
        seen: last minute with a message in each of these hours.
        refused: samples of the last 24 hours that were not usable (PRD §4.9).
        assumed: whether the default expectation is used, because the tag has no stored one.
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

    ``prev_value`` is the value of the sample before it, None if no earlier answer had it.
    """

    tag_name: str
    now: datetime
    ts: datetime | None
    exp_per_min: int | None
    value: float | None = None
    prev_value: float | None = None


@dataclass(frozen=True, slots=True)
class Alive:
    """Whether a tag sends.

    Attributes:
        tag_name: the tag.
        now: the database's clock of this row.
        ts: time of the newest sample, None for a tag that never sent.
        allowed: how old that sample may be.
        comm: ``ok``, ``late``, ``lost`` or ``never``.
        still_s: seconds of an unchanged value if longer than its rule allows, otherwise 0.
        still_longer: whether the value may be unchanged for even longer.
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
    """The hours of one tag, added up by days.

    Attributes:
        first_ts: first sample, None for a tag that never sent; ``last_ts`` the newest.
        days: numbers of the days with messages; 0 is the first day.
        delivered: expected messages that arrived on each of these days.
        sound: the counted hours of each of these days that are not critical, as bits; bit 0 is the
            first hour.
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


class Cell(NamedTuple):
    """One hour of one tag; a tuple, because a page of nine tags has 6,480 of them.

    Attributes:
        bucket: its start, UTC.
        success_rate: part of the expected messages that arrived, 0 to 1; None if nothing was
            expected.
        recv_msgs: messages that arrived.
        exp_msgs: expected messages, for the part of the hour that counts.
        missing_msgs: expected messages that did not arrive.
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
        start: the start of that hour; for an ongoing outage the tag's newest sample, if older.
        end: the end of its last hour; for an ongoing outage the last counted minute.
        ongoing: whether no hour with a better state has followed yet.
        clipped: whether it extends beyond the 30 days.
        success_rate: part of the expected messages of its hours that arrived; None if the caller
            needs only its length.
    """

    first: datetime
    start: datetime
    end: datetime
    ongoing: bool
    clipped: bool
    success_rate: float | None = None

    @property
    def hours(self) -> float:
        """The length in hours."""
        return (self.end - self.start).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of 30 days.

    Attributes:
        success_24h: part of the expected messages of 24 hours that arrived; None if nothing was
            expected.
        success_30d: the same for 30 days.
        judged_days: number of days on which something was expected.
        outages: number of outages.
        outage_hours: length of all outages.
        longest_hours: length of the longest outage.
        ongoing_since: start of the ongoing outage, None without one.
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
    """A day of a tag: success rate, None if nothing was expected, and critical hours."""

    success_rate: float | None
    crit_hours: int


@dataclass(frozen=True, slots=True)
class TagDays:
    """A tag in the overview: its days, and the figures of :class:`Summary`."""

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
        """Number of days on which something was expected."""
        return sum(day.success_rate is not None for day in self.days)


@dataclass(frozen=True, slots=True)
class OddDay:
    """A day that does not have 24 hours, and its number of hours."""

    day: date
    hours: int
