"""``ksys check`` with databases: where a DSN leads, and the faults it finds there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict

from ksys_app.ops import connections
from ksys_app.ops.connections import Facts
from ksys_app.ops.relations import Relation
from ksys_app.security import Finding
from ksys_app.settings_values import EXAMPLE_DSN
from tests import docs
from tests.conftest import ALARM_PASSWORD, OP_PASSWORD, RO_PASSWORD, Plant
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.pooler import pgbouncer
from tests.refusing import fatal, refusing

CLOSED = "postgresql://eco_ro:hunter2@127.0.0.1:9/plant"
FACTS = Facts(
    database="plant", role="postgres", pid=1, postgres="15.18", timescaledb="2.28.3",
    standby=False, restoring=False, embedded=False, oid=5,
    started=datetime(2026, 8, 1, tzinfo=UTC), superuser=False, creates_roles=True,
    uses_schema=True, creates_in_database=True, creates_in_schema=True,
)  # fmt: skip
HIST = Relation("influx_hist", "table", exists=True, reads=True, writes=True, owns=True)


@pytest.fixture
def reader(plant_db: Plant) -> str:
    return TestDatabases.as_role(plant_db.dsn, "eco_ro", RO_PASSWORD)


async def check(*arguments: str, **settings: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and the mark and the text of each check by name."""
    code, out, err = await ksys("check", *arguments, **settings)
    assert err == ""
    for secret in (RO_PASSWORD, "hunter2"):
        assert secret not in out
    rows = [line.split("  ") for line in out.splitlines()]
    return code, {row[-2]: (row[0].strip(), row[-1]) for row in rows}


async def test_it_names_what_both_dsns_lead_to(plant_db: Plant, reader: str) -> None:
    code, checks = await check(TS_DSN=reader, TS_ADMIN_DSN=plant_db.dsn)
    assert code == 0, checks
    parts = conninfo_to_dict(reader)
    place = f"eco_ro @ {parts['host']}:{parts['port']}/{parts['dbname']} answers in "
    assert checks["TS_DSN connection"][1].startswith(place)
    assert checks["TS_DSN connection"][1].endswith(f"database {parts['dbname']}, role eco_ro")
    version = await (await plant_db.conn.execute("SHOW server_version")).fetchone()
    assert version is not None
    assert checks["TS_DSN versions"][1].startswith(f"PostgreSQL {version[0]}, TimescaleDB 2.")
    assert " this machine's" in checks["TS_DSN clock"][1]
    assert checks["TS_DSN pooler"][1].startswith("none")
    assert checks["TS_DSN reads"][1].startswith("eco_ro reads all ")
    assert checks["TS_DSN read-only"] == ("ok", "eco_ro writes nothing")
    assert checks["TS_ADMIN_DSN rights"] == (
        "ok",
        f"{conninfo_to_dict(plant_db.dsn)['user']} is a superuser",
    )
    assert checks["one database"] == ("ok", f"both lead to {parts['dbname']}")
    assert checks["version"][1].startswith("ksys ")
    assert "there is no /.env" in checks["settings"][1]
    for page in ("VERIFY_ROLE", "DB_CONN", "SCHEMA_DRIFT", "INTERNAL"):
        text = (docs.ROOT / "docs" / "runbooks" / f"{page}.md").read_text("utf-8")
        named = {name for name in docs.codes(text) if re.fullmatch(r"TS_\w+ [\w-]+", name)}
        assert named <= set(checks), f"{page} names what ksys check does not show"
        assert "ksys check" in text


