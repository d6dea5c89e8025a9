"""A replay writes exactly the samples of a file, all shifted by the same time."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ksys_app.db import connect
from ksys_app.log import logger
from ksys_app.ops.demo.plant import replay
from tests.database import TestDatabases
from tests.waiting import HANGS_S, until

START = datetime(2020, 2, 8, 13, 30, 47, 250_000, tzinfo=UTC)
SPEED = 60
Sample = tuple[datetime, str, float, int, dict[str, object]]


def recorded() -> list[Sample]:
    """Two minutes of two tags with jitter and a pause, a qc code and a meta now and then."""
    rows: list[Sample] = []
    for second in [*range(50), *range(90, 120)]:
        at = START + timedelta(
            seconds=second, microseconds=second * 7919 % 900_000 if second else 0
        )
        rows.append((at, "D100", second / 7, 0, {}))
        rows.append(
            (at + timedelta(milliseconds=3), "D200", -1.5 * second, second % 3, {"s": second})
        )
    return rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = ["ts,tag_name,value,qc,meta"]
    for ts, tag, value, qc, meta in recorded():
        cell = json.dumps(meta).replace('"', '""')
        lines.append(f'{ts.isoformat()},{tag},{value!r},{qc},"{cell}"')
    lines.insert(5, "2020-02-08T13:30:48,D100,1,0,")
    lines.insert(9, "nonsense")
    lines[20:20] = [
        "2020-02-08T13:30:49Z,D100,2e200,0,",
        "0001-01-01T00:00:00Z,D100,1,0,",
        "9999-12-31T23:59:59Z,D100,1,0,",
    ]
    path = tmp_path / "run.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def cut_off(file: Path) -> Path:
    """The file as an interrupted download: all samples, then half a line."""
    plain = gzip.decompress(file.read_bytes())
    broken = file.with_name("broken.csv.gz")
    broken.write_bytes(gzip.compress(plain + b"\n" + b"x" * 300_000, compresslevel=0)[:-200_000])
    return broken


class Clock:
    """A clock that runs ``SPEED`` times as fast, and ends up at now: the file has two minutes.

    It starts when it is read for the first time.
    """

    def __init__(self) -> None:
        self.start = datetime.now(UTC) - timedelta(minutes=2)
        self._zero: float | None = None

    def __call__(self) -> datetime:
        now = time.monotonic()
        if self._zero is None:
            self._zero = now
        return self.start + timedelta(seconds=(now - self._zero) * SPEED)


@pytest.fixture
async def fresh(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh()
    yield dsn
    await databases.drop(dsn)


async def stored(dsn: str) -> list[Sample]:
    async with await connect(dsn) as conn:
        cursor = await conn.execute(
            "SELECT ts, tag_name, value, qc, meta FROM public.influx_hist ORDER BY ts, tag_name"
        )
        return await cursor.fetchall()


def shifted(by: timedelta) -> list[Sample]:
    return [(ts + by, tag, value, qc, meta) for ts, tag, value, qc, meta in recorded()]


async def test_the_stored_samples_are_those_of_the_file_shifted_by_the_recorded_seconds(
    fresh: str, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger.name)
    clock = Clock()
    await replay.feed(fresh, file, tmp_path, asyncio.Event(), clock)
    (line,) = (tmp_path / replay.RECORD).read_text().splitlines()
    note = json.loads(line)
    by = timedelta(seconds=note["shift_seconds"])
    assert timedelta(0) <= clock.start - (START + by) < timedelta(seconds=1)
    assert datetime.fromisoformat(note["first"]) == START
    assert note["file"] == str(file)
    assert await stored(fresh) == shifted(by)
    messages = "\n".join(record.getMessage() for record in caplog.records)
    assert f"replay: file time {START} of run.csv.gz is now {START + by}" in messages
    assert "replay_bad_line line=6 " in messages
    assert "replay_bad_line line=10 " in messages
    assert 'replay_bad_line line=21 reason="value: is beyond 1e+100, ' in messages
    assert 'replay_bad_line line=22 reason="ts: is before 1990-01-01"' in messages
    assert "replay_bad_line line=23 " in messages
    assert f"rows={len(recorded())} bad_lines=5 finished=true" in messages


async def test_no_sample_is_written_before_its_time(fresh: str, file: Path, tmp_path: Path) -> None:
    # A replay is shifted by whole seconds: a quarter of a second after its first sample.
    at = datetime.now(UTC).replace(microsecond=START.microsecond + 250_000)
    stop = asyncio.Event()
    task = asyncio.create_task(
        replay.feed(fresh, file, tmp_path, stop, lambda: at + timedelta(seconds=30))
    )

    async def something() -> bool:
        return bool(await stored(fresh))

    await until(something)
    stop.set()
    await task
    by = replay.shift_to(file, at + timedelta(seconds=30)).by
    due = [row for row in shifted(by) if row[0] <= at + timedelta(seconds=30)]
    assert await stored(fresh) == due
    assert len(due) == 2


async def test_nothing_is_lost_while_the_database_is_away(
    fresh: str,
    file: Path,
    tmp_path: Path,
    databases: TestDatabases,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await databases.stop(fresh)
    task = asyncio.create_task(replay.feed(fresh, file, tmp_path, asyncio.Event(), Clock()))

    async def lost() -> bool:
        return "replay_lost" in caplog.text

    await until(lost)
    assert not task.done()
    await databases.start(fresh)
    async with asyncio.timeout(HANGS_S):
        await task
    note = json.loads((tmp_path / replay.RECORD).read_text())
    assert await stored(fresh) == shifted(timedelta(seconds=note["shift_seconds"]))


async def test_a_damaged_file_ends_at_the_damage_which_is_logged(
    fresh: str, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = cut_off(file)
    await replay.feed(fresh, broken, tmp_path, asyncio.Event(), Clock())
    messages = [record.getMessage() for record in caplog.records]
    assert [line for line in messages if line.startswith("replay_broken")], messages
    assert len(await stored(fresh)) == len(recorded())
