"""``ksys db backfill``: writes the samples of a file, then refreshes the aggregates of their days.

The command reads and writes one batch of lines at a time, each in one transaction. It stores no
state between runs: an equal row is not written again, and the days of all rows are refreshed. So
the same command completes a run that was interrupted (PRD §27.5).
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
class BackfillResult:
    """The progress and the result of a backfill.

    Attributes:
        lines: number of lines read, including the header.
        samples: number of valid lines.
        written: number of new and changed rows.
        rejected: number of lines in the reject file.
        position: bytes read of the file as it is stored.
        size: bytes of the file, None if unknown.
        first, last: times of the oldest and the newest sample.
        days: days of UTC with samples.
        tags: names of the tags.
        beyond_retention: number of samples older than the retention of raw samples.
        skipped_days: days that are not refreshed, because some of their raw samples are deleted.
        refreshed: the refreshed aggregates.
        stopped: whether the run was stopped before the end of the file.
        seconds: duration.
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
    beyond_retention: int = 0
    skipped_days: set[date] = field(default_factory=set)
    refreshed: list[refresh.Refreshed] = field(default_factory=list)
    stopped: bool = False
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Samples a second."""
        return self.samples / self.seconds if self.seconds else 0.0

    def add(self, batch: Batch, written: int, floor: datetime) -> None:
        """Count a batch with ``written`` new or changed rows; ``floor`` starts the retention."""
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
            self.beyond_retention += sum(ts < floor for ts in times)


@dataclass(frozen=True, slots=True)
class Source:
    """A file of samples, and how to read it.

    Attributes:
        path: file with ``ts,tag_name,value[,qc,meta]``, plain or gzip; None for standard input.
        reject: file for lines that are not usable samples.
        max_ahead_s: how far ahead of the database's clock a sample may be, seconds.
        reading: options for the format of the text.
    """

    path: Path | None
    reject: Path
    max_ahead_s: int
    reading: Reading = PLAIN


@dataclass(frozen=True, slots=True)
class Listener:
    """Callbacks for the progress, and the event that stops a run.

    Attributes:
        on_load: called after each batch.
        on_refresh: called after each slice of the refresh.
        stop: set it to stop after the current batch.
    """

    on_load: Callable[[BackfillResult], None]
    on_refresh: refresh.OnProgress
    stop: asyncio.Event


async def check(source: Source, listener: Listener) -> BackfillResult:
    """Read a file as :func:`backfill` does, with this machine's clock, without writing samples.

    Raises:
        ConfigError: the file cannot be read, or its first line does not name the columns.
        NoRows: no line is a sample.
    """
    now = datetime.now(UTC)
    done = BackfillResult()
    with _opened(source, listener) as (file, rejects):
        batches = Batches(file, rejects, _latest(now, source.max_ahead_s))
        done.size = file.size
        failure = await _load(batches, _nowhere, done, listener, now - upkeep.RETENTION)
    _judge(done, failure, file, rejects)
    return done


async def backfill(dsn: str, zone: tzinfo, source: Source, listener: Listener) -> BackfillResult:
    """Upsert the samples of a file and refresh every aggregate over their days.

    Args:
        dsn: DSN of the database's owner.
        zone: the display zone.
        source: the file.
        listener: callbacks for the progress. After a stop, the next run continues.

    Raises:
        ConfigError: the file cannot be read to its end, its first line does not name the columns,
            or the role is not the owner. Samples that were read before are written and refreshed.
        NoRows: no line is a sample.
        SchemaDrift: the schema does not exist.
        DatabaseUnreachable: no server answers at ``dsn``, or the connection was lost.
        DatabaseTimeout: the server no longer answers.
    """
    done = BackfillResult()
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
                f"{error.message}; {done.samples:,} samples are written; run the same command again"
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
    """A function that returns the latest usable time, by a clock that starts at ``now``."""
    latest, started = now + timedelta(seconds=max_ahead_s), time.monotonic()
    return lambda: latest + timedelta(seconds=time.monotonic() - started)


async def _load(
    batches: Batches, write: Write, done: BackfillResult, listener: Listener, floor: datetime
) -> KsysError | None:
    """Write each batch while the next one is read; return the error that ended the file, if any."""
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


async def _refresh(
    conn: AsyncConnection, zone: tzinfo, done: BackfillResult, listener: Listener
) -> None:
    limits = await bounds(conn)
    done.skipped_days = await refresh_ranges.incomplete(conn, done.days, limits.floor)
    ranges = refresh_ranges.windows(done.days, done.skipped_days, limits.now)
    wanted = dict.fromkeys(upkeep.REFRESH, ranges)
    plan = await refresh.make_plan(conn, wanted, limits, zone)

    def report(progress: refresh.Progress) -> None:
        listener.on_refresh(progress)
        if listener.stop.is_set():
            raise _Stopped

    try:
        done.refreshed = await refresh.carry_out(conn, plan, limits, report)
    except _Stopped:
        done.stopped = True


class _Stopped(Exception):
    """The run was stopped between two slices of the refresh."""


def _judge(
    done: BackfillResult, failure: KsysError | None, file: SampleFile, rejects: Rejects
) -> None:
    """Raise the error that ended the file early, or an error if no line was a sample."""
    if failure is not None:
        raise failure
    if done.samples or done.stopped:
        return
    if rejects.first is None:
        raise NoRows(f"{file.name} has no samples, only the names of its columns")
    bad = rejects.first
    raise NoRows(
        f"no line of {file.name} is a sample (line {bad.line}: {bad.reason}); "
        f"all lines are in {rejects.path}"
    )
