"""``ksys db refresh``: refreshes the aggregates from fine to coarse, then the indicators.

No refresh goes back before the retention of raw samples. Where raw samples are deleted, a refresh
would delete the buckets of the aggregates too (PRD decision 17). No refresh moves a watermark past
its line (:mod:`ksys_app.ops.schema.watermark`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

import psycopg
from psycopg import AsyncConnection

from ksys_app.domain import upkeep
from ksys_app.domain.buckets import FINER, Span, bucket_end, bucket_start
from ksys_app.errors import BadParameter, DatabaseTimeout
from ksys_app.ops.owner import owner
from ksys_app.ops.schema import watermark
from ksys_app.ops.schema.bounds import Bounds, bounds
from ksys_app.ops.schema.watermark import Piece

INDICATORS: Final = "tech_ind_1m_mv"
INDICATORS_CALL: Final = "CALL public.refresh_tech_ind_1m_mv()"
# Attempts while a policy of the server refreshes the same range.
RETRIES: Final = 60
RETRY_S: Final = 1.0

# Arguments of refresh_continuous_aggregate.
RANGE: Final = "%s::regclass, %s::timestamptz, %s::timestamptz"
# Newer servers commit after every ten buckets by default, which takes twice the time.
ONE_BATCH: Final = "options => '{\"buckets_per_batch\": 0}'"
FORCE: Final = "force => true"

CHUNKS: Final = """
SELECT range_start, range_end
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist'
  AND range_end > '1990-01-01' AND range_start < '2100-01-01'
