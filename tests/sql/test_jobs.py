"""Jobs: who runs them, when a client runs them, and how commands show their results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.domain import upkeep
from ksys_app.domain.jobs import Job, judge
from ksys_app.errors import BadParameter
from ksys_app.ops.jobs import job_sentences
from ksys_app.ops.jobs.jobs import JobRun, has_workers, list_jobs, run_due, run_job, select_jobs
from ksys_app.ops.jobs.runner import Runner
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.waiting import HANGS_S

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
KST = ZoneInfo("Asia/Seoul")
MINUTE = timedelta(minutes=1)
JOB = Job(
    job_id=1000, proc_schema="_timescaledb_functions",
    proc_name="policy_refresh_continuous_aggregate", relation_schema="public",
    relation="influx_agg_1m", calls=[], runs=0, initial_start=None,
    every=MINUTE, scheduled=True, start_offset=None, end_offset=None, batch=None,
    compress_after=None, drop_after=None, running=False,
    server_started=None, server_succeeded=None, server_ok=None,
    server_next=None, server_error=None, known_since=NOW - timedelta(days=1),
    client_started=None, client_finished=None, client_error=None, now=NOW,
)  # fmt: skip


def served(ago: timedelta, ok: bool = True, error: str | None = None) -> Job:
    """A job that a worker of the server ran."""
    success = NOW - ago if ok else None
    return replace(
        JOB, server_started=NOW - ago, server_ok=ok, server_succeeded=success, server_error=error
    )


def by_client(job: Job, ago: timedelta, error: str | None = None) -> Job:
    """A job that a client ran."""
    started = NOW - ago
    return replace(job, client_started=started, client_finished=started, client_error=error)


@pytest.mark.parametrize(
    ("job", "workers", "due"),
    [
        (JOB, False, True),
        (by_client(JOB, timedelta(seconds=59)), False, False),
        (by_client(JOB, timedelta(seconds=60)), False, True),
        (replace(JOB, scheduled=False), False, False),
        (replace(JOB, running=True), False, False),
        (served(timedelta(seconds=90)), True, False),
        (served(timedelta(minutes=3)), True, True),
        (replace(JOB, known_since=NOW), True, False),
        (replace(JOB, known_since=NOW - timedelta(minutes=3)), True, True),
        (served(timedelta(seconds=5), ok=False), True, True),
        (by_client(served(timedelta(seconds=5), ok=False), timedelta(seconds=30)), True, False),
        (by_client(served(timedelta(seconds=5), ok=False), timedelta(seconds=60)), True, True),
    ],
    ids=[
        "never run, no workers", "client ran 59 s ago", "client ran 60 s ago", "switched off",
        "running now", "workers are a little late", "workers are very late", "new, workers",
        "workers never came", "workers fail", "workers fail, client ran",
        "workers fail, client ran a minute ago",
    ],
)  # fmt: skip
def test_a_job_is_due_for_a_client_only_where_the_server_does_not_do_it(
    job: Job, workers: bool, due: bool
) -> None:
    assert job.is_due(workers) is due


@pytest.mark.parametrize(
    ("job", "trouble"),
    [
        (served(timedelta(seconds=30)), None),
        (replace(JOB, known_since=NOW - timedelta(minutes=5)), None),
        (JOB, "has never run, and is known since 2026-08-13 21:00:00+09:00; run ksys db jobs"),
        (served(timedelta(minutes=13)), "has not run since 2026-08-14 20:47:00+09:00"),
        (served(timedelta(minutes=11)), None),
        (served(timedelta(0), ok=False, error="boom"), "failed at 2026-08-14 21:00:00+09:00: boom"),
        (by_client(served(timedelta(0), ok=False), timedelta(seconds=50)), None),
        (
            by_client(served(timedelta(0), ok=False, error="boom"), timedelta(minutes=3)),
            "failed at 2026-08-14 21:00:00+09:00: boom",
        ),
        (by_client(JOB, timedelta(0), "bang"), "failed at 2026-08-14 21:00:00+09:00: bang"),
        (by_client(served(timedelta(0)), MINUTE, "bang"), None),
        (replace(served(timedelta(0)), scheduled=False), "is switched off"),
        (replace(JOB, known_since=None), "is not recorded; run ksys db init"),
    ],
)
def test_the_problem_of_a_job_is_reported(job: Job, trouble: str | None) -> None:
    problem = job_sentences.problem(job, KST)
    if trouble is None:
        assert (job.state, problem) == ("ok", "")
    else:
        assert job.state != "ok"
        assert trouble in problem
        assert job_sentences.summary(job, KST) == problem


def test_all_jobs_are_judged_by_name_and_a_required_one_may_be_missing() -> None:
    fine = [replace(served(timedelta(0)), relation=view) for view in upkeep.REFRESH]
    fine[1] = replace(fine[1], scheduled=False)
    fine[2] = replace(fine[2], server_ok=False)
    double = replace(fine[0], job_id=1200, server_ok=False)
    theirs = replace(fine[0], job_id=1300, relation_schema="plant", server_ok=False)
    judged = judge([theirs, double, *fine])
    assert judged.last_success == NOW
    assert judged.named("off") == ("refresh features_5m",)
    assert judged.named("failing") == ("refresh influx_agg_10m",)
    assert (judged.unexpected, judged.others) == ([double], [theirs])
    assert set(judged.named("missing")) == set(upkeep.JOBS) - {job.name for job in fine}
    right = replace(double, **upkeep.EXPECTED["refresh influx_agg_1m"])
    assert judge([*fine, right]).unexpected == [fine[0]], "the one with our values is ours"
    assert judge([]).named("missing") == upkeep.JOBS


@pytest.mark.parametrize(
    ("view", "minutes"), [("influx_agg_1m", 14), ("influx_agg_1h", 136), ("influx_agg_1d", 2896)]
)
def test_how_far_an_aggregate_may_lag(view: str, minutes: int) -> None:
    assert upkeep.may_lag(view) == minutes * MINUTE


@pytest.fixture
async def quiet(conn: AsyncConnection) -> AsyncIterator[AsyncConnection]:
    """A database whose own jobs are off, so that a test has only its own jobs."""
    await conn.execute(
        "SELECT alter_job(job_id, scheduled => false)"
        " FROM timescaledb_information.jobs WHERE job_id >= 1000"
    )
    await conn.execute("CREATE TABLE IF NOT EXISTS public.witness (at timestamptz, note text)")
    await conn.execute("TRUNCATE public.witness, public.ksys_job_run")
    await conn.execute(
        "CREATE OR REPLACE PROCEDURE public.job_fine(job_id integer, config jsonb)"
        " LANGUAGE plpgsql AS $$BEGIN"
        " INSERT INTO public.witness VALUES (clock_timestamp(), config ->> 'note'); END$$"
    )
    await conn.execute(
        "CREATE OR REPLACE PROCEDURE public.job_broken(job_id integer, config jsonb)"
        " LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'the valve is stuck'; END$$"
    )
    yield conn
    await conn.execute(
        "SELECT delete_job(job_id) FROM timescaledb_information.jobs WHERE proc_name ~ '^job_'"
    )


async def add_job(conn: AsyncConnection, name: str, every: str = "1 hour") -> Job:
    """A job that the server's own workers, if any, would run tomorrow at the earliest."""
    cursor = await conn.execute(
        "SELECT add_job(%s::regproc, %s::interval, config => %s::jsonb,"
        " initial_start => now() + interval '1 day')",
        (f"public.job_{name}", every, f'{{"note": "{name}"}}'),
    )
    row = await cursor.fetchone()
    assert row is not None
    return next(job for job in await list_jobs(conn) if job.job_id == row[0])


