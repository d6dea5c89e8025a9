"""The plant's past: 400 days that thin with age, and what is missing since the last time.

========================  ===========  ==================================================
age                       one a tag    seen in
========================  ===========  ==================================================
the newest 30 days        15 s         the windows up to 30d, features, the whole of comm
up to 90 days             10 min       3m, in hours
up to 400 days            1 h          6m and 12m, in days
========================  ===========  ==================================================

Bounds are midnights in Seoul, so that no bucket is half thin. A thinned sample is one of the
signal's own samples, not a mean, and says so in ``meta``: ``{"thinned_s": 600}``. A tag's life, in
which every message counts, begins where its samples are no longer thinned. Nothing is written
into the aggregates: they are refreshed from these rows. The database's own jobs run before and
after: what is new is stored when the first page is opened, what is old is compressed, and the raw
rows past 365 days are dropped; their hours and days stay.
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
"""Ticks in one statement: large enough to be fast, small enough for others to get their turn."""


@dataclass(frozen=True, slots=True)
class Density:
    """Samples not older than ``age`` are ``step`` seconds apart."""

    age: timedelta
    step: int


THINNING: Final[tuple[Density, ...]] = (
    Density(timedelta(days=400), 3600),
    Density(timedelta(days=90), 600),
    Density(timedelta(days=29), PERIOD_S),
)


@dataclass(frozen=True, slots=True)
class Span:
    """Ticks from ``start`` (epoch seconds, a tick itself) up to, without, ``end``."""

    start: int
    end: int
    step: int

    @property
    def ticks(self) -> int:
        """How many ticks there are."""
        return max(0, -(-(self.end - self.start) // self.step))

    def blocks(self) -> Iterator[Span]:
        """The same ticks, ``BLOCK_TICKS`` at a time."""
        width = BLOCK_TICKS * self.step
        for start in range(self.start, self.end, width):
            yield Span(start, min(start + width, self.end), self.step)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What :func:`load` did: rows written, from when to when, and the seconds it took."""

    rows: int
    start: datetime
    end: datetime
    seconds: float


OnProgress = Callable[[str, int, int], None]
"""Told of the stage (``samples``, ``policies``, ``aggregates``), what is done of it, its whole."""


def midnight(t: int) -> int:
    """The last midnight in Seoul at or before ``t``, epoch seconds."""
    return t - (t - LOCAL_MONDAY) % DAY


def spans(
    newest: datetime | None, now: datetime, thinning: Sequence[Density] = THINNING
) -> list[Span]:
    """The ticks that are missing up to ``now``, oldest first.

    Args:
        newest: the newest sample there is; None for an empty history.
        now: the last moment that may be written.
        thinning: from the oldest density to the newest.
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
    """Write what is missing up to ``now`` and refresh every aggregate over it.

    Repeating it, or going on after it was broken off, leaves the same rows: it begins after the
    newest sample there is.

    Args:
        dsn: the owner's DSN.
        zone: the display zone.
        plant: whose samples.
        now: the last moment that may be written.
        thinning: how dense, by age.
        on_progress: told after each statement.

    Returns:
        What was done; None if nothing was missing.

    Raises:
        DatabaseUnreachable: nothing answers there.
    """
    started = time.perf_counter()
    tell = on_progress or _silent
    async with owner(dsn) as conn:
        newest = await store.newest(conn)
        missing = spans(newest, now, thinning)
        if not missing:
            return None
        samples = _Meter("samples", len(TAGS) * sum(span.ticks for span in missing), tell)
        rows = 0
        for span in missing:
            if span.step == PERIOD_S and span is not missing[0]:
                await store.begin_life(conn, span.start)
            rows += await _write(conn, plant, span, samples)
            if newest is None and span is missing[0]:
                # Of what is older than the retention nothing is stored later.
                await refresh.refresh(dsn, zone)
        if newest is None:
            # A server without autovacuum would plan the first refresh blindly.
            await conn.execute("ANALYZE public.influx_hist")
        # What the policies store need not be read from the raw samples again, neither by the
        # refresh nor by the first page.
        tell("policies", 0, 1)
        await _run(conn, "policy_refresh_continuous_aggregate")
        tell("policies", 1, 1)
        await refresh.refresh(
            dsn, zone, on_progress=lambda step: tell("aggregates", step.done, step.total)
        )
        await _run(conn, "policy_compression", "policy_retention")
    start, end = store.utc(missing[0].start), store.utc(missing[-1].end - 1)
    return Loaded(rows, start, end, time.perf_counter() - started)


class _Meter:
    """How much of a stage is done."""

    def __init__(self, stage: str, total: int, tell: OnProgress) -> None:
        self._stage, self._total, self._tell = stage, total, tell
        self._done = 0
        self.add(0)

    def add(self, amount: int) -> None:
        self._done += amount
        self._tell(self._stage, self._done, self._total)


async def _write(conn: AsyncConnection, plant: Plant, span: Span, meter: _Meter) -> int:
    """Write block after block; the next one is computed while the database takes the last."""
    rows = 0
    values = _values(plant, None)
    for block, following in pairwise([None, *span.blocks(), None]):
        computing = asyncio.to_thread(_values, plant, following)
        if block is None:
            values = await computing
            continue
        writing = store.put_grid(
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


async def _run(conn: AsyncConnection, *procedures: str) -> None:
    """Let the database's own jobs of these kinds do their work now."""
    found = [job for job in await jobs.list_jobs(conn) if job.proc_name in procedures]
    for job in jobs.in_order(found):
        await jobs.run_job(conn, job)


def _silent(stage: str, done: int, total: int) -> None:
    """No progress is shown."""
