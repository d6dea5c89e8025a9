"""From judged communication to what ``/comm`` binds to (PRD §28.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from math import floor
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.comm_source import Report
from ksys_app.domain.comm import HOUR, Calendar
from ksys_app.domain.quality import allowed_gap, comm_state
from ksys_app.domain.timefmt import age_label, epoch_ms, local_offset
from ksys_app.models.comm import TagDays
from ksys_app.models.comm_views import (
    CalendarView,
    CardView,
    CellsView,
    DayView,
    OutageView,
    OverviewRow,
    SummaryView,
)
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.texts import DASH
from ksys_app.texts_comm import C

STATE_CODE: Final = {"ok": "o", "warn": "w", "crit": "c", "no_data": "n"}


def folded(values: Iterable[object]) -> str:
    """``10000*700,9861,-1*19``: values in order, runs of one value folded."""
    runs = ((value, sum(1 for _ in run)) for value, run in groupby(values))
    return ",".join(f"{value}*{count}" if count > 1 else str(value) for value, count in runs)


def hundredths(rate: float | None) -> int:
    """A rate in hundredths of a percent, rounded down: 100 % is only what misses nothing."""
    # The margin keeps an exact figure, such as 98 %, from falling under itself.
    return -1 if rate is None else floor(rate * 10_000 + 1e-9)


def percent(rate: float | None) -> str:
    """``98.61 %``, or a dash."""
    return DASH if rate is None else f"{hundredths(rate) / 100:.2f} %"


def hours_text(hours: float) -> str:
    """``26 h``, ``0.5 h``."""
    return C.hours.format(n=f"{hours:.1f}".removesuffix(".0"))


def calendar_view(days: Calendar, now: datetime) -> CalendarView:
    """The days of the grids and the local hour of every cell."""
    local = [hour.astimezone(days.zone) for hour in days.hours]
    today = now.astimezone(days.zone).date()
    return CalendarView(
        first_ms=epoch_ms(days.bounds[0]),
        days=[
            DayView(day.isoformat(), [hour.hour for hour in hours])
            for day, hours in groupby(local, key=lambda hour: hour.date())
        ],
        today=today.isoformat() if local[0].date() <= today <= local[-1].date() else "",
        odd=[C.odd_day.format(day=odd.day, n=odd.hours) for odd in days.odd_days],
    )


def cells_view(report: Report) -> CellsView:
    """The grid of a tag in columns."""
    cells = report.cells
    return CellsView(
        tag=report.row.tag_name,
        rate=folded(hundredths(cell.success_rate) for cell in cells),
        recv=folded(cell.recv_msgs for cell in cells),
        exp=folded(cell.exp_msgs for cell in cells),
        seen=folded(-1 if cell.last_seen is None else cell.last_seen.minute for cell in cells),
        state=folded(STATE_CODE[cell.state] for cell in cells),
    )


def outage_views(report: Report) -> list[OutageView]:
    """The outages of a tag, in order of time."""
    zone, first = report.calendar.zone, report.calendar.bounds[0]
    return [
        OutageView(
            tag=report.row.tag_name,
            start_s=local_offset(run.start, zone),
            end_s=local_offset(run.end, zone),
            hours=run.hours,
            hours_s=hours_text(run.hours),
            ongoing=run.ongoing,
            clipped=run.clipped,
            first=(run.start - first) // HOUR,
            last=-((first - run.end) // HOUR) - 1,
        )
        for run in report.outages
    ]


def summary_view(report: Report, rule: QcRule | None) -> SummaryView:
    """A tag's row above the grids."""
    row, made = report.row, report.summary
    expectation = Expectation(row.tag_name, row.exp_per_min, row.slo_warn, row.slo_crit)
    age = None if row.last_ts is None else row.now - row.last_ts
    return SummaryView(
        tag=row.tag_name,
        now=comm_state(age, allowed_gap(rule, expectation)),
        age="" if age is None else age_label(age.total_seconds()),
        success_24h=percent(made.success_24h),
        success_30d=percent(made.success_30d),
        outages=made.outages,
        total=hours_text(made.outage_hours) if made.outages else DASH,
        longest=hours_text(made.longest_hours) if made.outages else DASH,
        limits=C.limits.format(
            n=row.exp_per_min, warn=_limit(row.slo_warn), crit=_limit(row.slo_crit)
        ),
    )


def _limit(rate: float) -> str:
    return f"{rate * 100:g} %"


def card_view(report: Report, bucket: datetime) -> CardView | None:
    """The cell that begins at ``bucket``; None where the grid has none."""
    number, rest = divmod(bucket - report.calendar.bounds[0], HOUR)
    if rest or not 0 <= number < len(report.cells):
        return None
    cell, zone = report.cells[number], report.calendar.zone
    judged = cell.success_rate is not None
    return CardView(
        tag=report.row.tag_name,
        cell=number,
        state=cell.state,
        local_s=_hour(cell.bucket, zone),
        utc_s=_hour(cell.bucket, ZoneInfo("UTC")),
        rate_s=percent(cell.success_rate),
        received_s=f"{cell.recv_msgs:,} / {cell.exp_msgs:,}"
        if judged
        else f"{cell.recv_msgs:,} / {DASH}",
        missing_s=f"{cell.missing_msgs:,}" if judged else DASH,
        seen_s=C.none_seen if cell.last_seen is None else local_offset(cell.last_seen, zone),
    )


def _hour(ts: datetime, zone: ZoneInfo) -> str:
    local = ts.astimezone(zone)
    end = (ts + HOUR).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} – {end:%H:%M} {local.isoformat()[19:]}"


def overview_rows(rows: Sequence[TagDays], zone: ZoneInfo) -> list[OverviewRow]:
    """Rows of the overview."""
    return [
        OverviewRow(
            tag=row.tag_name,
            rate=folded(hundredths(day.success_rate) for day in row.days),
            crit=folded(day.crit_hours for day in row.days),
            crit_hours=row.crit_hours,
            success_30d=percent(row.success_30d),
            last_s=DASH if row.last_ts is None else local_offset(row.last_ts, zone),
        )
        for row in rows
    ]
