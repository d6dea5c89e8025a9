"""``ksys db backfill``: samples of a file into the database, then a refresh of what they touch.

A batch of lines is in memory at a time, and each is a transaction. Nothing is remembered between
runs: rows that are there already are left alone and the days of all rows are refreshed, so that a
run that was broken off is mended by the same command (PRD §27.5).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from psycopg import AsyncConnection

from ksys_app.domain import upkeep
from ksys_app.errors import (
    ConfigError,
    DatabaseFault,
    DatabaseTimeout,
    DatabaseUnreachable,
    KsysError,
    NoRows,
)
from ksys_app.models.samples import NewSample
from ksys_app.ops.files import samplefile
from ksys_app.ops.files.dialect import PLAIN, Reading
from ksys_app.ops.files.rejects import Rejects
from ksys_app.ops.files.samplefile import SampleFile
from ksys_app.ops.owner import owner
from ksys_app.ops.recovery.batches import Batch, Batches
from ksys_app.ops.recovery.sample_writer import SampleWriter
from ksys_app.ops.schema import refresh, refresh_ranges
from ksys_app.ops.schema.bounds import bounds

Write = Callable[[Sequence[NewSample]], Awaitable[int]]


@dataclass(slots=True)
class Filled:
    """How far a backfill is.

    Attributes:
        lines: lines read, the first one with them.
        samples: good lines.
        written: rows that were new or changed something.
        rejected: lines in the reject file.
        position: bytes of the file read, as stored.
        size: all of them, None where that is not known.
        first, last: oldest and newest sample.
        days: days of UTC with samples.
        tags: names met.
        old: samples older than the retention of raw samples.
        gone: days left alone: the aggregates know more of them than the raw samples do.
        refreshed: the aggregates, once refreshed.
        stopped: whether it was told to stop before the end.
        seconds: how long it took.
    """

    lines: int = 0
    samples: int = 0
    written: int = 0
    rejected: int = 0
    position: int = 0
    size: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    days: set[date] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    old: int = 0
    gone: set[date] = field(default_factory=set)
    refreshed: list[refresh.Refreshed] = field(default_factory=list)
    stopped: bool = False
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Samples a second."""
        return self.samples / self.seconds if self.seconds else 0.0

    def add(self, batch: Batch, written: int, floor: datetime) -> None:
        """Count a batch of which ``written`` rows were news; ``floor``: where retention ends."""
        self.samples += batch.count
        self.lines, self.position, self.rejected = batch.line, batch.position, batch.rejected
        self.written += written
        if not batch.samples:
            return
        times = [sample.ts for sample in batch.samples]
        first, last = min(times), max(times)
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        self.days.update(ts.date() for ts in times)
        self.tags.update(sample.tag_name for sample in batch.samples)
        if first < floor:
            self.old += sum(ts < floor for ts in times)


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and how to take it.

    Attributes:
        path: ``ts,tag_name,value[,qc,meta]``, plain or gzip; None for standard input.
        reject: where lines go that are no usable samples.
        max_ahead_s: how far ahead of the database's clock a sample may be, seconds.
        reading: how to read it.
    """

    path: Path | None
    reject: Path
    max_ahead_s: int
    reading: Reading = PLAIN


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how far it is, and who may stop it.

    Attributes:
        on_load: told after each batch.
        on_refresh: told after each slice of the refresh.
        stop: set to end it after the batch in hand.
    """

    on_load: Callable[[Filled], None]
    on_refresh: refresh.OnProgress
    stop: asyncio.Event


async def check(source: Source, listener: Listener) -> Filled:
    """Read a file as :func:`backfill` does, by this machine's clock, and write no sample.

    Raises:
        ConfigError: the file cannot be read, or its first line does not name the columns.
        NoRows: not one line is a sample.
    """
    now = datetime.now(UTC)
    done = Filled()
    with _opened(source, listener) as (file, rejects):
        batches = Batches(file, rejects, _latest(now, source.max_ahead_s))
        done.size = file.size
        failure = await _load(batches, _nowhere, done, listener, now - upkeep.RETENTION)
    _judge(done, failure, file, rejects)
    return done


