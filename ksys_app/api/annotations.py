"""The HTTP endpoints that list, search, add, change, delete and export annotations (PRD §33.7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from ksys_app.api import csv_file, responses
from ksys_app.api.annotation_params import (
    ChangedNote,
    NewNote,
    NotesFileQuery,
    NotesQuery,
    Number,
    SeenQuery,
    WhichNotes,
    key_text,
    read_key,
)
from ksys_app.api.annotation_schemas import Note, NotePage, annotation
from ksys_app.api.conditional_json import conditional_json
from ksys_app.api.export import CSV, Content, FileStream
from ksys_app.api.methods import head_only
from ksys_app.api.params import NoQuery
from ksys_app.api.render import Json, json_response, stale_mark
from ksys_app.api.visitors import visitor_of
from ksys_app.domain.annotations import may_change
from ksys_app.domain.names import clean_filter
from ksys_app.domain.ranges import Range
from ksys_app.domain.windows import DEFAULT_WINDOW, parse_window
from ksys_app.errors import AuthRequired
from ksys_app.models.annotations import Annotation
from ksys_app.models.message import Message
from ksys_app.models.visitor import Visitor
from ksys_app.services import annotations as service, runtime
from ksys_app.services.annotations import Actor, AnnotationFilter
from ksys_app.services.periods import read_period
from ksys_app.wall.identity import address_of

COLUMNS: Final = tuple(
    name for name in Note.model_json_schema()["properties"] if name != "editable"
)
Place = Annotated[Number, Path()]

router = APIRouter(prefix="/api/v1")


@router.get(
    "/annotations",
    summary="Annotations",
    responses=responses.with_etag(responses.may_be_stale(NotePage)),
)
async def notes(query: NotesQuery, request: Request) -> Response:
    """What people said about a window, a range or any time, newest first.

    With ``tag``, up to nine times, those for one of these tags or for all. With ``q``, those with
    every word of it in text, author or tags. ``next`` of an answer is ``after`` of the next
    request.
    """
    visitor, selected = _visitor(request), await _filter_of(query)
    after = None if query.after is None else read_key(query.after)
    page = await service.read_page(selected, after, query.limit)
    writable = service.can_write()

    def body() -> Json:
        return {
            "rows": [_note(row, visitor) for row in page.rows],
            "total": page.total,
            "next": None if page.next is None else key_text(page.next),
            "writable": writable,
            **stale_mark(page.answer.error, page.answer.age_s),
        }

    # ``editable`` differs between visitors, so the name of the stored body contains the visitor.
    name = f"{visitor.name} {visitor.role} {visitor.via} {query.limit} {page.total} {writable}"
    return await conditional_json(request, page.answer, name, body)


@router.get(
    "/annotations.csv",
    summary="Annotations as a file",
    response_class=StreamingResponse,
    responses=responses.CSV_FILE,
)
async def notes_csv(query: NotesFileQuery, request: Request) -> Response:
    """All matching annotations as a file."""
    selected, zone = await _filter_of(query), runtime.current().zone
    span = csv_file.span(selected.start, selected.end, zone)
    disposition = csv_file.disposition(selected.tags or ["annotations"], *span)
    parts = service.read_all(selected)
    # Read the first rows before the response starts. After the start, no error status can be sent.
    first = await anext(parts)
    if head_only(request):
        headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
        return Response(media_type=CSV, headers=headers)
    about = {"range": " ".join(span), "tag": " ".join(selected.tags), "view": "annotation"}
    return FileStream(about, _csv_content(first, parts), disposition)


@router.post(
    "/annotations",
    summary="Add an annotation",
    responses=responses.action(Note) | responses.ANY_TAG,
)
async def add(request: Request, sent: NewNote) -> Response:
    """Say something about a moment or a span, for some tags or for all."""
    return json_response(
        _note(await service.add(sent.content(), _actor(request)), _visitor(request))
    )


@router.get(
    "/annotations/{id}",
    summary="An annotation",
    responses=responses.plain(Note) | responses.NAMED_TAG,
)
async def one(_query: NoQuery, request: Request, id: Place) -> Response:
    """The annotation with this number."""
    return json_response(_note(await service.read_one(id), _visitor(request)))


@router.patch(
    "/annotations/{id}",
    summary="Change an annotation",
    responses=responses.action(Note) | responses.NOTE_CHANGE,
)
async def change(request: Request, id: Place, sent: ChangedNote) -> Response:
    """Change what is given, if nobody changed it since the version that the person saw."""
    changed = await service.change(id, sent.version, sent.changed_values(), _actor(request))
    return json_response(_note(changed, _visitor(request)))


@router.delete(
    "/annotations/{id}",
    summary="Delete an annotation",
    status_code=204,
    responses=responses.NO_CONTENT | responses.NOTE_CHANGE,
)
async def delete(request: Request, id: Place, query: SeenQuery) -> Response:
    """Delete it, if nobody changed it since the version that the person saw."""
    await service.delete(id, query.version, _actor(request))
    return Response(status_code=204)


async def _filter_of(query: WhichNotes) -> AnnotationFilter:
    start = end = None
    if query.window is not None or query.start is not None:
        window = query.window or parse_window(DEFAULT_WINDOW)
        period = await read_period(window, query.start, query.end, as_range=True)
        assert isinstance(period, Range)
        start, end = period.start, period.end
    return AnnotationFilter(start, end, query.tag, clean_filter(query.q).split())


def _visitor(request: Request) -> Visitor:
    visitor = visitor_of(request)
    if visitor is None:
        raise AuthRequired(Message("errors.login_needed"))
    return visitor


def _actor(request: Request) -> Actor:
    return Actor(_visitor(request), address_of(request.scope))


def _note(row: Annotation, visitor: Visitor) -> Json:
    return annotation(row, runtime.current().zone, editable=may_change(row, visitor))


async def _csv_content(
    first: Sequence[Annotation], parts: AsyncIterator[Sequence[Annotation]]
) -> Content:
    yield 0, (csv_file.BOM + csv_file.joined([COLUMNS])).encode()
    yield len(first), await asyncio.to_thread(_lines, first)
    async for rows in parts:
        yield len(rows), await asyncio.to_thread(_lines, rows)


def _lines(rows: Sequence[Annotation]) -> bytes:
    zone = runtime.current().zone
    notes = (annotation(row, zone, editable=False) for row in rows)
    return csv_file.joined(map(_cell, map(note.get, COLUMNS)) for note in notes).encode()


def _cell(value: object) -> object:
    text = "; ".join(value) if isinstance(value, list) else value
    return csv_file.plain_text(text) if isinstance(text, str) else text
