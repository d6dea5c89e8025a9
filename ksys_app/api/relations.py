"""``/api/v1/relations``: how tags relate over a window or a range (PRD §33.8)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ksys_app.api import relation_schemas as shapes, render, responses
from ksys_app.api.conditional_json import conditional_json
from ksys_app.api.params import PeriodParams
from ksys_app.api.statistics import SOURCES, limits_of
from ksys_app.domain.columns import round_column
from ksys_app.domain.figures import finite
from ksys_app.domain.ranges import Range, Resolution
from ksys_app.domain.relations import correlation, density
from ksys_app.domain.relations.histogram import histogram as histogram_of
from ksys_app.domain.relations.placed import Pairs, pairs
from ksys_app.domain.relations.week import week
from ksys_app.domain.shared_columns import milliseconds
from ksys_app.domain.statistics import statistics
from ksys_app.services import runtime
from ksys_app.services.periods import read_period
from ksys_app.services.relations import Related, by_hours, read_related

router = APIRouter(prefix="/api/v1/relations")


@router.get("/xy", summary="Two tags as pairs", responses=responses.with_etag(shapes.Pair))
async def xy(query: Annotated[shapes.PairParams, Query()], request: Request) -> Response:
    """The pairs of two tags by bucket, their line and correlation, and that of every lag.

    Of more than 5,000 pairs, how many are in each of 60 times 40 cells.
    """
    related = await read_related([query.x, query.y], await _read_range(query, query.bucket))

    def body() -> render.Json:
        x, y = related.placed(query.x), related.placed(query.y)
        joined = pairs(x, y, query.lag)
        line, lags = correlation.line(joined.x, joined.y), correlation.lags(x, y)
        best = correlation.best(lags)
        return {
            "x": _tag_head(related, query.x),
            "y": _tag_head(related, query.y),
            "lag": query.lag,
            "n": line.n,
            "r": line.r,
            "slope": finite(line.slope),
            "intercept": finite(line.intercept),
            **_pairs(joined, related.decimals(query.x), related.decimals(query.y)),
            "lags": {
                name: [getattr(lag_correlation, name) for lag_correlation in lags]
                for name in ("lag", "r", "n")
            },
            "best": None if best is None else {"lag": best.lag, "r": best.r, "n": best.n},
        }

    return await _answer(request, related, query, body, (query.x, query.y))


@router.get(
    "/histogram",
    summary="For how long a tag had which values",
    responses=responses.with_etag(shapes.Histogram),
)
async def histogram(query: Annotated[shapes.OneParams, Query()], request: Request) -> Response:
    """The time in each bin of values, and the time at or beyond each limit of the rule."""
    related = await read_related([query.tag], await _read_range(query, query.bucket))

    def body() -> render.Json:
        history = related.steps(query.tag)
        bins, tag_statistics = (
            histogram_of(history),
            statistics(history, related.rule(query.tag), None),
        )
        return {
            "tag": _tag_head(related, query.tag),
            "n": len(history.value),
            "covered_s": tag_statistics.covered_s,
            "mean": finite(tag_statistics.mean),
            "p50": tag_statistics.p50,
            "edges": bins.edges.tolist(),
            "seconds": bins.seconds.tolist(),
            "limits": limits_of(tag_statistics),
        }

    return await _answer(request, related, query, body, (query.tag,))


@router.get(
    "/heatmap",
    summary="A tag by hour of the week",
    responses=responses.with_etag(shapes.WeekMeans),
)
async def heatmap(query: Annotated[shapes.WeekParams, Query()], request: Request) -> Response:
    """The mean of each hour of the week by the clocks of the display zone, over up to 416 days."""
    span = by_hours(await _read_range(query, query.bucket))
    related = await read_related([query.tag], span)

    def body() -> render.Json:
        week_means = week(related.steps(query.tag), runtime.current().zone)
        means = [[finite(mean) for mean in row] for row in week_means.mean.tolist()]
        return {"tag": _tag_head(related, query.tag), "mean": means, "n": week_means.n.tolist()}

    return await _answer(request, related, query, body, (query.tag,))


@router.get(
    "/matrix",
    summary="The correlation of tags with each other",
    responses=responses.with_etag(shapes.Matrix),
)
async def matrix(query: Annotated[shapes.MatrixParams, Query()], request: Request) -> Response:
    """Pearson's correlation of each of up to nine tags with each, by bucket."""
    related = await read_related(query.tag, await _read_range(query, query.bucket))

    def body() -> render.Json:
        correlations = correlation.matrix([related.placed(tag) for tag in query.tag])
        return {
            "tags": [_tag_head(related, tag) for tag in query.tag],
            "r": [[pair.r for pair in row] for row in correlations],
            "n": [[pair.n for pair in row] for row in correlations],
        }

    return await _answer(request, related, query, body, query.tag)


async def _read_range(query: PeriodParams, bucket: Resolution | None) -> Range:
    span = await read_period(query.window, query.start, query.end, bucket, as_range=True)
    assert isinstance(span, Range)
    return span


async def _answer(
    request: Request,
    related: Related,
    query: PeriodParams,
    body: Callable[[], render.Json],
    tags: Sequence[str],
) -> Response:
    # A rule may have changed after the rows were read, so the name of the stored body contains the
    # rules in force.
    rules = [(related.rule(tag), related.expected.get(tag)) for tag in tags]
    about = f"{request.url.path} {query!r} {rules}"
    name = hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()
    return await conditional_json(
        request, related.series.oldest, name, lambda: _head(related, query) | body()
    )


def _head(related: Related, query: PeriodParams) -> render.Json:
    zone, answer = runtime.current().zone, related.series.oldest
    return {
        "window": query.window.label if query.start is None else None,
        "from": render.time(related.start, zone),
        "to": render.time(max(related.start, related.end), zone),
        "bucket": related.span.bucket,
        "bucket_s": int(related.span.width.total_seconds()),
        "source": SOURCES[related.span.bucket],
        "truncated": related.truncated,
        **render.stale_mark(answer.error, answer.age_s),
    }


def _tag_head(related: Related, tag: str) -> render.Json:
    rule = related.rule(tag)
    return {
        "tag_name": tag,
        "title": "" if rule is None else rule.title,
        "unit": "" if rule is None else rule.unit,
        "decimals": related.decimals(tag),
    }


def _pairs(joined: Pairs, of_x: int, of_y: int) -> render.Json:
    if len(joined.at) <= density.MOST_POINTS:
        points = {"x": round_column(joined.x, of_x), "y": round_column(joined.y, of_y)}
        return {"points": {"t": milliseconds(joined.at), **points}, "cells": None}
    cells = density.density(joined)
    names = ("x", "y", "column", "row", "n")
    return {"points": None, "cells": {name: getattr(cells, name).tolist() for name in names}}
