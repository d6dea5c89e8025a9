"""``ksys db backfill``: loads a file of any size and every aggregate, and can be repeated."""

from __future__ import annotations

import asyncio
import csv as csv_module
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.domain import upkeep
from ksys_app.driver import supervised
from ksys_app.errors import (
    ConfigError,
    DatabaseTimeout,
    DatabaseUnreachable,
    NoRows,
    SchemaDrift,
)
from ksys_app.ops.files.dialect import Reading
from ksys_app.ops.jobs import jobs
from ksys_app.ops.recovery import backfill, batches
from ksys_app.ops.recovery.backfill import BackfillResult, Listener, Source
from ksys_app.ops.schema import refresh
from ksys_app.ops.schema.refresh import Progress
from tests import silence
from tests.conftest import RO_PASSWORD, RW_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.dr.conftest import MakeFile, line, lines
from tests.plant import clock, insert
from tests.waiting import HANGS_S

KST = ZoneInfo(ZONE)
AHEAD_S = 60
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Recorder(Listener):
    """A listener that may stop the backfill after a number of batches or of refreshed slices."""

    def __init__(self, batches: int | None = None, slices: int | None = None) -> None:
        loads: list[int] = []
        steps: list[Progress] = []
        stop = asyncio.Event()

        def loaded(done: BackfillResult) -> None:
            loads.append(done.samples)
            if len(loads) == batches:
                stop.set()

        def refreshed(step: Progress) -> None:
            steps.append(step)
            if len(steps) == slices:
                stop.set()

        super().__init__(loaded, refreshed, stop)


async def fill(dsn: str, path: Path, listener: Listener | None = None) -> BackfillResult:
    reject = path.with_suffix(".rejected.csv")
    source = Source(path, reject, AHEAD_S)
    return await backfill.backfill(dsn, KST, source, listener or Recorder())


async def rows(conn: AsyncConnection, statement: str, *values: object) -> list[tuple[object, ...]]:
    return await (await conn.execute(statement, values)).fetchall()


async def stored_rows(conn: AsyncConnection, tag: str) -> list[tuple[object, ...]]:
    return await rows(
        conn, "SELECT ts, value FROM public.influx_hist WHERE tag_name = %s ORDER BY ts", tag
    )


async def counted(conn: AsyncConnection, tag: str, view: str = "influx_agg_1d") -> int:
    """The number of samples in the buckets of an aggregate."""
    (found,) = await rows(
        conn, f"SELECT coalesce(sum(n), 0)::bigint FROM public.{view} WHERE tag_name = %s", tag
    )
    return int(str(found[0]))


