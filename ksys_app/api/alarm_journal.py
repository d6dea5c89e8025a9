"""The HTTP endpoints of the alarm journal: pages of JSON, and a CSV file (PRD §32.6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from ksys_app.api import csv_file, render, responses
from ksys_app.api.alarm_params import (
    JournalFileParams,
    JournalFileQuery,
    JournalQuery,
    key_text,
    read_key,
)
from ksys_app.api.alarm_schemas import JournalEntry, JournalPage
from ksys_app.api.export import CSV, Content, FileStream
from ksys_app.api.methods import head_only
from ksys_app.api.render import Json, json_response
from ksys_app.domain.figures import finite
from ksys_app.models.alarm_rows import JournalRow
from ksys_app.services import runtime
from ksys_app.services.alarm_journal import JournalFilter, default_range, read_all, read_page
from ksys_app.services.alarms import require_subject

COLUMNS: Final = tuple(JournalEntry.model_fields)

router = APIRouter(prefix="/api/v1/alarms")


@router.get("/journal", summary="Journal of alarms", responses=responses.page(JournalPage))
async def journal(query: JournalQuery) -> Response:
    """What happened, newest first: of the last 30 days, or of ``from`` up to, without, ``to``.

    ``tag``, ``condition``, ``event`` and ``priority`` may appear several times. ``next`` of an
    answer is ``after`` of the next request.
    """
    after = None if query.after is None else read_key(query.after)
    page = await read_page(
        await _filter_of(query), after, query.limit, newest_first=query.order == "newest"
    )
    next_key = None if page.next is None else key_text(page.next)
    return json_response({"rows": [entry(row) for row in page.rows], "next": next_key})


@router.get(
    "/journal.csv",
    summary="Journal of alarms as a file",
    response_class=StreamingResponse,
    responses=responses.CSV_FILE | responses.MANY,
)
async def journal_csv(query: JournalFileQuery, request: Request) -> Response:
    """All matching rows of the journal as a file; a file of more than 200,000 rows is refused."""
    selected = await _filter_of(query)
    zone = runtime.current().zone
    span = csv_file.span(selected.start, selected.end, zone)
    disposition = csv_file.disposition(selected.tags or ["alarms"], "journal", *span)
    parts = read_all(selected, newest_first=query.order == "newest")
    # Read the first rows before the response starts. After the start, no error status can be sent.
    first = await anext(parts)
    if head_only(request):
        headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
        return Response(media_type=CSV, headers=headers)
    about = {"range": " ".join(span), "tag": " ".join(selected.tags), "view": "alarm_journal"}
    return FileStream(about, _csv_content(first, parts), disposition)


async def _filter_of(query: JournalFileParams) -> JournalFilter:
    for tag in query.tag:
        await require_subject(tag)
    start, end = await default_range(query.start, query.end)
    return JournalFilter(
        start, end, query.tag, query.condition, query.event, query.priority, query.actor
    )


async def _csv_content(
    first: Sequence[JournalRow], parts: AsyncIterator[Sequence[JournalRow]]
) -> Content:
    yield 0, (csv_file.BOM + csv_file.joined([COLUMNS])).encode()
    yield len(first), await asyncio.to_thread(_lines, first)
    async for rows in parts:
        yield len(rows), await asyncio.to_thread(_lines, rows)


def _lines(rows: Sequence[JournalRow]) -> bytes:
    # The keys of an entry have the order of COLUMNS.
    return csv_file.joined(map(_cell, entry(row).values()) for row in rows).encode()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode() if value else ""
    return csv_file.plain_text(value) if isinstance(value, str) else value


def entry(row: JournalRow) -> Json:
    """A journal row as a JSON object with the field names of the HTTP contract."""
    zone = runtime.current().zone
    return {
        "ts": render.time(row.ts, zone),
        "recorded_at": render.time(row.recorded_at, zone),
        "id": row.id,
        "tag_name": row.tag_name,
        "condition": row.condition,
        "level": row.level,
        "raised_at": render.time(row.raised_at, zone),
        "event": row.event,
        "priority": row.priority,
        "value": finite(row.value),
        "limit_value": finite(row.limit_value),
        "deadband": finite(row.deadband),
        "quality": row.quality,
        "rule_version": row.rule_version,
        "actor": row.actor,
        "via": row.via,
        "station": row.station,
        "comment": row.comment,
        "reason": row.reason,
        "data": row.data,
        "messages": [
            {**message, "at": render.time(datetime.fromisoformat(message["at"]), zone)}
            for message in row.messages
        ],
    }