class TestOperator:
    async def test_its_role_may_call_every_function_and_touches_no_table(
        self, plant_db: Plant, reader: str
    ) -> None:
        operator = TestDatabases.as_role(plant_db.dsn, "eco_op", OP_PASSWORD)
        code, checks = await check(TS_DSN=reader, TS_OPERATOR_DSN=operator, KSYS_AUTH="local")
        assert code == 0, checks
        assert checks["access"] == ("ok", "KSYS_AUTH=local")
        assert checks["TS_OPERATOR_DSN calls"] == ("ok", "eco_op may call every function")
        assert checks["TS_OPERATOR_DSN only calls"] == ("ok", "eco_op may use no table")
        assert checks["one database of the operator"][0] == "ok"

    async def test_another_role_is_reported_with_its_missing_rights(
        self, plant_db: Plant, reader: str
    ) -> None:
        code, checks = await check(TS_DSN=reader, TS_OPERATOR_DSN=reader)
        assert code == 1
        assert checks["role of the operator"] == ("warn", "eco_ro; the app writes as eco_op")
        detail = "eco_ro may not call active, alarm_ack, alarm_assign, alarm_oos, alarm_reset and "
        assert checks["TS_OPERATOR_DSN calls"][0] == "FAIL"
        assert checks["TS_OPERATOR_DSN calls"][1].startswith(detail)
        assert "eco_ro may use public." in checks["TS_OPERATOR_DSN only calls"][1]

    async def test_users_without_an_operator_fail(self, reader: str) -> None:
        code, checks = await check("--offline", TS_DSN=reader, KSYS_HOST="0.0.0.0")
        assert (code, checks["access"][0]) == (1, "FAIL")
        assert "needs TS_OPERATOR_DSN" in checks["access"][1]


class TestAlarms:
    async def test_its_role_may_write_alarms_and_another_one_lacks_that(
        self, plant_db: Plant, reader: str
    ) -> None:
        role = TestDatabases.as_role(plant_db.dsn, "eco_alarm", ALARM_PASSWORD)
        code, checks = await check(TS_DSN=reader, TS_ALARM_DSN=role)
        assert code == 0, checks
        assert checks["TS_ALARM_DSN rights"] == ("ok", "eco_alarm writes alarms")
        assert checks["one database of the alarm worker"][0] == "ok"
        code, checks = await check(TS_DSN=reader, TS_ALARM_DSN=reader)
        assert code == 1
        assert checks["role of the alarms"] == ("warn", "eco_ro; the worker writes as eco_alarm")
        lacks = "eco_ro lacks INSERT on alarm_cursor, INSERT on alarm_journal, INSERT on "
        assert checks["TS_ALARM_DSN rights"][0] == "FAIL"
        assert checks["TS_ALARM_DSN rights"][1].startswith(lacks)


class TestExitCode:
    async def test_a_wrong_password_and_an_unknown_role_are_checks_that_fail(
        self, plant_db: Plant, databases: TestDatabases
    ) -> None:
        says = {"nobody_here": "'nobody_here'"}
        if databases.kind != "native":  # a server of yours may trust this machine
            says["eco_ro"] = "refuses the password of 'eco_ro'; correct it in the DSN"
        for user, words in says.items():
            wrong = TestDatabases.as_role(plant_db.dsn, user, "hunter2")
            code, checks = await check(TS_DSN=wrong)
            assert (code, checks["TS_DSN connection"][0]) == (1, "FAIL")
            assert words in checks["TS_DSN connection"][1]

    @pytest.mark.parametrize("dsn", [CLOSED, CLOSED.replace("127.0.0.1", "no.such.host.invalid")])
    async def test_the_exit_code_is_3_if_nothing_answers(self, dsn: str) -> None:
        code, checks = await check(TS_DSN=dsn)
        assert (code, checks["TS_DSN connection"][0]) == (3, "FAIL")
        assert "does not answer" in checks["TS_DSN connection"][1]

    async def test_another_fault_decides_the_exit_code(self) -> None:
        assert (await check(TS_DSN=CLOSED, APP_ENV="production"))[0] == 1
        assert (await check(TS_ADMIN_DSN=CLOSED))[0] == 1, "TS_DSN is not set"

    async def test_the_owner_s_dsn_counts_as_well(self, plant_db: Plant, reader: str) -> None:
        code, checks = await check(TS_DSN=reader, TS_ADMIN_DSN=CLOSED)
        assert (code, checks["TS_ADMIN_DSN connection"][0]) == (3, "FAIL")
        assert "one database" not in checks

    @pytest.mark.parametrize("arguments", [(), ("--offline",)])
    async def test_the_example_that_nobody_filled_in_fails(
        self, arguments: tuple[str, ...]
    ) -> None:
        example = (docs.ROOT / ".env.example").read_text("utf-8")
        assert f"\nTS_DSN={EXAMPLE_DSN}\n" in example
        code, checks = await check(*arguments, TS_DSN=EXAMPLE_DSN)
        assert (code, checks["TS_DSN"][0]) == (1, "FAIL")
        assert "put in your own value" in checks["TS_DSN"][1]
        assert "TS_DSN connection" not in checks

    async def test_offline_connects_to_nothing(self) -> None:
        code, checks = await check("--offline", TS_DSN=CLOSED, TS_ADMIN_DSN=CLOSED)
        assert (code, [name for name in checks if "connection" in name]) == (0, [])

    @pytest.mark.parametrize(
        ("sqlstate", "exit_code", "says"),
        [
            ("28P01", 1, "refuses the password of 'eco_ro'"),
            ("3D000", 1, "has no such database"),
            ("42501", 1, "grant CONNECT"),
            ("28000", 1, "pg_hba.conf"),
            ("08P01", 3, "the pooler at"),
            ("53300", 3, "no connection left"),
            ("57P03", 3, "try again in a moment"),
        ],
    )
    async def test_a_refusal_is_reported_by_its_cause(
        self, sqlstate: str, exit_code: int, says: str
    ) -> None:
        async with refusing() as peer:
            peer.response = fatal(sqlstate, "거부됨")
            code, checks = await check(TS_DSN=peer.dsn())
        assert (code, checks["TS_DSN connection"][0]) == (exit_code, "FAIL")
        assert says in checks["TS_DSN connection"][1]