@pytest.fixture
async def fresh(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh()
    yield dsn
    await databases.drop(dsn)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of ten lines, so that small files have many."""
    monkeypatch.setattr(batches, "LINES", 10)


async def test_every_sample_of_a_file_is_in_the_table_and_in_every_aggregate(
    dsn: str, conn: AsyncConnection, csv: MakeFile
) -> None:
    now = await clock(conn)
    samples = [(now - 40 * DAY + n * 7 * MINUTE, "ALL", n / 7) for n in range(1000)]
    listener = Recorder()
    done = await fill(dsn, csv(lines(samples), "a.csv.gz"), listener)
    assert (done.samples, done.written, done.rejected, done.tags) == (1000, 1000, 0, {"ALL"})
    assert (done.first, done.last) == (samples[0][0], samples[-1][0])
    assert await stored_rows(conn, "ALL") == [(ts, value) for ts, _, value in samples]
    assert [item.view for item in done.refreshed] == [*upkeep.REFRESH, refresh.INDICATORS]
    for view in ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h", "influx_agg_1d"):
        assert await counted(conn, "ALL", view) == 1000, view
    assert await rows(
        conn, "SELECT value, ts, first_ts FROM public.tag_latest WHERE tag_name = 'ALL'"
    ) == [(samples[-1][2], samples[-1][0], samples[0][0])]


async def test_a_second_run_changes_nothing_and_a_corrected_file_changes_its_rows(
    dsn: str, conn: AsyncConnection, csv: MakeFile
) -> None:
    now = await clock(conn)
    samples = [(now - 10 * DAY + n * MINUTE, "TWICE", float(n)) for n in range(100)]
    path = csv(lines(samples))
    assert (await fill(dsn, path)).written == 100
    before = await rows(conn, "SELECT *, xmin FROM public.influx_hist WHERE tag_name = 'TWICE'")
    assert (await fill(dsn, path)).written == 0
    assert before == await rows(
        conn, "SELECT *, xmin FROM public.influx_hist WHERE tag_name = 'TWICE'"
    )
    samples[-1] = (samples[-1][0], "TWICE", -1.0)
    assert (await fill(dsn, csv(lines(samples)))).written == 1
    (latest,) = await rows(conn, "SELECT value, ts FROM public.tag_latest WHERE tag_name = 'TWICE'")
    assert latest == (-1.0, samples[-1][0])
    (low,) = await rows(conn, "SELECT min(min) FROM public.influx_agg_1d WHERE tag_name = 'TWICE'")
    assert low == (-1.0,)


async def test_of_two_lines_of_one_sample_the_last_one_counts(
    dsn: str, conn: AsyncConnection, csv: MakeFile
) -> None:
    ts = await clock(conn) - DAY
    done = await fill(dsn, csv([line(ts, "LAST", 1.0), line(ts, "LAST", 2.0)]))
    assert (done.samples, done.written) == (2, 1)
    assert await stored_rows(conn, "LAST") == [(ts, 2.0)]


async def test_quality_and_meta_are_loaded_and_stay_if_the_file_lacks_them(
    dsn: str, conn: AsyncConnection, csv: MakeFile
) -> None:
    ts = await clock(conn) - DAY
    meta = r'{""a\\b"": ""tab\t, quote \"" µ""}'
    await fill(
        dsn,
        csv([f'1.5,-3,"{meta}",META,{ts}', f"2.5,,,META,{ts - MINUTE}"],
            header="value,qc,meta,tag_name,ts"),
    )  # fmt: skip
    statement = "SELECT value, qc, meta FROM public.influx_hist WHERE tag_name = 'META' ORDER BY ts"
    full = (1.5, -3, {"a\\b": 'tab\t, quote " µ'})
    assert await rows(conn, statement) == [(2.5, 0, {}), full]
    await fill(dsn, csv([line(ts, "META", 9.0)]))
    assert await rows(conn, statement) == [(2.5, 0, {}), (9.0, *full[1:])]


async def test_bad_lines_go_to_the_reject_file_and_stop_nothing(
    dsn: str, conn: AsyncConnection, csv: MakeFile
) -> None:
    now = await clock(conn) - DAY
    good = [line(now + n * MINUTE, "GOOD", n / 2) for n in range(4)]
    ahead = now + DAY + timedelta(seconds=10 * AHEAD_S)
    content = [
        good[0], "2025-08-15T16:26:07,GOOD,1", good[1], f"{now},GOOD,NaN", f"{now},GOOD,-Infinity",
        good[2], f'{now},"GOOD,1', "x" * 3_000_000, line(ahead, "GOOD", 1.0), good[3],
        "0001-01-01T00:00:00Z,GOOD,4", "1970-01-01T00:00:00Z,GOOD,4", f"{now},GOOD,-2e200",
    ]  # fmt: skip
    path = csv(content)
    done = await fill(dsn, path)
    assert (done.samples, done.rejected, done.first) == (4, 9, now)
    assert [item.view for item in done.refreshed] == [*upkeep.REFRESH, refresh.INDICATORS]
    assert len(await stored_rows(conn, "GOOD")) == 4
    rejected = path.with_suffix(".rejected.csv")
    first, *rest = rejected.read_text().splitlines()
    assert first == "ts,tag_name,value"
    notes = [text for text in rest if text.startswith("# line ")]
    lines = [3, 5, 6, 8, 9, 10, 12, 13, 14]
    assert [int(note.split(":")[0].removeprefix("# line ")) for note in notes] == lines
    # The reject file has every rejected line, except one that is too long.
    assert [text for text in rest if text not in notes] == [
        content[number - 2] for number in lines if number != 9
    ]
    for note, reason in zip(
        notes,
        ["has no time zone", "'NaN' is not a finite number", "'-Infinity' is not a finite",
         "is not CSV", "is longer than 1,048,576 bytes",
         "further ahead of the database's clock than KSYS_MAX_AHEAD_S",
         "is before 1990-01-01", "is before 1990-01-01", "value: is beyond 1e+100"],
        strict=True,
    ):  # fmt: skip
        assert reason in note
    with pytest.raises(ConfigError, match="is the file itself"):
        await backfill.check(Source(rejected, rejected, AHEAD_S), Recorder())


@pytest.mark.parametrize(
    ("separator", "encoding"), [(",", "utf-8"), (";", "cp949"), ("\t", "utf-16")]
)
async def test_rejected_lines_are_corrected_in_the_reject_file_and_loaded(
    dsn: str, conn: AsyncConnection, tmp_path: Path, separator: str, encoding: str
) -> None:
    now = (await clock(conn)).replace(microsecond=0) - DAY
    tag = f"FIX {encoding}"
    meta = f'{{"note": "밸브{separator} 2번", "pad": "{"x" * 3000}"}}'.replace("\t", " ")
    cells = [
        ["ts", "tag_name", "value", "qc", "meta"],
        [now.isoformat(), tag, "1.5", "0", ""],
        ["yesterday", tag, "2.5", "16", meta],
        [(now + MINUTE).isoformat(), tag, "inf", "16", meta],
    ]
    path = tmp_path / "sent.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv_module.writer(file, delimiter=separator).writerows(cells)
    reading = Reading(encoding=encoding if encoding == "cp949" else None)
    source = Source(path, tmp_path / "sent.csv.rejected.csv", AHEAD_S, reading)
    done = await backfill.backfill(dsn, KST, source, Recorder())
    assert (done.samples, done.rejected) == (1, 2)

    mended = source.reject.read_text("utf-8").replace("yesterday", (now - MINUTE).isoformat())
    source.reject.write_text(mended.replace("inf", "3.5"), "utf-8")
    again = Source(source.reject, tmp_path / "again.rejected.csv", AHEAD_S)
    done = await backfill.backfill(dsn, KST, again, Recorder())
    assert (done.samples, done.rejected) == (2, 0)
    assert not again.reject.exists()
    cursor = await conn.execute(
        "SELECT value, qc, meta ->> 'note', length(meta ->> 'pad') FROM influx_hist"
        " WHERE tag_name = %s ORDER BY ts",
        (tag,),
    )
    note = f"밸브{separator} 2번".replace("\t", " ")
    assert await cursor.fetchall() == [
        (2.5, 16, note, 3000), (1.5, 0, None, None), (3.5, 16, note, 3000),
    ]  # fmt: skip


async def test_a_run_that_is_stopped_says_so_and_the_next_one_finishes(
    dsn: str, conn: AsyncConnection, csv: MakeFile, small: None
) -> None:
    now = await clock(conn)
    samples = [(now - 20 * DAY + n * MINUTE, "STOP", float(n)) for n in range(95)]
    path = csv(lines(samples))
    done = await fill(dsn, path, Recorder(batches=3))
    assert (done.stopped, done.refreshed) == (True, [])
    assert 0 < len(await stored_rows(conn, "STOP")) == done.written < 95
    done = await fill(dsn, path, Recorder(slices=2))
    assert (done.stopped, done.refreshed) == (True, [])
    done = await fill(dsn, path)
    assert (done.stopped, done.written) == (False, 0)
    assert await counted(conn, "STOP") == len(await stored_rows(conn, "STOP")) == 95


async def test_rows_are_added_to_compressed_chunks_and_correct_stored_rows(
    dsn: str, conn: AsyncConnection, csv: MakeFile
) -> None:
    start = await clock(conn) - 100 * DAY
    samples = [(start + n * MINUTE, "DEEP", float(n)) for n in range(500)]
    await insert(conn, samples)
    compressed = await rows(
        conn, "SELECT compress_chunk(c) FROM show_chunks('public.influx_hist',"
        " older_than => interval '60 days') AS c"
    )  # fmt: skip
    assert compressed
    wanted = [(ts, "DEEP", value + 0.5) for ts, _, value in samples]
    between = [(ts + MINUTE / 2, "DEEP", 1.0) for ts, _, _ in samples]
    done = await fill(dsn, csv(lines(wanted + between)))
    assert done.written == 1000
    assert await stored_rows(conn, "DEEP") == sorted((ts, v) for ts, _, v in wanted + between)
    assert await counted(conn, "DEEP") == 1000


async def test_samples_older_than_the_retention_stay_in_the_aggregates_when_it_drops_them(
    fresh: str, csv: MakeFile
) -> None:
    async with await connect(fresh) as conn:
        now = await clock(conn)
        old = [(now - 1500 * DAY + n * 30 * MINUTE, "OLD", float(n)) for n in range(300)]
        new = [(now - 2 * DAY + n * MINUTE, "OLD", float(n)) for n in range(100)]
        done = await fill(fresh, csv(lines(old + new)))
        assert (done.written, done.beyond_retention, done.skipped_days) == (400, 300, set())
        by_name = {job.name: job for job in await jobs.list_jobs(conn)}
        retention = by_name["retention influx_hist"]
        if retention.server_next is not None:
            assert retention.server_next > now + timedelta(hours=23), "it waits for a day"
        await conn.execute("CALL run_job(%s)", (retention.job_id,))
        assert len(await stored_rows(conn, "OLD")) == 100, "the retention job dropped the old ones"
        for view in ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h", "influx_agg_1d"):
            assert await counted(conn, "OLD", view) == 400, view

        # PRD decision 17: a few late samples do not replace the buckets of deleted samples.
        late = [(old[5][0] + timedelta(seconds=1), "OLD", 1.0)]
        done = await fill(fresh, csv(lines(late)))
        assert done.written == 1
        assert old[5][0].astimezone(UTC).date() in done.skipped_days
        assert await counted(conn, "OLD") == 400
        done = await fill(fresh, csv(lines(late)))
        assert done.skipped_days, "a second run does not replace them either"
        assert await counted(conn, "OLD") == 400

        # With all deleted samples back, the samples are more than the aggregates count.
        done = await fill(fresh, csv(lines(old + late)))
        assert (done.written, done.skipped_days) == (300, set())
        assert await counted(conn, "OLD") == 401


async def test_a_file_is_checked_without_a_database(csv: MakeFile) -> None:
    now = datetime.now(UTC)
    path = csv([line(now, "A", 1.0), "nonsense", line(now, "B", 2.0)])
    reject = path.with_suffix(".rejected.csv")
    done = await backfill.check(Source(path, reject, AHEAD_S), Recorder())
    assert (done.samples, done.written, done.rejected, done.tags) == (2, 0, 1, {"A", "B"})
    assert reject.read_text().splitlines()[1:] == [
        "# line 3: has 1 cells, the header 3", "nonsense"
    ]  # fmt: skip


async def test_a_file_without_a_sample_is_an_error_with_its_first_reason(
    dsn: str, csv: MakeFile
) -> None:
    with pytest.raises(NoRows, match="has no samples, only the names of its columns"):
        await fill(dsn, csv([]))
    with pytest.raises(NoRows, match=r"\(line 2: ts: '2025-08-15 16:26' has no time zone; .*\)"):
        await fill(dsn, csv(["2025-08-15 16:26,A,1"] * 3))


async def test_a_damaged_file_is_loaded_up_to_the_damage(
    dsn: str, conn: AsyncConnection, csv: MakeFile
) -> None:
    now = await clock(conn) - 10 * DAY
    samples = [(now + n * MINUTE, "CUT", math.sin(n)) for n in range(10_000)]
    path = csv(lines(samples), "cut.csv.gz")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(ConfigError, match=r"cut.csv.gz is damaged after line \d+: "):
        await fill(dsn, path)
    count = len(await stored_rows(conn, "CUT"))
    assert 0 < count < 10_000
    assert await counted(conn, "CUT") == count


async def test_a_file_in_the_place_of_the_reject_file_is_not_overwritten(
    dsn: str, csv: MakeFile
) -> None:
    path = csv([line(datetime.now(UTC), "A", 1.0), "bad"])
    with pytest.raises(ConfigError, match="is not a reject file; name another one with --reject"):
        await backfill.backfill(dsn, KST, Source(path, path, AHEAD_S), Recorder())
    nowhere = Source(path, path.parent / "no" / "x.csv", AHEAD_S)
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        await backfill.backfill(dsn, KST, nowhere, Recorder())


@pytest.mark.parametrize(("role", "password"), [("eco_ro", RO_PASSWORD), ("eco_rw", RW_PASSWORD)])
async def test_who_may_not_refresh_may_not_backfill(
    dsn: str, csv: MakeFile, role: str, password: str
) -> None:
    path = csv([line(datetime.now(UTC), "A", 1.0)])
    with pytest.raises(ConfigError, match="TS_ADMIN_DSN must name the owner"):
        await fill(TestDatabases.as_role(dsn, role, password), path)


async def test_a_database_without_the_schema_or_out_of_reach_is_reported(
    databases: TestDatabases, csv: MakeFile
) -> None:
    path = csv([line(datetime.now(UTC), "A", 1.0)])
    with pytest.raises(DatabaseUnreachable):
        await fill("postgresql://u@127.0.0.1:1/d", path)
    bare = await databases.fresh(schema=False)
    try:
        with pytest.raises(SchemaDrift, match="run ksys db init first"):
            await fill(bare, path)
    finally:
        await databases.drop(bare)


async def test_a_lost_database_is_reported_with_the_number_of_written_samples(
    databases: TestDatabases, csv: MakeFile, small: None
) -> None:
    now = datetime.now(UTC)
    path = csv(lines([(now - n * MINUTE, "AWAY", float(n)) for n in range(2000)]))
    dsn = await databases.fresh()
    leaving: list[asyncio.Task[None]] = []

    def loaded(done: BackfillResult) -> None:
        if not leaving:
            leaving.append(asyncio.create_task(databases.stop(dsn)))

    try:
        message = r"\d+ samples are written; run the same command again"
        with pytest.raises(DatabaseUnreachable, match=message):
            await fill(dsn, path, Listener(loaded, lambda step: None, asyncio.Event()))
        await leaving[0]
        await databases.start(dsn)
        await fill(dsn, path)
        async with await connect(dsn) as conn:
            assert len(await stored_rows(conn, "AWAY")) == 2000
    finally:
        await databases.drop(dsn)


async def test_a_silent_database_is_reported_with_the_number_of_written_samples(
    databases: TestDatabases, csv: MakeFile, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    path = csv(lines([(now - n * MINUTE, "MUTE", float(n)) for n in range(2000)]))
    dsn = await databases.fresh()
    monkeypatch.setattr(supervised, "CHECK_AFTER_S", 0.1)
    # The embedded database does not answer a check while it works, which takes long on a busy
    # machine.
    monkeypatch.setattr(supervised, "CHECK_S", HANGS_S)
    monkeypatch.setattr(supervised, "EMBEDDED", b"nobody reports this")
    try:
        async with silence.line(dsn) as cable, asyncio.timeout(HANGS_S):

            def loaded(done: BackfillResult) -> None:
                cable.cut()
                monkeypatch.setattr(supervised, "CHECK_S", 0.5)

            listener = Listener(loaded, lambda step: None, asyncio.Event())
            message = r"no sign of life.*; \d+ samples are written; run the same command again"
            with pytest.raises(DatabaseTimeout, match=message):
                await fill(cable.dsn, path, listener)
    finally:
        await databases.drop(dsn)
