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
from ksys_app.api.encoding import Deltas, encoded
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
        responses.series(schemas.Timeseries, schemas.Bucket, or_deltas=Deltas)
        | several_schemas.SHAPES
    ),
)
async def timeseries(query: BucketQuery, request: Request) -> Response:
    """Buckets of a tag in a window or a range, ascending, with the running one; a gap has no row.

    ``bucket`` selects another width, as long as the tag has at most 10,000 buckets, or ``raw``, the
    samples, up to 2 hours. Of several tags, ``series`` has an object for each. ``compare`` adds the
    rows of another time, at the same place of the axis. ``encoding=delta`` makes columns shorter.
    Without ``tag``, the newest 10,000 rows of all tags.
    """
    comparing = query.compare is not None
    period = await read_period(
        query.window, query.start, query.end, query.bucket, as_range=comparing
    )
    if comparing or len(query.tag) > 1:
        names = _selected_columns(query, tuple(schemas.Bucket.model_fields))
        return await several(request, query, period, names)
    series_query = SeriesQuery("buckets", period, query.tag[0] if query.tag else None)
    return await _series(request, query, series_query, schemas.Bucket, encoding=query.encoding)


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
    series_query = SeriesQuery("indicators", period, query.tag, query.band)
    return await _series(request, query, series_query, schemas.Indicator, {"band": query.band})


@router.get(
    "/features",
    summary="5-minute features of a tag",
    responses=responses.with_etag(responses.series(schemas.Features, schemas.Feature)),
)
async def features(query: FeatureQuery, request: Request) -> Response:
    """The newest 10,000 rows of ``features_5m`` in a window or a range, of one tag or of all."""
    period = await read_period(query.window, query.start, query.end)
    series_query = SeriesQuery("features", period, query.tag)
    return await _series(request, query, series_query, schemas.Feature)


async def _series(
    request: Request,
    query: SeriesParams | BucketParams,
    series_query: SeriesQuery,
    shape: type[BaseModel],
    extra_fields: render.Json | None = None,
    *,
    encoding: str | None = None,
) -> Response:
    names = _selected_columns(query, tuple(shape.model_fields))
    series = await read_series(series_query)
    answer = series.answer
    if series.truncated and not answer.cache_hit:
        log.event(
            "payload_bloat",
            range=series_query.window.label,
            tag=series_query.tag,
            view=series_query.view,
            rowcount=answer.rowcount,
            limit=MAX_ROWS,
        )
    name = f"{query.format} {encoding} {names}"
    rule = None
    # Only columns are rounded to the decimals of the rule. A stored body keeps its decimals, so a
    # rule from the cache is good enough for a new body.
    if query.format == "columns" and series_query.tag and not has_body(answer, name):
        rule = await rule_of(series_query.tag, fresh=False)
    body = partial(_body, query, series, rule, extra_fields or {}, names)
    content = body if encoding is None else lambda: encoded(body())
    return await conditional_json(request, answer, name, content)


def _selected_columns(
    query: SeriesParams | BucketParams, names: tuple[str, ...]
) -> tuple[str, ...]:
    """The requested columns in their fixed order. The time of a row is always included.

    The format ``columns`` has no column ``tag_name``, because all rows have the same tag.
    """
    time, *figures = names
    available = [time, *figures] if query.format == "columns" else [time, "tag_name", *figures]
    selected = set(available) if query.columns is None else {time, *query.columns.split(",")}
    return tuple(name for name in available if name in selected)


def _body(
    query: SeriesParams | BucketParams,
    series: Series,
    rule: QcRule | None,
    extra_fields: render.Json,
    names: Sequence[str],
) -> render.Json:
    series_query, answer, zone = series.query, series.answer, runtime.current().zone
    days = zone if series.days is None else ZoneInfo(series.days)
    content = (
        {"columns": render.columns(answer.rows, names, series_decimals(rule, answer.rows))}
        if query.format == "columns"
        else {"rows": render.rows(answer.rows, names, zone, series_query.tag)}
    )
    return {
        "tag_name": series_query.tag,
        **render.period(answer, series_query.window, series_query.width, zone),
        "bucket_s": int(series_query.width.total_seconds()),
        **render.span(answer, series_query.window, series_query.width, days),
        "bucket": series_query.bucket,
        "view": series_query.view,
        **extra_fields,
        "truncated": series.truncated,
        "limit": MAX_ROWS,
        **render.stale_mark(answer.error, answer.age_s),
        **content,
    }
