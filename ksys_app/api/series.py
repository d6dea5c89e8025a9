"""A tag's course over a window: buckets, indicators, features (PRD §8.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from ksys_app import log
from ksys_app.api import render, responses, schemas
from ksys_app.api.known import require
from ksys_app.api.packed import packed_response
from ksys_app.api.params import BucketQuery, CourseParams, FeatureQuery, IndicatorQuery
from ksys_app.domain.kpi import course_decimals
from ksys_app.domain.windows import BUCKET_WIDTH, FEATURE_WIDTH, parse_window
from ksys_app.models.rows import QcRule
from ksys_app.queries import all_tags, metrics
from ksys_app.queries import features as feature_rows
from ksys_app.queries import indicators as indicator_rows
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.features import MAX_ROWS
from ksys_app.queries.qc import rules_by_tag
from ksys_app.services import runtime
from ksys_app.utils.cache import Answer

router = APIRouter(prefix="/api/v1")


@router.get(
    "/timeseries",
    summary="Buckets of a tag",
    responses=responses.kept(responses.course(schemas.Timeseries, schemas.Bucket)),
)
async def timeseries(query: BucketQuery, request: Request) -> Response:
    """Buckets of a tag in a window, ascending, the running one included; a hole has no row.

    Without ``tag`` of all tags, by rows, the newest 10,000.
    """
    window = parse_window(query.window)
    answer: Answer[Any] = await (
        metrics.buckets(query.tag, window) if query.tag else all_tags.buckets(window)
    )
    head = {"bucket": window.bucket, "view": window.view}
    return await _course(request, query, answer, head, schemas.Bucket, window.width)


@router.get(
    "/indicators",
    summary="Moving figures of a tag",
    responses=responses.kept(responses.course(schemas.Indicators, schemas.Indicator)),
)
async def indicators(query: IndicatorQuery, request: Request) -> Response:
    """Moving averages, bands and slope of a tag in a window, counted in buckets with data.

    Without ``tag`` of all tags, by rows, the newest 10,000.
    """
    window = parse_window(query.window)
    answer: Answer[Any] = await (
        indicator_rows.indicators(query.tag, window, query.band)
        if query.tag
        else all_tags.indicators(window, query.band)
    )
    head = {"bucket": window.bucket, "view": window.view, "band": query.band}
    return await _course(request, query, answer, head, schemas.Indicator, window.width)


@router.get(
    "/features",
    summary="5-minute features of a tag",
    responses=responses.kept(responses.course(schemas.Features, schemas.Feature)),
)
async def features(query: FeatureQuery, request: Request) -> Response:
    """Rows of ``features_5m`` in a window, ascending, the newest 10,000; without ``tag`` of all."""
    window = parse_window(query.window)
    answer: Answer[Any] = await (
        feature_rows.history(query.tag, window) if query.tag else all_tags.features(window)
    )
    head = {"bucket": "5m", "view": "features_5m"}
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
    if query.tag and not answer.rows:
        await require(query.tag)
    truncated = answer.rowcount >= MAX_ROWS
    if truncated and not answer.cache_hit:
        log.event(
            "payload_bloat",
            range=query.window,
            tag=query.tag,
            view=head["view"],
            rowcount=answer.rowcount,
            limit=MAX_ROWS,
        )
    days = await days_of(parse_window(query.window)) if width == BUCKET_WIDTH["1d"] else None
    # Rows have all their digits, whatever the rule says.
    by_tag = await rules_by_tag() if query.format == "columns" else {}
    rule = by_tag.get(query.tag) if query.tag else None
    head = head | {"truncated": truncated, "limit": MAX_ROWS}
    return await packed_response(
        request,
        answer,
        f"{query.format} {names}",
        partial(_body, query, answer, rule, head, names, width, days),
    )


def _chosen(query: CourseParams, names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns asked for in their own order; the time of a row is always one.

    Columns are of one tag, which stands above them.
    """
    time, *figures = names
    known = [time, *figures] if query.format == "columns" else [time, "tag_name", *figures]
    wanted = set(known) if query.columns is None else {time, *query.columns.split(",")}
    return tuple(name for name in known if name in wanted)


def _body(
    query: CourseParams,
    answer: Answer[Any],
    rule: QcRule | None,
    head: render.Json,
    names: Sequence[str],
    width: timedelta,
    days: str | None,
) -> render.Json:
    zone = runtime.current().zone
    made = (
        {"columns": render.columns(answer.rows, names, course_decimals(rule, answer.rows))}
        if query.format == "columns"
        else {"rows": render.rows(answer.rows, names, zone, query.tag)}
    )
    return {
        "tag_name": query.tag,
        "window": query.window,
        "bucket_s": int(width.total_seconds()),
        **render.span(
            answer, parse_window(query.window), width, zone if days is None else ZoneInfo(days)
        ),
        **head,
        **render.stale_mark(answer.error, answer.age_s),
        **made,
    }
