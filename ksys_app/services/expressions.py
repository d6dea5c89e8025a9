"""Expressions over tags: computed over a window, and saved as calculated tags (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from ksys_app.domain.expressions.evaluate import evaluate, filled
from ksys_app.domain.expressions.functions import nearest
from ksys_app.domain.expressions.grid import Grid, Reach, aligned, grid, reach
from ksys_app.domain.expressions.parse import names, parse, parts
from ksys_app.domain.expressions.saved import expand
from ksys_app.domain.expressions.tokens import BadExpression, quoted
from ksys_app.domain.expressions.units import unit_of
from ksys_app.domain.ranges import Period, axis
from ksys_app.domain.windows import BucketName
from ksys_app.errors import BadParameter, KsysError, UnknownTag
from ksys_app.models.expressions import Flaw, Name, Node, SavedExpression, Span, TagColumns
from ksys_app.models.message import Message
from ksys_app.queries import expressions as queries
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.comm import database_clock
from ksys_app.queries.qc import rules_by_tag
from ksys_app.queries.tags import find_tag, tag_list
from ksys_app.services import runtime
from ksys_app.utils.cache import Answer

MAX_READ: Final = 100_000
"""Most buckets of all tags together that one expression reads."""
MAX_WORK: Final = 1_000_000
"""Most parts of an expression times its buckets: about a second of a processor."""
MAX_ALIKE: Final = 500
"""With so many names an unknown one is compared."""


@dataclass(frozen=True, slots=True)
class Calculated:
    """An expression over a window or a range, ready to be evaluated.

    Attributes:
        text: the expression.
        period: the window or range.
        node: its tree, without names of saved expressions.
        grid: the buckets.
        start: the start of the first bucket of the period.
        end: the end of the last bucket.
        answer: the series of its tags.
        unit: its unit, empty for none.
        decimals: the decimals that somebody chose, None for as many as the values need.
        warnings: where units do not fit together.
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
        """Start of each bucket with a value, epoch milliseconds; from averages, from last values.

        It takes some milliseconds, up to a second for the largest expressions: call it in a thread.
        """
        holes = {tag: aligned(self.grid, (), ()) for tag in self.tags}
        columns = [
            {row.tag_name: aligned(self.grid, row.starts, column(row)) for row in self.answer.rows}
            for column in (_avg, _last)
        ]
        made = [evaluate(self.node, holes | series, self.grid) for series in columns]
        return filled(self.grid, *made)


def _avg(row: TagColumns) -> list[float]:
    return row.avg


def _last(row: TagColumns) -> list[float]:
    return row.last


def bad(flaw: Flaw, kind: type[KsysError] = BadParameter) -> KsysError:
    """The error for what is wrong with a part of an expression."""
    error = kind(flaw.said)
    error.span = flaw.span
    return error


def read(text: str) -> Node:
    """The tree of an expression.

    Raises:
        BadParameter: it is not one; the error has the place.
    """
    try:
        return parse(text)
    except BadExpression as error:
        raise bad(error.flaw) from None


async def expanded(tree: Node, own: str = "") -> tuple[Node, dict[str, SavedExpression]]:
    """The tree with the saved expressions that it uses in it, and these by name.

    Args:
        tree: the tree.
        own: the name under which the tree is to be saved.

    Raises:
        BadParameter: they cannot be put together; the error has the place.
    """
    trees: dict[str, Node] = {own: tree} if own else {}
    saved: dict[str, SavedExpression] = {}
    waiting = set(names(tree)) - trees.keys()
    # Each round reads what the expressions of the round before use; a circle has no new names.
    while waiting:
        found = {one.name: one for one in (await queries.named(waiting)).rows}
        saved |= found
        trees |= {name: _read_saved(one) for name, one in found.items()}
        used = {name for one in found for name in names(trees[one])}
        waiting = used - trees.keys()
    try:
        return expand(tree, trees, own), saved
    except BadExpression as error:
        raise bad(error.flaw) from None


def _read_saved(one: SavedExpression) -> Node:
    try:
        return read(one.text)
    except KsysError as error:
        # Only somebody with psql stores what is no expression. Its place is not one of the request.
        error.span = None
        raise


async def calculate(text: str, period: Period) -> Calculated:
    """An expression over a window or a range of buckets.

    Raises:
        BadParameter: the text is no expression, or needs too many buckets.
        UnknownTag: a name is neither that of a tag nor of a saved expression.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    tree = read(text)
    node, saved = await expanded(tree)
    on, start, end = await _grid(node, period)
    first = datetime.fromtimestamp(int(on.starts[0]), UTC) if len(on.starts) else start
    tags = names(node)
    answer = await queries.columns(tags, period, first, end)
    await require(tags, {row.tag_name for row in answer.rows})
    rules = await rules_by_tag(fresh=False)
    unit, warnings = unit_of(node, {tag: rules[tag].unit for tag in tags if tag in rules})
    # A text that is a name alone is that saved expression.
    own = saved.get(tree.name) if isinstance(tree, Name) else None
    return Calculated(
        text=text,
        period=period,
        node=node,
        grid=on,
        start=start,
        end=end,
        answer=answer,
        unit=unit if own is None else own.unit or unit,
        decimals=None if own is None else own.decimals,
        warnings=warnings,
    )


async def _grid(node: Node, period: Period) -> tuple[Grid, datetime, datetime]:
    """The buckets of a period for an expression, the start of the first and the end of the last."""
    bucket = cast(BucketName, period.bucket)
    looks, count = reach(node), max(1, len(names(node)))
    if count * _buckets(period, looks) > MAX_READ:
        most = {"most": f"{MAX_READ:,}", "bucket": bucket}
        raise BadParameter(Message("errors.expression_far", most))
    if parts(node) * _buckets(period, looks) > MAX_WORK:
        raise BadParameter(Message("errors.expression_heavy", {"bucket": bucket}))
    zone = runtime.current().zone
    days = ZoneInfo(await days_of(period) or zone.key)
    now = await database_clock()
    first, end = axis(period, period.width, now, days)
    return grid(first, end, now, bucket, looks, zone, days), first, end


def _buckets(period: Period, looks: Reach) -> float:
    back = looks.minutes * 60 / period.width.total_seconds()
    return period.duration / period.width + back + looks.buckets


async def require(wanted: Mapping[str, Span], known: Iterable[str] = ()) -> None:
    """Check that the names are those of tags.

    Args:
        wanted: the names, with their places.
        known: those that need no check.

    Raises:
        UnknownTag: one of them is not; the error has its place, and a name like it.
    """
    sure = set(known)
    for name, span in wanted.items():
        if name in sure or await find_tag(name) is not None:
            continue
        near = await _alike(name)
        values = {"name": quoted(name), "near": quoted(near)}
        if not near:
            raise bad(Flaw(Message("expressions.unknown", values), span), UnknownTag)
        raise bad(Flaw(Message("expressions.unknown_near", values), span), UnknownTag)


async def _alike(name: str) -> str:
    """The tag or saved expression whose name is the most like ``name``, empty for none."""
    known = [tag.tag_name for tag in (await tag_list()).rows]
    known += [one.name for one in (await queries.saved()).rows]
    alike = [one for one in known if abs(len(one) - len(name)) <= 2]
    same = [one for one in alike if one.lower() == name.lower()]
    start = name[:1].lower()
    alike.sort(key=lambda one: one[:1].lower() != start)
    return same[0] if same else nearest(name, tuple(alike[:MAX_ALIKE]))
