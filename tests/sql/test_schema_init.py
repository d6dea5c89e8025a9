"""``ksys db init`` creates the schema, can be repeated, and explains a refusal."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from ksys_app import resources
from ksys_app.db import connect
from ksys_app.errors import ConfigError, SchemaDrift
from ksys_app.ops import golden, server
from ksys_app.ops.check import Check
from ksys_app.ops.schema import schema
from ksys_app.ops.verify import verify
from tests.conftest import RO_PASSWORD, RW_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.waiting import HANGS_S

SNAPSHOT = {
    "relations": "SELECT oid, relname, relkind, relacl::text, reloptions FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'i')",
    "columns": "SELECT attrelid, attname, atttypid, attnotnull FROM pg_attribute AS a"
    " JOIN pg_class AS c ON c.oid = a.attrelid"
    " WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0",
    "views": "SELECT oid, pg_get_viewdef(oid) FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')",
    "functions": "SELECT oid, proname, prosrc, prosecdef, proconfig FROM pg_proc"
    " WHERE pronamespace = 'public'::regnamespace AND prolang <> (SELECT oid FROM pg_language"
    " WHERE lanname = 'c')",
    "triggers": "SELECT oid, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal",
    "constraints": "SELECT oid, conname FROM pg_constraint",
    "extensions": "SELECT extname, extversion FROM pg_extension",
    "jobs": "SELECT job_id, proc_name, schedule_interval, config, scheduled"
    " FROM timescaledb_information.jobs",
    "job_run": "SELECT job_id, known_since FROM public.ksys_job_run",
    "dimensions": "SELECT * FROM timescaledb_information.dimensions",
    "columnar": "SELECT hypertable::text, segmentby, orderby"
    " FROM timescaledb_information.hypertable_compression_settings",
    "roles": "SELECT oid, rolname, rolcanlogin, rolconfig FROM pg_roles WHERE rolname ~ '^eco_'",
    "defaults": "SELECT defaclobjtype, defaclacl::text FROM pg_default_acl",
    "migrations": "SELECT * FROM public.ksys_migration",
}


async def snapshot(conn: AsyncConnection) -> dict[str, list[str]]:
    """The catalog with its object identifiers, so that an object that is created again differs."""
    result = {}
    for name, statement in SNAPSHOT.items():
        rows = await (await conn.execute(statement)).fetchall()
        result[name] = sorted(map(str, rows))
    return result


async def apply(dsn: str, **changes: object) -> list[schema.StepResult]:
    arguments = {"zone": ZONE, "passwords": {"eco_ro": RO_PASSWORD}} | changes
    return await schema.apply(dsn, **arguments)  # type: ignore[arg-type]


def wrong(checks: list[Check]) -> list[Check]:
    """The failed checks, without those of jobs, which the server's own workers may be running."""
    return [check for check in checks if not check.ok and not check.name.startswith("job ")]


async def test_applying_a_second_time_changes_nothing(dsn: str, conn: AsyncConnection) -> None:
    before = await snapshot(conn)
    names: list[str] = []
    results = await apply(dsn, on_step=lambda step: names.append(step.name))
    assert await snapshot(conn) == before
    assert names == [result.name for result in results] == [step.name for step in schema.plan()]


async def test_two_at_once_end_with_one_schema(databases: TestDatabases) -> None:
    dsn = await databases.fresh(schema=False)
    try:
        await asyncio.gather(apply(dsn), apply(dsn))
        await asyncio.gather(apply(dsn), apply(dsn))
        assert wrong(await verify.verify(dsn, zone=ZONE)) == []
    finally:
        await databases.drop(dsn)


async def test_every_object_of_the_specification_is_there(conn: AsyncConnection) -> None:
    rows = await (
        await conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        )
    ).fetchall()
    names = {row[0] for row in rows}
    assert names >= {
        "influx_hist", "influx_agg_1m", "influx_agg_10m", "influx_agg_1h", "influx_agg_1d",
        "features_5m", "tech_ind_1m_mv", "influx_latest", "influx_qc_rule", "predictions",
        "anomalies", "ingest_expectation", "comm_recv_1h", "comm_success_1h",
        "influx_hist_pkey", "idx_hist_tag_ts", "predictions_pkey", "idx_pred_tag_ts",
        "anomalies_pkey", "anomalies_tag_ts_desc",
    }  # fmt: skip


