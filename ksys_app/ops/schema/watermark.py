"""How far a command may store an aggregate: late samples stay visible behind it (PRD §12.2).

A real-time aggregate reads what lies before its watermark from what is stored, and what lies
after it from the finer level. A late sample that falls before the watermark is seen at the next
refresh only. So no command moves a watermark past the start of yesterday, and what a policy has
stored beyond that line is refreshed up to the watermark and no further.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from ksys_app.domain import upkeep
from ksys_app.domain.buckets import DAY, FINER, GRAINS, Span, bucket_start, cut, midnight
from ksys_app.errors import SchemaDrift
from ksys_app.models.rows import Mark
from ksys_app.queries import aggregates

ALL: Final = tuple(upkeep.REFRESH)
STORED: Final = """
SELECT materialization_hypertable_schema, materialization_hypertable_name,
       (SELECT p.view_name FROM timescaledb_information.continuous_aggregates AS p
        WHERE (p.materialization_hypertable_schema, p.materialization_hypertable_name)
            = (a.hypertable_schema, a.hypertable_name))
FROM timescaledb_information.continuous_aggregates AS a
WHERE view_schema = 'public' AND view_name = %s
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a command refreshes an aggregate.

    Attributes:
        stored_to: its watermark; None of one that holds nothing.
        line: to here, UTC.
        live_from: from here on a finer level is real time. What changes there is not logged, so
            that what is stored of it must be made anew, changed or not.
    """

    stored_to: datetime | None
    line: datetime
    live_from: datetime | None


class Piece(NamedTuple):
    """A range for one call; ``anew``: whether or not the server knows of a change."""

    start: datetime
    end: datetime
    anew: bool = False


async def marks(conn: AsyncConnection, views: Collection[str] = ALL) -> list[Mark]:
    """The watermark of each aggregate.

    Raises:
        SchemaDrift: an aggregate is missing.
    """
    there = await found(conn, views)
    missing = sorted(set(views) - {mark.view for mark in there})
    if missing:
        raise SchemaDrift(f"{', '.join(missing)}: not there; run ksys db init")
    return there


async def found(conn: AsyncConnection, views: Collection[str]) -> list[Mark]:
    """The watermarks of those aggregates that there are."""
    async with conn.cursor(row_factory=class_row(Mark)) as cursor:
        await cursor.execute(aggregates.MARKS, {"views": list(views)})
        return await cursor.fetchall()


async def day_zone(conn: AsyncConnection, view: str = "influx_agg_1d") -> str:
    """IANA name of the zone whose days an aggregate counts: UTC where the plant's own was kept."""
    row = await (await conn.execute(aggregates.DAY_ZONE, {"view": view})).fetchone()
    return row[0] if row else "UTC"


async def stored(conn: AsyncConnection, view: str) -> tuple[sql.Identifier, str | None]:
    """Where the rows of an aggregate are, and the aggregate it is built on.

    Raises:
        SchemaDrift: it is missing.
    """
    row = await (await conn.execute(STORED, (view,))).fetchone()
    if row is None:
        raise SchemaDrift(f"{view}: not there; run ksys db init")
    return sql.Identifier(row[0], row[1]), row[2]


async def oldest(conn: AsyncConnection, view: str) -> datetime | None:
    """The oldest bucket that is stored of an aggregate."""
    return await _edge(conn, view, sql.SQL("min"))


async def newest(conn: AsyncConnection, view: str) -> datetime | None:
    """The newest bucket that is stored of an aggregate."""
    return await _edge(conn, view, sql.SQL("max"))


async def _edge(conn: AsyncConnection, view: str, which: sql.SQL) -> datetime | None:
    table, _ = await stored(conn, view)
    statement = sql.SQL("SELECT {}(bucket) FROM {}").format(which, table)
    row = await (await conn.execute(statement)).fetchone()
    return None if row is None else row[0]


def line(
    now: datetime, zone: tzinfo, stored_to: datetime | None, end_offset: timedelta
) -> datetime:
    """To where a command refreshes an aggregate, UTC.

    That is the start of yesterday, or where its policy would stop if that is earlier. What is
    stored beyond is refreshed as well.

    Args:
        now: the database's clock.
        zone: whose days are meant.
        stored_to: its watermark, None of one that holds nothing.
        end_offset: how far behind the clock its policy stops.
    """
    yesterday = midnight(now.astimezone(zone).date() - DAY, zone)
    own = min(yesterday, now - end_offset)
    return own if stored_to is None else max(own, stored_to)


def reaches(found: Sequence[Mark], now: datetime, zone: tzinfo) -> dict[str, Reach]:
    """How far a command refreshes each aggregate, by name."""
    lines = {mark.view: line(now, zone, mark.stored_to, mark.end_offset) for mark in found}
    return {
        mark.view: Reach(
            mark.stored_to,
            lines[mark.view],
            min((lines[finer] for finer in FINER[mark.view]), default=None),
        )
        for mark in found
    }


def pieces(
    view: str, wanted: Sequence[Span], reach: Reach, oldest: datetime, zone: tzinfo
) -> Iterator[Piece]:
    """The ranges to refresh so that the buckets wholly inside ``wanted`` are right.

    What is stored has no hole: where the watermark moves on, it does so from where it is, for
    what a hole holds would be hidden.

    Args:
        view: the aggregate.
        wanted: ranges in order; they do not touch.
        reach: how far it is refreshed.
        oldest: nothing that it is computed from is older.
        zone: whose days it counts.
    """
    stored_to = reach.stored_to or bucket_start(view, oldest, zone)
    spans = [(start, min(end, stored_to)) for start, end in wanted if start < stored_to]
    newest = min(max((end for _, end in wanted), default=stored_to), reach.line)
    if newest > stored_to:
        joined = bool(spans) and spans[-1][1] == stored_to
        spans.append((spans.pop()[0] if joined else stored_to, newest))
    for span in spans:
        yield from _split(view, span, reach.live_from, zone)


def joined(parts: Iterable[Piece], held: Sequence[Span]) -> Iterator[Piece]:
    """The pieces, with neighbours that hold no sample as one: an empty range costs one call.

    Args:
        parts: pieces in order.
        held: where there may be samples, in order, none over another.
    """
    ends = [end for _, end in held]

    def is_empty(part: Piece) -> bool:
        at = bisect_right(ends, part.start)
        return at == len(held) or held[at][0] >= part.end

    before: Piece | None = None
    for part in parts:
        if before is None:
            before = part
        elif (before.end, before.anew) == (part.start, part.anew) and all(
            map(is_empty, (before, part))
        ):
            before = before._replace(end=part.end)
        else:
            yield before
            before = part
    if before is not None:
        yield before


def _split(view: str, span: Span, live_from: datetime | None, zone: tzinfo) -> Iterator[Piece]:
    start, end = span
    turn = end if live_from is None else bucket_start(view, max(live_from, start), zone)
    if GRAINS[view].width == DAY:
        # The server loses the last day of a change that ends where a day of a time zone begins:
        # of late samples up to its first hour (timescaledb issue 10296).
        turn = start
    if start < turn:
        yield from (Piece(*part) for part in cut(view, (start, min(turn, end))))
    if turn < end:
        yield from (Piece(*part, anew=True) for part in cut(view, (turn, end)))
