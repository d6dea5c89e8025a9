"""No command hides late samples: queries read unstored buckets from raw rows (PRD §12.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import AsyncConnection

from ksys_app.domain import upkeep
from ksys_app.domain.buckets import DAY, FINER, bucket_end, bucket_start, midnight
from ksys_app.ops.jobs import jobs
from ksys_app.ops.recovery import backfill
from ksys_app.ops.recovery.backfill import Listener, Source
from ksys_app.ops.schema import refresh, watermark
from tests.conftest import ZONE, Plant
from tests.ksys import ksys
from tests.plant import clock, insert
from tests.waiting import until

KST = ZoneInfo(ZONE)
TAG = "LATE"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SUMS = "n, sum, min, max, first, last"
COLUMNS = dict.fromkeys(upkeep.REFRESH, SUMS) | {
    "features_5m": "n_5m, mean_5m * n_5m, min_5m, max_5m, NULL, NULL",
    "comm_recv_1h": "recv_msgs, NULL, NULL, NULL, NULL, NULL",
}
NEVER, FOREVER = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 9999))
Buckets = dict[datetime, tuple[float | None, ...]]


@pytest.fixture(scope="module")
async def quiet(plant_db: Plant) -> Plant:
    """A database whose policies run when a test says so."""
    await plant_db.conn.execute(
        "SELECT alter_job(job_id, scheduled => false)"
        " FROM timescaledb_information.jobs WHERE job_id >= 1000"
    )

    async def idle() -> bool:
        return not any(job.running for job in await jobs.list_jobs(plant_db.conn))

    await until(idle)
    return plant_db


async def emptied(conn: AsyncConnection) -> None:
    """Delete all samples and buckets, as in a new database."""
    for relation in ("influx_hist", *upkeep.REFRESH):
        await conn.execute(f"TRUNCATE public.{relation}")


@pytest.fixture(scope="module")
async def now(quiet: Plant) -> datetime:
    """One time for all examples, so that a failed example fails again."""
    return await clock(quiet.conn)


async def shown(conn: AsyncConnection, view: str) -> Buckets:
    cursor = await conn.execute(
        f"SELECT bucket, {COLUMNS[view]} FROM public.{view} WHERE tag_name = %s", (TAG,)
    )
    return {row[0].astimezone(UTC): row[1:] for row in await cursor.fetchall()}


def computed(samples: dict[datetime, float], view: str) -> Buckets:
    """The buckets of a view from the raw samples alone, by pandas."""
    frame = pd.Series(samples, dtype=float).sort_index()
    starts = pd.DatetimeIndex([bucket_start(view, ts, KST) for ts in frame.index])
    found: Buckets = {}
    for bucket, values in frame.groupby(starts):
        totals = (len(values), values.sum(), values.min(), values.max())
        edges: tuple[float | None, ...] = (values.iloc[0], values.iloc[-1])
        if view == "features_5m":
            edges = (None, None)
        if view == "comm_recv_1h":
            totals, edges = (len(values), None, None, None), (None, None)
        found[pd.Timestamp(bucket).to_pydatetime()] = (*totals, *edges)
    return found


def same(found: tuple[float | None, ...] | None, wanted: tuple[float | None, ...]) -> bool:
    return found is not None and all(
        (a is None) == (b is None) and (a is None or float(a) == pytest.approx(b, rel=1e-9))
        for a, b in zip(found, wanted, strict=True)
    )


@dataclass
class World:
    """A database and its expected buckets.

    Attributes:
        conn: the database.
        dsn: its owner's DSN.
        now: the moment that ages are counted from.
        folder: for files.
        samples: what was written.
        hidden: by view, buckets that may lack samples until a command or a policy covers them.
        policies: whether a policy has run.
    """

    conn: AsyncConnection
    dsn: str
    now: datetime
    folder: Path
    samples: dict[datetime, float] = field(default_factory=dict)
    hidden: dict[str, set[datetime]] = field(
        default_factory=lambda: {view: set() for view in upkeep.REFRESH}
    )
    policies: bool = False

    async def arrive(self, ages: Sequence[float], *, by: Callable[..., Awaitable[object]]) -> None:
        """Write samples with these ages in minutes, and record the buckets that hide them."""
        first = len(self.samples)
        rows = {self.now - age * MINUTE: float(first + n) for n, age in enumerate(ages)}
        stored = await self._stored()
        now = await clock(self.conn)
        yesterday = midnight(now.astimezone(KST).date() - DAY, KST)
        for view in upkeep.REFRESH:
            behind = max(stored[level] for level in (view, *FINER[view]))
            for ts in rows:
                if ts < behind:
                    self.hidden[view].add(bucket_start(view, ts, KST))
                    assert self.policies or ts < yesterday, f"{view} hides {ts} of {now}"
        self.samples |= rows
        await by([(ts, TAG, value) for ts, value in rows.items()])

    async def insert(self, ages: Sequence[float]) -> None:
        await self.arrive(ages, by=lambda rows: insert(self.conn, rows))

    async def refresh(self, begin: float | None, end: float | None) -> None:
        first, last = (None if age is None else self.now - age * DAY for age in (begin, end))
        await self._moved(refresh.refresh(self.dsn, KST, start=first, end=last))
        self._mended(first or self.now - 300 * DAY, last or self.now + DAY)

    async def backfill(self, ages: Sequence[float]) -> None:
        path = self.folder / "late.csv"

        async def load(rows: list[tuple[datetime, str, float]]) -> None:
            lines = "".join(f"{ts.isoformat()},{tag},{value!r}\n" for ts, tag, value in rows)
            path.write_text(f"ts,tag_name,value\n{lines}")
            source = Source(path, self.folder / "bad.csv", 60)
            listener = Listener(lambda done: None, lambda step: None, asyncio.Event())
            await self._moved(backfill.backfill(self.dsn, KST, source, listener))

        await self.arrive(ages, by=load)
        for age in ages:
            day = midnight((self.now - age * MINUTE).astimezone(UTC).date(), UTC)
            self._mended(day - DAY, day + 2 * DAY)

    async def init(self) -> None:
        if await refresh.unfilled(self.dsn, KST):
            await self.refresh(None, None)

    async def policy(self, view: str) -> None:
        """Run one policy. Buckets that it computes from a real-time level may be incomplete."""
        self.policies = True
        by_name = {job.name: job for job in await jobs.list_jobs(self.conn)}
        before = await self._stored()
        await self.conn.execute("CALL run_job(%s)", (by_name[f"refresh {view}"].job_id,))
        after = await self._stored()
        live = min((after[finer] for finer in FINER[view]), default=FOREVER)
        for coarse in (view, *(name for name in FINER if view in FINER[name])):
            self.hidden[coarse] |= {
                bucket_start(coarse, ts, KST)
                for ts in self.samples
                if max(before[view], live) <= ts < after[view]
            }

    async def _stored(self) -> dict[str, datetime]:
        return {mark.view: mark.stored_to or NEVER for mark in await watermark.marks(self.conn)}

    async def _moved(self, command: Awaitable[object]) -> None:
        """Run a command, and check that it moved no watermark past its line."""
        before = {mark.view: mark for mark in await watermark.marks(self.conn)}
        await command
        now = await clock(self.conn)
        for mark in await watermark.marks(self.conn):
            was = before[mark.view]
            line = watermark.line(now, KST, was.stored_to, was.end_offset)
            assert mark.stored_to is None or mark.stored_to <= line, mark

    def _mended(self, start: datetime, end: datetime) -> None:
        for view, buckets in self.hidden.items():
            self.hidden[view] = {
                at for at in buckets if at < start or bucket_end(view, at, KST) > end
            }

    async def check(self) -> None:
        """Check that every bucket that is not hidden equals the raw samples, at every level."""
        for view in upkeep.REFRESH:
            found, wanted = await shown(self.conn, view), computed(self.samples, view)
            for bucket in (found.keys() | wanted.keys()) - self.hidden[view]:
                assert bucket in wanted, (view, bucket)
                assert same(found.get(bucket), wanted[bucket]), (view, bucket, found.get(bucket))


AGES = st.one_of(
    st.floats(0.1, 60), st.floats(60, 26 * 60), st.floats(26 * 60, 4 * 1440),
    st.floats(4 * 1440, 24 * 1440),
)  # fmt: skip
ROWS = st.lists(AGES, min_size=1, max_size=12)
DAYS = st.none() | st.sampled_from([0.0, 0.02, 0.4, 1.0, 1.7, 3.0, 9.5, 24.0])
STEPS = st.one_of(
    st.tuples(st.just("insert"), ROWS),
    st.tuples(st.just("refresh"), st.tuples(DAYS, DAYS)),
    st.tuples(st.just("backfill"), ROWS),
    st.tuples(st.just("init"), st.none()),
    st.tuples(st.just("policy"), st.sampled_from(sorted(upkeep.REFRESH))),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=3, max_size=7))
async def test_after_every_step_the_aggregates_are_those_of_the_raw_samples(
    quiet: Plant, now: datetime, tmp_path: Path, steps: list[tuple[str, object]]
) -> None:
    await emptied(quiet.conn)
    world = World(quiet.conn, quiet.dsn, now, tmp_path)
    await world.insert([0.5, 90, 20 * 1440])
    for name, value in steps:
        if name == "refresh":
            begin, end = value  # type: ignore[misc]
            if begin is not None and end is not None and begin < end:
                begin, end = end, begin
            await world.refresh(begin, end)
        else:
            await getattr(world, name)(*([] if value is None else [value]))
        await world.check()


@pytest.mark.parametrize("command", ["refresh", "init", "backfill"])
async def test_late_samples_of_the_last_hour_today_and_yesterday_are_visible_after_a_command(
    quiet: Plant, tmp_path: Path, command: str
) -> None:
    """The first rows are two minutes apart; after the command, rows between them follow."""
    await emptied(quiet.conn)
    now = (await clock(quiet.conn)).replace(second=0, microsecond=0)
    begin = midnight(now.astimezone(KST).date() - 2 * DAY, KST)
    # A day may end while the command runs.
    lines = {begin + DAY}
    count = (now - begin) // (2 * MINUTE)
    even = [(begin + n * 2 * MINUTE, TAG, float(n)) for n in range(count)]
    arguments = ["db", command]
    if command == "backfill":
        path = tmp_path / "even.csv"
        path.write_text("ts,tag_name,value\n" + "".join(f"{t},{g},{v}\n" for t, g, v in even))
        arguments += [str(path), "--reject", str(tmp_path / "bad.csv")]
    else:
        await insert(quiet.conn, even)
    code, out, err = await ksys(*arguments, TS_ADMIN_DSN=quiet.dsn)
    assert code == 0, out + err
    stages = [line.partition(":")[0] for line in err.splitlines()]
    aggregates = [*upkeep.REFRESH, refresh.INDICATORS]
    wanted = {"backfill": ["samples", *aggregates], "refresh": aggregates, "init": []}
    assert stages == wanted[command]
    yesterday = midnight((await clock(quiet.conn)).astimezone(KST).date() - DAY, KST)
    lines.add(yesterday)
    for mark in await watermark.marks(quiet.conn):
        assert mark.stored_to is not None
        assert any(line - 2 * MINUTE < mark.stored_to <= line for line in lines), mark

    late = [(ts + MINUTE, tag, -value) for ts, tag, value in even if ts >= yesterday]
    await insert(quiet.conn, late)
    samples = {ts: value for ts, _, value in even + late}
    for view in upkeep.REFRESH:
        found, wanted = await shown(quiet.conn, view), computed(samples, view)
        assert found.keys() == wanted.keys(), view
        assert [at for at in wanted if not same(found[at], wanted[at])] == [], view


@pytest.mark.parametrize("last", [0, 30, 59])
async def test_late_samples_up_to_the_first_hour_of_a_day_reach_that_day(
    quiet: Plant, last: int
) -> None:
    """TimescaleDB does not log the change of a day if the changed range ends with that day."""
    await emptied(quiet.conn)
    now = (await clock(quiet.conn)).replace(second=0, microsecond=0)
    samples = {now - n * HOUR - MINUTE / 2: 1.0 for n in range(12 * 24)}
    await insert(quiet.conn, [(ts, TAG, value) for ts, value in samples.items()])
    await refresh.refresh(quiet.dsn, KST)
    begin = midnight(now.astimezone(KST).date() - 5 * DAY, KST)
    late = {begin + n * MINUTE: 2.0 for n in range(-20 if last else 0, last + 1)}
    await insert(quiet.conn, [(ts, TAG, value) for ts, value in late.items()])
    await refresh.refresh(quiet.dsn, KST)
    for view in upkeep.REFRESH:
        found, wanted = await shown(quiet.conn, view), computed(samples | late, view)
        assert [at for at in wanted if not same(found.get(at), wanted[at])] == [], view


async def test_init_looks_for_aggregates_to_fill_after_statistics_were_gathered(
    quiet: Plant,
) -> None:
    """With statistics the planner asks other hypertables for a watermark, which is an error."""
    await emptied(quiet.conn)
    now = await clock(quiet.conn)
    assert not await refresh.unfilled(quiet.dsn, KST), "no samples"
    await insert(quiet.conn, [(now - n * MINUTE, TAG, 1.0) for n in range(60)])
    assert not await refresh.unfilled(quiet.dsn, KST), "all of it stays real time"
    await insert(quiet.conn, [(now - 5 * DAY, TAG, 1.0)])
    await quiet.conn.execute("ANALYZE")
    code, out, err = await ksys("db", "init", TS_ADMIN_DSN=quiet.dsn)
    assert (code, "ok    fill" in out) == (0, True), err
    await quiet.conn.execute("ANALYZE")
    code, out, err = await ksys("db", "init", TS_ADMIN_DSN=quiet.dsn)
    assert (code, "ok    fill" in out) == (0, False), err