async def test_a_database_with_samples_but_no_schema_gets_its_newest_samples(
    dsn: str, conn: AsyncConnection
) -> None:
    await conn.execute(
        "INSERT INTO public.influx_hist (ts, tag_name, value) VALUES"
        " ('2026-01-01 00:00Z', 'OLD', 1), ('2026-01-02 00:00Z', 'OLD', 2)"
    )
    await conn.execute("DROP TRIGGER keep_tag_latest_insert ON public.influx_hist")
    await conn.execute("DELETE FROM public.tag_latest")
    await apply(dsn)
    row = await (
        await conn.execute(
            "SELECT value, ts = '2026-01-02 00:00Z', first_ts = '2026-01-01 00:00Z'"
            " FROM public.tag_latest WHERE tag_name = 'OLD'"
        )
    ).fetchone()
    assert row == (2.0, True, True)


async def test_changes_by_hand_are_undone(dsn: str, conn: AsyncConnection) -> None:
    await conn.execute(
        "ALTER MATERIALIZED VIEW public.influx_agg_10m SET (timescaledb.materialized_only = true)"
    )
    await conn.execute("SELECT remove_retention_policy('public.influx_hist')")
    await conn.execute("SELECT add_retention_policy('public.influx_hist', interval '10 days')")
    await conn.execute("SELECT remove_continuous_aggregate_policy('public.influx_agg_1d')")
    await conn.execute(
        "SELECT add_continuous_aggregate_policy('public.influx_agg_1d',"
        " start_offset => interval '730 days', end_offset => interval '1 day',"
        " schedule_interval => interval '1 day')"
    )
    await conn.execute("DROP INDEX public.idx_hist_tag_ts")
    await conn.execute("REVOKE SELECT ON public.influx_agg_1h FROM eco_ro")
    # As an upgrade of TimescaleDB may do.
    watermark = "_timescaledb_functions.cagg_watermark(integer)"
    await conn.execute(f"ALTER FUNCTION {watermark} COST 1".encode())
    await apply(dsn)
    checks = await verify.verify(dsn, zone=ZONE)
    assert wrong(checks) == []
    cursor = await conn.execute(
        "SELECT procost FROM pg_proc WHERE oid = %s::regprocedure", (watermark,)
    )
    assert await cursor.fetchone() == (100.0,)


async def test_a_role_without_a_password_cannot_log_in_and_is_named(
    dsn: str, conn: AsyncConnection
) -> None:
    await conn.execute("ALTER ROLE eco_rw NOLOGIN")
    results = await apply(dsn)
    notes = [note for result in results for note in result.notes]
    assert notes == ["eco_rw cannot log in: no password was given (KSYS_RW_PASSWORD)"]
    results = await apply(dsn, passwords={"eco_rw": RW_PASSWORD})
    assert not any(result.notes for result in results)


async def test_days_of_another_zone_are_refused(dsn: str) -> None:
    with pytest.raises(SchemaDrift, match='another time zone than "Europe/Berlin"; Keep TZ'):
        await apply(dsn, zone="Europe/Berlin")


async def test_an_unknown_zone_is_refused_before_anything_is_done(dsn: str) -> None:
    with pytest.raises(ConfigError, match="does not know the time zone 'Mars/Olympus'"):
        await apply(dsn, zone="Mars/Olympus")


async def test_an_aggregate_of_quarter_hour_days_is_built_on_minutes(
    databases: TestDatabases,
) -> None:
    dsn = await databases.fresh(schema=False)
    try:
        await apply(dsn, zone="Asia/Kathmandu")
        checks = await verify.verify(dsn, zone="Asia/Kathmandu")
        assert wrong(checks) == []
        async with await connect(dsn) as conn:
            row = await (
                await conn.execute(
                    "SELECT view_definition FROM timescaledb_information.continuous_aggregates"
                    " WHERE view_name = 'influx_agg_1d'"
                )
            ).fetchone()
        assert row is not None
        assert "FROM influx_agg_1m" in row[0].replace("public.", "")
    finally:
        await databases.drop(dsn)


def test_files_run_in_psql_as_they_are() -> None:
    for step in schema.plan():
        code = re.sub(r"--.*", "", step.sql)
        assert not re.search(r"^\s*\\", code, re.MULTILINE), f"{step.name} has a psql command"
        assert not re.search(r"(?<![:\w]):['\"]?[a-z]", code), f"{step.name} has a psql variable"


@pytest.mark.skipif(
    shutil.which("psql") is None and not os.environ.get("CI"), reason="psql is not installed"
)
async def test_psql_runs_each_file_without_an_error(dsn: str, conn: AsyncConnection) -> None:
    before = await snapshot(conn)
    for step in schema.plan():
        command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", str(step.file), dsn]
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=HANGS_S, check=False
        )
        assert done.returncode == 0, done.stderr
    assert await snapshot(conn) == before


