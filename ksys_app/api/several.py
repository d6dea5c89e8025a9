"""Series of several tags, and series that are compared with another time (PRD §33.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import Request, Response

from ksys_app.api import render
from ksys_app.api.conditional_json import conditional_json
from ksys_app.api.params import BucketParams
from ksys_app.domain.compare import Comparison
from ksys_app.domain.ranges import Period
from ksys_app.domain.shared_columns import Placed, milliseconds, placed, shared_axis, times_on
from ksys_app.models.series import Columns
from ksys_app.services import runtime
from ksys_app.services.series import MAX_ROWS, SeriesQuery
from ksys_app.services.several import SeveralSeries, comparison_of, read_several
from ksys_app.utils.cache import Answer

_EMPTY: Final = Columns("", datetime.min, None, None, [])


@dataclass(frozen=True, slots=True)
class _Asked:
    """By columns or by rows; whether rows name their tag; and the figures."""

    by_column: bool
    named: bool
    figures: Sequence[str]


async def several(
    request: Request, query: BucketParams, period: Period, names: Sequence[str]
) -> Response:
    """The series of the tags of a request, and those of another time where it asks for one.

    Args:
        request: the request.
        query: its parameters.
        period: the window or range.
        names: the columns, in their order; the time is the first one.
    """
    figures = tuple(name for name in names if name not in ("bucket", "tag_name"))
    comparison = await comparison_of(period, query.compare)
    found = await read_several(query.tag, period, figures, comparison)
    read = None if found.other is None else found.other.fetched_ms
    name = f"{query.format} {names} {query.tag} {query.compare} {read}"
    asked = _Asked(query.format == "columns", "tag_name" in names, figures)
    return await conditional_json(request, found.oldest, name, partial(_body, found, asked))


def _body(found: SeveralSeries, asked: _Asked) -> render.Json:
    zone = runtime.current().zone
    own = _of_answer(found, found.answer, None)
    others = None if found.other is None else _of_answer(found, found.other, found.comparison)
    head = _head(found, zone)
    if len(found.tags) == 1:
        body = {"tag_name": found.tags[0], **head, "truncated": _truncated(found, own[0])}
        body |= _laid(found.tags[0], own[0], asked, zone, other=False)
        return body if others is None else body | _compared(found, others, 0, asked)
    series = [_named(found, at, own[at]) for at in range(len(own))]
    if asked.by_column and found.period.bucket != "raw":
        return {**head, **_aligned(series, found, own, others, asked)}
    for at, one in enumerate(series):
        one |= _laid(found.tags[at], own[at], asked, zone, other=False)
        if others is not None:
            one |= _compared(found, others, at, asked)
    return {**head, "series": series}


def _head(found: SeveralSeries, zone: ZoneInfo) -> render.Json:
    query = SeriesQuery("buckets", found.period)
    days = zone if found.days is None else ZoneInfo(found.days)
    return {
        **render.period(found.answer, found.period, query.width, zone),
        "bucket_s": int(query.width.total_seconds()),
        **render.span(found.answer, found.period, query.width, days),
        "bucket": query.bucket,
        "view": query.view,
        "limit": MAX_ROWS,
        **render.stale_mark(found.oldest.error, found.oldest.age_s),
    }


def _named(found: SeveralSeries, at: int, rows: Placed) -> render.Json:
    return {
        "tag_name": found.tags[at],
        "title": "" if rows.rule is None else rows.rule.title,
        "unit": "" if rows.rule is None else rows.rule.unit,
        "truncated": _truncated(found, rows),
    }


def _truncated(found: SeveralSeries, rows: Placed) -> bool:
    return found.period.bucket == "raw" and len(rows.columns.bucket) >= MAX_ROWS


def _of_answer(
    found: SeveralSeries, answer: Answer[Columns], comparison: Comparison | None
) -> list[Placed]:
    by_tag = {columns.tag_name: columns for columns in answer.rows}
    rows = [(by_tag.get(tag, _EMPTY), found.rules.get(tag)) for tag in found.tags]
    return placed(rows, comparison)


def _compared(
    found: SeveralSeries, others: Sequence[Placed], at: int, asked: _Asked
) -> render.Json:
    zone = runtime.current().zone
    return _beside(found, _laid(found.tags[at], others[at], asked, zone, other=True))


def _beside(found: SeveralSeries, laid: render.Json) -> render.Json:
    """What a series is compared with, and of which time it is."""
    assert found.comparison is not None
    zone, ends = runtime.current().zone, found.comparison.period
    times = {"from": render.time(ends.start, zone), "to": render.time(ends.end, zone)}
    return {"compare": times | laid}


def _laid(tag: str, rows: Placed, asked: _Asked, zone: ZoneInfo, *, other: bool) -> render.Json:
    """The rows of a tag by rows or columns; ``other`` adds their own time to where they are."""
    times = {"bucket": rows.place} | ({"other": rows.time} if other else {})
    made: render.Json = {}
    for name, seconds in times.items():
        if asked.by_column:
            made[name] = milliseconds(seconds)
        else:
            made[name] = [datetime.fromtimestamp(one, zone) for one in seconds.tolist()]
    if asked.named and not asked.by_column:
        made["tag_name"] = [tag] * len(rows.place)
    made |= {name: rows.figure(name, short=asked.by_column) for name in asked.figures}
    if asked.by_column:
        return {"columns": made}
    names, listed = tuple(made), zip(*made.values(), strict=True)
    return {"rows": [dict(zip(names, row, strict=True)) for row in listed]}


def _aligned(
    series: list[render.Json],
    found: SeveralSeries,
    own: Sequence[Placed],
    others: Sequence[Placed] | None,
    asked: _Asked,
) -> render.Json:
    """The columns of all tags over the same times; null where a tag has no row."""
    axis = shared_axis([*own, *(others or ())])
    for at, one in enumerate(series):
        one["columns"] = {name: own[at].on(axis, name) for name in asked.figures}
        if others is not None:
            columns = {name: others[at].on(axis, name) for name in asked.figures}
            one |= _beside(found, {"columns": columns})
    made: render.Json = {"times": milliseconds(axis)}
    if others is not None:
        made["other_times"] = times_on(axis, others)
    return {**made, "series": series}
