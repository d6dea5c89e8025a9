"""The communication of all tags by days, with the same results as the grid (PRD §28.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from ksys_app.domain.comm import HOUR, MINUTE, Calendar, life, ongoing_since, outage, share
from ksys_app.models.comm import CommDayRow, DayCell, Outage, TagDays

HOUR_MINUTES: Final = 60
DAY_MINUTES: Final = 24 * HOUR_MINUTES


def by_days(rows: Iterable[CommDayRow], days: Calendar) -> list[TagDays]:
    """The 30 days of each tag. A silent hour after the first sample of a tag is critical.

    To be fast with many tags, a time is a number of minutes since the first day, and the hours of
    a tag are the bits of one integer.
    """
    edges = [(bound - days.bounds[0]) // MINUTE for bound in days.bounds]
    return [_tag_days(row, days, edges) for row in rows]


def doubtful(rows: Iterable[CommDayRow], days: Calendar, since: datetime) -> list[str]:
    """The tags with a critical hour after ``since``; late samples may still fill such an hour."""
    edges = [(bound - days.bounds[0]) // MINUTE for bound in days.bounds]
    first = max(0, (since - days.bounds[0]) // HOUR)
    return [row.tag_name for row in rows if _critical(row, days, edges) >> first]


def _critical(row: CommDayRow, days: Calendar, edges: Sequence[int]) -> int:
    """The critical hours of a tag as bits."""
    begins, ends = life(row.first_ts, row.now).minutes_after(days.bounds[0])
    crit = _judged(max(0, begins), min(edges[-1], ends) if row.exp_per_min > 0 else 0)
    for day, sound in zip(row.days, row.sound, strict=True):
        crit &= ~(sound << edges[day] // HOUR_MINUTES)
    return crit


def _tag_days(row: CommDayRow, days: Calendar, edges: Sequence[int]) -> TagDays:
    begins, ends = life(row.first_ts, row.now).minutes_after(days.bounds[0])
    per_minute = max(0, row.exp_per_min)

    def expected(start: int, end: int) -> int:
        return per_minute * max(0, min(end, ends) - max(start, begins))

    crit = _critical(row, days, edges)
    delivered = dict(zip(row.days, row.delivered, strict=True))
    cells = [
        _day(expected(start, end), delivered.get(number, 0), _hours(crit, start, end))
        for number, (start, end) in enumerate(pairwise(edges))
    ]
    runs = _outages(crit, row, days, min(edges[-1], ends))
    running = min((row.now - days.bounds[0]) // HOUR, edges[-1] // HOUR_MINUTES - 1) + 1
    newest = running * HOUR_MINUTES
    expected_24h = expected(max(0, newest - DAY_MINUTES), newest)
    expected_30d = expected(0, edges[-1])
    return TagDays(
        tag_name=row.tag_name,
        days=tuple(cells),
        success_24h=share(expected_24h - row.delivered_24h, expected_24h),
        success_30d=share(expected_30d - sum(row.delivered), expected_30d),
        crit_hours=crit.bit_count(),
        outages=len(runs),
        longest_hours=max((run.hours for run in runs), default=0.0),
        now=row.now,
        ongoing_since=ongoing_since(runs),
    )


def _judged(begins: int, ends: int) -> int:
    """The hours with at least one minute of the range, as bits."""
    first, last = begins // HOUR_MINUTES, -(-ends // HOUR_MINUTES)
    return ((1 << last - first) - 1) << first if ends > begins else 0


def _hours(bits: int, start: int, end: int) -> int:
    """How many of the hours between two minutes have their bit set."""
    first, last = start // HOUR_MINUTES, end // HOUR_MINUTES
    return (bits >> first & (1 << last - first) - 1).bit_count()


def _day(expected: int, delivered: int, crit: int) -> DayCell:
    return DayCell(share(expected - delivered, expected), crit)


def _outages(crit: int, row: CommDayRow, days: Calendar, ends: int) -> list[Outage]:
    begin, grid = days.bounds[0], (days.bounds[0], days.bounds[-1])
    newest = -(-ends // HOUR_MINUTES) - 1
    return [
        outage(begin + first * HOUR, begin + last * HOUR, last == newest, grid, row)
        for first, last in _runs(crit)
    ]


def _runs(bits: int) -> Iterator[tuple[int, int]]:
    """The first and the last position of each run of set bits."""
    at = 0
    while bits:
        skipped = (bits & -bits).bit_length() - 1
        bits >>= skipped
        length = (~bits & bits + 1).bit_length() - 1
        bits >>= length
        yield at + skipped, at + skipped + length - 1
        at += skipped + length
