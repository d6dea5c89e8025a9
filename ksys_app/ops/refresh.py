"""``ksys db refresh``: the aggregates over a range, fine to coarse, then the indicators.

No refresh reaches past the retention of raw samples: where those are gone it would erase what the
aggregates still hold (PRD decision 17).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.errors import BadParameter, DatabaseTimeout
from ksys_app.ops import expected
from ksys_app.ops.owner import owner

INDICATORS: Final = "tech_ind_1m_mv"
# A policy of the server that refreshes the same range is waited for.
RETRIES: Final = 60
RETRY_S: Final = 1.0


CALL: Final = "CALL refresh_continuous_aggregate(%s::regclass, %s::timestamptz, %s::timestamptz)"
# Newer servers would make a transaction of every ten buckets, at twice the time.
ONE_BATCH: Final = (
    "CALL refresh_continuous_aggregate(%s::regclass, %s::timestamptz, %s::timestamptz,"
    " options => '{\"buckets_per_batch\": 0}')"
)


# An aggregate made anew, over samples that were there before.
UNFILLED: Final = """
SELECT EXISTS (
         SELECT FROM timescaledb_information.chunks
         WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist')
   AND EXISTS (
         SELECT FROM timescaledb_information.continuous_aggregates AS a
         JOIN _timescaledb_catalog.hypertable AS h
           ON (h.schema_name, h.table_name)
            = (a.materialization_hypertable_schema, a.materialization_hypertable_name)
         WHERE a.view_schema = 'public'
           AND _timescaledb_functions.to_timestamp(_timescaledb_functions.cagg_watermark(h.id))
               <= 'epoch')
"""


class Grain(NamedTuple):
    """The bucket of an aggregate, and how much of it one call refreshes."""

    width: timedelta
    slice: timedelta


# Slices end at midnight UTC, the end of a bucket of every width but a day's: days are not sliced.
GRAINS: Final = {
    "influx_agg_1m": Grain(timedelta(minutes=1), timedelta(days=7)),
    "features_5m": Grain(timedelta(minutes=5), timedelta(days=7)),
    "influx_agg_10m": Grain(timedelta(minutes=10), timedelta(days=70)),
    "influx_agg_1h": Grain(timedelta(hours=1), timedelta(days=140)),
    "comm_recv_1h": Grain(timedelta(hours=1), timedelta(days=140)),
    "influx_agg_1d": Grain(timedelta(days=1), timedelta(days=10_000)),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a refresh is.

    Attributes:
        view: the aggregate, or ``tech_ind_1m_mv`` at the end.
        done: slices refreshed so far, of all aggregates.
        total: slices there are.
    """

    view: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """One aggregate, refreshed.

    Attributes:
        view: its name.
        start, end: the range asked of the database, UTC; buckets wholly inside are refreshed.
        seconds: how long it took.
    """

    view: str
    start: datetime
    end: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may be refreshed.

    Attributes:
        now: the database's clock; the bucket it is in stays live.
        floor: before this, raw samples may be gone.
        oldest: start of the oldest chunk of raw samples, None without any.
        takes_options: whether the server splits a refresh into small batches unless told not to.
    """

    now: datetime
    floor: datetime
    oldest: datetime | None
    takes_options: bool = False


OnProgress = Callable[[Progress], None]
Span = tuple[datetime, datetime]


async def refresh(
    dsn: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    on_progress: OnProgress | None = None,
) -> list[Refreshed]:
    """Refresh every aggregate over ``[start, end]`` and the indicators.

    Args:
        dsn: DSN of the aggregates' owner.
        start: from here, with zone; the oldest raw sample without one.
        end: to here, with zone; now without one. The running bucket is left to real time.
        on_progress: told after each slice.

    Returns:
        What was refreshed; nothing if the range lies before the oldest raw sample or is empty.

    Raises:
        BadParameter: ``end`` is before ``start``.
        DatabaseTimeout: another refresh of the same range did not end.
        DatabaseUnreachable: nothing answers at ``dsn``.
    """
    if start is not None and end is not None and end < start:
        raise BadParameter(f"--to {end:%Y-%m-%d %H:%M} is before --from {start:%Y-%m-%d %H:%M}")
    async with owner(dsn, client_min_messages="warning") as conn:
        limits = await bounds(conn)
        if limits.oldest is None:
            return []
        first = max(start or limits.oldest, limits.floor)
        last = min(end or limits.now, limits.now)
        if last < first:
            return []
        plan = [(view, list(slices(view, first, last, limits))) for view in expected.REFRESH]
        return await carry_out(conn, plan, limits, on_progress)


async def carry_out(
    conn: AsyncConnection,
    plan: Sequence[tuple[str, Sequence[Span]]],
    limits: Bounds,
    on_progress: OnProgress | None = None,
) -> list[Refreshed]:
    """Refresh aggregates over their ranges, in the order of the plan, then the indicators.

    Raises:
        DatabaseTimeout: another refresh of the same range did not end.
    """
    total = sum(len(spans) for _, spans in plan) + 1
    done = 0
    results: list[Refreshed] = []
    for view, spans in plan:
        started = time.perf_counter()
        for span in spans:
            await _call(conn, view, span, limits.takes_options)
            done += 1
            if on_progress is not None:
                on_progress(Progress(view, done, total))
        if spans:
            elapsed = time.perf_counter() - started
            results.append(Refreshed(view, spans[0][0], spans[-1][1], elapsed))
    started = time.perf_counter()
    await conn.execute("CALL public.refresh_tech_ind_1m_mv()")
    if on_progress is not None:
        on_progress(Progress(INDICATORS, total, total))
    elapsed = time.perf_counter() - started
    results.append(
        Refreshed(INDICATORS, limits.now - expected.INDICATORS_SPAN, limits.now, elapsed)
    )
    return results


async def unfilled(dsn: str) -> bool:
    """Whether an aggregate has never been refreshed although there are samples.

    Raises:
        DatabaseUnreachable: nothing answers at ``dsn``.
    """
    async with owner(dsn, client_min_messages="warning") as conn:
        return await (await conn.execute(UNFILLED)).fetchone() == (True,)


def slices(view: str, first: datetime, last: datetime, limits: Bounds) -> Iterator[Span]:
    """The ranges to ask for, so that every complete bucket with something of the range is in one.

    Args:
        view: an aggregate of :data:`GRAINS`.
        first: start of the range, not before the floor.
        last: end of the range, not after the clock.
        limits: what may be refreshed.
    """
    # The server refreshes buckets wholly inside: room for those at the edges, and for a long day.
    room = 3 * GRAINS[view].width
    yield from cut(view, (max(first - room, limits.floor), min(last + room, limits.now)))


def cut(view: str, span: Span) -> Iterator[Span]:
    """A range in pieces that one call refreshes, none too short to hold a bucket."""
    width, step = GRAINS[view]
    start, end = span
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    cuts = [start]
    while (midnight := midnight + step) < end - 3 * width:
        cuts.append(midnight)
    cuts.append(end)
    yield from pairwise(cuts)


async def bounds(conn: AsyncConnection) -> Bounds:
    """What may be refreshed on this database."""
    async with conn.cursor(row_factory=class_row(Bounds)) as cursor:
        await cursor.execute(
            """
            SELECT now() AS now,
                   now() - coalesce(
                     (SELECT min((j.config ->> 'drop_after')::interval)
                      FROM timescaledb_information.jobs AS j
                      WHERE j.proc_name = 'policy_retention' AND j.hypertable_schema = 'public'
                        AND j.hypertable_name = 'influx_hist'), %(retention)s) AS floor,
                   (SELECT min(c.range_start) FROM timescaledb_information.chunks AS c
                    WHERE c.hypertable_schema = 'public' AND c.hypertable_name = 'influx_hist'
                   ) AS oldest,
                   EXISTS (SELECT FROM pg_proc WHERE proname = 'refresh_continuous_aggregate'
                           AND 'options' = ANY(proargnames)) AS takes_options
            """,
            {"retention": expected.RETENTION},
        )
        found = await cursor.fetchone()
    assert found is not None, "a SELECT without FROM has one row"
    return found


async def _call(conn: AsyncConnection, view: str, span: Span, takes_options: bool) -> None:
    statement = ONE_BATCH if takes_options else CALL
    for attempt in range(RETRIES):
        try:
            await conn.execute(statement, (f"public.{view}", *span))
        except psycopg.errors.LockNotAvailable as error:
            if attempt == RETRIES - 1:
                raise DatabaseTimeout(
                    f"another refresh of {view} has not ended for {RETRIES} s; try again"
                ) from error
            await asyncio.sleep(RETRY_S)
        else:
            return
