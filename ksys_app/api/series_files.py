"""``/api/v1/series.csv``, ``.xlsx`` and ``.parquet``: series of tags as a file (PRD §33.11)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import Final, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Message as Sent, Receive, Scope, Send

from ksys_app import __version__
from ksys_app.api import csv_file, render, responses
from ksys_app.api.export import FileStream, file_headers
from ksys_app.api.file_metadata import MEDIA_TYPES, FileMetadata, Format, TagMetadata, Writer
from ksys_app.api.file_params import SeriesFileParams, SeriesFileQuery
from ksys_app.api.file_writers import writer_of
from ksys_app.api.methods import head_only
from ksys_app.domain.file_tables import Part, lines_in
from ksys_app.domain.kpi import decimals
from ksys_app.domain.windows import Window
from ksys_app.errors import RateLimited
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.services.files import FileQuery, SeriesFile, open_file, too_large
from ksys_app.services.periods import read_period

MOST_LINES: Final = 1_048_575
"""The most lines of a workbook without its heading. Excel opens no more."""
MOST_CELLS: Final = 3_000_000
"""The most cells of a workbook. Writing so many takes one core twenty seconds."""
COMPRESSED_PATHS: Final = ("/api/v1/series.xlsx", "/api/v1/series.parquet")
"""Paths whose responses are compressed already."""
MOST_OPEN: Final = 4
"""The most files that are read, written or sent at the same time."""
STALL_S: Final = 60.0
"""A client that reads nothing for so long is disconnected."""
RETRY_S: Final = 5.0
_T = TypeVar("_T")

router = APIRouter(prefix="/api/v1")
# _open limits the open files. _working lets one file at a time use a core, because a large workbook
# takes seconds of it.
_open = asyncio.BoundedSemaphore(MOST_OPEN)
_working = asyncio.Semaphore(1)
# Completing a workbook takes seconds, and goes on if the request ends. In these threads it delays
# only other files.
_threads = ThreadPoolExecutor(MOST_OPEN, thread_name_prefix="file")


@router.get(
    "/series.csv",
    summary="Series as CSV",
    response_class=StreamingResponse,
    responses=responses.CSV_FILE | responses.MANY,
)
async def series_csv(query: SeriesFileQuery, request: Request) -> Response:
    """Series of up to nine tags as CSV, in the buckets of ``bucket``, also ``raw``.

    With ``layout=columns`` a line has the figures (``fields``) of all tags, with ``rows`` those of
    one. ``compare`` adds those of another time. A file has at most 5 million rows of all tags.
    """
    return await _answer(query, request, "csv")


@router.get(
    "/series.xlsx",
    summary="Series as a workbook",
    response_class=StreamingResponse,
    responses=responses.binary_file(MEDIA_TYPES["xlsx"]) | responses.MANY,
)
async def series_xlsx(query: SeriesFileQuery, request: Request) -> Response:
    """The series as a workbook, with a second sheet that describes it; at most 3 million cells.

    Times are local ones, with their offset beside them.
    """
    return await _answer(query, request, "xlsx")


@router.get(
    "/series.parquet",
    summary="Series as Parquet",
    response_class=StreamingResponse,
    responses=responses.binary_file(MEDIA_TYPES["parquet"]) | responses.MANY,
)
async def series_parquet(query: SeriesFileQuery, request: Request) -> Response:
    """The series as Parquet, with times in UTC, and the unit in the metadata of each column."""
    return await _answer(query, request, "parquet")


async def _answer(query: SeriesFileParams, request: Request, kind: Format) -> Response:
    file = await _file(query)
    if kind == "xlsx":
        _fits_a_sheet(file)
    span, zone = file.query.span, runtime.current().zone
    range_text = csv_file.span(span.start, span.end, zone)
    disposition = csv_file.disposition(query.tag, span.bucket, *range_text, kind=kind)
    if head_only(request):
        return Response(media_type=MEDIA_TYPES[kind], headers=file_headers(disposition))
    if _open.locked():
        raise RateLimited(Message("errors.many_files", {"n": str(MOST_OPEN)}), RETRY_S)
    # An unlocked semaphore is acquired without a wait, so no other request comes between.
    await _open.acquire()
    try:
        parts = file.parts()
        # Read the first rows before the response starts. After the start, no error status can be
        # sent.
        first = await anext(parts)
        about = {"range": span.label, "tag": " ".join(query.tag), "view": f"series_{kind}"}
        content = _content(first, parts, _metadata(file), kind)
        return SeriesStream(about, content, disposition, MEDIA_TYPES[kind])
    except BaseException:
        _open.release()
        raise


async def _file(query: SeriesFileParams) -> SeriesFile:
    period = await read_period(query.window, query.start, query.end, as_range=True)
    assert not isinstance(period, Window)
    span = period if query.bucket is None else replace(period, bucket=query.bucket)
    return await open_file(FileQuery(query.tag, span, query.figures, query.layout, query.compare))


def _fits_a_sheet(file: SeriesFile) -> None:
    cells = file.lines * len(file.columns)
    if file.lines > MOST_LINES:
        raise too_large("errors.file_lines", file.lines, MOST_LINES)
    if cells > MOST_CELLS:
        raise too_large("errors.file_cells", cells, MOST_CELLS)


def _metadata(file: SeriesFile) -> FileMetadata:
    query, zone = file.query, runtime.current().zone
    facts = {
        "from": render.time(query.span.start, zone) or "",
        "to": render.time(query.span.end, zone) or "",
        "time_zone": zone.key,
        "bucket": query.span.bucket,
        "view": query.span.view,
        "fields": ",".join(query.figures),
        "layout": query.layout,
    }
    if file.comparison is not None:
        compared_period = file.comparison.period
        facts["compare"] = query.compare or ""
        facts["compare_from"] = render.time(compared_period.start, zone) or ""
        facts["compare_to"] = render.time(compared_period.end, zone) or ""
    facts["made_by"] = f"Ksys Dashboard {__version__}"
    return FileMetadata(
        file.columns, {tag: _tag_metadata(file, tag) for tag in query.tags}, facts, zone
    )


def _tag_metadata(file: SeriesFile, tag: str) -> TagMetadata:
    rule = file.rules.get(tag)
    if rule is None:
        return TagMetadata(tag, "", "", None)
    return TagMetadata(tag, rule.title, rule.unit, decimals(rule, None, None))


async def _content(
    first: Part, parts: AsyncGenerator[Part], metadata: FileMetadata, kind: Format
) -> AsyncGenerator[tuple[int, bytes]]:
    """The parts of the file: for each, the number of its lines and the bytes."""
    async with aclosing(parts):
        writer = writer_of(kind, metadata)
        try:
            yield await _write_part(writer, first)
            async for part in parts:
                yield await _write_part(writer, part)
            last_chunks = writer.end()
            while (chunk := await _in_thread(lambda: next(last_chunks, None))) is not None:
                yield 0, chunk
        finally:
            writer.close()


async def _write_part(writer: Writer, part: Part) -> tuple[int, bytes]:
    async with _working:
        return lines_in(part), await _in_thread(lambda: writer.feed(part))


async def _in_thread(work: Callable[[], _T]) -> _T:
    """The result of ``work``, which runs in one of the threads of files."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


class SeriesStream(FileStream):
    """A file. The transfer ends if the client reads nothing for a minute.

    The request has taken one of the places of ``_open``; the end of the response frees it.
    """

    body_iterator: AsyncGenerator[bytes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, and free its place."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            _open.release()

    async def stream_response(self, send: Send) -> None:
        """Send the file, and log how the transfer ended."""

        async def send_with_timeout(message: Sent) -> None:
            async with asyncio.timeout(STALL_S):
                await send(message)

        async with aclosing(self.body_iterator):
            await super().stream_response(send_with_timeout)
