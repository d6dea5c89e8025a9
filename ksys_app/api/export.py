"""``/api/v1/export.csv``: the rows on screen, or other buckets, as a file (PRD §8.6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Send

from ksys_app import log
from ksys_app.api import csv_file, responses, schemas
from ksys_app.api.known import require
from ksys_app.api.methods import head_only
from ksys_app.api.params import ExportParams, ExportQuery
from ksys_app.domain.windows import BUCKET_WIDTH, FEATURE_WIDTH, parse_window, slices
from ksys_app.errors import DatabaseTimeout, KsysError
from ksys_app.queries import export as export_rows
from ksys_app.queries import features, indicators, metrics
from ksys_app.services import runtime
from ksys_app.utils.cache import Answer

# Rows of one statement: two days of minutes, small beside what the loop may be held up for.
SLICE_ROWS: Final = 2880
CSV: Final = "text/csv; charset=utf-8"
SHAPES: Final[dict[str, type[BaseModel]]] = {
    "buckets": schemas.Bucket,
    "indicators": schemas.Indicator,
    "features": schemas.Feature,
}

Part = tuple[str, Sequence[Any]]
Slice = Callable[[str, datetime, datetime | None, float], Awaitable[Sequence[Any]]]

router = APIRouter(prefix="/api/v1")


@router.get(
    "/export.csv",
    summary="Rows as a file",
    response_class=StreamingResponse,
    responses=responses.CSV_FILE,
)
async def export(query: ExportQuery, request: Request) -> Response:
    """What chart and table show, as CSV; ``bucket``: the window in buckets of another width.

    ``from`` and ``to`` take a part of the window: the rows that begin from the one up to, without,
    the other.
    """
    for tag in query.tag:
        await require(tag)
    names = tuple(SHAPES[query.kind].model_fields)
    parts = _parts(query)
    # The first rows are at hand before the answer begins: until then an error can be told.
    first = await anext(parts)
    told = [query.window, query.bucket if query.kind == "buckets" else query.kind]
    span = csv_file.span(query.start, query.end, runtime.current().zone)
    named = csv_file.disposition(query.tag, *filter(None, [*told, *span]))
    if head_only(request):
        return Response(media_type=CSV, headers=_headers(named))
    return CsvStream(query, _text(first, parts, names), named)


def _headers(disposition: str) -> dict[str, str]:
    return {"Content-Disposition": disposition, "Cache-Control": "no-store"}


class CsvStream(StreamingResponse):
    """A file that breaks off without its end where the database does.

    Without the last chunk a browser reports a failed download, so that
    a file cut short does not look whole.
    """

    def __init__(
        self, query: ExportParams, content: AsyncIterator[tuple[int, bytes]], disposition: str
    ) -> None:
        self._query, self._rows = query, 0
        super().__init__(self._counted(content), media_type=CSV, headers=_headers(disposition))

    async def _counted(self, content: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[bytes]:
        async for count, text in content:
            yield text
            self._rows += count

    async def stream_response(self, send: Send) -> None:
        """Send it, and log how it ended."""
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
            fields = {
                "range": self._query.window,
                "tag": " ".join(self._query.tag),
                "view": self._query.kind,
                "rowcount": self._rows,
                "dur_ms": (time.monotonic() - started) * 1000,
            }
            if why:
                log.event("export_broken", **fields, why=why)
            else:
                log.event("export_ok", **fields)


def _parts(query: ExportParams) -> AsyncIterator[Part]:
    """Rows of each tag in turn: those on screen, or stretch by stretch where they are too many."""
    window = parse_window(query.window)
    if query.kind == "buckets" and query.bucket is not None:
        finer = partial(export_rows.bucket_slice, query.bucket)
        return _sliced(query, BUCKET_WIDTH[query.bucket], finer)
    if query.kind == "features":
        if window.duration > FEATURE_WIDTH * (features.MAX_ROWS - 1):
            return _sliced(query, FEATURE_WIDTH, export_rows.feature_slice)
        return _on_screen(query, lambda tag: features.history(tag, window))
    if query.kind == "indicators":
        return _on_screen(query, lambda tag: indicators.indicators(tag, window, query.band))
    return _on_screen(query, lambda tag: metrics.buckets(tag, window))


async def _on_screen(
    query: ExportParams, load: Callable[[str], Awaitable[Answer[Any]]]
) -> AsyncIterator[Part]:
    for tag in query.tag:
        answer = await load(tag)
        if answer.error is not None:
            # A file cannot say that it is stale.
            raise answer.error
        yield tag, [row for row in answer.rows if query.covers(row.bucket)]


async def _sliced(query: ExportParams, width: timedelta, load: Slice) -> AsyncIterator[Part]:
    now = await export_rows.clock()
    start = now - parse_window(query.window).duration
    start, last = max(start, query.start or start), min(now, query.end or now)
    for tag in query.tag:
        left = allowed = runtime.current().settings.export_timeout_s
        for begin, end in slices(start, last, SLICE_ROWS * width):
            if left <= 0:
                raise DatabaseTimeout(
                    f"the export of {tag!r} took longer than {allowed:g} s; "
                    "ask for a shorter window or raise KSYS_EXPORT_TIMEOUT_S"
                )
            asked = time.monotonic()
            rows = await load(tag, begin, end or query.end, left)
            left -= time.monotonic() - asked
            yield tag, rows


async def _text(
    first: Part, parts: AsyncIterator[Part], names: Sequence[str]
) -> AsyncIterator[tuple[int, bytes]]:
    zone = runtime.current().zone
    yield 0, csv_file.header(names)
    tag, rows = first
    yield len(rows), await asyncio.to_thread(csv_file.lines, tag, rows, names, zone)
    async for tag, rows in parts:
        yield len(rows), await asyncio.to_thread(csv_file.lines, tag, rows, names, zone)
