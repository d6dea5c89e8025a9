"""Migrations: append-only files, each run once on a database that had the schema."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from ksys_app import resources
from ksys_app.errors import SchemaDrift
from ksys_app.ops.schema import schema
from ksys_app.ops.verify import verify
from tests.conftest import ZONE
from tests.database import TestDatabases


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the schema's files with two migrations."""
    for step in schema.plan():
        shutil.copy(step.file, tmp_path)
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_first.sql").write_text(
        "CREATE TABLE public.mig (n integer);\nINSERT INTO public.mig VALUES (1)"
    )
    (folder / "002_second.sql").write_text("INSERT INTO public.mig VALUES (2);\n")
    return tmp_path


async def apply(dsn: str, directory: Path) -> list[str]:
    results = await schema.apply(dsn, zone=ZONE, passwords={}, directory=directory)
    return [result.name for result in results]


@pytest.fixture(autouse=True)
async def clean(conn: AsyncConnection) -> None:
    await conn.execute("DROP TABLE IF EXISTS public.mig")
    await conn.execute("DELETE FROM public.ksys_migration")


async def test_each_is_run_once_in_order_before_the_schema(
    dsn: str, conn: AsyncConnection, directory: Path
) -> None:
    names = [step.name for step in schema.plan(directory)]
    assert await apply(dsn, directory) == ["001_first", "002_second", *names]
    assert await apply(dsn, directory) == names
    cursor = await conn.execute("SELECT n FROM public.mig ORDER BY n")
    assert await cursor.fetchall() == [(1,), (2,)]


async def test_a_failing_one_leaves_neither_change_nor_record(
    dsn: str, conn: AsyncConnection, directory: Path
) -> None:
    (directory / "migrations" / "002_second.sql").write_text(
        "INSERT INTO public.mig VALUES (2);\nSELECT 1 / 0;\n"
    )
    with pytest.raises(SchemaDrift, match=r"002_second\.sql: division by zero"):
        await apply(dsn, directory)
    cursor = await conn.execute("SELECT n FROM public.mig")
    assert await cursor.fetchall() == [(1,)]
    cursor = await conn.execute("SELECT name FROM public.ksys_migration")
    assert await cursor.fetchall() == [("001_first",)]


@pytest.mark.parametrize("change", ["has changed", "is missing"])
async def test_an_applied_one_may_not_change(dsn: str, directory: Path, change: str) -> None:
    await apply(dsn, directory)
    file = directory / "migrations" / "001_first.sql"
    file.write_text("SELECT 2") if change == "has changed" else file.unlink()
    with pytest.raises(SchemaDrift, match=f"migration 001_first {change} since it was applied"):
        await apply(dsn, directory)


async def test_a_new_database_only_records_them(databases: TestDatabases, directory: Path) -> None:
    """The schema's own files already hold what a migration brings to an older database."""
    dsn = await databases.fresh(schema=False)
    try:
        assert await apply(dsn, directory) == [step.name for step in schema.plan(directory)]
        assert await apply(dsn, directory) == [step.name for step in schema.plan(directory)]
        checks = await verify.verify(dsn, zone=ZONE)
        assert [c for c in checks if not c.ok and not c.name.startswith("job ")] == []
    finally:
        await databases.drop(dsn)


async def test_a_first_run_that_was_interrupted_leaves_none_to_be_run(
    databases: TestDatabases, directory: Path
) -> None:
    dsn = await databases.fresh(schema=False)
    try:
        broken = directory / "080_features.sql"
        broken.write_text("SELECT 1 / 0;")
        with pytest.raises(SchemaDrift, match="080_features"):
            await apply(dsn, directory)
        shutil.copy(resources.DB / broken.name, broken)
        assert await apply(dsn, directory) == [step.name for step in schema.plan(directory)]
    finally:
        await databases.drop(dsn)
