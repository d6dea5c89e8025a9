"""``/api/v1/export.csv``: the rows on screen, or a window's finer buckets, as a file (PRD §8.6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Send

from ksys_app import log, runtime
from ksys_app.api import csv_file, schemas
from ksys_app.api.known import require
from ksys_app.api.params import ExportParams, ExportQuery
from ksys_app.api.series import FEATURE_WIDTH
from ksys_app.domain.windows import BUCKET_WIDTH, parse_window, slices
from ksys_app.errors import DatabaseTimeout, KsysError
from ksys_app.queries import export as export_rows
from ksys_app.queries import features, indicators, metrics
from ksys_app.utils.cache import Answer

# Rows of one statement: two days of minutes, small beside what the loop may be held up for.
SLICE_ROWS: Final = 2880
SHAPES: Final[dict[str, type[BaseModel]]] = {
    "buckets": schemas.Bucket,
    "indicators": schemas.Indicator,
    "features": schemas.Feature,
}

Part = tuple[str, Sequence[Any]]
Slice = Callable[[str, datetime, datetime | None, float], Awaitable[Sequence[Any]]]

router = APIRouter(prefix="/api/v1", responses=schemas.ERRORS)


@router.get(
    "/export.csv",
    summary="Rows as a file",
    response_class=StreamingResponse,
    responses=schemas.CSV_FILE,
)
async def export(query: ExportQuery) -> StreamingResponse:
    """What chart and table show, as CSV; ``bucket``: the window in finer buckets than it shows."""
    for tag in query.tag:
        await require(tag)
    names = tuple(SHAPES[query.kind].model_fields)
    parts = _parts(query)
    # The first rows are at hand before the answer begins: until then an error can be told.
    first = await anext(parts)
    told = [query.window, query.bucket, query.kind if query.kind != "buckets" else None]
    named = csv_file.disposition(query.tag, *filter(None, told))
    return CsvStream(query, _text(first, parts, names), named)


class CsvStream(StreamingResponse):
    """A file that breaks off without its end where the database does.

    Without the last chunk a browser reports a failed download, so that
    a file cut short does not look whole.
    """

    def __init__(
        self, query: ExportParams, content: AsyncIterator[tuple[int, bytes]], disposition: str
    ) -> None:
        self._query, self._rows = query, 0
        super().__init__(
            self._counted(content),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": disposition, "Cache-Control": "no-store"},
        )

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
    if query.bucket is not None:
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
        yield tag, answer.rows


async def _sliced(query: ExportParams, width: timedelta, load: Slice) -> AsyncIterator[Part]:
    now = await export_rows.clock()
    start = now - parse_window(query.window).duration
    for tag in query.tag:
        left = allowed = runtime.current().settings.export_timeout_s
        for begin, end in slices(start, now, SLICE_ROWS * width):
            if left <= 0:
                raise DatabaseTimeout(
                    f"the export of {tag!r} took longer than {allowed:g} s; "
                    "ask for a shorter window or raise KSYS_EXPORT_TIMEOUT_S"
                )
            asked = time.monotonic()
            rows = await load(tag, begin, end, left)
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
