"""A tag's series over a window or range: buckets, indicators, features (PRD §8.5, §33.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from ksys_app import log
from ksys_app.api import render, responses, schemas, several_schemas
from ksys_app.api.conditional_json import conditional_json, has_body
from ksys_app.api.params import (
    BucketParams,
    BucketQuery,
    FeatureQuery,
    IndicatorQuery,
    SeriesParams,
)
from ksys_app.api.several import several
from ksys_app.domain.kpi import series_decimals
from ksys_app.models.rows import QcRule
from ksys_app.services import runtime
from ksys_app.services.periods import read_period
from ksys_app.services.rules import rule_of
from ksys_app.services.series import MAX_ROWS, Series, SeriesQuery, read_series

router = APIRouter(prefix="/api/v1")


@router.get(
    "/timeseries",
    summary="Buckets of a tag",
    responses=responses.with_etag(
        responses.series(schemas.Timeseries, schemas.Bucket) | several_schemas.SHAPES
    ),
)
async def timeseries(query: BucketQuery, request: Request) -> Response:
    """Buckets of a tag in a window or a range, ascending, with the running one; a gap has no row.

    ``bucket`` selects another width, as long as the tag has at most 10,000 buckets, or ``raw``, the
    samples, up to 2 hours. Of several tags, ``series`` has an object for each. ``compare`` adds the
    rows of another time, at the same place of the axis. Without ``tag``, the newest 10,000 rows of
    all tags.
    """
    comparing = query.compare is not None
    period = await read_period(
        query.window, query.start, query.end, query.bucket, as_range=comparing
    )
    if comparing or len(query.tag) > 1:
        names = _chosen(query, tuple(schemas.Bucket.model_fields))
        return await several(request, query, period, names)
    asked = SeriesQuery("buckets", period, query.tag[0] if query.tag else None)
    return await _series(request, query, asked, schemas.Bucket)


@router.get(
    "/indicators",
    summary="Moving figures of a tag",
    responses=responses.with_etag(responses.series(schemas.Indicators, schemas.Indicator)),
)
async def indicators(query: IndicatorQuery, request: Request) -> Response:
    """Moving averages, bands and slope of a tag in a window or a range, over buckets with data.

    Without ``tag``, the newest 10,000 rows of all tags.
    """
    period = await read_period(query.window, query.start, query.end, query.bucket)
    asked = SeriesQuery("indicators", period, query.tag, query.band)
    return await _series(request, query, asked, schemas.Indicator, {"band": query.band})


@router.get(
    "/features",
    summary="5-minute features of a tag",
    responses=responses.with_etag(responses.series(schemas.Features, schemas.Feature)),
)
async def features(query: FeatureQuery, request: Request) -> Response:
    """The newest 10,000 rows of ``features_5m`` in a window or a range, of one tag or of all."""
    period = await read_period(query.window, query.start, query.end)
    asked = SeriesQuery("features", period, query.tag)
    return await _series(request, query, asked, schemas.Feature)


async def _series(
    request: Request,
    query: SeriesParams | BucketParams,
    asked: SeriesQuery,
    shape: type[BaseModel],
    more: render.Json | None = None,
) -> Response:
    names = _chosen(query, tuple(shape.model_fields))
    series = await read_series(asked)
    answer = series.answer
    if series.truncated and not answer.cache_hit:
        log.event(
            "payload_bloat",
            range=asked.window.label,
            tag=asked.tag,
            view=asked.view,
            rowcount=answer.rowcount,
            limit=MAX_ROWS,
        )
    name = f"{query.format} {names}"
    rule = None
    # Rows have all digits, whatever the decimals of the rule. A stored body has its digits, so the
    # rule of a new body may be as old as its rows.
    if query.format == "columns" and asked.tag and not has_body(answer, name):
        rule = await rule_of(asked.tag, fresh=False)
    return await conditional_json(
        request,
        answer,
        name,
        partial(_body, query, series, rule, more or {}, names),
    )


def _chosen(query: SeriesParams | BucketParams, names: tuple[str, ...]) -> tuple[str, ...]:
    """The requested columns in their fixed order; the time of a row is always included.

    In the format ``columns`` the tag is not a column, because all rows have the same tag.
    """
    time, *figures = names
    known = [time, *figures] if query.format == "columns" else [time, "tag_name", *figures]
    wanted = set(known) if query.columns is None else {time, *query.columns.split(",")}
    return tuple(name for name in known if name in wanted)


def _body(
    query: SeriesParams | BucketParams,
    series: Series,
    rule: QcRule | None,
    more: render.Json,
    names: Sequence[str],
) -> render.Json:
    asked, answer, zone = series.query, series.answer, runtime.current().zone
    days = zone if series.days is None else ZoneInfo(series.days)
    made = (
        {"columns": render.columns(answer.rows, names, series_decimals(rule, answer.rows))}
        if query.format == "columns"
        else {"rows": render.rows(answer.rows, names, zone, asked.tag)}
    )
    return {
        "tag_name": asked.tag,
        **render.period(answer, asked.window, asked.width, zone),
        "bucket_s": int(asked.width.total_seconds()),
        **render.span(answer, asked.window, asked.width, days),
        "bucket": asked.bucket,
        "view": asked.view,
        **more,
        "truncated": series.truncated,
        "limit": MAX_ROWS,
        **render.stale_mark(answer.error, answer.age_s),
        **made,
    }