def test_the_printed_script_holds_every_file_and_no_password() -> None:
    text = schema.script("Asia/Seoul")
    assert text.startswith("SET ksys.zone = 'Asia/Seoul';")
    assert all(step.sql in text for step in schema.plan())
    assert "PASSWORD '" not in text


def test_an_installation_without_sql_files_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no SQL files"):
        schema.plan(tmp_path)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A folder for files of a test, with the migrations that the database has."""
    shutil.copytree(resources.DB / "migrations", tmp_path / "migrations")
    return tmp_path


async def test_a_failing_step_leaves_nothing_behind(
    dsn: str, conn: AsyncConnection, directory: Path
) -> None:
    (directory / "010_half.sql").write_text(
        "CREATE TABLE public.half (a integer);\nSELECT nonsense();\n"
    )
    with pytest.raises(SchemaDrift, match=r"010_half.sql: function nonsense\(\) does not exist"):
        await apply(dsn, directory=directory)
    row = await (await conn.execute("SELECT to_regclass('public.half')")).fetchone()
    assert row == (None,)


RAISES = """
DO $$ BEGIN
  IF nextval('public.tries') < {wins_at} THEN
    RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = '튜플이 동시에 갱신되었습니다';
  END IF;
END $$
"""


@pytest.mark.parametrize("code", ["XX000", "40P01", "23505", "42P07"])
async def test_a_collision_is_recognised_by_its_code_in_any_language_and_tried_again(
    dsn: str, conn: AsyncConnection, directory: Path, code: str
) -> None:
    await conn.execute("CREATE SEQUENCE public.tries")
    (directory / "010_collides.sql").write_text(RAISES.format(code=code, wins_at=3))
    try:
        assert [step.name for step in await apply(dsn, directory=directory)] == ["010_collides"]
    finally:
        await conn.execute("DROP SEQUENCE public.tries")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("0A000", SchemaDrift, "010_fails.sql: 튜플이 동시에 갱신되었습니다"),
        ("42501", ConfigError, "as a superuser, grant it what this message names"),
        ("55P03", SchemaDrift, "stayed locked for 15s"),
        ("XX000", SchemaDrift, "010_fails.sql: 튜플이 동시에 갱신되었습니다"),
    ],
)
async def test_a_failure_is_recognised_by_its_code_in_any_language(
    dsn: str,
    conn: AsyncConnection,
    directory: Path,
    code: str,
    kind: type[Exception],
    message: str,
) -> None:
    await conn.execute("CREATE SEQUENCE public.tries")
    (directory / "010_fails.sql").write_text(RAISES.format(code=code, wins_at=100))
    try:
        with pytest.raises(kind, match=message):
            await apply(dsn, directory=directory)
    finally:
        await conn.execute("DROP SEQUENCE public.tries")


@pytest.mark.parametrize(
    ("available", "installed", "loaded", "zone_known", "message"),
    [
        (
            None,
            None,
            False,
            True,
            "no TimescaleDB; install the package timescaledb-2",
        ),
        ("2.11.0", None, True, True, "TimescaleDB 2.11.0 is too old; 2.19 or newer"),
        ("2.28.3", "2.9.1", True, True, "TimescaleDB 2.9.1 is too old; 2.19 or newer"),
        ("2.28.3", None, False, True, "not loaded; add timescaledb to shared_preload_libraries"),
        ("2.28.3", None, True, False, "does not know the time zone 'Mars/Olympus'; correct TZ"),
    ],
)
def test_an_unsuitable_server_is_explained_in_one_sentence(
    available: str | None, installed: str | None, loaded: bool, zone_known: bool, message: str
) -> None:
    found = server.Server(available, installed, loaded, 16, zone_known)
    with pytest.raises(ConfigError, match=re.escape(message)):
        server.require_server(found, "Mars/Olympus")


@pytest.mark.parametrize("version", ["2.19.0", "2.23.0-dev", "2.28.3", "3.0.0"])
def test_a_recent_server_is_accepted(version: str) -> None:
    server.require_server(server.Server(version, None, True, 17, True), "UTC")


def test_every_column_that_verify_expects_of_the_rules_is_one_of_the_plant() -> None:
    assert golden.of_major(17).columns_of("influx_qc_rule") == [
        "tag_name", "min_val", "max_val", "max_step", "max_gap_seconds", "allow_negative",
        "enabled", "meta", "warn_min", "warn_max", "crit_min", "crit_max", "roc_max_per_min",
        "spike_zscore", "deadband_pct",
    ]  # fmt: skip
