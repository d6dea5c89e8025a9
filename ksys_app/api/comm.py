"""Communication over HTTP: the grid and the outages of a tag, as JSON and CSV (PRD §28.2)."""

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
from ksys_app.services.tags import require_known_tag

router = APIRouter(prefix="/api/v1/comm")
Rows = Iterable[tuple[str, Json]]
CELL_COLUMNS: Final = tuple(schemas.CommCell.model_fields)
OUTAGE_COLUMNS: Final = tuple(schemas.CommOutage.model_fields)


@router.get(
    "/heatmap",
    summary="30 days by 24 hours of a tag",
    responses=responses.with_etag(responses.aging(schemas.CommHeatmap)),
)
async def heatmap(query: CommQuery, request: Request) -> Response:
    """Every hour of 30 local days; a clock change makes them 719 or 721 hours."""
    report = await _report(query.tag, await _calendar(query.start))
    body = partial(_heatmap, report, runtime.current().zone)
    return await conditional_json(request, report.answer, "heatmap", body)


@router.get(
    "/outages",
    summary="Outages of a tag",
    responses=responses.listed(schemas.CommOutage) | responses.NAMED_TAG,
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
    rows = ((report.row.tag_name, cell(one, zone)) for report in reports for one in report.cells)
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
        "cells": [cell(one, zone) for one in report.cells],
        **render.stale_mark(report.answer.error, report.answer.age_s),
    }


def cell(one: Cell, zone: ZoneInfo) -> Json:
    """A cell with the field names of the contract; its times are for orjson."""
    return {
        "bucket_utc": one.bucket,
        "local": one.bucket.astimezone(zone),
        "success_rate": one.success_rate,
        "recv_msgs": one.recv_msgs,
        "exp_msgs": one.exp_msgs,
        "missing_msgs": one.missing_msgs,
        "last_seen_min": None if one.last_seen is None else one.last_seen.astimezone(zone),
        "state": one.state,
    }


def outage(run: Outage) -> Json:
    """An outage with the field names of the contract."""
    return {
        "start_ts_utc": run.start.isoformat(),
        "end_ts_utc": run.end.isoformat(),
        "hours": run.hours,
        "ongoing": run.ongoing,
        "clipped": run.clipped,
        "success_rate": run.success_rate,
    }


async def _calendar(start: date | None) -> Calendar:
    """The 30 days from ``start``; ``start`` may be after now, and then there are no data."""
    now = runtime.current()
    if start is not None:
        return calendar(start, now.zone)
    days, _now = await now.comm.calendar(None)
    return days


async def _report(tag_name: str, days: Calendar) -> Report:
    report = await runtime.current().comm.report(tag_name, days)
    if report.row.first_ts is None:
        await require_known_tag(tag_name)
    return report


async def _fresh(tag_name: str, days: Calendar) -> Report:
    """A fresh report, because a CSV file cannot say that it is stale."""
    report = await _report(tag_name, days)
    report.answer.fresh_rows()
    return report


def _csv(
    tags: list[str], kind: str, days: Calendar, names: tuple[str, ...], rows: Rows
) -> Response:
    lines = ([csv_file.plain_text(tag), *(_text(row[name]) for name in names)] for tag, row in rows)
    return Response(
        csv_file.header(names) + csv_file.joined(lines).encode(),
        media_type="text/csv; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": csv_file.disposition(tags, kind, days.start.isoformat()),
        },
    )


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