async def find(conn: AsyncConnection, job: Job) -> Job:
    return next(found for found in await list_jobs(conn) if found.job_id == job.job_id)


async def notes(conn: AsyncConnection) -> list[str]:
    cursor = await conn.execute("SELECT note FROM public.witness ORDER BY at")
    return [row[0] for row in await cursor.fetchall()]


async def test_every_job_of_the_schema_is_listed_and_none_of_timescaledb_s(
    conn: AsyncConnection,
) -> None:
    assert {job.name for job in await list_jobs(conn)} >= {
        "refresh influx_agg_1m", "refresh influx_agg_10m", "refresh influx_agg_1h",
        "refresh influx_agg_1d", "refresh features_5m", "refresh comm_recv_1h",
        "compression influx_hist", "retention influx_hist", "refresh_tech_ind_1m_mv",
    }  # fmt: skip
    assert all(job.job_id >= 1000 for job in await list_jobs(conn))


async def test_a_run_is_recorded(quiet: AsyncConnection) -> None:
    job = await add_job(quiet, "fine")
    run = await run_job(quiet, job)
    assert run is not None
    assert run.error is None
    after = await find(quiet, job)
    assert after.client_ok is True
    assert after.last is not None
    assert after.last.by == "client"
    assert await notes(quiet) == ["fine"]


