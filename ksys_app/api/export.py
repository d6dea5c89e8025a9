"""``/api/v1/export.csv``: the rows of chart and table as a CSV file (PRD §8.6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Send

from ksys_app import log
from ksys_app.api import csv_file, responses, schemas
from ksys_app.api.methods import head_only
from ksys_app.api.params import ExportParams, ExportQuery
from ksys_app.api.stored_body import Body, send, stored_body
from ksys_app.domain.annotations import Marks
from ksys_app.domain.ranges import Range
from ksys_app.errors import BadParameter, KsysError
from ksys_app.services import runtime
from ksys_app.services.annotations import read_marks
from ksys_app.services.export import Export, Part, read_answers, read_parts
from ksys_app.services.periods import read_moment, read_period
from ksys_app.services.series import SeriesQuery
from ksys_app.utils.cache import Answer

CSV: Final = "text/csv; charset=utf-8"
SHAPES: Final[dict[str, type[BaseModel]]] = {
    "buckets": schemas.Bucket,
    "indicators": schemas.Indicator,
    "features": schemas.Feature,
}

router = APIRouter(prefix="/api/v1")


@router.get(
    "/export.csv",
    summary="Rows as a file",
    response_class=StreamingResponse,
    responses=responses.CSV_FILE,
)
async def export(query: ExportQuery, request: Request) -> Response:
    """The rows of chart and table as CSV; ``bucket`` selects another bucket width.

    ``from`` and ``to`` are a range. Beside ``window`` they select a part of the window: rows that
    begin at ``from`` or later, and before ``to``. With ``annotations``, the last column says what
    people said about each row.
    """
    names = tuple(SHAPES[query.kind].model_fields)
    selected, disposition = await _parse_query(query)
    plain = not selected.partial and not query.annotations
    answers = await read_answers(selected) if plain else None
    if answers is None:
        parts = read_parts(selected)
        marks = await read_marks(selected) if query.annotations else None
        # Read the first rows before the response starts. After the start, no error status can be
        # sent.
        content = _csv_content(await anext(parts), parts, names, marks)
    elif len(answers) > 1 or head_only(request):
        content = _stored_content(answers, names)
    else:
        ((tag, answer),) = answers.items()
        started = time.monotonic()
        body = await _file(tag, answer, names)
        log.event("export_ok", **_fields(_about(selected), answer.rowcount, started))
        return send(request, body, CSV, file_headers(disposition))
    if head_only(request):
        return Response(media_type=CSV, headers=file_headers(disposition))
    return FileStream(_about(selected), content, disposition)


async def _parse_query(query: ExportParams) -> tuple[Export, str]:
    """The content of the requested file, and its header ``Content-Disposition``."""
    zone = runtime.current().zone
    kind_text = query.bucket if query.kind == "buckets" else query.kind
    if query.of_window:
        start, end = [
            await read_moment(*end_text) for end_text in (("from", query.start), ("to", query.end))
        ]
        if start is not None and end is not None and start >= end:
            raise BadParameter("from must be before to")
        rows = SeriesQuery(query.kind, query.window, band=query.band)
        selected = Export(query.tag, rows, query.bucket, start, end)
        parts = [query.window.label, kind_text, *csv_file.span(start, end, zone)]
    else:
        period = await read_period(query.window, query.start, query.end)
        selected = Export(query.tag, SeriesQuery(query.kind, period, band=query.band), query.bucket)
        parts = [kind_text]
        if isinstance(period, Range):
            parts += csv_file.span(period.start, period.end, zone)
    return selected, csv_file.disposition(query.tag, *filter(None, parts))


def file_headers(disposition: str) -> dict[str, str]:
    """The headers of a response that is a file."""
    return {"Content-Disposition": disposition, "Cache-Control": "no-store"}


def _about(export: Export) -> dict[str, str]:
    query = export.query
    return {"range": query.window.label, "tag": " ".join(export.tags), "view": query.kind}


def _fields(about: Mapping[str, str], rows: int, started: float) -> dict[str, Any]:
    """The log fields of a file: those of ``about``, its rows, and the duration."""
    return {
        **about,
        "rowcount": rows,
        "dur_ms": (time.monotonic() - started) * 1000,
    }


Content = AsyncGenerator[tuple[int, bytes]]


class FileStream(StreamingResponse):
    """A response that is a file. If the database fails, the last chunk is not sent.

    Without the last chunk a browser reports a failed download, so nobody uses an incomplete file as
    a complete one.

    Args:
        about: log fields that describe the content: ``range``, ``tag`` and ``view``.
        content: the parts of the file, each with its number of rows.
        disposition: the header ``Content-Disposition``.
        media_type: the media type of the file.
    """

    def __init__(
        self,
        about: Mapping[str, str],
        content: Content,
        disposition: str,
        media_type: str = CSV,
    ) -> None:
        self._about, self._rows = about, 0
        headers = file_headers(disposition)
        super().__init__(self._counted(content), media_type=media_type, headers=headers)

    async def _counted(self, content: Content) -> AsyncGenerator[bytes]:
        async with aclosing(content):
            async for count, text in content:
                yield text
                self._rows += count

    async def stream_response(self, send: Send) -> None:
        """Send the file, and log how the transfer ended."""
        started, why = time.monotonic(), "closed"
        try:
            await super().stream_response(send)
            why = ""
        except KsysError as error:
            why = error.code
        except TimeoutError:
            # The client does not read. The last chunk is missing, so the server closes the
            # connection.
            pass
        except Exception:
            why = KsysError.code
            raise
        finally:
            fields = _fields(self._about, self._rows, started)
            if why:
                log.event("export_broken", **fields, why=why)
            else:
                log.event("export_ok", **fields)


async def _file(tag: str, answer: Answer[Any], names: Sequence[str]) -> Body:
    """The complete file of one tag, built once for each answer of the database."""
    zone = runtime.current().zone

    def content() -> bytes:
        return csv_file.header(names) + csv_file.lines(tag, answer.rows, names, zone)

    return await stored_body(answer.results, "csv", content)


async def _stored_content(answers: Mapping[str, Answer[Any]], names: Sequence[str]) -> Content:
    header = csv_file.header(names)
    yield 0, header
    for tag, answer in answers.items():
        body = await _file(tag, answer, names)
        yield answer.rowcount, body.plain.removeprefix(header)


async def _csv_content(
    first: Part,
    parts: AsyncIterator[Part],
    names: Sequence[str],
    marks: Mapping[str, Marks] | None = None,
) -> Content:
    yield 0, csv_file.header(names if marks is None else (*names, "annotations"))
    tag, rows = first
    yield len(rows), await asyncio.to_thread(_lines, tag, rows, names, marks)
    async for tag, rows in parts:
        yield len(rows), await asyncio.to_thread(_lines, tag, rows, names, marks)


def _lines(
    tag: str, rows: Sequence[Any], names: Sequence[str], marks: Mapping[str, Marks] | None
) -> bytes:
    words = None if marks is None else [marks[tag].of(row.bucket) for row in rows]
    return csv_file.lines(tag, rows, names, runtime.current().zone, words)
