"""The newest value of a calculated tag, for its tile (PRD §33.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from ksys_app.domain.expressions.calculated import CalculatedTag
from ksys_app.domain.expressions.evaluate import evaluate
from ksys_app.domain.expressions.grid import Grid
from ksys_app.domain.figures import finite
from ksys_app.domain.kpi import active
from ksys_app.domain.quality import allowed_gap
from ksys_app.domain.rules import usable_rate
from ksys_app.models.expressions import Node
from ksys_app.models.rows import Expectation, QcRule, Spark, TileRow

_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest value, and the last values of the window's last two buckets; None if missing."""

    value: float | None = None
    last: float | None = None
    prev_last: float | None = None


def newest_of_members(tag: CalculatedTag, members: Mapping[str, TileRow]) -> Newest:
    """The newest values of a pointwise calculated tag, from the rows of its tags."""
    rows = [members.get(name) for name in tag.tags]
    figures = [[_number(row, name) for name in ("value", "last", "prev_last")] for row in rows]
    series = {name: np.array(each) for name, each in zip(tag.tags, figures, strict=True)}
    value, last, prev_last = _evaluated(tag.node, series, 3)
    return Newest(value, last, prev_last)


def newest_of_buckets(starts: Sequence[int], last: Sequence[float], oldest_ms: float) -> Newest:
    """The newest values of a calculated tag that uses other times, from its buckets.

    Args:
        starts: start of each bucket, epoch milliseconds, ascending.
        last: the expression over the last values of the buckets; NaN is a hole.
        oldest_ms: a bucket that begins before this time is too old to give a current value.
    """
    finite_values = [(at, value) for at, value in zip(starts, last, strict=True) if value == value]
    if not finite_values:
        return Newest()
    at, newest = finite_values[-1]
    before = finite_values[-2][1] if len(finite_values) > 1 else None
    return Newest(newest if at >= oldest_ms else None, newest, before)


def calculated_row(
    row: TileRow,
    tag: CalculatedTag,
    found: Newest,
    members: Mapping[str, TileRow],
    rules: Mapping[str, QcRule],
    spark: Spark,
) -> TileRow:
    """The row of a calculated tag for its tile, with its values and its age.

    The age is that of the tag whose newest sample is the oldest in proportion to its allowed age.
    If that sample is older than allowed, there is no value. The other figures of the tile stay
    empty.

    Args:
        row: the row of the calculated tag, without values.
        tag: the calculated tag.
        found: its newest values.
        members: the rows of its tags.
        rules: the rules by tag.
        spark: its sparkline, whose values decide the decimals.
    """
    moving = not tag.pointwise
    empty = replace(row, calculated=True, moving=moving, count=0, min=None, max=None, first=None)
    ages: list[tuple[float, datetime, timedelta]] = []
    for name in tag.tags:
        member = members.get(name)
        if member is None or member.ts is None:
            return empty
        expectation = Expectation(name, usable_rate(member.exp_per_min))
        allowed = allowed_gap(rules.get(name), expectation)
        ages.append((abs(row.now - member.ts) / allowed, member.ts, allowed))
    share, ts, allowed = max(ages, default=(0.0, row.now, timedelta(0)))
    own = active(rules.get(tag.name))
    return replace(
        empty,
        value=found.value if share <= 1 else None,
        ts=ts,
        last=found.last,
        prev_last=found.prev_last,
        seen=(min(spark.value), max(spark.value)) if spark.value else None,
        allowed=None if own is not None and own.max_gap_seconds is not None else allowed,
    )


def pointwise_line(tag: CalculatedTag, lines: Mapping[str, Spark]) -> Spark:
    """The sparkline of a pointwise calculated tag: a point where all of its tags have a point."""
    by_position = [
        dict(zip(spark.at, spark.value, strict=True))
        for name in tag.tags
        if (spark := lines.get(name)) is not None
    ]
    if len(by_position) < len(tag.tags) or not by_position:
        return Spark(tag.name)
    shared = sorted(set(by_position[0]).intersection(*by_position[1:]))
    series = {
        name: np.array([values[at] for at in shared], dtype=np.float64)
        for name, values in zip(tag.tags, by_position, strict=True)
    }
    values = _evaluated(tag.node, series, len(shared))
    points = [(at, value) for at, value in zip(shared, values, strict=True) if value is not None]
    return Spark(tag.name, [at for at, _ in points], [value for _, value in points])


def buckets_line(
    name: str, starts: Sequence[int], avg: Sequence[float], now: datetime, duration: timedelta
) -> Spark:
    """The sparkline of a calculated tag that uses other times, from its buckets."""
    length = duration.total_seconds() * 1000
    begin = now.timestamp() * 1000 - length
    points = [
        ((at - begin) / length, value)
        for at, value in zip(starts, avg, strict=True)
        if value == value and at >= begin
    ]
    return Spark(name, [at for at, _ in points], [value for _, value in points])


def _number(row: TileRow | None, name: str) -> float:
    value = None if row is None else finite(getattr(row, name))
    return np.nan if value is None else value


def _evaluated(node: Node, series: Mapping[str, np.ndarray], count: int) -> list[float | None]:
    places = np.arange(count, dtype=np.int64)
    values = evaluate(node, series, Grid(places, np.zeros(count), 0, _UTC))
    return [finite(value) for value in values.tolist()]