async def test_a_failed_run_is_recorded_with_its_reason(quiet: AsyncConnection) -> None:
    job = await add_job(quiet, "broken")
    run = await run_job(quiet, job)
    assert run is not None
    assert run.error == "the valve is stuck"
    after = await find(quiet, job)
    assert after.client_ok is False
    assert job_sentences.problem(after, KST).endswith("the valve is stuck")


async def test_a_job_that_another_client_has_claimed_is_not_run(quiet: AsyncConnection) -> None:
    job = await add_job(quiet, "fine")
    assert await run_job(quiet, job) is not None
    assert await run_job(quiet, job) is None
    assert await notes(quiet) == ["fine"]


async def test_without_workers_every_job_is_run_once_when_it_is_due(
    quiet: AsyncConnection,
) -> None:
    job = await add_job(quiet, "fine")
    broken = await add_job(quiet, "broken")
    if await has_workers(quiet):
        # The server's workers may run it first.
        assert await run_due(quiet) == []
        await quiet.execute(
            "INSERT INTO public.ksys_job_run (job_id, known_since)"
            " SELECT unnest(%s::integer[]), now() - interval '2 hours'",
            ([job.job_id, broken.job_id],),
        )
    runs = await run_due(quiet)
    assert [(run.job.job_id, run.error) for run in runs] == [
        (job.job_id, None),
        (broken.job_id, "the valve is stuck"),
    ]
    assert await run_due(quiet) == []
    assert await notes(quiet) == ["fine"]


async def test_a_job_that_is_not_due_runs_at_once_when_it_is_named(
    quiet: AsyncConnection, dsn: str
) -> None:
    owner = {"TS_ADMIN_DSN": dsn}
    job = await add_job(quiet, "fine")
    assert await run_job(quiet, job) is not None
    assert await run_due(quiet) == []
    for name in ("job_fine", str(job.job_id)):
        code, out, err = await ksys("db", "jobs", "--now", name, **owner)
        assert (code, err) == (0, "")
        assert out.startswith("ok    job_fine  ")
    assert await notes(quiet) == ["fine"] * 3
    await quiet.execute("SELECT alter_job(%s, scheduled => false)", (job.job_id,))
    assert (await ksys("db", "jobs", "--now", "job_fine", **owner))[0] == 0
    assert await notes(quiet) == ["fine"] * 4, "one that is switched off is run when it is named"
    assert (await ksys("db", "jobs", "--now", **owner))[:2] == (0, "")
    assert await notes(quiet) == ["fine"] * 4, "and only then"


async def test_all_jobs_run_at_once_and_the_exit_code_says_how_it_went(
    quiet: AsyncConnection, dsn: str
) -> None:
    await add_job(quiet, "fine")
    await add_job(quiet, "broken")
    code, out, err = await ksys("db", "jobs", "--now", TS_ADMIN_DSN=dsn)
    assert (code, err) == (1, "")
    fine, broken = out.splitlines()
    assert fine.startswith("ok    job_fine")
    assert broken == "FAIL  job_broken  the valve is stuck"
    assert await notes(quiet) == ["fine"]