class TestRights:
    @pytest.mark.parametrize("relation", ["influx_latest", "influx_agg_1h", "tech_ind_1m_mv"])
    async def test_a_relation_that_the_app_s_role_may_not_read_is_named(
        self, plant_db: Plant, reader: str, relation: str
    ) -> None:
        name = sql.Identifier("public", relation)
        await plant_db.conn.execute(sql.SQL("REVOKE SELECT ON {} FROM eco_ro").format(name))
        try:
            code, checks = await check(TS_DSN=reader)
        finally:
            await plant_db.conn.execute(sql.SQL("GRANT SELECT ON {} TO eco_ro").format(name))
        detail = f"eco_ro may not read {relation}; run ksys db init"
        assert (code, checks["TS_DSN reads"]) == (1, ("FAIL", detail))

    async def test_a_role_that_writes_is_reported_and_refused_in_production(
        self, plant_db: Plant
    ) -> None:
        writer = TestDatabases.as_role(plant_db.dsn, "eco_rw", "ingest-in-tests")
        for env, mark in (("development", "warn"), ("production", "FAIL")):
            code, checks = await check(TS_DSN=writer, APP_ENV=env)
            assert (code, checks["TS_DSN read-only"][0]) == (int(env == "production"), mark)
            assert "eco_rw may write anomalies, influx_hist, " in checks["TS_DSN read-only"][1]

    async def test_the_app_s_role_is_no_owner(self, reader: str) -> None:
        code, checks = await check(TS_DSN=reader, TS_ADMIN_DSN=reader)
        assert (code, checks["TS_ADMIN_DSN rights"][0]) == (1, "FAIL")
        assert checks["TS_ADMIN_DSN rights"][1].startswith("eco_ro does not own ")
        assert checks["TS_ADMIN_DSN rights"][1].endswith(" does; TS_ADMIN_DSN must name the owner")
        assert "database state" in checks, "a lacking right hides nothing else"
        assert "one database" in checks, "nor ends what cannot be read the check"

    @pytest.mark.parametrize(
        ("kind", "relation"), [("VIEW", "influx_live"), ("MATERIALIZED VIEW", "influx_agg_1h")]
    )
    async def test_the_reported_statement_hands_over_a_relation_of_another_role(
        self, plant_db: Plant, reader: str, kind: str, relation: str
    ) -> None:
        conn, user = plant_db.conn, str(conninfo_to_dict(plant_db.dsn)["user"])
        alter = f"ALTER {kind} public.{relation} OWNER TO "
        async with owning_role(plant_db) as dsn:
            await conn.execute(f"{alter}eco_rw".encode())
            try:
                _, checks = await check(TS_DSN=reader, TS_ADMIN_DSN=dsn)
                says = f"check_owner does not own {relation}, eco_rw does; as a superuser: {alter}"
                assert checks["TS_ADMIN_DSN rights"] == ("FAIL", f"{says}check_owner")
                await conn.execute(f"{alter}check_owner".encode())
                _, checks = await check(TS_DSN=reader, TS_ADMIN_DSN=dsn)
                assert checks["TS_ADMIN_DSN rights"][1].endswith(
                    "ALTER ROLE check_owner CREATEROLE"
                )
            finally:
                await conn.execute(f'{alter}"{user}"'.encode())

    async def test_an_owner_who_may_not_create_roles_is_reported_with_the_statement(
        self, plant_db: Plant, reader: str
    ) -> None:
        async with owning_role(plant_db) as dsn:
            code, checks = await check(TS_DSN=reader, TS_ADMIN_DSN=dsn)
        assert (code, checks["TS_ADMIN_DSN rights"][0]) == (1, "FAIL")
        assert checks["TS_ADMIN_DSN rights"][1].endswith("ALTER ROLE check_owner CREATEROLE")

    async def test_an_empty_database_has_no_schema_yet(
        self, databases: TestDatabases, plant_db: Plant, reader: str
    ) -> None:
        empty = await databases.fresh(schema=False)
        try:
            code, checks = await check(TS_DSN=empty)
            assert (code, checks["TS_DSN reads"]) == (1, ("FAIL", connections.NO_SCHEMA))
            code, checks = await check(TS_DSN=reader, TS_ADMIN_DSN=empty)
            assert (code, checks["TS_ADMIN_DSN schema"][0]) == (0, "warn")
            assert (
                checks["one database"][0],
                "and TS_ADMIN_DSN to" in checks["one database"][1],
            ) == (*("warn", True),)
        finally:
            await databases.drop(empty)


