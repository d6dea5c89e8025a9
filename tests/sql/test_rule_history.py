"""Each change of limits is recorded, and one of an outdated version is not saved (PRD §32.9)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, ClassVar

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from ksys_app import db
from ksys_app.db import connect
from ksys_app.models.limits import AlarmRule, RuleChange, RuleOutcome
from ksys_app.models.rows import QcRule
from ksys_app.store import rules
from tests.conftest import RW_PASSWORD
from tests.database import TestDatabases


@pytest.fixture
def operator() -> db.Database:
    pool = db.operator()
    assert pool is not None, "the runtime of the tests has TS_OPERATOR_DSN"
    return pool


async def history(conn: AsyncConnection, tag: str) -> list[dict[str, Any]]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT * FROM public.rule_history WHERE tag_name = %s ORDER BY id", (tag,)
        )
        return await cursor.fetchall()


async def version(conn: AsyncConnection, tag: str) -> int | None:
    cursor = await conn.execute("SELECT version FROM rule_version WHERE tag_name = %s", (tag,))
    row = await cursor.fetchone()
    return row and row[0]


async def save(
    operator: db.Database, *changes: RuleChange, reason: str = "tuned"
) -> list[RuleOutcome]:
    return await rules.save(operator, changes, "Kim", "local", "10.1.2.3", reason)


class TestHistory:
    async def test_insert_change_and_delete_are_recorded_with_who_wrote(
        self, conn: AsyncConnection, dsn: str
    ) -> None:
        writer = TestDatabases.as_role(dsn, "eco_rw", RW_PASSWORD)
        async with await connect(writer) as theirs:
            await theirs.execute("INSERT INTO influx_qc_rule (tag_name, max_val) VALUES ('A', 5)")
            await theirs.execute("UPDATE influx_qc_rule SET max_val = 'NaN' WHERE tag_name = 'A'")
            await theirs.execute("DELETE FROM influx_qc_rule WHERE tag_name = 'A'")
        found = await history(conn, "A")
        assert [row["op"] for row in found] == ["INSERT", "UPDATE", "DELETE"]
        assert [row["version"] for row in found] == [1, 2, 3]
        assert [row["new"] and row["new"]["max_val"] for row in found] == [5, "NaN", None]
        assert [row["old"] and row["old"]["max_val"] for row in found] == [None, 5, "NaN"]
        assert {row["actor"] for row in found} == {row["session_role"] for row in found}
        assert {row["source"] for row in found} == {"sql"}
        assert await version(conn, "A") == 3

    async def test_an_update_with_equal_values_makes_no_version(
        self, conn: AsyncConnection
    ) -> None:
        await conn.execute("INSERT INTO influx_qc_rule (tag_name, max_val) VALUES ('B', 5)")
        await conn.execute("UPDATE influx_qc_rule SET max_val = 5 WHERE tag_name = 'B'")
        assert await version(conn, "B") == 1

    async def test_another_name_ends_one_rule_and_begins_another(
        self, conn: AsyncConnection
    ) -> None:
        await conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('C')")
        await conn.execute("UPDATE influx_qc_rule SET tag_name = 'D' WHERE tag_name = 'C'")
        assert [row["op"] for row in await history(conn, "C")] == ["INSERT", "DELETE"]
        assert [row["op"] for row in await history(conn, "D")] == ["INSERT"]

    async def test_a_truncate_ends_every_rule(self, conn: AsyncConnection) -> None:
        await conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('E'), ('F')")
        await conn.execute("TRUNCATE influx_qc_rule")
        for tag in ("E", "F"):
            assert [row["op"] for row in await history(conn, tag)] == ["INSERT", "DELETE"]

    async def test_who_and_why_are_settings_of_the_transaction(self, conn: AsyncConnection) -> None:
        async with conn.transaction():
            await conn.execute(
                "SELECT set_config('ksys.actor', 'Lee', true),"
                " set_config('ksys.source', 'csv', true),"
                " set_config('ksys.reason', 'new pump', true)"
            )
            await conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('G')")
        await conn.execute("UPDATE influx_qc_rule SET min_val = 1 WHERE tag_name = 'G'")
        recorded = [
            (row["actor"], row["reason"], row["source"]) for row in await history(conn, "G")
        ]
        assert recorded[0] == ("Lee", "new pump", "csv")
        assert recorded[1][1:] == ("", "sql")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE rule_history SET actor = ''",
            "DELETE FROM rule_history",
            "TRUNCATE rule_history",
        ],
    )
    async def test_nobody_changes_it(self, conn: AsyncConnection, statement: str) -> None:
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
            await conn.execute(statement)


class TestSaving:
    async def test_a_new_rule_is_saved_with_actor_reason_and_audit(
        self, conn: AsyncConnection, operator: db.Database
    ) -> None:
        rule = QcRule("S1", 0.0, 9.5, max_gap_seconds=60, meta={"unit": "µg"}, warn_max=8.0)
        assert await save(operator, RuleChange(0, rule)) == [RuleOutcome("S1", 1, True)]
        cursor = await conn.execute("SELECT * FROM influx_qc_rule WHERE tag_name = 'S1'")
        assert await cursor.fetchone() == tuple(rules.row_of(rule).values())
        (row,) = await history(conn, "S1")
        assert (row["actor"], row["reason"], row["source"]) == ("Kim", "tuned", "page")
        assert row["session_role"] == "eco_op"
        cursor = await conn.execute(
            "SELECT actor, via, action, detail, address FROM ksys.audit WHERE subject = 'S1'"
        )
        assert await cursor.fetchall() == [
            ("Kim", "local", "rule_saved", {"reason": "tuned", "version": 1}, "10.1.2.3")
        ]

    async def test_the_second_writer_gets_the_other_values_and_the_base_and_saves_nothing(
        self, conn: AsyncConnection, operator: db.Database
    ) -> None:
        await save(operator, RuleChange(0, QcRule("S2", warn_max=1.0)))
        await save(operator, RuleChange(1, QcRule("S2", warn_max=2.0)))
        (other, late) = await save(
            operator,
            RuleChange(1, QcRule("S2", warn_max=3.0)),
            RuleChange(7, QcRule("S3", warn_max=3.0)),
            RuleChange(0, QcRule("S4", warn_max=3.0)),
        )
        assert (other.tag_name, other.version, other.saved) == ("S2", 2, False)
        assert other.theirs is not None
        assert other.base is not None
        assert (other.theirs["rule"]["warn_max"], other.base["rule"]["warn_max"]) == (2.0, 1.0)
        none = {"rule": None, "settings": {}}
        assert (late.tag_name, late.version, late.theirs, late.base) == ("S3", 0, none, none)
        assert await history(conn, "S4") == []
        assert (await save(operator, RuleChange(2, QcRule("S2", warn_max=3.0))))[0].saved

    async def test_base_is_the_row_before_the_first_later_change(
        self, conn: AsyncConnection, operator: db.Database
    ) -> None:
        await conn.execute("INSERT INTO influx_qc_rule (tag_name, max_step) VALUES ('S5', 1)")
        for value in (2, 3):
            await conn.execute(
                "UPDATE influx_qc_rule SET max_step = %s WHERE tag_name = 'S5'", (value,)
            )
        (found,) = await save(operator, RuleChange(0, QcRule("S5")))
        assert found.base is not None
        assert found.base["rule"] is None
        (found,) = await save(operator, RuleChange(1, QcRule("S5")))
        assert found.base is not None
        assert found.base["rule"]["max_step"] == 1

    async def test_of_two_at_once_one_is_saved(
        self, conn: AsyncConnection, operator: db.Database
    ) -> None:
        both = await asyncio.gather(
            save(operator, RuleChange(0, QcRule("S6", warn_max=1.0))),
            save(operator, RuleChange(0, QcRule("S6", warn_max=2.0))),
        )
        assert sorted(one.saved for (one,) in both) == [False, True]
        assert await version(conn, "S6") == 1

    async def test_equal_values_make_no_version(
        self, conn: AsyncConnection, operator: db.Database
    ) -> None:
        await save(operator, RuleChange(0, QcRule("S7", warn_max=1.0)))
        assert await save(operator, RuleChange(1, QcRule("S7", warn_max=1.0))) == [
            RuleOutcome("S7", 1, True)
        ]
        assert len(await history(conn, "S7")) == 1

    async def test_a_reason_is_required(self, operator: db.Database) -> None:
        with pytest.raises(psycopg.errors.CheckViolation, match="needs an actor and a reason"):
            await save(operator, RuleChange(0, QcRule("S8")), reason=" ")

    @pytest.mark.parametrize(
        "changed",
        [
            {"version": None},
            {"tag_name": "S11"},
            {"tag_name": None},
            {"rule": None},
            {"settings": None, "rule": {}},
        ],
    )
    async def test_a_change_without_a_version_or_a_matching_name_is_refused(
        self, conn: AsyncConnection, changed: dict[str, Any]
    ) -> None:
        """The app does not send such a change; another program might."""
        await conn.execute(
            "INSERT INTO influx_qc_rule (tag_name) VALUES ('S10') ON CONFLICT DO NOTHING"
        )
        await self.refused(conn, [self.change | changed])

    async def test_a_tag_is_changed_once_at_a_time(self, conn: AsyncConnection) -> None:
        await self.refused(conn, [self.change, self.change])

    change: ClassVar[dict[str, Any]] = {
        **{"tag_name": "S10", "version": 0, "settings": {}},
        "rule": {"tag_name": "S10", "warn_max": 5},
    }

    async def refused(self, conn: AsyncConnection, changes: list[dict[str, Any]]) -> None:
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="a change is of one tag"):
            await conn.execute(
                "SELECT ksys.rule_save(%s, 'Kim', 'local', '', 'why')", [Jsonb(changes)]
            )
        cursor = await conn.execute("SELECT warn_max FROM influx_qc_rule WHERE warn_max = 5")
        assert await cursor.fetchall() == []

    @pytest.mark.parametrize("who", ["NULL, 'local', '', 'why'", "'Kim', 'local', '', NULL"])
    async def test_an_actor_and_a_reason_are_not_null(
        self, conn: AsyncConnection, who: str
    ) -> None:
        with pytest.raises(psycopg.errors.CheckViolation, match="needs an actor and a reason"):
            await conn.execute(f"SELECT ksys.rule_save('[]', {who})".encode())

    async def test_settings_of_alarms_count_as_limits(
        self, conn: AsyncConnection, operator: db.Database
    ) -> None:
        rule, high = QcRule("S9", warn_max=1.0), AlarmRule(2, 5.0, message="too hot")
        await save(operator, RuleChange(0, rule, {"HIGH": high, "LOW": AlarmRule(latch=True)}))
        assert await version(conn, "S9") == 3
        (same,) = await save(operator, RuleChange(3, rule, {"HIGH": high}))
        assert same.version == 3
        await save(operator, RuleChange(3, rule, {"LOW": None, "HIGH": replace(high, priority=1)}))
        recorded = [
            (row["relation"], row["condition"], row["op"]) for row in await history(conn, "S9")
        ]
        assert recorded == [
            ("influx_qc_rule", "", "INSERT"),
            ("alarm_rule", "HIGH", "INSERT"),
            ("alarm_rule", "LOW", "INSERT"),
            ("alarm_rule", "LOW", "DELETE"),
            ("alarm_rule", "HIGH", "UPDATE"),
        ]
        (late,) = await save(operator, RuleChange(3, rule, {"LOW": None}))
        assert late.theirs is not None
        assert late.base is not None
        assert [*late.theirs["settings"]] == ["HIGH"]
        assert late.theirs["settings"]["HIGH"]["priority"] == 1
        assert sorted(late.base["settings"]) == ["HIGH", "LOW"]
        assert late.base["settings"]["HIGH"]["priority"] == 2
