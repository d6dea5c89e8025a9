"""A window or a range as a part of a statement, and how long its answers are cached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, LiteralString

from psycopg import sql

from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.windows import VIEW, BucketName
from ksys_app.queries.pieces import FROM, NOW
from ksys_app.utils.cache import Kind

Statements = Mapping[str, sql.Composed]

_START: Final = sql.SQL("%(start)s::timestamptz")
_END: Final = sql.SQL(
    "bucket <= now() AND (%(end)s::timestamptz IS NULL OR bucket < %(end)s::timestamptz)"
)


def of_windows(statement: LiteralString) -> Mapping[BucketName, sql.Composed]:
    """The statement of a window for each bucket width; its parameter is ``window``.

    Args:
        statement: SQL with ``{view}``, and with ``{start}`` and ``{end}`` for the bounds:
            ``bucket >= {start} AND {end}``.
    """
    return {name: of_window(statement, view) for name, view in VIEW.items()}


def of_ranges(statement: LiteralString) -> Statements:
    """The same statement of a range; its parameters are ``start`` and ``end``, NULL for now."""
    return {name: of_range(statement, view) for name, view in VIEW.items()}


def of_window(statement: LiteralString, view: str) -> sql.Composed:
    """The statement of a window over one relation."""
    return _of(statement, view, FROM, NOW)


def of_range(statement: LiteralString, view: str) -> sql.Composed:
    """The statement of a range over one relation."""
    return _of(statement, view, _START, _END)


def _of(statement: LiteralString, view: str, start: sql.SQL, end: sql.SQL) -> sql.Composed:
    relation = sql.Identifier("public", view)
    return sql.SQL(statement).format(view=relation, start=start, end=end)


def bounds_of(period: Period, width: timedelta) -> dict[str, object]:
    """The parameters of the bounds of a window or a range.

    Args:
        period: the window or range.
        width: the length of a bucket of the statement, zero for samples.
    """
    if isinstance(period, Range):
        start, end = period.bounds(width)
        return {"start": start, "end": end}
    return {"window": period.duration}


def kind_of(period: Period, kind: Kind, *, fresh: bool) -> Kind:
    """How long the rows are cached: those of a range that is over, for some minutes.

    Args:
        period: the window or range.
        kind: how long the rows of a window are.
        fresh: ask the database now.
    """
    if fresh:
        return "live"
    return "past" if isinstance(period, Range) and period.settled else kind
