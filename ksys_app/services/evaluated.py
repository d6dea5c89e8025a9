"""Computes an expression over a window or a range, and checks its names (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from ksys_app.domain.expressions.evaluate import evaluate, filled
from ksys_app.domain.expressions.functions import nearest
from ksys_app.domain.expressions.grid import Grid, Reach, aligned, grid, reach
from ksys_app.domain.expressions.parse import names, parts
from ksys_app.domain.expressions.tokens import quoted
from ksys_app.domain.expressions.units import unit_of
from ksys_app.domain.ranges import Period, axis
from ksys_app.domain.windows import BucketName
from ksys_app.errors import BadParameter, KsysError, UnknownTag
from ksys_app.models.expressions import Flaw, Node, Span, TagColumns
from ksys_app.models.message import Message
from ksys_app.queries import expressions as queries
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.comm import database_clock
from ksys_app.queries.qc import rules_by_tag
from ksys_app.queries.tags import find_tag, tag_list
from ksys_app.services.answered import as_read, clock
from ksys_app.utils.cache import Answer

MAX_READ: Final = 100_000
"""Most buckets of all tags together that one expression reads."""
MAX_WORK: Final = 1_000_000
"""Most parts of an expression times its buckets: about one second of processor time."""
MAX_ALIKE: Final = 500
"""Most names that an unknown name is compared with."""


@dataclass(frozen=True, slots=True)
class Calculated:
    """An expression over a window or a range, ready to be evaluated.

    Attributes:
        text: the expression.
        period: the window or range.
        node: its tree; names of saved expressions are replaced by their trees.
        grid: the buckets.
        start: the start of the first bucket of the period.
        end: the end of the last bucket.
        answer: the series of its tags.
        unit: its unit, empty for none.
        decimals: the chosen decimals, None for as many as the values need.
        warnings: the places where units do not fit together.
    """

    text: str
    period: Period
    node: Node
    grid: Grid
    start: datetime
    end: datetime
    answer: Answer[TagColumns]
    unit: str
    decimals: int | None
    warnings: list[Flaw]

    @property
    def tags(self) -> list[str]:
        """Its tags, in the order of the text."""
        return list(names(self.node))

    def values(self) -> tuple[list[int], list[list[float]]]:
        """The values of the expression in each bucket that has one.

        The method takes some milliseconds, up to a second for the largest expressions. Call it in a
        thread.

        Returns:
            The starts of the buckets, epoch milliseconds; then two lists of values, computed from
            the averages and from the last values of the tags.
        """
        holes = {tag: aligned(self.grid, (), ()) for tag in self.tags}
        columns = [
            {row.tag_name: aligned(self.grid, row.starts, column(row)) for row in self.answer.rows}
            for column in (_avg, _last)
        ]
        columns_of_values = [evaluate(self.node, holes | series, self.grid) for series in columns]
        return filled(self.grid, *columns_of_values)


def _avg(row: TagColumns) -> list[float]:
    return row.avg


def _last(row: TagColumns) -> list[float]:
    return row.last


def error_of(flaw: Flaw, kind: type[KsysError] = BadParameter) -> KsysError:
    """The error for a flaw of an expression, with its place."""
    error = kind(flaw.sentence)
    error.span = flaw.span
    return error


async def prepare(
    text: str, node: Node, period: Period, zone: ZoneInfo, *, lead: int = 0, fresh: bool = False
) -> Calculated:
    """An expression over a window or a range of buckets, ready to be evaluated.

    Args:
        text: the text of the expression.
        node: its tree, without names of saved expressions.
        period: the window or range.
        zone: the display zone.
        lead: number of additional buckets before the period.
        fresh: read from the database, not from the cache.

    Raises:
        BadParameter: the expression needs too many buckets.
        UnknownTag: a name in it is not the name of a tag.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    _check_size(node, period, lead)
    now, day_zone = await database_clock(), ZoneInfo(await days_of(period) or zone.key)
    period_grid, start, end = _grid(node, period, now, zone, day_zone, lead)
    starts = period_grid.starts
    first = datetime.fromtimestamp(int(starts[0]), UTC) if len(starts) else start
    tags = names(node)
    answer = await queries.columns(tags, period, start, end, start - first, fresh=fresh)
    if answer.stale:
        read, now = as_read(answer, period), clock(answer)
        period_grid, start, end = _grid(node, read, now, zone, day_zone, lead)
    await require_names(tags, {row.tag_name for row in answer.rows})
    rules = await rules_by_tag(fresh=False)
    unit, warnings = unit_of(node, {tag: rules[tag].unit for tag in tags if tag in rules})
    return Calculated(
        text=text,
        period=period,
        node=node,
        grid=period_grid,
        start=start,
        end=end,
        answer=answer,
        unit=unit,
        decimals=None,
        warnings=warnings,
    )


def _check_size(node: Node, period: Period, lead: int) -> None:
    """Check that an expression does not need too many buckets.

    Raises:
        BadParameter: it does.
    """
    bucket = period.bucket
    reached, count = reach(node), max(1, len(names(node)))
    buckets = _buckets(period, reached) + lead
    if count * buckets > MAX_READ:
        most = {"most": f"{MAX_READ:,}", "bucket": bucket}
        raise BadParameter(Message("errors.expression_far", most))
    if parts(node) * buckets > MAX_WORK:
        raise BadParameter(Message("errors.expression_heavy", {"bucket": bucket}))


def _grid(
    node: Node, period: Period, now: datetime, zone: ZoneInfo, day_zone: ZoneInfo, lead: int
) -> tuple[Grid, datetime, datetime]:
    """The buckets that an expression needs for a period; the start and the end of the period."""
    bucket, reached = cast(BucketName, period.bucket), reach(node)
    first, end = axis(period, period.width, now, day_zone)
    return grid(first, end, now, bucket, reached, zone, day_zone, lead), first, end


def _buckets(period: Period, reached: Reach) -> float:
    back = reached.minutes * 60 / period.width.total_seconds()
    return period.duration / period.width + back + reached.buckets


async def require_names(spans: Mapping[str, Span], existing: Iterable[str] = ()) -> None:
    """Check that each name is the name of a tag.

    Args:
        spans: name to its place in the expression.
        existing: names that need no check.

    Raises:
        UnknownTag: a name is not; the error has its place and a similar name.
    """
    checked = set(existing)
    for name, span in spans.items():
        if name in checked or await find_tag(name) is not None:
            continue
        similar = await _similar_name(name)
        values = {"name": quoted(name), "near": quoted(similar)}
        if not similar:
            raise error_of(Flaw(Message("expressions.unknown", values), span), UnknownTag)
        raise error_of(Flaw(Message("expressions.unknown_near", values), span), UnknownTag)


async def _similar_name(name: str) -> str:
    """The name of a tag or saved expression that is most similar to ``name``, empty for none."""
    existing = [tag.tag_name for tag in (await tag_list()).rows]
    existing += [candidate.name for candidate in (await queries.saved_expressions()).rows]
    similar = [candidate for candidate in existing if abs(len(candidate) - len(name)) <= 2]
    equal = [candidate for candidate in similar if candidate.lower() == name.lower()]
    start = name[:1].lower()
    similar.sort(key=lambda candidate: candidate[:1].lower() != start)
    return equal[0] if equal else nearest(name, tuple(similar[:MAX_ALIKE]))
