"""``/api/v1/stats``: statistics of up to nine tags over a window or a range (PRD §33.3)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from ksys_app.api import render, responses
from ksys_app.api.conditional_json import conditional_json
from ksys_app.api.params import PeriodParams, TagNames
from ksys_app.api.schemas import Count, Exact, Moment, Seconds, Window
from ksys_app.domain.figures import finite
from ksys_app.domain.ranges import Range
from ksys_app.domain.statistics import Statistics
from ksys_app.services import runtime
from ksys_app.services.periods import read_period
from ksys_app.services.statistics import TagStatistics, read_statistics

Source = Literal["raw", "minutes", "ten_minutes", "hours", "days"]
SOURCES: Final[dict[str, Source]] = {
    **{"raw": "raw", "1m": "minutes", "10m": "ten_minutes", "1h": "hours", "1d": "days"}
}
router = APIRouter(prefix="/api/v1")


class StatsParams(PeriodParams):
    """Up to nine tags, and a window or a range."""

    tag: TagNames


class OverLimit(Exact):
    """How long a tag was beyond a limit of its rule; MIN and MAX are the ends of its range."""

    name: Literal["MIN", "LL", "L", "H", "HH", "MAX"]
    value: float
    side: Literal["above", "below"]
    seconds: Seconds
    share: Annotated[float, Field(ge=0, le=1)] | None


class Total(Exact):
    """What a rate adds up to over the time that is covered, and on average in an hour of it."""

    value: float | None
    unit: str
    per_hour: float | None


class TagStats(Exact):
    """The statistics of a tag; null where its values do not say it."""

    tag_name: str
    title: str
    unit: str
    count: Count | None
    covered_s: Seconds
    coverage: Annotated[float, Field(ge=0, le=1)]
    mean: float | None
    std: float | None
    min: float | None
    min_at: Moment | None
    max: float | None
    max_at: Moment | None
    last: float | None
    last_at: Moment | None
    p5: float | None
    p50: float | None
    p95: float | None
    slope_per_hour: float | None
    integral: Total | None
    limits: list[OverLimit]


class Stats(Exact):
    """Statistics of some tags, from samples or from buckets, which ``source`` says."""

    window: Window | None
    from_: Moment = Field(alias="from")
    to: Moment
    duration_s: Seconds
    source: Source
    tags: list[TagStats]


@router.get(
    "/stats",
    summary="Statistics of tags",
    responses=responses.with_etag(responses.may_be_stale(Stats)),
)
async def stats(query: Annotated[StatsParams, Query()], request: Request) -> Response:
    """Count, coverage, mean, deviation, percentiles, slope and time beyond limits of each tag.

    Each value counts as long as it holds. Up to 6 hours they are the samples, else the means of
    minutes, ten minutes, hours or days; smallest and largest values are those of the samples.
    """
    span = await read_period(query.window, query.start, query.end, as_range=True)
    assert isinstance(span, Range)
    found = await read_statistics(query.tag, span)
    zone, length = runtime.current().zone, (found.end - found.start).total_seconds()
    body = {
        "window": query.window.label if query.start is None else None,
        "from": render.time(found.start, zone),
        "to": render.time(found.end, zone),
        "duration_s": max(0.0, length),
        "source": SOURCES[found.span.bucket],
        **render.stale_mark(found.answer.error, found.answer.age_s),
        "tags": [_of_tag(one, length) for one in found.tags],
    }
    # The body is small. Its name has all that it depends on: rows, rules, expectations, and now.
    name = hashlib.sha256(repr(body).encode("utf-8", "surrogatepass")).hexdigest()
    return await conditional_json(request, found.answer, name, lambda: body)


def _of_tag(one: TagStatistics, length: float) -> render.Json:
    zone, row, found, rule = runtime.current().zone, one.row, one.figures, one.rule
    return {
        "tag_name": one.tag,
        "title": "" if rule is None else rule.title,
        "unit": "" if rule is None else rule.unit,
        "count": 0 if row is None else row.count,
        "covered_s": found.covered_s,
        "coverage": _share(found.covered_s, length) or 0.0,
        "mean": finite(found.mean),
        "std": finite(found.std),
        "min": None if row is None else finite(row.low),
        "min_at": None if row is None else render.time(row.low_at, zone),
        "max": None if row is None else finite(row.high),
        "max_at": None if row is None else render.time(row.high_at, zone),
        "last": None if row is None else finite(row.newest),
        "last_at": None if row is None else render.time(row.newest_at, zone),
        "p5": found.p5,
        "p50": found.p50,
        "p95": found.p95,
        "slope_per_hour": finite(found.slope_h),
        "integral": _total(one),
        "limits": limits_of(found),
    }


def limits_of(found: Statistics) -> list[render.Json]:
    """How long each limit was exceeded, and the part of the covered time."""
    return [
        {
            "name": limit.name,
            "value": limit.value,
            "side": limit.side,
            "seconds": limit.seconds,
            "share": _share(limit.seconds, found.covered_s),
        }
        for limit in found.limits
    ]


def _total(one: TagStatistics) -> render.Json | None:
    if one.rate is None:
        return None
    total, covered = finite(one.figures.total), one.figures.covered_s
    per_hour = None if total is None else finite(total * 3600 / covered)
    return {"value": total, "unit": one.rate.unit, "per_hour": per_hour}


def _share(part: float, whole: float) -> float | None:
    return min(1.0, part / whole) if whole > 0 else None