@asynccontextmanager
async def owning_role(plant: Plant) -> AsyncIterator[str]:
    """A role with the owner's rights on the schema that may not create roles."""
    conn: AsyncConnection = plant.conn
    owner = sql.Identifier(str(conninfo_to_dict(plant.dsn)["user"]))
    await conn.execute("DROP ROLE IF EXISTS check_owner")
    await conn.execute("CREATE ROLE check_owner LOGIN PASSWORD 'hunter2'")
    try:
        await conn.execute(sql.SQL("GRANT {} TO check_owner").format(owner))
        yield TestDatabases.as_role(plant.dsn, "check_owner", "hunter2")
    finally:
        await conn.execute("DROP ROLE check_owner")


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_standby_is_no_place_to_write() -> None:
    finding = only(list(connections._owner(replace(FACTS, standby=True), [HIST])))
    assert (finding.ok, "name the primary" in finding.detail) == (False, True)


@pytest.mark.parametrize("right", ["creates_in_database", "creates_in_schema"])
def test_a_role_that_may_not_create_is_no_owner(right: str) -> None:
    facts = replace(FACTS, **{right: False})
    finding, schema = connections._owner(facts, [])
    assert (finding.ok, "may not create in " in finding.detail) == (False, True)
    assert schema.detail == connections.NO_SCHEMA


@pytest.mark.parametrize(("ahead", "ok"), [(0.0, True), (-2.0, True), (2.1, False), (-90.0, False)])
def test_clocks_that_differ_are_reported(ahead: float, ok: bool) -> None:
    finding = connections._clock("TS_DSN", ahead)
    assert (finding.ok, finding.strict) == (ok, False)
    assert ("behind" in finding.detail) is (ahead < 0)


@pytest.mark.parametrize("version", [None, "2.18.2"])
def test_an_unsuitable_timescaledb_is_reported_with_its_runbook(version: str | None) -> None:
    finding = connections._versions("TS_DSN", replace(FACTS, timescaledb=version))
    assert (finding.ok, finding.strict) == (False, True)
    assert "VERIFY_EXTENSION" in finding.detail
    yet = connections._versions("TS_ADMIN_DSN", replace(FACTS, timescaledb=version))
    assert yet.strict is (version is not None), "ksys db init makes it"


def test_many_names_are_cut() -> None:
    relations = [replace(HIST, name=f"t{n}", exists=n > 6) for n in range(8)]
    reads, _ = connections._reader(FACTS, relations, production=False)
    assert "lacks t0, t1, t2, t3, t4 and 2 more; run ksys db init" in reads.detail


async def test_a_pooler_is_reported(plant_db: Plant) -> None:
    parts = conninfo_to_dict(plant_db.dsn)
    users = {str(parts["user"]): "hunter2", "eco_ro": RO_PASSWORD}
    async with pgbouncer(plant_db.dsn, users) as through:
        reader = TestDatabases.as_role(through, "eco_ro", RO_PASSWORD)
        code, checks = await check(TS_DSN=reader, TS_ADMIN_DSN=plant_db.dsn)
    assert code == 0, checks
    assert checks["TS_DSN pooler"] == ("ok", "one is in between (PgBouncer or similar)")
