"""Every tag by days, worst first: the same figures as the grid, without its hours (PRD §28.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from ksys_app.domain.comm import HOUR, Calendar, Life, life, share
from ksys_app.models.comm import CommDayRow, DayCell, TagDays


def tag_days(row: CommDayRow, days: Calendar) -> TagDays:
    """The 30 days of a tag; silent hours of its life count as critical ones."""
    lived = life(row.first_ts, row.now)
    counted = {
        day: figures
        for day, *figures in zip(row.days, row.delivered, row.judged, row.crit, strict=True)
    }
    cells = []
    delivered_all = expected_all = 0
    for number, (start, end) in enumerate(pairwise(days.bounds)):
        delivered, judged, crit = counted.get(number, (0, 0, 0))
        expected = max(0, row.exp_per_min) * lived.minutes(start, end)
        silent = _hours(lived, start, end) - judged if expected else 0
        cells.append(DayCell(share(expected - delivered, expected), crit + silent))
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


def _hours(lived: Life, start: datetime, end: datetime) -> int:
    """How many hours of the grid hold a minute that can be judged, from ``start`` to ``end``."""
    first, last = max(start, lived.begins), min(end, lived.ends)
    if first >= last:
        return 0
    return -((start - last) // HOUR) - (first - start) // HOUR


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
