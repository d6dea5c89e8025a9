"""``ksys qc``: copies a file in one transaction, and names every difference."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection

from ksys_app import db
from ksys_app.errors import ConfigError, DatabaseUnreachable, SchemaDrift
from ksys_app.models.limits import RuleChange
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.ops.masterdata import qc, qc_csv
from ksys_app.ops.masterdata.qc import Change
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES
from ksys_app.store import rules
from tests.conftest import RO_PASSWORD, RW_PASSWORD
from tests.database import TestDatabases
from tests.ksys import ksys

FULL = QcRule(
    "T1", -1e-3, 1e9, 0.1, 60, True, None, {"unit": "µg", "n": [1, 2.5]}, 0.0, 10.0, None, 1e8
)
BARE = QcRule("T2")


@pytest.fixture
async def clean(conn: AsyncConnection) -> AsyncConnection:
    await conn.execute(
        "TRUNCATE public.influx_qc_rule, public.ingest_expectation, public.rule_base"
    )
    return conn


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "influx_qc_rule.csv"
    path.write_text(qc_csv.text([FULL, BARE], RULES), "utf-8")
    return path


async def tags(conn: AsyncConnection) -> list[str]:
    cursor = await conn.execute("SELECT tag_name FROM public.influx_qc_rule ORDER BY 1")
    return [row[0] for row in await cursor.fetchall()]


async def test_sync_writes_every_cell_and_then_has_nothing_to_do(
    dsn: str, clean: AsyncConnection, file: Path
) -> None:
    assert await qc.sync(dsn, file, RULES) == [Change("T1", "add"), Change("T2", "add")]
    assert await qc.sync(dsn, file, RULES) == []
    assert await qc.verify(dsn, file, RULES) == []
    cursor = await clean.execute("SELECT * FROM public.influx_qc_rule WHERE tag_name = 'T1'")
    assert await cursor.fetchone() == tuple(getattr(FULL, name) for name in RULES.names)


async def test_the_shipped_rules_and_expectations_are_synced(
    dsn: str, clean: AsyncConnection
) -> None:
    assert len(await qc.sync(dsn, qc.RULES_CSV, RULES)) == 9
    assert len(await qc.sync(dsn, qc.EXPECTATIONS_CSV, EXPECTATIONS)) == 9
    assert await qc.verify(dsn, qc.EXPECTATIONS_CSV, EXPECTATIONS) == []


async def test_drift_is_named_cell_by_cell_and_sync_repairs_it(
    dsn: str, clean: AsyncConnection, file: Path
) -> None:
    await qc.sync(dsn, file, RULES)
    await clean.execute(
        "UPDATE public.influx_qc_rule SET max_val = 7, meta = NULL, enabled = true"
        " WHERE tag_name = 'T1'"
    )
    drift = [
        Change("T1", "change", "max_val", 1e9, 7.0),
        Change("T1", "change", "enabled", None, True),
        Change("T1", "change", "meta", FULL.meta, {}),
    ]
    assert await qc.verify(dsn, file, RULES) == drift
    assert await qc.sync(dsn, file, RULES) == drift
    assert await qc.verify(dsn, file, RULES) == []


async def test_a_row_that_only_the_database_has_stays_until_pruned(
    dsn: str, clean: AsyncConnection, file: Path
) -> None:
    await clean.execute("INSERT INTO public.influx_qc_rule (tag_name) VALUES ('OWN')")
    assert Change("OWN", "remove") in await qc.sync(dsn, file, RULES)
    assert await tags(clean) == ["OWN", "T1", "T2"]
    assert await qc.verify(dsn, file, RULES) == [Change("OWN", "remove")]
    await qc.sync(dsn, file, RULES, prune=True)
    assert await tags(clean) == ["T1", "T2"]


async def test_a_dry_run_reports_the_same_changes_and_writes_nothing(
    dsn: str, clean: AsyncConnection, file: Path
) -> None:
    changes = await qc.sync(dsn, file, RULES, dry_run=True, prune=True)
    assert await tags(clean) == []
    assert await qc.sync(dsn, file, RULES) == changes


async def test_one_bad_cell_and_nothing_is_written(
    dsn: str, clean: AsyncConnection, file: Path
) -> None:
    content = qc_csv.text([FULL, BARE, QcRule("T3", 5.0, 5.0)], RULES)
    qc_csv.write(file, content, force=True)
    with pytest.raises(ConfigError, match=r":4 min_val: 5 must be below max_val, which is 5"):
        await qc.sync(dsn, file, RULES)
    assert await tags(clean) == []


async def test_a_sync_that_fails_halfway_leaves_everything_as_it_was(
    dsn: str, clean: AsyncConnection, file: Path
) -> None:
    await clean.execute("INSERT INTO public.influx_qc_rule (tag_name) VALUES ('KEPT')")
    await clean.execute(
        "CREATE TABLE public.holds (tag_name text REFERENCES public.influx_qc_rule);"
        " INSERT INTO public.holds VALUES ('KEPT')"
    )
    try:
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            await qc.sync(dsn, file, RULES, prune=True)
        assert await tags(clean) == ["KEPT"]
    finally:
        await clean.execute("DROP TABLE public.holds")


async def test_only_a_changed_expectation_is_stamped(
    dsn: str, clean: AsyncConnection, tmp_path: Path
) -> None:
    file = tmp_path / "ingest_expectation.csv"
    qc_csv.write(file, qc_csv.text([Expectation("T1", 12), Expectation("T2", 12)], EXPECTATIONS))
    await qc.sync(dsn, file, EXPECTATIONS)
    await clean.execute("UPDATE public.ingest_expectation SET updated_at = '2020-01-01Z'")
    changed = [Expectation("T1", 6, 0.9, 0.8), Expectation("T2", 12)]
    qc_csv.write(file, qc_csv.text(changed, EXPECTATIONS), force=True)
    assert len(await qc.sync(dsn, file, EXPECTATIONS)) == 3
    cursor = await clean.execute(
        "SELECT tag_name, updated_at > '2020-01-01Z' FROM public.ingest_expectation ORDER BY 1"
    )
    assert await cursor.fetchall() == [("T1", True), ("T2", False)]


async def test_an_export_is_read_back_as_the_same_rows(
    dsn: str, clean: AsyncConnection, file: Path, tmp_path: Path
) -> None:
    await qc.sync(dsn, file, RULES)
    out = tmp_path / "export.csv"
    assert await qc.export(dsn, out, RULES) == 2
    assert qc_csv.read(out, RULES) == [FULL, BARE]
    await clean.execute("DELETE FROM public.influx_qc_rule WHERE tag_name = 'T2'")
    with pytest.raises(ConfigError, match="differs from the database"):
        await qc.export(dsn, out, RULES)
    assert qc_csv.read(out, RULES) == [FULL, BARE]
    assert await qc.export(dsn, out, RULES, force=True) == 1
    assert qc_csv.read(out, RULES) == [FULL]


async def test_a_role_that_may_not_write_rules_is_reported(
    dsn: str, clean: AsyncConnection, file: Path
) -> None:
    reader = TestDatabases.as_role(dsn, "eco_ro", RO_PASSWORD)
    with pytest.raises(ConfigError, match="may not do this; use the owner or eco_rw"):
        await qc.sync(reader, file, RULES)
    assert len(await qc.verify(reader, file, RULES)) == 2
    writer = TestDatabases.as_role(dsn, "eco_rw", RW_PASSWORD)
    assert len(await qc.sync(writer, file, RULES)) == 2


async def test_a_database_that_is_away_or_without_the_schema_is_named(
    databases: TestDatabases, file: Path
) -> None:
    with pytest.raises(DatabaseUnreachable):
        await qc.verify("postgresql://u@127.0.0.1:1/d", file, RULES)
    bare = await databases.fresh(schema=False)
    try:
        with pytest.raises(SchemaDrift, match="ksys db init"):
            await qc.sync(bare, file, RULES)
    finally:
        await databases.drop(bare)


class TestMerge:
    """What somebody changed on a page since the last sync (PRD §32.9)."""

    @pytest.fixture
    def page(self, clean: AsyncConnection) -> Callable[..., Awaitable[None]]:
        """Saves a rule as a page does."""

        async def save(rule: QcRule) -> None:
            pool = db.operator()
            assert pool is not None
            cursor = await clean.execute(
                "SELECT version FROM rule_version WHERE tag_name = %s", (rule.tag_name,)
            )
            row = await cursor.fetchone()
            change = RuleChange(row[0] if row else 0, rule)
            (done,) = await rules.save(pool, [change], "Kim", "local", "", "tuned")
            assert done.saved

        return save

    @staticmethod
    def write(file: Path, *found: QcRule) -> None:
        qc_csv.write(file, qc_csv.text(found, RULES), force=True)

    async def test_a_cell_of_the_page_stays_and_a_cell_of_the_file_is_written(
        self, dsn: str, clean: AsyncConnection, file: Path, page: Callable[..., Awaitable[None]]
    ) -> None:
        await qc.sync(dsn, file, RULES)
        await page(replace(FULL, max_val=7e8))
        self.write(file, replace(FULL, warn_max=20.0), BARE)
        changes = await qc.sync(dsn, file, RULES)
        assert [(one.kind, one.column) for one in changes] == [
            ("keep", "max_val"),
            ("change", "warn_max"),
        ]
        assert changes[0].done(dry_run=False, prune=False) == (
            "T1 max_val: kept at 700000000, changed on the page by Kim, 1000000000 in the file"
        )
        cursor = await clean.execute("SELECT max_val, warn_max FROM influx_qc_rule ORDER BY 1")
        assert (await cursor.fetchall())[0] == (7e8, 20.0)
        (left,) = await qc.sync(dsn, file, RULES)
        assert left.kind == "keep"
        (differs,) = await qc.verify(dsn, file, RULES)
        assert str(differs) == "T1 max_val: 1000000000 in the file, 700000000 in the database"

    async def test_a_cell_that_both_changed_is_a_conflict_and_nothing_is_written(
        self, dsn: str, clean: AsyncConnection, file: Path, page: Callable[..., Awaitable[None]]
    ) -> None:
        await qc.sync(dsn, file, RULES)
        await page(replace(FULL, max_val=7e8))
        self.write(file, replace(FULL, max_val=8e8, warn_max=20.0), BARE, QcRule("T3"))
        changes = await qc.sync(dsn, file, RULES)
        assert [(one.tag_name, one.kind, one.column) for one in changes] == [
            ("T1", "conflict", "max_val"),
            ("T1", "change", "warn_max"),
            ("T3", "add", None),
        ]
        assert changes[0].done(dry_run=False, prune=False) == (
            "T1 max_val: conflict, 800000000 in the file, 700000000 in the database, "
            "changed on the page by Kim, 1000000000 at the last sync"
        )
        assert await tags(clean) == ["T1", "T2"]
        assert await qc.sync(dsn, file, RULES, dry_run=True) == changes
        assert len(await qc.sync(dsn, file, RULES, overwrite=True)) == 3
        assert await qc.verify(dsn, file, RULES) == []

    async def test_an_export_settles_a_conflict_and_later_the_file_may_change_the_cell(
        self, dsn: str, clean: AsyncConnection, file: Path, page: Callable[..., Awaitable[None]]
    ) -> None:
        await qc.sync(dsn, file, RULES)
        await page(replace(FULL, max_val=7e8))
        await qc.export(dsn, file, RULES, force=True)
        assert await qc.sync(dsn, file, RULES) == []
        self.write(file, replace(FULL, max_val=8e8), BARE)
        (change,) = await qc.sync(dsn, file, RULES)
        assert change == Change("T1", "change", "max_val", 8e8, 7e8)

    async def test_cells_of_both_that_contradict_each_other_are_a_conflict(
        self, dsn: str, clean: AsyncConnection, file: Path, page: Callable[..., Awaitable[None]]
    ) -> None:
        await qc.sync(dsn, file, RULES)
        await page(replace(FULL, crit_max=30.0))
        self.write(file, replace(FULL, warn_max=40.0), BARE)
        changes = await qc.sync(dsn, file, RULES)
        assert changes[-1].kind == "misfit"
        assert (
            changes[-1]
            .done(dry_run=False, prune=False)
            .startswith(
                "T1 warn_max: conflict, the cells of the page and of the file do not fit: 40 "
            )
        )
        cursor = await clean.execute("SELECT warn_max FROM influx_qc_rule WHERE tag_name = 'T1'")
        assert await cursor.fetchone() == (10.0,)

    async def test_pruning_keeps_rules_that_a_page_added_or_changed(
        self, dsn: str, clean: AsyncConnection, file: Path, page: Callable[..., Awaitable[None]]
    ) -> None:
        await qc.sync(dsn, file, RULES)
        await page(QcRule("OWN", 1.0, 2.0))
        (change,) = await qc.sync(dsn, file, RULES, prune=True)
        assert (change.tag_name, change.kind) == ("OWN", "keep")
        await page(replace(BARE, max_val=5.0))
        self.write(file, FULL)
        assert [
            (one.tag_name, one.kind) for one in await qc.sync(dsn, file, RULES, prune=True)
        ] == [
            ("OWN", "keep"),
            ("T2", "conflict"),
        ]
        assert await tags(clean) == ["OWN", "T1", "T2"]

    async def test_without_a_base_the_file_decides_and_becomes_the_base(
        self, dsn: str, clean: AsyncConnection, file: Path, page: Callable[..., Awaitable[None]]
    ) -> None:
        await page(replace(FULL, max_val=7e8))
        changes = await qc.sync(dsn, file, RULES)
        assert Change("T1", "change", "max_val", 1e9, 7e8) in changes
        await page(replace(FULL, max_val=7e8))
        (change,) = await qc.sync(dsn, file, RULES)
        assert change.kind == "keep"

    async def test_a_sync_is_recorded_as_one(
        self, dsn: str, clean: AsyncConnection, file: Path
    ) -> None:
        await qc.sync(dsn, file, RULES)
        cursor = await clean.execute(
            "SELECT source, reason FROM rule_history WHERE tag_name = 'T1' ORDER BY id DESC LIMIT 1"
        )
        assert await cursor.fetchone() == ("csv", "ksys qc sync influx_qc_rule.csv")

    async def test_the_command_names_each_conflict_and_exits_1(
        self, dsn: str, clean: AsyncConnection, file: Path, page: Callable[..., Awaitable[None]]
    ) -> None:
        await qc.sync(dsn, file, RULES)
        await page(replace(FULL, max_val=7e8))
        code, out, _ = await ksys("qc", "sync", str(file), TS_ADMIN_DSN=dsn)
        assert (code, "0 changes made, 0 rows only in the database, 1 kept" in out) == (0, True)
        self.write(file, replace(FULL, max_val=8e8), BARE)
        code, out, _ = await ksys("qc", "sync", str(file), TS_ADMIN_DSN=dsn)
        assert code == 1
        assert "T1 max_val: conflict, 800000000 in the file, 700000000 in the database" in out
        assert "nothing was written: 1 conflicts" in out
