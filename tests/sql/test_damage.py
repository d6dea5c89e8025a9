"""Kinds of damage: ``ksys db status`` and ``verify`` name each one first, with its runbook."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest
from psycopg import AsyncConnection

from ksys_app.ops.jobs.jobs import run_due
from ksys_app.ops.jobs.prune import prune
from tests.conftest import Plant, apply_schema
from tests.ksys import ksys
from tests.plant import clock, insert

JOB = "FROM timescaledb_information.jobs WHERE proc_name ~ '{}' AND hypertable_name = '{}'"
REFRESH_1M = JOB.format("refresh", "influx_agg_1m")
RETENTION = JOB.format("retention", "influx_hist")
# ALTER TABLE cannot do it in every version.
TRIGGER = (
    "UPDATE pg_trigger SET tgenabled = '{}' WHERE tgname = 'keep_tag_latest_insert'"
    " AND tgrelid = 'public.influx_hist'::regclass"
)
RESTORING = "ALTER DATABASE {} {} timescaledb.restoring {}"


@dataclass(frozen=True)
class Damage:
    """A damage, its repair, and the message that must report it.

    Attributes:
        done: the statement.
        undone: the statement that repairs what ``ksys db init`` does not.
        says: the message in the first line of status and in check.
        verify: the message in verify if it differs; then verify does not fail.
        page: the runbook.
    """

    done: str
    says: str
    page: str
    undone: str = "SELECT"
    verify: str | None = None


KINDS = {
    "a policy is missing": Damage(
        "SELECT remove_retention_policy('public.influx_hist')",
        "policy retention influx_hist is missing; run ksys db init",
        "VERIFY_POLICY",
    ),
    "a retention policy that erases history": Damage(
        "SELECT add_retention_policy('public.influx_agg_1h', interval '5 days')",
        "is not expected: drops what is older than 5 d from influx_agg_1h",
        "VERIFY_POLICY",
    ),
    "a job is switched off": Damage(
        f"SELECT alter_job(job_id, scheduled => false) {REFRESH_1M}",
        "job refresh influx_agg_1m is switched off",
        "VERIFY_JOB",
        undone=f"SELECT alter_job(job_id, scheduled => true) {REFRESH_1M}",
    ),
    "a job fails": Damage(
        "INSERT INTO public.ksys_job_run (job_id, started_at, finished_at, error)"
        f" SELECT job_id, clock_timestamp(), clock_timestamp(), 'the disk is full' {RETENTION}"
        " ON CONFLICT (job_id) DO UPDATE SET started_at = excluded.started_at,"
        " finished_at = excluded.finished_at, error = excluded.error",
        "job retention influx_hist failed at ",
        "VERIFY_JOB",
        undone=f"DELETE FROM public.ksys_job_run WHERE job_id = (SELECT job_id {RETENTION})",
    ),
    "a trigger is off": Damage(
        TRIGGER.format("D"),
        "trigger keep_tag_latest_insert is disabled",
        "VERIFY_TRIGGER",
        undone=TRIGGER.format("O"),
    ),
    "an index is missing": Damage(
        "DROP INDEX public.idx_hist_tag_ts",
        "index idx_hist_tag_ts is missing; run ksys db init",
        "VERIFY_INDEX",
    ),
    "the newest sample is old": Damage(
        "UPDATE public.tag_latest SET ts = now() - interval '49 minutes'",
        "nothing arrives any more: the newest sample is 49 min old",
        "NO_ROWS",
        verify="whether samples arrive: ksys db status",
    ),
    "an aggregate that the app may not read": Damage(
        "REVOKE SELECT ON public.influx_agg_10m FROM eco_ro",
        "privilege eco_ro influx_agg_10m may not SELECT; run ksys db init",
        "VERIFY_PRIVILEGE",
    ),
    "a restore was broken off": Damage(
        RESTORING.format("{}", "SET", "= 'on'"),
        "is incomplete: a restore is running or was interrupted",
        "DB_RESTORING",
        undone=RESTORING.format("{}", "RESET", ""),
    ),
}


@pytest.fixture(scope="module")
async def well(plant_db: Plant) -> Plant:
    """A database in which nothing is wrong."""
    await run_due(plant_db.conn)
    await insert(plant_db.conn, [(await clock(plant_db.conn), "D100", 1.0)])
    code, out, _ = await ksys("db", "status", TS_ADMIN_DSN=plant_db.dsn)
    assert (code, out.splitlines()[0]) == (0, "all well")
    return plant_db


async def mend(dsn: str) -> None:
    """As ``ksys db init --prune-policies`` does."""
    await apply_schema(dsn)
    await prune(dsn)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_first_lines_say_what_is_wrong_and_which_page_to_open(
    well: Plant, conn: AsyncConnection, kind: str
) -> None:
    damage = KINDS[kind]
    name = conn.info.dbname
    await insert(conn, [(await clock(conn), "D100", 1.0)])
    dsns = {"TS_ADMIN_DSN": well.dsn, "TS_DSN": str(well.settings.ts_dsn)}
    await conn.execute(damage.done.format(name).encode())
    try:
        status, verify, check = await asyncio.gather(
            ksys("db", "status", **dsns),
            ksys("db", "verify", "--failed", **dsns),
            ksys("check", **dsns),
        )
    finally:
        await conn.execute(damage.undone.format(name).encode())
        await mend(well.dsn)

    first = (status[1] or status[2]).splitlines()[0]
    assert status[0] == 1
    assert damage.says in first
    assert damage.page in first
    words = damage.says if damage.verify is None else damage.verify
    assert verify[0] == (0 if damage.verify else 1)
    # Two spaces separate the name of a check from its message.
    assert words in verify[1].replace("  ", " ")
    assert damage.verify or damage.page in verify[1]
    lines = [line for line in check[1].splitlines() if not line.startswith("ok")]
    assert any(damage.says in line and damage.page in line for line in lines), check[1]


async def test_of_many_the_first_line_counts_and_names_some_of_each_page(
    well: Plant, conn: AsyncConnection
) -> None:
    await insert(conn, [(await clock(conn), "D100", 1.0)])
    await conn.execute(
        "DROP INDEX public.idx_hist_tag_ts;"
        "REVOKE SELECT ON public.influx_agg_1m, public.influx_agg_1h, public.influx_agg_1d"
        " FROM eco_ro"
    )
    try:
        (code, out, _), (_, report, _), (_, verified, _) = await asyncio.gather(
            ksys("db", "status", TS_ADMIN_DSN=well.dsn),
            ksys("db", "status", "--json", TS_ADMIN_DSN=well.dsn),
            ksys("db", "verify", TS_ADMIN_DSN=well.dsn),
        )
    finally:
        await mend(well.dsn)
    assert code == 1
    assert out.splitlines()[0] == (
        "4 wrong: index idx_hist_tag_ts (VERIFY_INDEX); privilege eco_ro influx_agg_1m,"
        " privilege eco_ro influx_agg_1h and 1 more (VERIFY_PRIVILEGE)"
    )
    assert [line.split("  ")[2] for line in out.splitlines()[1:5]] == [
        one["name"] for one in json.loads(report)["wrong"]
    ]
    # In verify, the failures are the last checks, and the advice follows.
    marks = [line[:4] for line in verified.splitlines()]
    assert marks[-8:-4] == ["FAIL"] * 4
    assert set(marks[:-8]) == {"ok  "}
    assert marks[-2:] == ["what", "what"]
