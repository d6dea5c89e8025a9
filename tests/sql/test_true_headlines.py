"""The problem that a command names is the real problem, and its advice helps."""

from __future__ import annotations

import pytest
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from ksys_app import resources
from ksys_app.errors import DatabaseFault, DatabaseUnreachable, KsysError
from ksys_app.ops import golden
from ksys_app.ops.check import Check
from ksys_app.ops.owner import owner
from ksys_app.ops.verify import check_structure
from tests.conftest import Plant, apply_schema
from tests.ksys import ksys
from tests.sql.test_check import owning_role


async def run(dsn: str, *statements: str) -> None:
    async with owner(dsn) as conn:
        for statement in statements:
            await conn.execute(statement.encode())


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("53100", DatabaseFault, "has no room left on its disk (장치에 공간이 없음); make room"),
        ("53200", DatabaseFault, "answers and cannot do it (장치에 공간이 없음)"),
        ("53400", DatabaseFault, "answers and cannot do it"),
        ("58030", DatabaseFault, "answers and cannot do it"),
        ("55P03", DatabaseFault, "answers and cannot do it"),
        ("40P01", DatabaseFault, "answers and cannot do it"),
        ("XX001", DatabaseFault, "answers and cannot do it"),
        ("57P01", DatabaseUnreachable, "does not answer"),
        ("08006", DatabaseUnreachable, "does not answer"),
    ],
)
async def test_a_server_that_answers_is_not_reported_as_away(
    dsn: str, code: str, kind: type[KsysError], says: str
) -> None:
    failing = f"DO $$BEGIN RAISE EXCEPTION '장치에 공간이 없음' USING ERRCODE = '{code}'; END$$"
    with pytest.raises(KsysError) as caught:
        await run(dsn, failing)
    assert type(caught.value) is kind
    assert says in caught.value.message


async def test_a_missing_right_of_the_owner_is_named(plant_db: Plant) -> None:
    async with owning_role(plant_db) as dsn:
        code, _, err = await ksys("db", "init", TS_ADMIN_DSN=dsn, KSYS_RO_PASSWORD="x")
    assert code == 2
    assert err.rstrip().endswith("as a superuser: ALTER ROLE check_owner CREATEROLE")
    assert "must name the owner" not in err


async def test_the_advice_of_verify_repairs_a_view_with_other_columns(plant_db: Plant) -> None:
    drop = "DROP VIEW public.influx_live"
    await run(plant_db.dsn, drop, "CREATE VIEW public.influx_live AS SELECT 1 AS one")
    try:
        _, out, _ = await ksys("db", "verify", "--failed", TS_ADMIN_DSN=plant_db.dsn)
        (failure,) = [line for line in out.splitlines() if line.startswith("FAIL  columns ")]
        assert failure.endswith(f"one is not ours; {drop}; then ksys db init")
    finally:
        await run(plant_db.dsn, drop)
        await apply_schema(plant_db.dsn)
    _, out, _ = await ksys("db", "verify", "--failed", TS_ADMIN_DSN=plant_db.dsn)
    assert "influx_live" not in out


class TestKeys:
    async def test_the_statement_of_verify_creates_a_missing_key(
        self, conn: AsyncConnection
    ) -> None:
        name = "influx_qc_rule"
        drop = "ALTER TABLE public.influx_qc_rule DROP CONSTRAINT influx_qc_rule_pkey"
        await conn.execute(drop)
        (missing,) = [c for c in await keys(conn) if c.name == f"primary key {name}"]
        assert not missing.ok
        statement = missing.detail.removeprefix("is missing; as the owner: ")
        await conn.execute(sql.SQL(statement))  # type: ignore[arg-type]
        assert all(check.ok for check in await keys(conn))

    def test_no_key_has_the_advice_to_run_init(self) -> None:
        expected = golden.of_major(17)
        missing = [
            *check_structure.primary_keys([], expected.indexes),
            *check_structure.indexes([], expected),
        ]
        details = {check.name: check.detail for check in missing if not check.ok}
        assert set(details) >= {
            f"primary key {row['relation']}" for row in expected.indexes if row["is_primary"]
        }
        for name, detail in details.items():
            if name.startswith("primary key") or name.endswith("_pkey"):
                assert "ksys db init" not in detail
                assert "ADD CONSTRAINT" in detail
        assert details["index idx_hist_tag_ts"] == "is missing; run ksys db init"


async def keys(conn: AsyncConnection) -> list[Check]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute((resources.VERIFY / "indexes.sql").read_bytes())
        rows = await cursor.fetchall()
    return list(check_structure.primary_keys(rows, golden.of(conn).indexes))
