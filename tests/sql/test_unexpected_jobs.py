"""Unexpected jobs: verify names them, --prune-policies removes them, other programs' jobs stay."""

from __future__ import annotations

import re

import pytest
from psycopg import AsyncConnection

from ksys_app.domain import upkeep
from ksys_app.domain.jobs import differences, judge
from ksys_app.ops.jobs.jobs import list_jobs, run_job
from ksys_app.ops.schema.schema import script
from ksys_app.queries.jobs import JOBS
from tests.conftest import ZONE
from tests.ksys import ksys

LATER = "initial_start => now() + interval '1 day'"
OURS = {
    "SELECT add_retention_policy('public.influx_agg_1h', interval '5 days')": (
        "policy retention influx_agg_1h",
        "drops what is older than 5 d from influx_agg_1h, every 1 d",
        "VERIFY_POLICY",
    ),
    f"SELECT add_job('public.refresh_tech_ind_1m_mv', interval '5 minutes', {LATER})": (
        "job refresh_tech_ind_1m_mv",
        "runs public.refresh_tech_ind_1m_mv once more, every 5 min, there since ",
        "VERIFY_JOB",
    ),
    f"SELECT add_job('plant.nightly', interval '1 hour', {LATER})": (
        "job plant.nightly",
        "runs plant.nightly, which calls settle_tags, every 1 h",
        "VERIFY_JOB",
    ),
}
# Tables and procedures of other people, with values that our jobs never have.
OTHERS = f"""
CREATE SCHEMA plant;
CREATE TABLE plant.influx_agg_1h (at bigint NOT NULL, v float8);
SELECT create_hypertable('plant.influx_agg_1h', by_range('at', 1000));
CREATE FUNCTION plant.now() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 1::bigint';
SELECT set_integer_now_func('plant.influx_agg_1h', 'plant.now');
SELECT add_retention_policy('plant.influx_agg_1h', 9000000000000000000);
CREATE PROCEDURE plant.nightly(job_id integer, config jsonb)
  LANGUAGE plpgsql AS 'BEGIN CALL public.settle_tags(); END';
CREATE PROCEDURE plant.report(job_id integer, config jsonb)
  LANGUAGE plpgsql AS 'BEGIN PERFORM max(ts) FROM public.influx_hist; RAISE ''no paper''; END';
SELECT add_job('plant.report', interval '1 hour', '{{"drop_after": "never"}}', {LATER});
"""


@pytest.fixture(scope="module")
async def crowded(conn: AsyncConnection) -> AsyncConnection:
    await conn.execute(OTHERS.encode())
    for statement in OURS:
        await conn.execute(statement.encode())
    for job in await list_jobs(conn):
        if job.proc_name == "report":
            run = await run_job(conn, job)
            assert run is not None
            assert run.error == "no paper"
    return conn


async def failures(dsn: str) -> list[str]:
    """The lines of verify about unexpected jobs and policies."""
    _, out, err = await ksys("db", "verify", TS_ADMIN_DSN=dsn)
    assert err == ""
    return [line for line in out.splitlines() if re.match(r"FAIL  (policy|job) .* \(\d+\)  ", line)]


async def test_verify_names_what_is_not_expected_with_what_it_does(
    dsn: str, crowded: AsyncConnection
) -> None:
    lines = await failures(dsn)
    assert len(lines) == len(OURS)
    for name, does, _page in OURS.values():
        (line,) = [line for line in lines if line.startswith(f"FAIL  {name} (")]
        assert f"is not expected: {does}" in line
        assert line.endswith("; ksys db init --prune-policies removes it")
    _, out, _ = await ksys("db", "verify", TS_ADMIN_DSN=dsn)
    assert {page for *_, page in OURS.values()} <= set(re.findall(r"VERIFY_[A-Z]+", out))
    (others,) = [line for line in out.splitlines() if "job of others" in line]
    assert others.startswith("ok")
    assert "plant.report" in others
    assert "retention plant.influx_agg_1h" in others


async def test_prune_policies_removes_them_and_jobs_of_others_stay(
    dsn: str, crowded: AsyncConnection
) -> None:
    before = {job.job_id: job.name for job in await list_jobs(crowded)}
    init = ("db", "init", "--prune-policies")
    code, sql, err = await ksys(*init, "--dry-run", TS_ADMIN_DSN=dsn, TZ=ZONE)
    assert (code, err) == (0, "")
    ends = [line for line in sql.splitlines() if "delete_job(" in line and "PERFORM" not in line]
    assert len(ends) == len(OURS)
    assert {job.job_id for job in await list_jobs(crowded)} == set(before)

    code, out, err = await ksys(*init, TS_ADMIN_DSN=dsn, TZ=ZONE)
    assert code == 0, err
    removed = [line for line in out.splitlines() if line.startswith("ok    removed  ")]
    assert len(removed) == len(OURS)
    after = {job.job_id: job.name for job in await list_jobs(crowded)}
    assert {before[number] for number in set(before) - set(after)} == {
        name.split(" ", 1)[1] if "plant" in name or "job" in name else name.removeprefix("policy ")
        for name, *_ in OURS.values()
    }
    assert await failures(dsn) == []
    assert {"plant.report", "retention plant.influx_agg_1h", *upkeep.EXPECTED} <= set(
        after.values()
    )
    code, sql, _ = await ksys(*init, "--dry-run", TS_ADMIN_DSN=dsn, TZ=ZONE)
    assert "\n-- no unexpected job\n" in sql


async def test_a_second_policy_of_an_aggregate_is_not_taken_for_ours(
    dsn: str, conn: AsyncConnection
) -> None:
    await conn.execute(
        "SELECT remove_continuous_aggregate_policy('public.features_5m');"
        "SELECT add_continuous_aggregate_policy('public.features_5m', start_offset => interval"
        " '100 days', end_offset => interval '61 days', schedule_interval => interval '1 day');"
        "SELECT add_continuous_aggregate_policy('public.features_5m', start_offset => interval"
        " '30 days', end_offset => interval '5 minutes', schedule_interval => interval '5 minutes',"
        " buckets_per_batch => 288)"
    )
    (line,) = await failures(dsn)
    assert "refreshes features_5m from 100 d to 61 d ago" in line
    code, out, _ = await ksys("db", "init", "--prune-policies", TS_ADMIN_DSN=dsn, TZ=ZONE)
    assert (code, out.count("removed  refresh features_5m")) == (0, 1)
    assert await failures(dsn) == []


def test_the_names_of_our_procedures_are_those_of_the_schema() -> None:
    created = set(re.findall(r"CREATE OR REPLACE PROCEDURE public\.(\w+)", script(ZONE)))
    assert set(upkeep.PROCEDURES) == created - {"require_usable"} | {"quarantine_chunk"}
    (pattern,) = re.findall(r"m\((.+?)\)\\M", re.sub(r"'\s+'", "", JOBS))
    assert tuple(pattern.split("|")) == upkeep.PROCEDURES


async def test_init_restores_the_values_of_each_policy(dsn: str, conn: AsyncConnection) -> None:
    await conn.execute(
        "SELECT remove_retention_policy('public.ingest_reject');"
        "SELECT add_retention_policy('public.ingest_reject', interval '5 days')"
    )
    code, _, err = await ksys("db", "init", TS_ADMIN_DSN=dsn, TZ=ZONE)
    assert code == 0, err
    jobs = judge(await list_jobs(conn)).found
    differ = [name for name, each in upkeep.EXPECTED.items() if differences(jobs[name], each)]
    assert differ == []
