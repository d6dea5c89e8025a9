"""The plant's history: 400 days, with fewer samples in older times, and the time since a stop.

========================  ===========  ==================================================
age                       one a tag    seen in
========================  ===========  ==================================================
the newest 30 days        15 s         the windows up to 30d, features, the whole of comm
up to 90 days             10 min       3m, in hours
up to 400 days            1 h          6m and 12m, in days
========================  ===========  ==================================================

The bounds are midnights in Seoul, so that no bucket has two densities. A thinned sample is a sample
of the signal, not a mean, and ``meta`` marks it: ``{"thinned_s": 600}``. The first sample of a tag,
from which ``/comm`` counts messages, is the first one that is not thinned. The aggregates are
refreshed from these rows. The database's own jobs run before and after: the aggregates are stored
when the first page is opened, old chunks are compressed, and raw rows older than 365 days are
dropped; their hours and days stay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from psycopg import AsyncConnection

from ksys_app.ops.demo.plant import store
from ksys_app.ops.demo.plant.signals import DAY, LOCAL_MONDAY, PERIOD_S, TAGS
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.jobs import jobs
from ksys_app.ops.owner import owner
from ksys_app.ops.schema import refresh

BLOCK_TICKS: Final = 2880
"""Ticks in one statement: enough to be fast, few enough that other statements need not wait."""


@dataclass(frozen=True, slots=True)
class Density:
    """Samples up to the age ``age`` are ``step`` seconds apart."""

    age: timedelta
    step: int


THINNING: Final[tuple[Density, ...]] = (
    Density(timedelta(days=400), 3600),
    Density(timedelta(days=90), 600),
    Density(timedelta(days=29), PERIOD_S),
)


@dataclass(frozen=True, slots=True)
class Span:
    """Ticks from ``start`` (epoch seconds, the first tick) to before ``end``."""

    start: int
    end: int
    step: int

    @property
    def ticks(self) -> int:
        """The number of ticks."""
        return max(0, -(-(self.end - self.start) // self.step))

    def blocks(self) -> Iterator[Span]:
        """The same ticks, ``BLOCK_TICKS`` at a time."""
        width = BLOCK_TICKS * self.step
        for start in range(self.start, self.end, width):
            yield Span(start, min(start + width, self.end), self.step)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of :func:`load`: written rows, their time range, and the duration in seconds."""

    rows: int
    start: datetime
    end: datetime
    seconds: float


OnProgress = Callable[[str, int, int], None]
"""Called with the stage (``samples``, ``policies``, ``aggregates``), the amount done, the total."""


def midnight(t: int) -> int:
    """The last midnight in Seoul at or before ``t``, epoch seconds."""
    return t - (t - LOCAL_MONDAY) % DAY


def spans(
    newest: datetime | None, now: datetime, thinning: Sequence[Density] = THINNING
) -> list[Span]:
    """The missing ticks up to ``now``, oldest first.

    Args:
        newest: time of the newest sample; None for an empty history.
        now: the latest time of a sample.
        thinning: the densities, from the oldest to the newest.
    """
    last = store.epoch(now)
    bounds = [midnight(last - int(density.age.total_seconds())) for density in thinning]
    after = bounds[0] if newest is None else store.epoch(newest) + 1
    found = []
    for (start, end), density in zip(pairwise([*bounds, last + 1]), thinning, strict=True):
        first = -(-max(start, after) // density.step) * density.step
        if first < end:
            found.append(Span(first, end, density.step))
    return found


async def load(
    dsn: str,
    zone: tzinfo,
    plant: Plant,
    now: datetime,
    *,
    thinning: Sequence[Density] = THINNING,
    on_progress: OnProgress | None = None,
) -> Loaded | None:
    """Write the missing samples up to ``now`` and refresh every aggregate over them.

    A second call, also after an interrupted one, leads to the same rows, because it begins after
    the newest sample in the database.

    Args:
        dsn: the owner's DSN.
        zone: the display zone.
        plant: the source of the samples.
        now: the latest time of a sample.
        thinning: the densities by age.
        on_progress: called after each statement.

    Returns:
        The result; None if nothing was missing.

    Raises:
        DatabaseUnreachable: no server answers.
    """
    started = time.perf_counter()
    report = on_progress or _silent
    async with owner(dsn) as conn:
        newest = await store.newest(conn)
        missing = spans(newest, now, thinning)
        if not missing:
            return None
        samples = _Meter("samples", len(TAGS) * sum(span.ticks for span in missing), report)
        rows = 0
        for span in missing:
            if span.step == PERIOD_S and span is not missing[0]:
                await store.begin_life(conn, span.start)
            rows += await _write(conn, plant, span, samples)
            if newest is None and span is missing[0]:
                # Samples older than the retention must be aggregated now; later they are deleted.
                await refresh.refresh(dsn, zone)
        if newest is None:
            # Without autovacuum the planner would have no statistics for the first refresh.
            await conn.execute("ANALYZE public.influx_hist")
        # If the policies store the buckets now, neither the refresh nor the first page reads the
        # raw samples again.
        report("policies", 0, 1)
        await jobs.run_procedures(conn, "policy_refresh_continuous_aggregate")
        report("policies", 1, 1)
        await refresh.refresh(
            dsn, zone, on_progress=lambda step: report("aggregates", step.done, step.total)
        )
        await jobs.run_procedures(conn, "policy_compression", "policy_retention")
    start, end = store.utc(missing[0].start), store.utc(missing[-1].end - 1)
    return Loaded(rows, start, end, time.perf_counter() - started)


class _Meter:
    """Counts the progress of a stage."""

    def __init__(self, stage: str, total: int, report: OnProgress) -> None:
        self._stage, self._total, self._report = stage, total, report
        self._done = 0
        self.add(0)

    def add(self, amount: int) -> None:
        self._done += amount
        self._report(self._stage, self._done, self._total)


async def _write(conn: AsyncConnection, plant: Plant, span: Span, meter: _Meter) -> int:
    """Write block after block, and compute the next block while the database writes one."""
    rows = 0
    values = _values(plant, None)
    for block, following in pairwise([None, *span.blocks(), None]):
        computing = asyncio.to_thread(_values, plant, following)
        if block is None:
            values = await computing
            continue
        writing = store.write_grid(
            conn, block.start, block.step, values, thinned=block.step > PERIOD_S, append=True
        )
        count, values = await asyncio.gather(writing, computing)
        rows += count
        meter.add(len(TAGS) * block.ticks)
    return rows


def _values(plant: Plant, block: Span | None) -> list[float | None]:
    if block is None:
        return []
    ticks = range(block.start, block.end, block.step)
    return [value for t in ticks for value in plant.tick(t)]


def _silent(stage: str, done: int, total: int) -> None:
    """Ignore the progress."""
