"""``/api/v1/export.csv``: the rows on screen, or other buckets, as a file (PRD §8.6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
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
from ksys_app.domain.ranges import Range
from ksys_app.errors import BadParameter, KsysError
from ksys_app.services import runtime
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
    begin at ``from`` or later, and before ``to``.
    """
    names = tuple(SHAPES[query.kind].model_fields)
    wanted, named = await _wanted(query)
    answers = None if wanted.partial else await read_answers(wanted)
    if answers is None:
        parts = read_parts(wanted)
        # Read the first rows before the answer begins, because later no error status can be sent.
        text = _text(await anext(parts), parts, names)
    elif len(answers) > 1 or head_only(request):
        text = _stored(answers, names)
    else:
        ((tag, answer),) = answers.items()
        started = time.monotonic()
        body = await _file(tag, answer, names)
        log.event("export_ok", **_fields(_about(wanted), answer.rowcount, started))
        return send(request, body, CSV, _headers(named))
    if head_only(request):
        return Response(media_type=CSV, headers=_headers(named))
    return CsvStream(_about(wanted), text, named)


async def _wanted(query: ExportParams) -> tuple[Export, str]:
    """What the file has, and the header with its name."""
    zone = runtime.current().zone
    told = query.bucket if query.kind == "buckets" else query.kind
    if query.of_window:
        start, end = [await read_moment(*one) for one in (("from", query.start), ("to", query.end))]
        if start is not None and end is not None and start >= end:
            raise BadParameter("from must be before to")
        rows = SeriesQuery(query.kind, query.window, band=query.band)
        wanted = Export(query.tag, rows, query.bucket, start, end)
        parts = [query.window.label, told, *csv_file.span(start, end, zone)]
    else:
        period = await read_period(query.window, query.start, query.end)
        wanted = Export(query.tag, SeriesQuery(query.kind, period, band=query.band), query.bucket)
        parts = [told]
        if isinstance(period, Range):
            parts += csv_file.span(period.start, period.end, zone)
    return wanted, csv_file.disposition(query.tag, *filter(None, parts))


def _headers(disposition: str) -> dict[str, str]:
    return {"Content-Disposition": disposition, "Cache-Control": "no-store"}


def _about(wanted: Export) -> dict[str, str]:
    query = wanted.query
    return {"range": query.window.label, "tag": " ".join(wanted.tags), "view": query.kind}


def _fields(about: Mapping[str, str], rows: int, started: float) -> dict[str, Any]:
    """The log fields of a file."""
    return {
        **about,
        "rowcount": rows,
        "dur_ms": (time.monotonic() - started) * 1000,
    }


class CsvStream(StreamingResponse):
    """A file that ends without its last chunk if the database fails.

    Without the last chunk, a browser reports a failed download, so nobody takes an incomplete file
    for a complete one.

    Args:
        about: log fields that say what the file is of: ``range``, ``tag`` and ``view``.
        content: parts of the file, each with its number of rows.
        disposition: the header with the name of the file.
    """

    def __init__(
        self,
        about: Mapping[str, str],
        content: AsyncIterator[tuple[int, bytes]],
        disposition: str,
    ) -> None:
        self._about, self._rows = about, 0
        super().__init__(self._counted(content), media_type=CSV, headers=_headers(disposition))

    async def _counted(self, content: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[bytes]:
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
    """The complete file of one tag, created once for each answer of the database."""
    zone = runtime.current().zone

    def content() -> bytes:
        return csv_file.header(names) + csv_file.lines(tag, answer.rows, names, zone)

    return await stored_body(answer.made, "csv", content)


async def _stored(
    answers: Mapping[str, Answer[Any]], names: Sequence[str]
) -> AsyncIterator[tuple[int, bytes]]:
    header = csv_file.header(names)
    yield 0, header
    for tag, answer in answers.items():
        body = await _file(tag, answer, names)
        yield answer.rowcount, body.plain.removeprefix(header)


async def _text(
    first: Part, parts: AsyncIterator[Part], names: Sequence[str]
) -> AsyncIterator[tuple[int, bytes]]:
    zone = runtime.current().zone
    yield 0, csv_file.header(names)
    tag, rows = first
    yield len(rows), await asyncio.to_thread(csv_file.lines, tag, rows, names, zone)
    async for tag, rows in parts:
        yield len(rows), await asyncio.to_thread(csv_file.lines, tag, rows, names, zone)
