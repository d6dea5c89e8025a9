"""Responses with the series of several tags, or with a compared time (PRD §33.2)."""

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
from ksys_app.api.encoding import encoded
from ksys_app.api.params import BucketParams
from ksys_app.domain.compare import Comparison
from ksys_app.domain.ranges import Period
from ksys_app.domain.shared_columns import Placed, milliseconds, placed, shared_axis, times_on
from ksys_app.models.series import Columns
from ksys_app.services import runtime
from ksys_app.services.series import MAX_ROWS, SeriesQuery
from ksys_app.services.several import SeveralSeries, comparison_of, read_several
from ksys_app.utils.cache import Answer

_EMPTY: Final = Columns("", datetime.min, None, None)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The layout of a response: columns or rows, whether rows name their tag, and the figures."""

    by_column: bool
    named: bool
    figures: Sequence[str]


async def several(
    request: Request, query: BucketParams, period: Period, names: Sequence[str]
) -> Response:
    """The response with the series of the requested tags, and with those of the compared time.

    Args:
        request: the request.
        query: the parameters of the request.
        period: the window or range.
        names: the columns, in order; the time is the first one.
    """
    figures = tuple(name for name in names if name not in ("bucket", "tag_name"))
    comparison = await comparison_of(period, query.compare)
    result = await read_several(query.tag, period, figures, comparison)
    compared_at = None if result.compared is None else result.compared.fetched_ms
    name = f"{query.format} {query.encoding} {names} {query.tag} {query.compare} {compared_at}"
    layout = _Layout(query.format == "columns", "tag_name" in names, figures)
    body = partial(_body, result, layout)
    content = body if query.encoding is None else lambda: encoded(body())
    return await conditional_json(request, result.oldest, name, content)


def _body(result: SeveralSeries, layout: _Layout) -> render.Json:
    zone = runtime.current().zone
    own_rows = _of_answer(result, result.answer, None)
    compared = result.compared
    compared_rows = None if compared is None else _of_answer(result, compared, result.comparison)
    head = _head(result, zone)
    if len(result.tags) == 1:
        body = {
            "tag_name": result.tags[0],
            **head,
            "truncated": _truncated(result, own_rows[0]),
        }
        body |= _tag_rows(result.tags[0], own_rows[0], layout, zone, other=False)
        return (
            body
            if compared_rows is None
            else body | _compared_rows(result, compared_rows, 0, layout)
        )
    series = [_tag_head(result, index, own_rows[index]) for index in range(len(own_rows))]
    if layout.by_column and result.period.bucket != "raw":
        return {**head, **_aligned(series, result, own_rows, compared_rows, layout)}
    for index, tag_series in enumerate(series):
        tag_series |= _tag_rows(result.tags[index], own_rows[index], layout, zone, other=False)
        if compared_rows is not None:
            tag_series |= _compared_rows(result, compared_rows, index, layout)
    return {**head, "series": series}


def _head(result: SeveralSeries, zone: ZoneInfo) -> render.Json:
    query = SeriesQuery("buckets", result.period)
    days = zone if result.days is None else ZoneInfo(result.days)
    return {
        **render.period(result.answer, result.period, query.width, zone),
        "bucket_s": int(query.width.total_seconds()),
        **render.span(result.answer, result.period, query.width, days),
        "bucket": query.bucket,
        "view": query.view,
        "limit": MAX_ROWS,
        **render.stale_mark(result.oldest.error, result.oldest.age_s),
    }


def _tag_head(result: SeveralSeries, index: int, rows: Placed) -> render.Json:
    return {
        "tag_name": result.tags[index],
        "title": "" if rows.rule is None else rows.rule.title,
        "unit": "" if rows.rule is None else rows.rule.unit,
        "truncated": _truncated(result, rows),
    }


def _truncated(result: SeveralSeries, rows: Placed) -> bool:
    return result.period.bucket == "raw" and len(rows.columns.bucket) >= MAX_ROWS


def _of_answer(
    result: SeveralSeries, answer: Answer[Columns], comparison: Comparison | None
) -> list[Placed]:
    by_tag = {columns.tag_name: columns for columns in answer.rows}
    rows = [(by_tag.get(tag, _EMPTY), result.rules.get(tag)) for tag in result.tags]
    return placed(rows, comparison)


def _compared_rows(
    result: SeveralSeries, compared_rows: Sequence[Placed], index: int, layout: _Layout
) -> render.Json:
    zone = runtime.current().zone
    return _with_comparison(
        result, _tag_rows(result.tags[index], compared_rows[index], layout, zone, other=True)
    )


def _with_comparison(result: SeveralSeries, compared_rows: render.Json) -> render.Json:
    """The field ``compare``: the rows of the compared time, and its ends."""
    assert result.comparison is not None
    zone, ends = runtime.current().zone, result.comparison.period
    times = {"from": render.time(ends.start, zone), "to": render.time(ends.end, zone)}
    return {"compare": times | compared_rows}


def _tag_rows(
    tag: str, rows: Placed, layout: _Layout, zone: ZoneInfo, *, other: bool
) -> render.Json:
    """The data of a tag as ``rows`` or ``columns``.

    Args:
        tag: the tag.
        rows: its rows with their place on the axis.
        layout: the layout of the response.
        zone: the display zone.
        other: whether to add ``other``, the time of each row beside its place on the axis.
    """
    times = {"bucket": rows.place} | ({"other": rows.time} if other else {})
    columns: render.Json = {}
    for name, seconds in times.items():
        if layout.by_column:
            columns[name] = milliseconds(seconds)
        else:
            columns[name] = [datetime.fromtimestamp(time, zone) for time in seconds.tolist()]
    if layout.named and not layout.by_column:
        columns["tag_name"] = [tag] * len(rows.place)
    figures = {name: rows.figure(name, short=layout.by_column) for name in layout.figures}
    if layout.by_column:
        return {"columns": columns | figures}
    columns |= {
        name: values if isinstance(values, list) else values.tolist()
        for name, values in figures.items()
    }
    names, listed = tuple(columns), zip(*columns.values(), strict=True)
    return {"rows": [dict(zip(names, row, strict=True)) for row in listed]}


def _aligned(
    series: list[render.Json],
    result: SeveralSeries,
    own_rows: Sequence[Placed],
    compared_rows: Sequence[Placed] | None,
    layout: _Layout,
) -> render.Json:
    """The columns of all tags on one shared axis of times; null where a tag has no row."""
    axis = shared_axis([*own_rows, *(compared_rows or ())])
    for index, tag_series in enumerate(series):
        tag_series["columns"] = {name: own_rows[index].on(axis, name) for name in layout.figures}
        if compared_rows is not None:
            columns = {name: compared_rows[index].on(axis, name) for name in layout.figures}
            tag_series |= _with_comparison(result, {"columns": columns})
    body: render.Json = {"times": milliseconds(axis)}
    if compared_rows is not None:
        body["other_times"] = times_on(axis, compared_rows)
    return {**body, "series": series}
