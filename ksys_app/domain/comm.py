"""The grid of 30 local days by local hours, and the outages in it (PRD §28.2).

A cell is one whole hour of UTC, because the database counts messages by hours of UTC. A cell
belongs to the local day and hour in which it begins, so a day of 23 or 25 hours neither loses nor
repeats an hour. Heatmap, outages and summary use the same cells and cannot disagree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.models.comm import Cell, CellState, CommDayRow, CommRow, OddDay, Outage, Summary
from ksys_app.models.events import GapRow

DAYS: Final = 30
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
FIRST_START: Final = date(2000, 1, 1)
IN_TRANSIT: Final = MINUTE
"""A message that is due within the last minute may still arrive, so it is not missing yet."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of 30 local days.

    Attributes:
        start: the first day.
        zone: the display zone.
        bounds: the starts of 31 days, whole hours of UTC; the last one is the end of the grid.
    """

    start: date
    zone: ZoneInfo
    bounds: tuple[datetime, ...]

    @property
    def hours(self) -> list[datetime]:
        """The start of every hour, UTC, ascending."""
        first, end = self.bounds[0], self.bounds[-1]
        return [first + n * HOUR for n in range((end - first) // HOUR)]

    @property
    def odd_days(self) -> list[OddDay]:
        """The days with a change of clocks, each with its number of hours."""
        lengths = Counter(hour.astimezone(self.zone).date() for hour in self.hours)
        return [OddDay(day, hours) for day, hours in lengths.items() if hours != 24]


def calendar(start: date, zone: ZoneInfo) -> Calendar:
    """The 30 local days from ``start`` on."""
    return Calendar(
        start, zone, tuple(_midnight(start + timedelta(days=n), zone) for n in range(DAYS + 1))
    )


def recent_start(now: datetime, zone: ZoneInfo) -> date:
    """The first of the 30 days that end today."""
    return now.astimezone(zone).date() - timedelta(days=DAYS - 1)


def ends_today(days: Calendar, now: datetime) -> bool:
    """Whether the last of the 30 days is today, in the zone of the days."""
    return days.start == recent_start(now, days.zone)


def clamp_start(start: date, now: datetime, zone: ZoneInfo) -> date:
    """``start``, but not before 2000-01-01 and not after today."""
    return min(max(start, FIRST_START), now.astimezone(zone).date())


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first whole hour of UTC at or after the beginning of a local day."""
    begins = datetime.combine(day, time(), zone).astimezone(UTC)
    hour = begins.replace(minute=0, second=0, microsecond=0)
    return hour if hour == begins else hour + HOUR


@dataclass(frozen=True, slots=True)
class Life:
    """The time in which messages of a tag are expected: from its first sample to a minute ago."""

    begins: datetime
    ends: datetime

    def minutes_after(self, start: datetime) -> tuple[int, int]:
        """The begin and the end as minutes after ``start``, which is a whole minute."""
        return (self.begins - start) // MINUTE, (self.ends - start) // MINUTE


def minute(ts: datetime) -> datetime:
    """The beginning of the minute."""
    return ts.replace(second=0, microsecond=0)


def life(first_ts: datetime | None, now: datetime) -> Life:
    """The time in which messages of a tag are expected; empty for a tag without a sample."""
    ends = minute(now - IN_TRANSIT)
    if first_ts is None:
        return Life(ends, ends)
    first = minute(first_ts)
    return Life(first if first == first_ts else first + MINUTE, ends)


def not_yet(hour: datetime, now: datetime) -> bool:
    """Whether an hour is in the future, or so new that none of its messages is expected yet."""
    return hour >= life(None, now).ends