ORDER BY range_start
LIMIT 100000
"""
HAS_OLDER: Final = "SELECT EXISTS (SELECT FROM public.influx_hist WHERE ts < %s)"


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a refresh.

    Attributes:
        view: the aggregate, or ``tech_ind_1m_mv`` at the end.
        start, end: the range of the aggregate, UTC.
        done: number of refreshed slices of all aggregates.
        total: number of all slices.
    """

    view: str
    start: datetime
    end: datetime
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The refresh of one aggregate.

    Attributes:
        view: name of the aggregate.
        start, end: the requested range, UTC; the buckets wholly inside it were refreshed.
        seconds: duration.
    """

    view: str
    start: datetime
    end: datetime
    seconds: float


OnProgress = Callable[[Progress], None]
Plan = Sequence[tuple[str, Sequence[Piece]]]


async def refresh(
    dsn: str,
    zone: tzinfo,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    views: Collection[str] = watermark.ALL,
    on_progress: OnProgress | None = None,
) -> list[Refreshed]:
    """Refresh every aggregate over ``[start, end]``, as far as its line, and the indicators.

    Args:
        dsn: DSN of the aggregates' owner.
        zone: the display zone.
        start: start of the range, with a zone; by default the oldest raw sample.
        end: end of the range, with a zone; by default now. Buckets past the line are not stored.
        views: only these aggregates. The indicators are refreshed only together with all of them.
        on_progress: called before each aggregate and after each slice.

    Returns:
        The refreshed aggregates; none if the range is empty or before the oldest raw sample.

    Raises:
        BadParameter: ``end`` is before ``start``.
        DatabaseTimeout: another refresh of the same range did not end.
        DatabaseUnreachable: no server answers at ``dsn``.
    """
    if start is not None and end is not None and end < start:
        raise BadParameter(f"--to {end:%Y-%m-%d %H:%M} is before --from {start:%Y-%m-%d %H:%M}")
    async with owner(dsn) as conn:
        limits = await bounds(conn)
        if limits.oldest is None:
            return []
        first = max(start or limits.oldest, limits.floor)
        last = min(end or limits.now, limits.now)
        if last < first:
            return []
        wanted = {
            view: [complete_buckets(view, first, last, limits)]
            for view in upkeep.REFRESH
            if view in views
        }
        plan = await make_plan(conn, wanted, limits, zone)
        return await carry_out(conn, plan, limits, on_progress)


def complete_buckets(view: str, first: datetime, last: datetime, limits: Bounds) -> Span:
    """The range of all buckets after the floor that overlap ``[first, last]``."""
    start, end = bucket_start(view, first, limits.days), bucket_end(view, last, limits.days)
    return max(start, limits.floor), end


async def make_plan(
    conn: AsyncConnection, wanted: Mapping[str, Sequence[Span]], limits: Bounds, zone: tzinfo
) -> Plan:
    """Plan the calls that bring each aggregate up to date over its ranges, up to its line.

    Args:
        conn: a connection of the aggregates' owner.
        wanted: aggregate to its ranges, which are in order and do not touch.
        limits: the limits of a refresh; the database has raw samples.
        zone: the display zone.
    """
    marks = await watermark.marks(
        conn, {*wanted, *(finer for view in wanted for finer in FINER[view])}
    )
    found = watermark.reaches(marks, limits.now, zone)
    oldest = await _sources(conn, wanted, limits)
    chunks = await (await conn.execute(CHUNKS)).fetchall()
    plan = []
    for view, spans in wanted.items():
        pieces = watermark.pieces(view, spans, found[view], oldest[view], limits.days)
        # A finer aggregate has buckets that are older than all raw samples, so the chunks of the
        # samples do not show where it has buckets.
        plan.append((view, list(pieces if FINER[view] else watermark.joined(pieces, chunks))))
    return plan


async def _sources(
    conn: AsyncConnection, views: Iterable[str], limits: Bounds
) -> dict[str, datetime]:
    """Aggregate to the oldest time of its source, which is raw samples or a finer aggregate."""
    sources: dict[str, datetime] = {}
    for view in views:
        finer_times = [await watermark.oldest(conn, finer) for finer in FINER[view]]
        sources[view] = min(
            (time_ for time_ in (limits.oldest, *finer_times) if time_), default=limits.now
        )
    return sources


async def carry_out(
    conn: AsyncConnection,
    plan: Plan,
    limits: Bounds,
    on_progress: OnProgress | None = None,
) -> list[Refreshed]:
    """Refresh aggregates over their ranges, in the order of the plan, then the indicators.

    Raises:
        DatabaseTimeout: another refresh of the same range did not end.
    """
    steps = [step for step in plan if step[1]]
    # The indicators are refreshed only together with all aggregates.
    everything = len(plan) == len(watermark.ALL)
    total = sum(len(pieces) for _, pieces in steps) + everything
    done = 0
    results: list[Refreshed] = []

    def report(view: str, start: datetime, end: datetime) -> None:
        if on_progress is not None:
            on_progress(Progress(view, start, end, done, total))

    for view, pieces in steps:
        started = time.perf_counter()
        span = pieces[0].start, pieces[-1].end
        report(view, *span)
        # The server evaluates the finer level's watermark for each raw sample that it reads. With
        # an index it reads only the samples after the watermark. The planner prefers to read the
        # whole newest chunk, which takes ten times as long.
        await conn.execute("SET enable_seqscan = off" if FINER[view] else "RESET enable_seqscan")
        for piece in pieces:
            await call(conn, view, piece, limits.takes_options)
            done += 1
            report(view, *span)
        results.append(Refreshed(view, *span, time.perf_counter() - started))
    await conn.execute("RESET enable_seqscan")
    if not everything:
        return results
    started = time.perf_counter()
    span = limits.now - upkeep.INDICATORS_SPAN, limits.now
    report(INDICATORS, *span)
    await conn.execute(INDICATORS_CALL)
    done = total
    report(INDICATORS, *span)
    results.append(Refreshed(INDICATORS, *span, time.perf_counter() - started))
    return results


async def unfilled(dsn: str, zone: tzinfo) -> tuple[str, ...]:
    """The empty aggregates that have samples before their lines.

    Raises:
        DatabaseUnreachable: no server answers at ``dsn``.
    """
    async with owner(dsn) as conn:
        limits = await bounds(conn)
        found = watermark.reaches(await watermark.marks(conn), limits.now, zone)
        lines = {
            view: bucket_start(view, reach.line, limits.days)
            for view, reach in found.items()
            if reach.stored_to is None
        }
        if limits.oldest is None or not lines:
            return ()
        older = await (await conn.execute(HAS_OLDER, (max(lines.values()),))).fetchone()
        return tuple(lines) if older == (True,) else ()


async def call(conn: AsyncConnection, view: str, piece: Piece, takes_options: bool) -> None:
    """Refresh one range of an aggregate; wait while another refresh of the same range runs.

    Raises:
        DatabaseTimeout: the other refresh did not end.
    """
    arguments = [RANGE, *([FORCE] if piece.anew else []), *([ONE_BATCH] if takes_options else [])]
    statement = f"CALL refresh_continuous_aggregate({', '.join(arguments)})"
    for attempt in range(RETRIES):
        try:
            await conn.execute(statement, (f"public.{view}", piece.start, piece.end))
        except psycopg.errors.LockNotAvailable as error:
            if attempt == RETRIES - 1:
                raise DatabaseTimeout(
                    f"another refresh of {view} has not ended for {RETRIES} s; try again"
                ) from error
            await asyncio.sleep(RETRY_S)
        except psycopg.errors.InvalidParameterValue:
            # No bucket lies wholly inside the range.
            return
        else:
            return
