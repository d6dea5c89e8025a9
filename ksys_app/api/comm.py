"""The HTTP endpoints of communication: a tag's hours and outages as JSON and CSV (PRD §28.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from ksys_app.api import csv_file, render, responses, schemas
from ksys_app.api.conditional_json import conditional_json
from ksys_app.api.params import CommCsvQuery, CommQuery
from ksys_app.api.render import Json, json_response
from ksys_app.domain.comm import DAYS, Calendar, calendar
from ksys_app.models.comm import Cell, Outage
from ksys_app.services import runtime
from ksys_app.services.comm_page import Report
from ksys_app.services.tags import require_sending

router = APIRouter(prefix="/api/v1/comm")
Rows = Iterable[tuple[str, Json]]
CELL_COLUMNS: Final = tuple(schemas.CommCell.model_fields)
OUTAGE_COLUMNS: Final = tuple(schemas.CommOutage.model_fields)


@router.get(
    "/heatmap",
    summary="30 days by 24 hours of a tag",
    responses=responses.with_etag(responses.may_be_stale(schemas.CommHeatmap)),
)
async def heatmap(query: CommQuery, request: Request) -> Response:
    """Every hour of 30 local days; a clock change makes them 719 or 721 hours."""
    report = await _report(query.tag, await _calendar(query.start))
    body = partial(_heatmap, report, runtime.current().zone)
    return await conditional_json(request, report.answer, "heatmap", body)


@router.get(
    "/outages",
    summary="Outages of a tag",
    responses=responses.row_list(schemas.CommOutage) | responses.NAMED_TAG,
)
async def outages(query: CommQuery) -> Response:
    """Runs of critical hours in the same grid, ascending by time."""
    report = await _report(query.tag, await _calendar(query.start))
    stale = render.stale_mark(report.answer.error, report.answer.age_s)
    return json_response([outage(run) | stale for run in report.outages])


@router.get("/cells.csv", summary="The grids of tags as a file", responses=responses.CSV_FILE)
async def cells_csv(query: CommCsvQuery) -> Response:
    """The cells of up to nine tags, with ``tag_name``."""
    days, zone = await _calendar(query.start), runtime.current().zone
    reports = [await _fresh(tag, days) for tag in query.tag]
    rows = (
        (report.row.tag_name, cell(hour_cell, zone))
        for report in reports
        for hour_cell in report.cells
    )
    return _csv(query.tag, "cells", days, CELL_COLUMNS, rows)


@router.get("/outages.csv", summary="Outages of tags as a file", responses=responses.CSV_FILE)
async def outages_csv(query: CommCsvQuery) -> Response:
    """The outages of up to nine tags, with ``tag_name``."""
    days = await _calendar(query.start)
    reports = [await _fresh(tag, days) for tag in query.tag]
    rows = ((report.row.tag_name, outage(run)) for report in reports for run in report.outages)
    return _csv(query.tag, "outages", days, OUTAGE_COLUMNS, rows)


def _heatmap(report: Report, zone: ZoneInfo) -> Json:
    return {
        "tag_name": report.row.tag_name,
        "start": report.calendar.start.isoformat(),
        "days": DAYS,
        "judged_to": render.time(report.row.now, zone),
        "refused_24h": report.row.refused,
        "cells": [cell(hour_cell, zone) for hour_cell in report.cells],
        **render.stale_mark(report.answer.error, report.answer.age_s),
    }


def cell(hour_cell: Cell, zone: ZoneInfo) -> Json:
    """An hour as a JSON object with the field names of the contract; orjson writes its times."""
    return {
        "bucket_utc": hour_cell.bucket,
        "local": hour_cell.bucket.astimezone(zone),
        "success_rate": hour_cell.success_rate,
        "recv_msgs": hour_cell.recv_msgs,
        "exp_msgs": hour_cell.exp_msgs,
        "missing_msgs": hour_cell.missing_msgs,
        "last_seen_min": None
        if hour_cell.last_seen is None
        else hour_cell.last_seen.astimezone(zone),
        "state": hour_cell.state,
    }


def outage(run: Outage) -> Json:
    """An outage as a JSON object with the field names of the HTTP contract."""
    return {
        "start_ts_utc": run.start.isoformat(),
        "end_ts_utc": run.end.isoformat(),
        "hours": run.hours,
        "ongoing": run.ongoing,
        "clipped": run.clipped,
        "success_rate": run.success_rate,
    }


async def _calendar(start: date | None) -> Calendar:
    """The 30 days from ``start``, or the 30 days that end today. Days after now have no data."""
    now = runtime.current()
    if start is not None:
        return calendar(start, now.zone)
    days, _now = await now.comm.calendar(None)
    return days


async def _report(tag_name: str, days: Calendar) -> Report:
    report = await runtime.current().comm.report(tag_name, days)
    if report.row.first_ts is None:
        await require_sending([tag_name])
    return report


async def _fresh(tag_name: str, days: Calendar) -> Report:
    """A fresh report, because a CSV file cannot say that it is stale."""
    report = await _report(tag_name, days)
    report.answer.fresh_rows()
    return report


def _csv(
    tags: list[str], kind: str, days: Calendar, names: tuple[str, ...], rows: Rows
) -> Response:
    lines = (
        [csv_file.plain_text(tag), *(_cell_text(row[name]) for name in names)] for tag, row in rows
    )
    return Response(
        csv_file.header(names) + csv_file.joined(lines).encode(),
        media_type="text/csv; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": csv_file.disposition(tags, kind, days.start.isoformat()),
        },
    )


def _cell_text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