def grid(row: CommRow, days: Calendar) -> tuple[Cell, ...]:
    """One cell for each hour of the 30 days. A silent hour after the first sample has 0 %."""
    hours = days.hours
    begins, ends = life(row.first_ts, row.now).minutes_after(hours[0])
    rate = max(0, row.exp_per_min)
    counts = zip(row.recv, row.seen, strict=True)
    by_hour = dict(zip(row.buckets, counts, strict=True))
    return tuple(
        _cell(
            row,
            hour,
            rate * max(0, min(start + 60, ends) - max(start, begins)),
            *by_hour.get(hour, (0, None)),
        )
        for start, hour in zip(range(0, 60 * len(hours), 60), hours, strict=True)
    )


def _cell(row: CommRow, hour: datetime, expected: int, recv: int, seen: datetime | None) -> Cell:
    if expected == 0:
        return Cell(hour, None, recv, 0, 0, seen, "no_data")
    rate = min(1.0, recv / expected)
    state: CellState = "crit" if rate < row.slo_crit else "warn" if rate < row.slo_warn else "ok"
    return Cell(hour, rate, recv, expected, max(0, expected - recv), seen, state)


def outages(cells: Sequence[Cell], row: CommRow) -> list[Outage]:
    """Runs of critical hours, ascending.

    An hour that has just begun has no state yet. It neither ends a run nor makes it longer.
    """
    judged = [cell for cell in cells if cell.state != "no_data"]
    grid = cells[0].bucket, cells[-1].bucket + HOUR
    runs = (
        list(run)
        for critical, run in groupby(judged, key=lambda cell: cell.state == "crit")
        if critical
    )
    return [
        replace(
            outage(run[0].bucket, run[-1].bucket, run[-1] is judged[-1], grid, row),
            success_rate=success(run),
        )
        for run in runs
    ]


def outage(
    first: datetime,
    last: datetime,
    newest: bool,
    grid: tuple[datetime, datetime],
    row: CommRow | CommDayRow | GapRow,
) -> Outage:
    """The outage of a run of critical hours.

    An ongoing outage begins at the tag's last sample if that was before the first critical hour.

    Args:
        first: the first hour of the run.
        last: the last hour of the run.
        newest: whether no hour with a state follows.
        grid: start and end of the 30 days.
        row: the times of the tag's first and newest sample, and the time of the count.
    """
    now, (begin, end) = minute(row.now), grid
    ongoing = newest and now < end
    before = first == begin and row.first_ts is not None and row.first_ts < first
    silent = first if row.last_ts is None else min(first, minute(row.last_ts))
    return Outage(
        first=first,
        start=silent if ongoing else first,
        end=now if ongoing else last + HOUR,
        ongoing=ongoing,
        clipped=before or (newest and not ongoing),
    )


def ongoing_since(runs: Sequence[Outage]) -> datetime | None:
    """The start of the ongoing outage, None without one."""
    return next((run.start for run in runs if run.ongoing), None)


def summary(
    cells: Sequence[Cell], runs: Sequence[Outage], now: datetime, days: Calendar
) -> Summary:
    """Totals of the cells; the last 24 hours are the current hour and the 23 hours before it."""
    judged = {bisect_right(days.bounds, cell.bucket) for cell in cells if cell.state != "no_data"}
    reached = [cell for cell in cells if cell.bucket <= now]
    lengths = [run.hours for run in runs]
    return Summary(
        success_24h=success(reached[-24:]),
        success_30d=success(reached),
        judged_days=len(judged),
        outages=len(runs),
        outage_hours=sum(lengths),
        longest_hours=max(lengths, default=0.0),
        ongoing_since=ongoing_since(runs),
    )


def success(cells: Sequence[Cell]) -> float | None:
    """Share of the expected messages that arrived, 0 to 1; None if none was expected.

    Extra messages in one hour do not replace missing messages of another hour.
    """
    return share(sum(cell.missing_msgs for cell in cells), sum(cell.exp_msgs for cell in cells))


def share(missing: int, expected: int) -> float | None:
    """Share of the expected messages that is not missing, 0 to 1; None if none was expected."""
    return None if expected == 0 else 1 - missing / expected
