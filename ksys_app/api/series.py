"""A tag's course over a window: buckets, indicators, features (PRD §8.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from ksys_app import log, runtime
from ksys_app.api import render, schemas
from ksys_app.api.known import require
from ksys_app.api.packed import packed_response
from ksys_app.api.params import CourseParams, CourseQuery, IndicatorQuery
from ksys_app.domain.windows import parse_window
from ksys_app.errors import BadParameter
from ksys_app.queries import features as feature_rows
from ksys_app.queries import indicators as indicator_rows
from ksys_app.queries import metrics
from ksys_app.utils.cache import Answer

FEATURE_WIDTH: Final = timedelta(minutes=5)

router = APIRouter(prefix="/api/v1", responses=schemas.ERRORS)


@router.get("/timeseries", summary="Buckets of a tag", responses=schemas.one(schemas.Timeseries))
async def timeseries(query: CourseQuery, request: Request) -> Response:
    """Buckets of a tag in a window, ascending, the running one included; a hole has no row."""
    window = parse_window(query.window)
    answer = await metrics.buckets(query.tag, window)
    head = {"bucket": window.bucket, "view": window.view}
    return await _course(request, query, answer, head, schemas.Bucket, window.width)


@router.get(
    "/indicators",
    summary="Moving figures of a tag",
    responses=schemas.one(schemas.Indicators),
)
async def indicators(query: IndicatorQuery, request: Request) -> Response:
    """Moving averages, bands and slope of a tag in a window, counted in buckets with data."""
    window = parse_window(query.window)
    answer = await indicator_rows.indicators(query.tag, window, query.band)
    head = {"bucket": window.bucket, "view": window.view, "band": query.band}
    return await _course(request, query, answer, head, schemas.Indicator, window.width)


@router.get(
    "/features",
    summary="5-minute features of a tag",
    responses=schemas.one(schemas.Features),
)
async def features(query: CourseQuery, request: Request) -> Response:
    """Rows of ``features_5m`` in a window, ascending; ``truncated``: only the newest ``limit``."""
    answer = await feature_rows.history(query.tag, parse_window(query.window))
    truncated = answer.rowcount >= feature_rows.MAX_ROWS
    if truncated and not answer.cache_hit:
        log.event(
            "payload_bloat",
            range=query.window,
            tag=query.tag,
            view="features_5m",
            rowcount=answer.rowcount,
            limit=feature_rows.MAX_ROWS,
        )
    head = {
        "bucket": "5m",
        "view": "features_5m",
        "truncated": truncated,
        "limit": feature_rows.MAX_ROWS,
    }
    return await _course(request, query, answer, head, schemas.Feature, FEATURE_WIDTH)


async def _course(
    request: Request,
    query: CourseParams,
    answer: Answer[Any],
    head: render.Json,
    shape: type[BaseModel],
    width: timedelta,
) -> Response:
    names = _chosen(query, tuple(shape.model_fields))
    if not answer.rows:
        await require(query.tag)
    return await packed_response(
        request,
        answer,
        f"{query.format} {names}",
        partial(_body, query, answer, head, names, width),
    )


def _chosen(query: CourseParams, names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns asked for in their own order; the time of a row is always one."""
    if query.columns is None:
        return names
    wanted = {names[0], *query.columns.split(",")}
    if not wanted <= set(names):
        raise BadParameter(f"columns may be of {' '.join(names)}")
    return tuple(name for name in names if name in wanted)


def _body(
    query: CourseParams,
    answer: Answer[Any],
    head: render.Json,
    names: Sequence[str],
    width: timedelta,
) -> render.Json:
    zone = runtime.current().zone
    made = (
        {"columns": render.columns(answer.rows, names)}
        if query.format == "columns"
        else {"rows": render.rows(answer.rows, names, zone)}
    )
    return {
        "tag_name": query.tag,
        "window": query.window,
        **head,
        "bucket_s": int(width.total_seconds()),
        **render.span(answer, parse_window(query.window), width, zone),
        **render.stale_mark(answer.error, answer.age_s),
        **made,
    }