async def backfill(dsn: str, zone: tzinfo, source: Source, listener: Listener) -> Filled:
    """Upsert the samples of a file and refresh every aggregate over their days.

    Args:
        dsn: DSN of the database's owner.
        zone: the display zone.
        source: the file.
        listener: told how far it is. Stopped, it leaves the rest to the next run.

    Raises:
        ConfigError: the file cannot be read to its end, its first line does not name the columns,
            or the role is not the owner. What was read before is kept and refreshed.
        NoRows: not one line is a sample.
        SchemaDrift: the schema is not there.
        DatabaseUnreachable: nothing answers at ``dsn``, or it went away.
        DatabaseTimeout: it gives no sign of life any more.
    """
    done = Filled()
    with _opened(source, listener) as (file, rejects):
        done.size = file.size
        try:
            async with owner(dsn) as conn:
                writer = SampleWriter(conn, file.columns)
                limits = await writer.prepare()
                batches = Batches(file, rejects, _latest(limits.now, source.max_ahead_s))
                failure = await _load(batches, writer.write, done, listener, limits.floor)
                if done.days and not done.stopped:
                    await _refresh(conn, zone, done, listener)
        except (DatabaseUnreachable, DatabaseTimeout, DatabaseFault) as error:
            if not done.samples:
                raise
            raise type(error)(
                f"{error.message}; {done.samples:,} samples are in, run the same command again"
            ) from error
    _judge(done, failure, file, rejects)
    return done


@contextmanager
def _opened(source: Source, listener: Listener) -> Iterator[tuple[SampleFile, Rejects]]:
    stopped = listener.stop.is_set
    with (
        samplefile.opened(source.path, source.reading, stopped) as file,
        Rejects(source.reject, file.first, marked=file.encoding != "utf-8") as rejects,
    ):
        if source.path is not None and source.path.absolute() == source.reject.absolute():
            raise ConfigError(f"{source.path} is the file itself; name another one with --reject")
        yield file, rejects


def _latest(now: datetime, max_ahead_s: int) -> Callable[[], datetime]:
    """The last usable time, by a clock that is ``now`` now and goes on."""
    latest, started = now + timedelta(seconds=max_ahead_s), time.monotonic()
    return lambda: latest + timedelta(seconds=time.monotonic() - started)


async def _load(
    batches: Batches, write: Write, done: Filled, listener: Listener, floor: datetime
) -> KsysError | None:
    """Write batch after batch, reading the next one meanwhile; what ended it before its time."""
    started = time.perf_counter()
    batch: Batch | None = await asyncio.to_thread(batches.take)
    while batch is not None and not listener.stop.is_set():
        following: Batch | None = None
        if batch.ended:
            written = await write(batch.samples)
        else:
            written, following = await asyncio.gather(
                write(batch.samples), asyncio.to_thread(batches.take)
            )
        done.add(batch, written, floor)
        done.seconds = time.perf_counter() - started
        listener.on_load(done)
        if batch.ended:
            return batch.failure
        batch = following
    done.stopped = True
    return None


async def _nowhere(samples: Sequence[NewSample]) -> int:
    return 0


async def _refresh(conn: AsyncConnection, zone: tzinfo, done: Filled, listener: Listener) -> None:
    limits = await bounds(conn)
    done.gone = await refresh_ranges.incomplete(conn, done.days, limits.floor)
    ranges = refresh_ranges.windows(done.days, done.gone, limits.now)
    wanted = dict.fromkeys(upkeep.REFRESH, ranges)
    plan = await refresh.make_plan(conn, wanted, limits, zone)

    def told(progress: refresh.Progress) -> None:
        listener.on_refresh(progress)
        if listener.stop.is_set():
            raise _Stopped

    try:
        done.refreshed = await refresh.carry_out(conn, plan, limits, told)
    except _Stopped:
        done.stopped = True


class _Stopped(Exception):
    """It was told to stop between two slices."""


def _judge(done: Filled, failure: KsysError | None, file: SampleFile, rejects: Rejects) -> None:
    """Raise what ended the file before its end, or that there was nothing in it."""
    if failure is not None:
        raise failure
    if done.samples or done.stopped:
        return
    if rejects.first is None:
        raise NoRows(f"{file.name} has no samples, only the names of its columns")
    bad = rejects.first
    raise NoRows(
        f"not one line of {file.name} is a sample (line {bad.line}: {bad.reason}); "
        f"all of them are in {rejects.path}"
    )
