"""Replays a recorded file in place of the plant: at its own pace, with times shifted to now.

The shift moves the file's first sample to now. All times move by the same whole number of seconds,
so fractions and pauses stay. Each start begins with the first sample again, and adds a line to
``replay.jsonl`` in the data folder: the file, its first time, the shift in seconds, and the time of
the start. ``time in the file = ts - shift_seconds``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from ksys_app import log
from ksys_app.domain.ingest import Unusable, unusable
from ksys_app.errors import ConfigError
from ksys_app.models.samples import NewSample
from ksys_app.ops.demo.plant.writer import Clock, utc_now, write_until_stopped
from ksys_app.ops.files import samplefile
from ksys_app.ops.files.textlines import BadLine
from ksys_app.store.samples import Existing, write_samples

RECORD: Final = "replay.jsonl"
BATCH_ROWS: Final = 5000
PACE_S: Final = 1.0
"""Seconds between two writes; each writes all samples that are due."""
PAUSE_S: Final = 60.0
"""Longer pauses in the file are logged."""
MAX_LOGGED_LINES: Final = 20
"""How many bad lines are logged one by one; further lines are only counted."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The shift of a file's times.

    Attributes:
        file: the file.
        first: time of its first sample.
        by: whole seconds that are added to each time.
    """

    file: Path
    first: datetime
    by: timedelta

    def __str__(self) -> str:
        """The sentence for the log."""
        return (
            f"replay: file time {self.first} of {self.file.name} is now "
            f"{self.first + self.by} (shift {self.by}, {self.seconds} s)"
        )

    @property
    def seconds(self) -> int:
        """The shift in seconds."""
        return int(self.by.total_seconds())


def check(path: Path) -> datetime:
    """The time of the file's first sample.

    Raises:
        ConfigError: the file cannot be read, or its first lines do not belong to a sample file.
    """
    with closing(samplefile.read(path)) as samples:
        first = next(samples, None)
    if first is None:
        raise ConfigError(f"{path} has no samples")
    if isinstance(first, BadLine):
        raise ConfigError(f"{path}:{first.line} {first.reason}")
    return first.ts


def shift_to(path: Path, now: datetime) -> Shift:
    """The shift that moves the file's first sample to ``now``. Raises as :func:`check`."""
    first = check(path)
    seconds = (now - first) // timedelta(seconds=1)
    return Shift(path, first, timedelta(seconds=seconds))


async def feed(
    dsn: str, path: Path, data_dir: Path, stop: asyncio.Event, clock: Clock = utc_now
) -> None:
    """Write the file's samples as they become due, until its end or until ``stop`` is set.

    While the database is away, the replay retries after 1, 2, 4, then 8 s, and no sample is lost.
    Lines without a sample are logged and skipped.

    Args:
        dsn: a role that may write ``influx_hist``.
        path: the file.
        data_dir: the folder in which the shift is recorded.
        stop: set it to end the replay.
        clock: returns the current time.

    Raises:
        ConfigError: the file cannot be read, or its first lines do not belong to a sample file.
    """
    now = clock()
    shift = shift_to(path, now)
    log.logger.info("%s", shift)
    _record_shift(data_dir, shift, now)
    replay = _Replay(shift, clock)
    await write_until_stopped(dsn, replay.step, stop, "replay")
    log.line(
        "replay_end",
        {
            "file": path.name,
            "rows": replay.rows,
            "bad_lines": replay.bad,
            "finished": replay.finished,
        },
    )


def _record_shift(data_dir: Path, shift: Shift, now: datetime) -> None:
    line = {
        "file": str(shift.file.resolve()),
        "first": shift.first.isoformat(),
        "shift_seconds": shift.seconds,
        "started": now.isoformat(timespec="seconds"),
    }
    with (data_dir / RECORD).open("a", encoding="utf-8") as record:
        record.write(json.dumps(line) + "\n")


class _Replay:
    """The position in the file, and the due samples that are not written yet."""

    def __init__(self, shift: Shift, clock: Clock) -> None:
        self.rows = self.bad = 0
        self.finished = False
        self._shift, self._clock = shift, clock
        self._source = self._good_samples()
        self._next = next(self._source, None)
        self._due: list[NewSample] = []
        self._logged_pause: datetime | None = None

    async def step(self, conn: AsyncConnection) -> float | None:
        now = self._clock()
        while self._next is not None and len(self._due) < BATCH_ROWS:
            if self._next.ts + self._shift.by > now:
                break
            self._due.append(self._next)
            self._next = next(self._source, None)
        if self._due:
            await self._write(conn)
            self.rows += len(self._due)
            self._due = []
        if self._next is None:
            self.finished = True
            return None
        return self._pause(self._next.ts + self._shift.by, now)

    def _pause(self, upcoming: datetime, now: datetime) -> float:
        """Seconds until the next step; 0 while there is a backlog."""
        wait = (upcoming - now).total_seconds()
        if wait > PAUSE_S and upcoming != self._logged_pause:
            self._logged_pause = upcoming
            log.line("replay_pause", {"seconds": round(wait), "until": upcoming.isoformat()})
        return PACE_S if wait > 0 else 0.0

    async def _write(self, conn: AsyncConnection) -> None:
        shifted = [sample._replace(ts=sample.ts + self._shift.by) for sample in self._due]
        await write_samples(conn, shifted, Existing.KEEP)

    def _good_samples(self) -> Iterator[NewSample]:
        """The samples of the file. They end where the file is damaged, which is logged."""
        try:
            with samplefile.opened(self._shift.file) as file:
                for line in file:
                    reason = None if isinstance(line, BadLine) else self._unusable(line)
                    if isinstance(line, BadLine):
                        self._log_bad_line(line)
                    elif reason is not None:
                        self._log_bad_line(file.unusable(reason))
                    else:
                        yield line
        except ConfigError as error:
            log.line("replay_broken", {"error": error.message}, logging.ERROR)

    def _unusable(self, sample: NewSample) -> Unusable | None:
        """Why a sample is not usable at its shifted time, which is written; None if it is."""
        try:
            ts = sample.ts + self._shift.by
        except OverflowError:
            return Unusable.AHEAD
        return unusable(ts, sample.value, latest=ts)

    def _log_bad_line(self, bad: BadLine) -> None:
        self.bad += 1
        if self.bad <= MAX_LOGGED_LINES:
            fields = {"line": bad.line, "reason": bad.reason}
            log.line("replay_bad_line", fields, logging.WARNING)
