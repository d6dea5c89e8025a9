"""Every tag by days, worst first: the same figures as the grid, without its hours (PRD §28.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from ksys_app.domain.comm import MINUTE, Calendar, life, share
from ksys_app.models.comm import CommDayRow, DayCell, TagDays

HOUR_MINUTES: Final = 60


def by_days(rows: Iterable[CommDayRow], days: Calendar) -> list[TagDays]:
    """The 30 days of each tag, the worst first; silent hours of a life are critical ones.

    Whole minutes since the first day stand for times: there are many tags.
    """
    edges = [(bound - days.bounds[0]) // MINUTE for bound in days.bounds]
    return worst_first(_tag_days(row, days, edges) for row in rows)


def _tag_days(row: CommDayRow, days: Calendar, edges: Sequence[int]) -> TagDays:
    lived = life(row.first_ts, row.now)
    begins, ends = ((ts - days.bounds[0]) // MINUTE for ts in (lived.begins, lived.ends))
    counted = {
        day: figures
        for day, *figures in zip(row.days, row.delivered, row.judged, row.crit, strict=True)
    }
    per_minute = max(0, row.exp_per_min)
    cells = []
    delivered_all = expected_all = 0
    for number, (start, end) in enumerate(pairwise(edges)):
        first, last = max(start, begins), min(end, ends)
        expected = per_minute * max(0, last - first)
        if expected == 0:
            cells.append(DayCell(None, 0))
            continue
        delivered, judged, crit = counted.get(number, (0, 0, 0))
        # Hours of the grid that hold a minute which can be judged.
        lived_hours = -(-last // HOUR_MINUTES) - first // HOUR_MINUTES
        cells.append(DayCell(share(expected - delivered, expected), crit + lived_hours - judged))
        delivered_all += delivered
        expected_all += expected
    return TagDays(
        tag_name=row.tag_name,
        days=tuple(cells),
        success_30d=share(expected_all - delivered_all, expected_all),
        crit_hours=sum(cell.crit_hours for cell in cells),
        last_ts=row.last_ts,
        now=row.now,
    )


def worst_first(rows: Iterable[TagDays]) -> list[TagDays]:
    """Lowest success first, then most critical hours, then by name; unjudged tags last."""
    return sorted(
        rows,
        key=lambda row: (
            row.success_30d is None,
            row.success_30d or 0.0,
            -row.crit_hours,
            row.tag_name,
        ),
    )
