"""How far a command may refresh an aggregate so that late samples stay visible (PRD §12.2).

A real-time aggregate reads buckets before its watermark from its own table and computes buckets
after it from the finer level. A late sample before the watermark is visible only after the next
refresh. So no command moves a watermark past the start of yesterday, which is called the line here.
If a policy has stored buckets past the line, a command refreshes up to the watermark and no
further.
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
from ksys_app.domain.buckets import DAY, FINER, GRAINS, Span, bucket_start, midnight, split_span
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
        stored_to: the aggregate's watermark; None for an empty aggregate.
        line: end of the refresh, UTC.
        live_from: from this time on the finer level is computed in real time. The server does not
            log changes there, so stored buckets after this time must be computed again in any case.
    """

    stored_to: datetime | None
    line: datetime
    live_from: datetime | None


class Piece(NamedTuple):
    """A range for a refresh call; ``anew``: compute it even if the server has logged no change."""

    start: datetime
    end: datetime
    anew: bool = False


async def marks(conn: AsyncConnection, views: Collection[str] = ALL) -> list[Mark]:
    """The watermark of each aggregate.

    Raises:
        SchemaDrift: an aggregate is missing.
    """
    existing = await found(conn, views)
    missing = sorted(set(views) - {mark.view for mark in existing})
    if missing:
        raise SchemaDrift(f"{', '.join(missing)}: missing; run ksys db init")
    return existing


async def found(conn: AsyncConnection, views: Collection[str]) -> list[Mark]:
    """The watermarks of the aggregates that exist."""
    async with conn.cursor(row_factory=class_row(Mark)) as cursor:
        await cursor.execute(aggregates.MARKS, {"views": list(views)})
        return await cursor.fetchall()


async def day_zone(conn: AsyncConnection, view: str = "influx_agg_1d") -> str:
    """IANA name of the zone of an aggregate's days; UTC for an aggregate that the plant built."""
    row = await (await conn.execute(aggregates.DAY_ZONE, {"view": view})).fetchone()
    return row[0] if row else "UTC"


async def stored(conn: AsyncConnection, view: str) -> tuple[sql.Identifier, str | None]:
    """The table with the rows of an aggregate, and the finer aggregate that it reads, if any.

    Raises:
        SchemaDrift: the aggregate is missing.
    """
    row = await (await conn.execute(STORED, (view,))).fetchone()
    if row is None:
        raise SchemaDrift(f"{view}: missing; run ksys db init")
    return sql.Identifier(row[0], row[1]), row[2]


async def oldest(conn: AsyncConnection, view: str) -> datetime | None:
    """The oldest stored bucket of an aggregate, None for an empty one."""
    return await _edge(conn, view, sql.SQL("min"))


async def newest(conn: AsyncConnection, view: str) -> datetime | None:
    """The newest stored bucket of an aggregate, None for an empty one."""
    return await _edge(conn, view, sql.SQL("max"))


async def _edge(conn: AsyncConnection, view: str, which: sql.SQL) -> datetime | None:
    table, _ = await stored(conn, view)
    statement = sql.SQL("SELECT {}(bucket) FROM {}").format(which, table)
    row = await (await conn.execute(statement)).fetchone()
    return None if row is None else row[0]


def line(
    now: datetime, zone: tzinfo, stored_to: datetime | None, end_offset: timedelta
) -> datetime:
    """The time up to which a command refreshes an aggregate, UTC.

    It is the start of yesterday, or the end of the policy's range if that is earlier. If buckets
    after this time are stored, it is the watermark.

    Args:
        now: the database's clock.
        zone: the zone of the days.
        stored_to: the aggregate's watermark, None for an empty aggregate.
        end_offset: how far behind the clock the range of the policy ends.
    """
    yesterday = midnight(now.astimezone(zone).date() - DAY, zone)
    own = min(yesterday, now - end_offset)
    return own if stored_to is None else max(own, stored_to)


def reaches(found: Sequence[Mark], now: datetime, zone: tzinfo) -> dict[str, Reach]:
    """Name of each aggregate to how far a command refreshes it."""
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
    """The ranges to refresh so that all complete buckets inside ``wanted`` are correct.

    The stored buckets must have no gap, because samples in a gap before the watermark are not
    visible. So if the watermark has to move, the refresh starts at the current watermark.

    Args:
        view: the aggregate.
        wanted: ranges in order that do not touch.
        reach: how far the aggregate is refreshed.
        oldest: time of the oldest data in the aggregate's source.
        zone: the zone of the aggregate's days.
    """
    stored_to = reach.stored_to or bucket_start(view, oldest, zone)
    spans = [(start, min(end, stored_to)) for start, end in wanted if start < stored_to]
    newest = min(max((end for _, end in wanted), default=stored_to), reach.line)
    if newest > stored_to:
        joined = bool(spans) and spans[-1][1] == stored_to
        spans.append((spans.pop()[0] if joined else stored_to, newest))
    for span in spans:
        yield from _split(view, span, reach.live_from, zone)


def joined(parts: Iterable[Piece], filled: Sequence[Span]) -> Iterator[Piece]:
    """The pieces, with empty neighbours joined, so that an empty range costs one call.

    Args:
        parts: pieces in order.
        filled: ranges that may have samples, in order, without overlaps.
    """
    ends = [end for _, end in filled]

    def is_empty(part: Piece) -> bool:
        at = bisect_right(ends, part.start)
        return at == len(filled) or filled[at][0] >= part.end

    pending: Piece | None = None
    for part in parts:
        if pending is None:
            pending = part
        elif (pending.end, pending.anew) == (part.start, part.anew) and all(
            map(is_empty, (pending, part))
        ):
            pending = pending._replace(end=part.end)
        else:
            yield pending
            pending = part
    if pending is not None:
        yield pending


def _split(view: str, span: Span, live_from: datetime | None, zone: tzinfo) -> Iterator[Piece]:
    start, end = span
    turn = end if live_from is None else bucket_start(view, max(live_from, start), zone)
    if GRAINS[view].width == DAY:
        # If a change ends where a day of a time zone begins, the server forgets the last day of the
        # change, for late samples up to the first hour of the day (timescaledb issue 10296).
        turn = start
    if start < turn:
        yield from (Piece(*part) for part in split_span(view, (start, min(turn, end))))
    if turn < end:
        yield from (Piece(*part, anew=True) for part in split_span(view, (turn, end)))
