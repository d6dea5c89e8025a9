"""`ksys db backup` and `restore`: nothing is lost on the way, and what cannot work is refused.

The round trip needs a server and its own `pg_dump`: TS_TEST_DSN or Docker.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from ksys_app.db import connect
from ksys_app.errors import BackupFailed, ConfigError, SchemaDrift
from ksys_app.ops import backup, manifest, pg_programs, refresh, restore
from tests.conftest import RO_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.plant import clock, insert

MINUTE = timedelta(minutes=1)


async def dump(dsn: str, file: Path) -> manifest.Manifest:
    return await backup.backup(dsn, file, zone=ZONE, on_size=lambda size: None)


async def bring_back(dsn: str, file: Path, *, replace: bool = False) -> restore.Restored:
    passwords = {"eco_ro": RO_PASSWORD, "eco_rw": None}
    plan = restore.Plan(dsn, file, ZONE, passwords, replace)
    return await restore.restore(plan, lambda step: None)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
async def embedded(databases: TestDatabases) -> AsyncIterator[str]:
    if databases.kind != "embedded":
        pytest.skip("this is about the embedded database")
    made = await databases.fresh()
    yield made
    await databases.drop(made)


@pytest.fixture
async def server(databases: TestDatabases) -> AsyncIterator[str]:
    """A database of a server with its own ``pg_dump`` and ``pg_restore``, filled and compressed."""
    if databases.kind == "embedded":
        pytest.skip("the embedded database cannot be dumped")
    made = await databases.fresh()
    try:
        async with await connect(made) as conn:
            row = await (await conn.execute("SHOW server_version_num")).fetchone()
            assert row is not None
            try:
                for program in ("pg_dump", "pg_restore"):
                    await pg_programs.find(program, int(row[0]) // 10_000)  # type: ignore[arg-type]
            except ConfigError as error:
                pytest.skip(error.message)
            now = await clock(conn)
            for tag in ("A", "온도"):
                await insert(conn, [(now - n * 13 * MINUTE, tag, n / 7) for n in range(3000)])
            await conn.execute("INSERT INTO public.influx_qc_rule (tag_name) VALUES ('A')")
            await refresh.refresh(made)
            await conn.execute(
                "SELECT compress_chunk(c, true) FROM"
                " show_chunks('public.influx_hist', older_than => interval '9 days') AS c"
            )
        yield made
    finally:
        await databases.drop(made)


@pytest.fixture
async def empty(databases: TestDatabases) -> AsyncIterator[str]:
    made = await databases.fresh(schema=False)
    yield made
    await databases.drop(made)


async def test_a_dump_comes_back_with_every_row_checksum_and_object(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    noted = await dump(server, file)
    assert left_in(tmp_path) == ["plant.dump", "plant.dump.manifest.json"]
    assert sum(day[2] for day in noted.content.days) == 6000
    assert noted.content.relations["influx_qc_rule"] == 1
    done = await bring_back(empty, file)
    assert done.differences == []
    assert [c for c in done.checks if not c.ok and not c.name.startswith("job ")] == []
    async with await connect(empty) as conn:
        await insert(conn, [(await clock(conn), "NEW", 1.0)])
        cursor = await conn.execute("SELECT count(*) FROM public.influx_latest")
        assert await cursor.fetchone() == (3,), "its triggers work"


async def test_the_commands_tell_what_they_did_and_exit_by_it(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    code, out, err = await ksys("db", "backup", str(file), TS_ADMIN_DSN=server)
    assert (code, err) == (0, "")
    for words in ("plant.dump, ", "plant.dump.manifest.json", "6,000 on ", "TimescaleDB 2."):
        assert words in out
    code, out, err = await ksys("db", "restore", str(file), TS_ADMIN_DSN=server)
    assert (code, "is not empty" in err) == (2, True)
    code, out, err = await ksys("db", "restore", str(file), TS_ADMIN_DSN=empty)
    assert err == ""
    assert "every row count and checksum is that of the dump" in out
    failed = [line for line in out.splitlines() if line.startswith("FAIL")]
    assert all("VERIFY_JOB" in line for line in failed), "a job of the server may be running"
    assert code == (1 if failed else 0)


async def test_what_came_back_otherwise_is_told(server: str, empty: str, tmp_path: Path) -> None:
    file = tmp_path / "plant.dump"
    noted = await dump(server, file)
    noted.content.days[0][2] += 1
    noted.content.relations["influx_qc_rule"] = 5
    manifest.beside(file).write_text(manifest.text(noted), "utf-8")
    done = await bring_back(empty, file)
    assert done.differences is not None
    first, second = done.differences
    assert first == "influx_qc_rule has 1 rows, the dump 5"
    assert second.startswith("A has ")


async def test_a_database_in_use_is_only_put_aside_when_told(
    server: str, databases: TestDatabases, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    await dump(server, file)
    async with await connect(server) as conn:
        await conn.execute("DELETE FROM public.influx_qc_rule")
    with pytest.raises(ConfigError, match="is not empty; name an empty one in TS_ADMIN_DSN, or"):
        await bring_back(server, file)
    done = await bring_back(server, file, replace=True)
    name = conninfo_to_dict(server)["dbname"]
    assert done.differences == []
    assert done.aside is not None
    assert done.aside.startswith(f"{name}_before_")
    async with await connect(server) as conn:
        cursor = await conn.execute("SELECT count(*) FROM public.influx_qc_rule")
        assert await cursor.fetchone() == (1,)
        await conn.execute(f"DROP DATABASE {done.aside} WITH (FORCE)")


async def test_a_dump_that_fails_leaves_nothing(server: str, tmp_path: Path) -> None:
    file = tmp_path / "plant.dump"
    async with await connect(server) as conn:
        await conn.execute("CREATE TABLE public.secret (a integer)")
        await conn.execute("REVOKE ALL ON public.secret FROM eco_ro")
    with pytest.raises(BackupFailed, match=r"pg_dump failed: .*permission denied for table secret"):
        await dump(TestDatabases.as_role(server, "eco_ro", RO_PASSWORD), file)
    assert left_in(tmp_path) == []


async def test_a_dump_is_not_written_over_another(server: str, tmp_path: Path) -> None:
    file = tmp_path / "plant.dump"
    file.write_text("precious")
    with pytest.raises(ConfigError, match="is there already"):
        await dump(server, file)
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        await dump(server, tmp_path / "no" / "x.dump")
    assert file.read_text() == "precious"


async def test_a_dump_that_is_not_whole_is_refused_before_anything_is_done(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    await dump(server, file)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ConfigError, match=r"is not what plant\.dump\.manifest\.json describes"):
        await bring_back(empty, file)
    manifest.beside(file).unlink()
    with pytest.raises(BackupFailed, match=r"pg_restore failed: .*restore again with --replace"):
        await bring_back(empty, file)


async def test_only_the_owner_s_name_restores_and_only_a_superuser(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    noted = await dump(server, file)
    with pytest.raises(ConfigError, match="eco_ro is no superuser"):
        await bring_back(TestDatabases.as_role(empty, "eco_ro", RO_PASSWORD), file)
    for change, says in (
        ({"owner": "someone"}, "the dump belongs to the role someone"),
        ({"major": 99}, "the dump is of PostgreSQL 99"),
        ({"extensions": {"timescaledb": "2.1.0"}}, "is of TimescaleDB 2.1.0, and this server off"),
        ({"extensions": noted.extensions | {"nonsense": "1"}}, "lacks extensions of the dump: non"),
    ):
        changed = manifest.Manifest(**{**_fields(noted), **change})
        manifest.beside(file).write_text(manifest.text(changed), "utf-8")
        with pytest.raises(ConfigError, match=says):
            await bring_back(empty, file)


def _fields(noted: manifest.Manifest) -> dict[str, object]:
    return {name: getattr(noted, name) for name in manifest.Manifest.__dataclass_fields__}


async def test_an_empty_database_has_nothing_to_dump(
    databases: TestDatabases, empty: str, tmp_path: Path
) -> None:
    wanted = ConfigError if databases.kind == "embedded" else SchemaDrift
    with pytest.raises(wanted):
        await dump(empty, tmp_path / "x.dump")
    assert left_in(tmp_path) == []


async def test_the_embedded_database_says_what_can_be_done_in_place_of_a_dump(
    embedded: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="stop it and copy its data folder"):
        await dump(embedded, tmp_path / "x.dump")
    assert left_in(tmp_path) == []
    (tmp_path / "x.dump").write_bytes(b"PGDMP")
    with pytest.raises(ConfigError, match="restore into a server with TimescaleDB"):
        await bring_back(embedded, tmp_path / "x.dump")


async def test_what_is_no_dump_is_refused_without_a_database(tmp_path: Path) -> None:
    away = "postgresql://u@127.0.0.1:1/d"
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        await bring_back(away, tmp_path / "missing.dump")
    shutil.copy(__file__, tmp_path / "x.dump")
    with pytest.raises(ConfigError, match="is no dump of ksys db backup"):
        await bring_back(away, tmp_path / "x.dump")