@pytest.mark.parametrize("words", [["refresh", "influx_agg_1m"], ["refresh influx_agg_1m"]])
async def test_a_name_of_two_words_needs_no_quotes(
    quiet: AsyncConnection, dsn: str, words: list[str]
) -> None:
    code, out, _ = await ksys("db", "jobs", "--now", *words, TS_ADMIN_DSN=dsn)
    assert (code, out.count("\n")) == (0, 1)
    assert out.startswith("ok    refresh influx_agg_1m  ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--now", "refresh influx_agg_1mm"), "did you mean 'refresh influx_agg_1m'?"),
        (("--now", "99999"), "no job is called '99999'"),
        (("refresh influx_agg_1m",), "to run one job, add --now"),
        (("--now", "--run"), "--now runs jobs once"),
    ],
)
async def test_an_unknown_job_and_wrong_use_are_one_sentence(
    quiet: AsyncConnection, dsn: str, arguments: tuple[str, ...], says: str
) -> None:
    code, out, err = await ksys("db", "jobs", *arguments, TS_ADMIN_DSN=dsn)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1


def test_aggregates_are_refreshed_fine_to_coarse_without_jobs_that_are_off() -> None:
    views = ("influx_agg_1d", "influx_agg_1h", "influx_agg_1m")
    jobs = [replace(JOB, job_id=1000 + n, relation=view) for n, view in enumerate(views)]
    jobs.append(replace(JOB, proc_name="policy_retention", relation="influx_hist", scheduled=False))
    assert [job.relation for job in select_jobs(jobs, None)] == [*reversed(views)]
    with pytest.raises(BadParameter, match="the database has none"):
        select_jobs([], "refresh influx_agg_1m")


async def test_the_schema_s_own_jobs_run_from_a_client(databases: TestDatabases) -> None:
    dsn = await databases.fresh()
    try:
        async with await connect(dsn) as conn:
            await conn.execute(
                "INSERT INTO public.influx_hist (ts, tag_name, value)"
                " SELECT now() - n * interval '1 minute', 'RUN', n"
                " FROM generate_series(1, 300) AS n"
            )
            before = await transactions(conn)
            for job in await list_jobs(conn):
                run = await run_job(conn, job)
                assert run is not None
                assert run.error is None or "concurrent" in run.error, run.job.name
            # With the default of ten buckets a transaction the month takes thousands of them. On a
            # server, other databases have transactions too.
            if databases.kind == "embedded":
                assert await transactions(conn) - before < 1000
            cursor = await conn.execute("SELECT count(*) FROM public.tech_ind_1m_mv")
            assert await cursor.fetchone() == (300,)
            assert {job.state for job in await list_jobs(conn)} == {"ok"}
    finally:
        await databases.drop(dsn)


async def transactions(conn: AsyncConnection) -> int:
    """The number of transactions that have written so far, in all databases of the server."""
    row = await (await conn.execute("SELECT pg_current_xact_id()::text::bigint")).fetchone()
    assert row is not None
    return int(row[0])


async def test_the_runner_continues_after_a_failed_job_until_it_is_stopped(
    dsn: str, quiet: AsyncConnection
) -> None:
    broken = await add_job(quiet, "broken")
    fine = await add_job(quiet, "fine")
    await quiet.execute(
        "INSERT INTO public.ksys_job_run (job_id, known_since)"
        " SELECT unnest(%s::integer[]), now() - interval '1 day'",
        ([broken.job_id, fine.job_id],),
    )
    stop = asyncio.Event()
    names: list[str] = []

    def on_run(run: JobRun) -> None:
        names.append(run.job.name)
        if len(names) == 2:
            stop.set()

    runner = Runner(dsn, on_run=on_run)
    assert not runner.passed.is_set()
    await asyncio.wait_for(runner.watch(stop), HANGS_S)
    assert names == ["job_broken", "job_fine"]
    assert runner.failing == {"job_broken": "the valve is stuck"}
    assert runner.database.error is None


async def test_the_runner_outlives_a_database_that_is_away() -> None:
    stop = asyncio.Event()
    runner = Runner("postgresql://ksys@127.0.0.1:1/ksys")
    watching = asyncio.create_task(runner.watch(stop))
    await asyncio.wait_for(runner.passed.wait(), HANGS_S)
    stop.set()
    await asyncio.wait_for(watching, HANGS_S)
    assert "does not answer" in str(runner.database.error)
    assert not runner.database.worked.is_set()
