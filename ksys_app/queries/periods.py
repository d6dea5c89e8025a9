"""Reads the rows of a window or a range: SQL for its bounds, and the cache of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, LiteralString, TypeVar

from psycopg import sql

from ksys_app import db
from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.windows import VIEW, BucketName, Window
from ksys_app.queries.pieces import FROM, NOW
from ksys_app.utils.cache import Answer, Kind

T = TypeVar("T")
Statements = Mapping[str, sql.Composed]

_START: Final = sql.SQL("%(start)s::timestamptz")
_END: Final = sql.SQL(
    "bucket <= now() AND (%(end)s::timestamptz IS NULL OR bucket < %(end)s::timestamptz)"
)


def of_windows(statement: LiteralString) -> Mapping[BucketName, sql.Composed]:
    """Bucket width to the statement of a window; the parameter is ``window``.

    Args:
        statement: SQL with ``{view}``, and with ``{start}`` and ``{end}`` for the bounds:
            ``bucket >= {start} AND {end}``.
    """
    return {name: of_window(statement, view) for name, view in VIEW.items()}


def of_ranges(statement: LiteralString) -> Statements:
    """Bucket width to the statement of a range; parameters ``start`` and ``end`` (NULL: now)."""
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


async def fetch_period(
    kind: Kind,
    model: type[T],
    statement: db.Query,
    params: Mapping[str, object],
    period: Period,
    *,
    name: str,
    fresh: bool = False,
    version: str = "",
) -> Answer[T]:
    """The rows of a window or a range, through the cache.

    The rows of a range that ended long ago are cached for four minutes. The bounds of a range that
    moves with time are not part of its key, so that while the database is away the answer has the
    rows of before, as that of a window has. The answer's ``read_for`` is the period of its rows.

    Args:
        kind: cache kind of the rows; its TTL is valid if the range did not end long ago.
        model: type of a row.
        statement: the SQL.
        params: its parameters; ``start`` and ``end`` are the bounds.
        period: the window or range.
        name: name of the statement in the meters.
        fresh: read from the database, and put the answer into the cache.
        version: version of the rows. Cached rows of another version are read again.
    """
    if fresh:
        kind = "live"
    elif isinstance(period, Range) and period.settled:
        kind = "past"
    bounds = {bound: params[bound] for bound in ("start", "end") if bound in params}
    text = statement if isinstance(statement, str) else statement.as_string(None)
    key = {**params, "statement": text, **_lasting(period)}
    return await db.current().fetch_cached(
        kind,
        model,
        statement,
        params,
        name=name,
        key=key,
        version=f"{version} {bounds}",
        read_for=period,
    )


def _lasting(period: Period) -> dict[str, object]:
    """What identifies the bounds of a period as long as it is requested."""
    if isinstance(period, Window):
        return {"start": None, "end": str(period.duration)}
    if period.slides:
        return {"start": None, "end": period.slides}
    return {"end": None} if period.ends_now else {}
