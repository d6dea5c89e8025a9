"""Nobody reads schema ``ksys``, and ``eco_op`` can do nothing but call the listed functions."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from ksys_app import resources
from ksys_app.db import connect
from ksys_app.ops import golden
from ksys_app.ops.schema import schema
from ksys_app.ops.verify import verify
from tests.conftest import OP_PASSWORD, ZONE
from tests.database import TestDatabases

TABLES = ("app_user", "attempt", "audit", "session", "token")
FUNCTIONS = {
    *("attempt", "failed", "start_session", "session", "end_session", "sessions", "revoke"),
    *("active", "change_password", "rehash", "token", "note", "audit", "rule_save"),
    *("expression_save", "expression_delete", "view_save", "view_delete", "view_start"),
    *("annotation_add", "annotation_change", "annotation_delete"),
    *("alarm_ack", "alarm_unack", "alarm_shelve", "alarm_unshelve", "alarm_oos", "alarm_reset"),
    "alarm_assign",
}
# A call of each function, also of those that only triggers use.
CALLS = (
    "SELECT ksys.alarm_ack('{}', '{}', '{}', 'Kim', '', '', '')",
    "SELECT ksys.attempt('Kim', '', '{0}', interval '1 minute', 9, interval '1 minute', 5)",
    "SELECT ksys.failed('Kim', '', '', 10)",
    "SELECT ksys.sessions(interval '1 minute')",
    "SELECT ksys.audit(NULL, NULL, NULL, 1)",
    "SELECT ksys.note('', '', '', '', '{}', '')",
    "SELECT ksys.rule_save('[]', 'Kim', 'local', '', 'why')",
)
STATEMENTS = ("SELECT * FROM {}", "DELETE FROM {}", "TRUNCATE {}", "LOCK TABLE {}")


async def run_as(conn: AsyncConnection, role: str, statement: str | sql.Composed) -> None:
    async with conn.transaction(force_rollback=True):
        await conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        await conn.execute(statement)


async def relations(conn: AsyncConnection, space: str) -> list[str]:
    cursor = await conn.execute(
        "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(%s)"
        " AND relkind IN ('r', 'v', 'm', 'S') ORDER BY 1",
        (space,),
    )
    return [name for (name,) in await cursor.fetchall()]


@pytest.mark.parametrize("role", ["eco_ro", "eco_rw", "eco_op", "eco_alarm"])
async def test_no_role_touches_a_relation_of_ksys(conn: AsyncConnection, role: str) -> None:
    found = {*await relations(conn, "ksys")}
    assert found == {*TABLES, "alarm_outbox", "audit_id_seq"}
    for name in found - ({"alarm_outbox"} if role == "eco_alarm" else set()):
        for statement in STATEMENTS[: 1 if name.endswith("_seq") else None]:
            done = sql.SQL(statement).format(sql.Identifier("ksys", name))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await run_as(conn, role, done)


@pytest.mark.parametrize("role", ["eco_ro", "eco_rw", "eco_alarm"])
@pytest.mark.parametrize("call", CALLS)
async def test_reader_and_writer_call_no_function_of_it(
    conn: AsyncConnection, role: str, call: str
) -> None:
    what = "for function" if role == "eco_alarm" else "schema ksys"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=what):
        await run_as(conn, role, call)
    await run_as(conn, "eco_op", call)


async def test_the_alarm_worker_keeps_the_messages_and_may_not_empty_their_table(
    conn: AsyncConnection,
) -> None:
    await run_as(conn, "eco_alarm", "DELETE FROM ksys.alarm_outbox")
    for statement in ("TRUNCATE ksys.alarm_outbox", "SELECT * FROM ksys.app_user"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await run_as(conn, "eco_alarm", statement)


async def test_without_the_schema_s_guard_public_may_still_call_nothing(
    conn: AsyncConnection,
) -> None:
    """A DBA who grants USAGE on the schema by mistake opens no function."""
    async with conn.transaction(force_rollback=True):
        await conn.execute("GRANT USAGE ON SCHEMA ksys TO PUBLIC")
        for call in CALLS:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="for function"):
                await run_as(conn, "eco_ro", call)


def test_a_file_of_the_schema_leaves_no_function_open_until_the_next_one() -> None:
    """The files are applied one by one while the app runs, and may be interrupted in between."""
    making = {
        path.name: path.read_text("utf-8").rpartition("CREATE OR REPLACE FUNCTION ksys.")
        for path in resources.DB.glob("*.sql")
    }
    last = {name: after for name, (_, found, after) in making.items() if found}
    assert len(last) > 3
    closes = "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ksys FROM PUBLIC;"
    assert [name for name, after in last.items() if closes not in after] == []


async def test_the_operator_touches_no_relation_of_the_plant(conn: AsyncConnection) -> None:
    for name in golden.of_major(17).kinds:
        for statement in STATEMENTS[:2]:
            done = sql.SQL(statement).format(sql.Identifier("public", name))
            # No role can delete from a view with a join.
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.OperationalError)):
                await run_as(conn, "eco_op", done)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE ksys.mine (a integer)",
        "CREATE TABLE public.mine (a integer)",
        "CREATE FUNCTION ksys.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SET ROLE eco_rw",
        "ALTER TABLE ksys.audit DISABLE TRIGGER keep_audit",
        "DROP TRIGGER keep_audit ON ksys.audit",
        "SELECT ksys.keep_audit()",
        "SELECT ksys.prune_audit(now(), 'Kim')",
        "SELECT set_config('ksys.pruning', 'on', false); DELETE FROM ksys.audit",
        "SELECT rolpassword FROM pg_authid",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
async def test_the_operator_cannot_do_more(
    dsn: str, databases: TestDatabases, statement: str
) -> None:
    async with await connect(databases.as_role(dsn, "eco_op", OP_PASSWORD)) as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute(statement)


async def test_only_the_listed_functions_run_with_more_rights_than_the_operator_s(
    conn: AsyncConnection,
) -> None:
    cursor = await conn.execute(
        "SELECT p.proname::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        # Some functions of TimescaleDB are open to everybody.
        " WHERE NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')"
        " AND p.prosecdef AND p.prorettype <> 'trigger'::regtype"
        " AND has_function_privilege('eco_op', p.oid, 'EXECUTE')"
        " AND has_schema_privilege('eco_op', n.oid, 'USAGE')"
    )
    assert {name for (name,) in await cursor.fetchall()} == FUNCTIONS


async def test_every_function_has_a_fixed_search_path(conn: AsyncConnection) -> None:
    cursor = await conn.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'ksys'::regnamespace"
        " AND (NOT prosecdef OR proconfig IS DISTINCT FROM '{\"search_path=pg_catalog, pg_temp\"}')"
    )
    assert await cursor.fetchall() == []


class TestVerify:
    """``ksys db verify`` sees what somebody changed, and ``ksys db init`` what it may take back."""

    @pytest.fixture
    async def own(self, databases: TestDatabases) -> str:
        return await databases.fresh()

    async def wrong(self, dsn: str) -> dict[str, str]:
        checks = await verify.verify(dsn, zone=ZONE, content=False)
        return {
            one.name: one.detail for one in checks if not one.ok and one.page == "VERIFY_ACCESS"
        }

    async def test_verify_names_every_change_and_init_repairs_our_objects(
        self, own: str, databases: TestDatabases
    ) -> None:
        assert await self.wrong(own) == {}
        async with await connect(own) as conn:
            await conn.execute(
                "GRANT SELECT ON ksys.app_user TO eco_ro;"
                " GRANT UPDATE (role) ON ksys.session TO PUBLIC;"
                " GRANT SELECT ON ksys.token TO PUBLIC;"
                " GRANT EXECUTE ON FUNCTION ksys.sessions(interval) TO PUBLIC;"
                " REVOKE EXECUTE ON FUNCTION ksys.token(bytea) FROM eco_op;"
                " CREATE OR REPLACE FUNCTION ksys.revoke(in_id text, in_actor text, in_via text,"
                "   in_address text) RETURNS integer LANGUAGE sql AS 'SELECT 0';"
                " CREATE TABLE ksys.theirs (a integer)"
            )
        wrong = await self.wrong(own)
        assert {
            name: detail for name, detail in wrong.items() if name != "access function revoke"
        } == {
            "access table app_user": "has: eco_ro may SELECT",
            "access table session": "has: eco_alarm may UPDATE; "
            "has: eco_op may UPDATE; has: eco_ro may UPDATE; has: eco_rw may UPDATE",
            "access table token": "has: PUBLIC may SELECT; has: eco_alarm may SELECT; "
            "has: eco_op may SELECT; has: eco_ro may SELECT; has: eco_rw may SELECT",
            "access function sessions": "has: PUBLIC may EXECUTE; has: eco_alarm may EXECUTE; "
            "has: eco_ro may EXECUTE; has: eco_rw may EXECUTE",
            "access function token": "lacks: eco_op may EXECUTE",
            "access table theirs": "is not ours",
        }
        assert "has: runs as the caller, no search_path, source" in wrong["access function revoke"]
        await schema.apply(own, zone=ZONE, passwords={})
        async with await connect(own) as conn:
            await conn.execute("REVOKE UPDATE (role) ON ksys.session FROM PUBLIC")
        assert await self.wrong(own) == {"access table theirs": "is not ours"}
        await databases.drop(own)

    async def test_verify_reports_that_the_audit_can_be_changed(
        self, own: str, databases: TestDatabases
    ) -> None:
        async with await connect(own) as conn:
            await conn.execute("ALTER TABLE ksys.audit DISABLE TRIGGER keep_audit")
        (detail,) = (await self.wrong(own)).values()
        assert "keep_audit() (disabled)" in detail
        await databases.drop(own)

    async def test_a_database_without_the_schema_gets_it(
        self, own: str, databases: TestDatabases
    ) -> None:
        """A database of an older version has no schema ``ksys``."""
        async with await connect(own) as conn:
            await conn.execute("DROP SCHEMA ksys CASCADE")
        assert set((await self.wrong(own)).values()) == {"is missing; run ksys db init"}
        await schema.apply(own, zone=ZONE, passwords={})
        assert await self.wrong(own) == {}
        await databases.drop(own)
