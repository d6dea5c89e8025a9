"""Convert reports of communication to the values that ``/comm`` shows (PRD §28.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import groupby
from math import floor
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.comm import DAYS, HOUR, Calendar, not_yet
from ksys_app.domain.figures import DASH, count
from ksys_app.domain.timefmt import epoch_ms, local_offset
from ksys_app.models.comm import Alive, Cell, TagDays
from ksys_app.models.comm_views import (
    CalendarView,
    CardView,
    CellsView,
    DayView,
    OutageView,
    OverviewNow,
    OverviewRow,
    SummaryView,
)
from ksys_app.models.message import Message
from ksys_app.services.comm_page import Report

STATE_CODE: Final = {"ok": "o", "warn": "w", "crit": "c", "no_data": "n", "not_yet": "f"}


def run_lengths(values: Iterable[object]) -> str:
    """The values as text, with runs of equal values shortened: ``10000*700,9861,-1*19``."""
    runs = ((value, sum(1 for _ in run)) for value, run in groupby(values))
    return ",".join(f"{value}*{count}" if count > 1 else str(value) for value, count in runs)


def since_ms(since: datetime | None) -> int:
    """``since`` in epoch milliseconds; 0 for None."""
    return 0 if since is None else epoch_ms(since)


def hundredths(rate: float | None) -> int:
    """A rate in hundredths of a percent, rounded down, so that 100 % means no missing message.

    None gives -1.
    """
    # Without the margin, an exact figure such as 98 % would become 97.99 %.
    return -1 if rate is None else floor(rate * 10_000 + 1e-9)


def percent(rate: float | None) -> str:
    """A rate as text, ``98.61 %``; a dash for None."""
    return DASH if rate is None else f"{hundredths(rate) / 100:.2f} %"


def minutes(hours: float) -> int:
    """Hours as minutes. The result is whole, because outages begin and end at a minute."""
    return round(hours * 60)


def judged(days: int) -> int:
    """The number of judged days; 0 if all days were judged, so that the page shows no note."""
    return days if days < DAYS else 0


def calendar_view(days: Calendar, now: datetime) -> CalendarView:
    """The days of the grids, and the local hours of each day."""
    local = [hour.astimezone(days.zone) for hour in days.hours]
    today = now.astimezone(days.zone).date()
    return CalendarView(
        first_ms=epoch_ms(days.bounds[0]),
        days=[
            DayView(day.isoformat(), [hour.hour for hour in hours])
            for day, hours in groupby(local, key=lambda hour: hour.date())
        ],
        today=today.isoformat() if local[0].date() <= today <= local[-1].date() else "",
        odd=[
            Message("comm.odd_day", {"day": day.day.isoformat(), "n": day.hours})
            for day in days.odd_days
        ],
    )


def cells_view(report: Report) -> CellsView:
    """The grid of a tag, one text of run lengths for each field of a cell."""
    cells = report.cells
    return CellsView(
        tag=report.row.tag_name,
        rate=run_lengths(hundredths(cell.success_rate) for cell in cells),
        recv=run_lengths(cell.recv_msgs for cell in cells),
        exp=run_lengths(cell.exp_msgs for cell in cells),
        seen=run_lengths(-1 if cell.last_seen is None else cell.last_seen.minute for cell in cells),
        state=run_lengths(STATE_CODE[_state(cell, report)] for cell in cells),
    )


def _state(cell: Cell, report: Report) -> str:
    early = cell.state == "no_data" and not_yet(cell.bucket, report.row.now)
    return "not_yet" if early else cell.state


def outage_views(report: Report) -> list[OutageView]:
    """The outages of a tag, in order of time."""
    zone, first = report.calendar.zone, report.calendar.bounds[0]
    return [
        OutageView(
            tag=report.row.tag_name,
            start_s=local_offset(run.start, zone),
            end_s=local_offset(run.end, zone),
            hours=run.hours,
            since_ms=epoch_ms(run.start) if run.ongoing else 0,
            received_s=percent(run.success_rate) if run.success_rate else "",
            ongoing=run.ongoing,
            clipped=run.clipped,
            first=(run.first - first) // HOUR,
            last=-((first - run.end) // HOUR) - 1,
        )
        for run in report.outages
    ]


def no_data(reports: Sequence[Report]) -> list[Message]:
    """For each tag without a judged hour, a message that says why it has no outages to show."""
    return [
        Message("comm.no_data_of", {"tag": report.row.tag_name, "why": _no_data_reason(report)})
        if len(reports) > 1
        else _no_data_reason(report)
        for report in reports
        if report.summary.success_30d is None
    ]


def _no_data_reason(report: Report) -> Message:
    first = report.row.first_ts
    if first is None:
        return Message("comm.outages_never")
    time = local_offset(first, report.calendar.zone)
    return Message("comm.outages_no_data", {"time": time})


def alive_view(row: SummaryView, alive: Alive) -> SummaryView:
    """The row of a tag above the grids, with the state of its newest sample."""
    return replace(row, **asdict(overview_now(alive)))


def summary_view(report: Report, alive: Alive) -> SummaryView:
    """The row of a tag above the grids."""
    row, summary = report.row, report.summary
    ended_hours = [run.hours for run in report.outages if not run.ongoing]
    view = SummaryView(
        tag=row.tag_name,
        comm="",
        ts_ms=0,
        allowed_s=0,
        still_s=0,
        still_longer=False,
        success_24h=percent(summary.success_24h),
        success_30d=percent(summary.success_30d),
        judged=judged(summary.judged_days),
        outages=DASH if summary.success_30d is None else count(summary.outages),
        total_min=minutes(sum(ended_hours)),
        longest_min=minutes(max(ended_hours, default=0.0)),
        since_ms=since_ms(summary.ongoing_since),
        limits=Message(
            "comm.limits",
            {"n": row.exp_per_min, "warn": _limit(row.slo_warn), "crit": _limit(row.slo_crit)},
        ),
        assumed=row.assumed,
        refused=count(row.refused) if row.refused else "",
    )
    return alive_view(view, alive)


def _limit(rate: float) -> str:
    return f"{rate * 100:g}\u00a0%"


def card_view(report: Report, bucket: datetime) -> CardView | None:
    """The hour that begins at ``bucket``; None if the grid has no such hour."""
    number, remainder = divmod(bucket - report.calendar.bounds[0], HOUR)
    if remainder or not 0 <= number < len(report.cells):
        return None
    cell, zone = report.cells[number], report.calendar.zone
    judged = cell.success_rate is not None
    return CardView(
        tag=report.row.tag_name,
        cell=number,
        state=_state(cell, report),
        local_s=_hour(cell.bucket, zone),
        utc_s=_hour(cell.bucket, ZoneInfo("UTC")),
        rate_s=percent(cell.success_rate),
        received_s=f"{count(cell.recv_msgs)} / {count(cell.exp_msgs)}"
        if judged
        else f"{count(cell.recv_msgs)} / {DASH}",
        missing_s=count(cell.missing_msgs) if judged else DASH,
        seen_s="" if cell.last_seen is None else local_offset(cell.last_seen, zone),
        counted_s=local_offset(report.row.now, zone),
    )


def _hour(ts: datetime, zone: ZoneInfo) -> str:
    local = ts.astimezone(zone)
    end = (ts + HOUR).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} – {end:%H:%M} {local.isoformat()[19:]}"


def overview_row(row: TagDays, *, assumed: bool) -> OverviewRow:
    """A row of the overview.

    Args:
        row: the days of the tag.
        assumed: whether the tag has no expectation of its own, so that defaults are assumed.
    """
    has_outages = row.success_30d is not None
    return OverviewRow(
        tag=row.tag_name,
        rate=run_lengths(hundredths(day.success_rate) for day in row.days),
        crit=run_lengths(day.crit_hours for day in row.days),
        success_24h=percent(row.success_24h),
        success_30d=percent(row.success_30d),
        outages=count(row.outages) if has_outages else DASH,
        longest_min=minutes(row.longest_hours),
        since_ms=since_ms(row.ongoing_since),
        crit_s=count(row.crit_hours) if has_outages else DASH,
        judged=judged(row.judged_days),
        assumed=assumed,
    )


def overview_now(alive: Alive) -> OverviewNow:
    """Whether a tag is alive, and for how long its value has not changed."""
    return OverviewNow(
        comm=alive.comm,
        ts_ms=0 if alive.ts is None else epoch_ms(alive.ts),
        allowed_s=int(alive.allowed.total_seconds()),
        still_s=int(alive.still_s),
        still_longer=alive.still_longer,
    )
