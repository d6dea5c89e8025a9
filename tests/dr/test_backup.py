"""``ksys db backup`` and ``restore``: no row is lost, and a restore that cannot work is refused.

The round trip needs a server and its own `pg_dump`: TS_TEST_DSN or Docker.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg import Connection, OperationalError
from psycopg.conninfo import conninfo_to_dict

from ksys_app.db import connect
from ksys_app.domain.access import key_of
from ksys_app.errors import BackupFailed, ConfigError, SchemaDrift
from ksys_app.ops.access import audit, tokens, users
from ksys_app.ops.recovery import aside, backup, dated, manifest, restore
from ksys_app.ops.recovery.manifest import Comparison
from ksys_app.ops.verify import verify
from tests.conftest import RO_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.plant import clock, insert

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

# eco_ro may read every table except one.
UNREADABLE = """
GRANT USAGE ON SCHEMA ksys TO eco_ro;
GRANT SELECT ON ALL TABLES IN SCHEMA ksys TO eco_ro;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA ksys TO eco_ro;
CREATE TABLE public.secret (a integer);
REVOKE ALL ON public.secret FROM eco_ro
"""


async def dump(dsn: str, file: Path) -> manifest.Manifest:
    return await backup.backup(dsn, file, zone=ZONE, on_stage=lambda stage, size: None)


async def bring_back(dsn: str, file: Path, *, replace: bool = False) -> restore.Restored:
    passwords = {"eco_ro": RO_PASSWORD, "eco_rw": None}
    plan = restore.Plan(dsn, file, ZONE, passwords, replace)
    return await restore.restore(plan, lambda step: None)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def modes_in(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.fixture
async def embedded(databases: TestDatabases) -> AsyncIterator[str]:
    if databases.kind != "embedded":
        pytest.skip("this is about the embedded database")
    dsn = await databases.fresh()
    yield dsn
    await databases.drop(dsn)


async def test_a_restored_dump_has_every_row_checksum_and_object(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    noted = await dump(server, file)
    assert left_in(tmp_path) == ["plant.dump", "plant.dump.manifest.json"]
    assert modes_in(tmp_path) == {0o600}
    assert sum(day[2] for day in noted.content.days) == 6000
    assert noted.content.relations["influx_qc_rule"] == 1
    done = await bring_back(empty, file)
    assert done.comparison == Comparison([], [])
    assert [c for c in done.checks if not c.ok and not c.name.startswith("job ")] == []
    async with await connect(empty) as conn:
        await insert(conn, [(await clock(conn), "NEW", 1.0)])
        cursor = await conn.execute("SELECT count(*) FROM public.influx_latest")
        assert await cursor.fetchone() == (3,), "its triggers work"


async def test_users_tokens_and_the_audit_are_restored_and_sessions_are_not(
    server: str, empty: str, tmp_path: Path
) -> None:
    await users.add_user(server, "Kim", "admin", "correct horse battery", "test")
    created = await tokens.create_token(server, "grafana", "viewer", DAY, "test")
    async with await connect(server) as conn:
        await conn.execute(
            "INSERT INTO ksys.session (key, user_name, role, via, expires_at, address, agent)"
            " VALUES (sha256('x'), 'Kim', 'admin', 'local', now() + interval '7 days', '', '');"
            " INSERT INTO ksys.attempt VALUES ('user', 'kim', 10, now())"
        )
    noted = await dump(server, tmp_path / "plant.dump")
    assert {name: noted.content.relations[name] for name in manifest.ACCESS} == {
        **{"ksys.app_user": 1, "ksys.audit": 2, "ksys.token": 1}
    }
    done = await bring_back(empty, tmp_path / "plant.dump")
    assert done.comparison == Comparison([], [])
    assert [check for check in done.checks if check.page == "VERIFY_ACCESS" and not check.ok] == []
    async with await connect(empty) as conn:
        cursor = await conn.execute(
            "SELECT (SELECT count(*) FROM ksys.session), (SELECT count(*) FROM ksys.attempt)"
        )
        assert await cursor.fetchone() == (0, 0)
        await conn.execute("SET ROLE eco_op")
        cursor = await conn.execute("SELECT name FROM ksys.token(%s)", (key_of(created.secret),))
        assert await cursor.fetchone() == ("grafana",)
    await users.add_user(empty, "Lee", "viewer", None, "test")
    assert [row.action for row in await audit.rows(empty, None, None)] == [
        *("user_added", "token_created", "user_added")
    ], "the ids continue"


async def test_a_session_that_began_during_a_restore_ends_with_it(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    await dump(server, file)
    sessions: list[Connection] = []

    def on_step(step: str) -> None:
        if step == "comparing rows and checksums":
            sessions.append(Connection.connect(empty, autocommit=True))

    await restore.restore(restore.Plan(empty, file, ZONE, {}), on_step)
    (session,) = sessions
    with session, pytest.raises(OperationalError):
        session.execute("INSERT INTO public.influx_hist VALUES (now(), 'UNSEEN', 1)")


async def test_late_samples_that_were_not_refreshed_before_the_dump_fail_no_restore(
    server: str, empty: str, tmp_path: Path
) -> None:
    """The jobs of the restored database refresh them at once, during the comparison."""
    file = tmp_path / "plant.dump"
    async with await connect(server) as conn:
        now = await clock(conn)
        await insert(conn, [(now - n * MINUTE - 5 * DAY, "LATE", float(n)) for n in range(900)])
    await dump(server, file)
    done = await bring_back(empty, file)
    assert done.comparison == Comparison([], [])


async def test_the_commands_report_their_work_and_their_exit_code_agrees(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    code, out, err = await ksys("db", "backup", str(file), TS_ADMIN_DSN=server)
    assert code == 0
    assert [line.partition(":")[0] for line in err.splitlines()] == ["rows", "dump"]
    for words in ("plant.dump, ", "plant.dump.manifest.json", "6,000 on ", "TimescaleDB 2."):
        assert words in out
    code, out, err = await ksys("db", "restore", str(file), TS_ADMIN_DSN=server)
    assert (code, "is not empty" in err) == (2, True)
    code, out, err = await ksys("db", "restore", str(file), TS_ADMIN_DSN=empty)
    assert [line.partition(":")[0] for line in err.splitlines()] == [
        "checking the dump and the target", "roles", "TimescaleDB", "data", "statistics",
        "comparing rows and checksums", "verifying every object",
    ]  # fmt: skip
    assert not any(line.startswith("data") for line in out.splitlines())
    assert "the database has every sample and every row of the dump" in out
    failed = [line for line in out.splitlines() if line.startswith("FAIL")]
    assert all("VERIFY_JOB" in line for line in failed), "a job of the server may be running"
    assert code == (1 if failed else 0)


async def test_a_database_of_an_older_schema_is_dumped_and_restored(
    server: str, empty: str, tmp_path: Path
) -> None:
    async with await connect(server) as conn:
        await conn.execute("DROP TABLE public.ksys_kept CASCADE")
    noted = await dump(server, tmp_path / "plant.dump")
    assert "ksys_kept" not in noted.content.relations
    done = await bring_back(empty, tmp_path / "plant.dump")
    assert done.comparison == Comparison([], [])
    lacking = [check for check in done.checks if check.name == "table ksys_kept"]
    assert [check.ok for check in lacking] == [False]


async def test_differences_between_dump_and_restored_database_are_reported(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    noted = await dump(server, file)
    noted.content.days[0][2] += 1
    minutes, hours = (noted.content.relations[f"influx_agg_{name}"] for name in ("1m", "1h"))
    noted.content.relations.update(influx_qc_rule=5, influx_agg_1m=1, influx_agg_1h=hours + 1)
    manifest.beside(file).write_text(manifest.text(noted), "utf-8")
    done = await bring_back(empty, file)
    assert done.comparison is not None
    assert done.comparison.additional == [f"influx_agg_1m has {minutes:,} rows, the dump 1"]
    first, second, third = done.comparison.differences
    assert first == f"influx_agg_1h has {hours:,} rows, the dump {hours + 1:,}"
    assert second == "influx_qc_rule has 1 rows, the dump 5"
    assert third.startswith("A has ")


async def test_a_database_in_use_is_renamed_only_with_replace(
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
    assert done.comparison == Comparison([], [])
    assert done.aside is not None
    assert done.aside.startswith(f"{name}_before_")
    async with await connect(server) as conn:
        cursor = await conn.execute("SELECT count(*) FROM public.influx_qc_rule")
        assert await cursor.fetchone() == (1,)
        # TimescaleDB's launcher ignores a database that accepts no connections.
        statement = "SELECT datallowconn FROM pg_database WHERE datname = %s"
        assert await (await conn.execute(statement, (done.aside,))).fetchone() == (False,)
        await conn.execute(aside.dropping(done.aside).encode())


async def test_a_dump_holds_no_row_that_nobody_sees(
    server: str, empty: str, tmp_path: Path
) -> None:
    """A job in a session with ``timescaledb.restoring`` wrote rows outside the chunks."""
    async with await connect(server) as conn:
        for statement in (
            "SET timescaledb.restoring = on",
            "DO $$ DECLARE beneath regclass = (SELECT format('%I.%I', h.schema_name, h.table_name)"
            " FROM _timescaledb_catalog.hypertable AS h JOIN _timescaledb_catalog.continuous_agg"
            " ON mat_hypertable_id = h.id WHERE user_view_name = 'influx_agg_1m');"
            " BEGIN EXECUTE format('INSERT INTO %s SELECT * FROM public.influx_agg_1m"
            " ORDER BY bucket DESC LIMIT 5', beneath); END $$",
            "SET timescaledb.restoring = off",
        ):
            await conn.execute(statement)
    first = (await verify.verify(server, zone=ZONE))[0]
    assert (first.name, first.ok) == ("restore", False)
    assert first.detail.startswith("influx_agg_1m: rows were written beside")
    await dump(server, tmp_path / "plant.dump")
    done = await bring_back(empty, tmp_path / "plant.dump")
    assert done.comparison == Comparison([], [])
    assert [check for check in done.checks if check.name == "restore" and not check.ok] == []


async def test_old_dated_dumps_are_removed(server: str, tmp_path: Path) -> None:
    database = str(conninfo_to_dict(server)["dbname"])
    old = [
        tmp_path / dated.dump_name(database, datetime(2020, 8, n, tzinfo=UTC)) for n in (1, 2, 3)
    ]
    for path in (old_file for dump in old for old_file in (dump, manifest.beside(dump))):
        path.write_text("old")
    (tmp_path / "plant.dump").write_text("another's")
    before = left_in(tmp_path)
    words = ("db", "backup", str(tmp_path), "--keep", "2")
    code, out, _ = await ksys(*words, "--dry-run", TS_ADMIN_DSN=server)
    assert (code, left_in(tmp_path)) == (0, before)
    assert [line.split()[-1] for line in out.splitlines() if "would remove" in line] == [
        str(path) for dump in old[:2] for path in (dump, manifest.beside(dump))
    ]
    code, out, err = await ksys(*words, TS_ADMIN_DSN=server)
    assert code == 0, err
    found = {tmp_path / name for name in left_in(tmp_path)}
    (new,) = {path for path in found if path.suffix == ".dump"} - {old[2], tmp_path / "plant.dump"}
    assert new.name.startswith(f"{database}_")
    assert manifest.read(manifest.beside(new)).database == database
    assert found == {
        tmp_path / "plant.dump",
        new,
        manifest.beside(new),
        old[2],
        manifest.beside(old[2]),
    }
    # Without a name the dump goes into a private folder in the home of the user.
    code, out, err = await ksys("db", "backup", TS_ADMIN_DSN=server, HOME=str(tmp_path))
    assert code == 0, err
    home = tmp_path / "ksys-backups"
    assert home.stat().st_mode & 0o777 == 0o700
    assert len(left_in(home)) == 2


async def test_a_dump_that_fails_removes_no_older_one(server: str, tmp_path: Path) -> None:
    database = str(conninfo_to_dict(server)["dbname"])
    for day in (1, 2):
        dump = tmp_path / dated.dump_name(database, datetime(2020, 8, day, tzinfo=UTC))
        dump.write_text("old")
        manifest.beside(dump).write_text("old")
    before = left_in(tmp_path)
    async with await connect(server) as conn:
        await conn.execute(UNREADABLE)
    dsn = TestDatabases.as_role(server, "eco_ro", RO_PASSWORD)
    code, _, _ = await ksys("db", "backup", str(tmp_path), "--keep", "1", TS_ADMIN_DSN=dsn)
    assert (code, left_in(tmp_path)) == (1, before)


async def test_keep_needs_a_dated_dump() -> None:
    away = "postgresql://u@127.0.0.1:1/d"
    code, _, err = await ksys("db", "backup", "/tmp/x.dump", "--keep", "7", TS_ADMIN_DSN=away)
    assert (code, "--keep needs dated dumps: name a folder" in err) == (2, True)


async def test_a_dump_that_fails_leaves_nothing(server: str, tmp_path: Path) -> None:
    file = tmp_path / "plant.dump"
    async with await connect(server) as conn:
        await conn.execute(UNREADABLE)
    with pytest.raises(BackupFailed, match=r"pg_dump failed: .*permission denied for table secret"):
        await dump(TestDatabases.as_role(server, "eco_ro", RO_PASSWORD), file)
    assert left_in(tmp_path) == []


async def test_a_dump_is_not_written_over_another(server: str, tmp_path: Path) -> None:
    file = tmp_path / "plant.dump"
    file.write_text("precious")
    with pytest.raises(ConfigError, match="exists already"):
        await dump(server, file)
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        await dump(server, tmp_path / "no" / "x.dump")
    assert file.read_text() == "precious"


async def test_an_incomplete_dump_is_refused_before_anything_is_done(
    server: str, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.dump"
    await dump(server, file)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ConfigError, match=r"does not match plant\.dump\.manifest\.json"):
        await bring_back(empty, file)
    manifest.beside(file).unlink()
    with pytest.raises(BackupFailed, match=r"pg_restore failed: .*restore again with --replace"):
        await bring_back(empty, file)


async def test_a_restore_needs_the_owner_s_name_and_a_superuser(
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


async def test_the_embedded_database_names_another_way_than_a_dump(
    embedded: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="stop it and copy its data folder"):
        await dump(embedded, tmp_path / "x.dump")
    assert left_in(tmp_path) == []
    (tmp_path / "x.dump").write_bytes(b"PGDMP")
    with pytest.raises(ConfigError, match="restore into a server with TimescaleDB"):
        await bring_back(embedded, tmp_path / "x.dump")


async def test_a_file_that_is_no_dump_is_refused_without_a_database(tmp_path: Path) -> None:
    away = "postgresql://u@127.0.0.1:1/d"
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        await bring_back(away, tmp_path / "missing.dump")
    shutil.copy(__file__, tmp_path / "x.dump")
    with pytest.raises(ConfigError, match="is not a dump of ksys db backup"):
        await bring_back(away, tmp_path / "x.dump")
