"""The server starts, stops and restarts, leaves nothing behind, and keeps committed data."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psycopg
import pytest

from ksys_app.errors import ConfigError
from ksys_app.ops import embedded
from ksys_app.ops.embedded import EmbeddedDatabase, clone, supervise
from tests.embedded.conftest import Start, value
from tests.waiting import HANGS_S, until

CRASHED = 70
MEMORY = 71


async def connected(server: EmbeddedDatabase, **parameters: object) -> psycopg.AsyncConnection:
    settings = {"autocommit": True} | parameters
    return await psycopg.AsyncConnection.connect(server.dsn, **settings)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until_unreachable(pid: int) -> None:
    async def gone() -> bool:
        return not is_alive(pid)

    await until(gone)


async def test_a_clean_stop_keeps_committed_rows_and_informs_the_clients(start: Start) -> None:
    server = await start()
    conn, open_ = await connected(server), await connected(server, autocommit=False)
    await conn.execute("INSERT INTO note VALUES (1, 'kept')")
    await open_.execute("INSERT INTO note VALUES (2, 'open')")
    pid = server.pid
    assert pid is not None
    await server.stop()
    assert server.pid is None
    assert not is_alive(pid)
    assert not (server.data_dir / "server.lock").exists()
    for client in (conn, open_):
        with pytest.raises(psycopg.OperationalError, match="administrator command"):
            await client.execute("SELECT 1")

    await server.start()
    assert await value(await connected(server), "SELECT array_agg(text) FROM note") == ["kept"]


async def test_after_a_kill_there_are_only_the_committed_rows(start: Start) -> None:
    server = await start()
    conn, open_ = await connected(server), await connected(server, autocommit=False)
    for number in range(50):
        await conn.execute("INSERT INTO note VALUES (%s, 'kept')", (number,))
    await open_.execute("INSERT INTO note VALUES (1000, 'open')")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL

    port = server.port
    await server.start()
    assert server.port == port
    conn = await connected(server)
    assert await value(conn, "SELECT count(*) FROM note") == 50
    await conn.execute("INSERT INTO note VALUES (51, 'and on')")


async def test_a_folder_in_use_is_neither_served_twice_nor_copied(
    shared: EmbeddedDatabase, tmp_path: Path
) -> None:
    second = EmbeddedDatabase(shared.data_dir)
    with pytest.raises(ConfigError, match=f"in use by the process {shared.pid}; stop it first"):
        await second.start()
    assert second.pid is None
    with pytest.raises(ConfigError, match="cleanly stopped"):
        clone(shared.data_dir, tmp_path / "copy")
    assert await value(await connected(shared), "SELECT 1") == 1


async def test_a_lock_whose_process_id_is_anothers_by_now_is_taken_over(start: Start) -> None:
    server = await start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    # This test's own process lives, but was not started then.
    lock = server.data_dir / "server.lock"
    lock.write_text(f'{{"pid": {os.getpid()}, "started": "1"}}')
    await server.start()
    assert await value(await connected(server), "SELECT 1") == 1


async def test_a_supervised_server_is_restarted_on_its_port(start: Start) -> None:
    server = await start()
    watching = asyncio.create_task(supervise(server))
    lost, port = server.pid, server.port
    assert lost is not None
    os.kill(lost, signal.SIGKILL)

    async def back() -> bool:
        return server.pid not in (None, lost) and await answers(server)

    await until(back)
    assert server.port == port
    await server.stop()
    await asyncio.wait_for(watching, HANGS_S)


async def answers(server: EmbeddedDatabase) -> bool:
    try:
        async with await connected(server) as conn:
            return await value(conn, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


async def test_a_server_ends_when_its_parent_is_killed(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "db"
    clone(template, folder)
    program = f"""
import asyncio
from pathlib import Path
from ksys_app.ops.embedded import EmbeddedDatabase

async def main():
    server = EmbeddedDatabase(Path({str(folder)!r}))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert parent.stdout is not None
        child = int(await parent.stdout.readline())
        assert is_alive(child)
    finally:
        parent.kill()
        await parent.wait()
    await until_unreachable(child)
    # Stopped cleanly: the folder can be copied.
    clone(folder, tmp_path / "copy")


async def test_memory_past_the_limit_is_given_back_without_losing_a_connection(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ksys")
    server = await start(memory_limit_mb=700)
    conn = await connected(server, prepare_threshold=0, options="-c work_mem=5MB")
    await conn.execute("SET TimeZone = 'Asia/Seoul'")
    assert await value(conn, "SELECT %s::int + 1", 1) == 2
    await value(conn, "SELECT length(repeat('x', 300000000))")

    async def given_back() -> bool:
        return "embedded_engine_reopened" in caplog.text

    await until(given_back)
    reopened = next(r for r in caplog.messages if "embedded_engine_reopened" in r)
    fields = dict(pair.split("=") for pair in reopened.split()[1:])
    assert int(fields["before_mib"]) > 700
    assert int(fields["after_mib"]) < 700
    assert await value(conn, "SELECT %s::int + 1", 1) == 2
    assert await value(conn, "SHOW TimeZone") == "Asia/Seoul"
    assert await value(conn, "SHOW work_mem") == "5MB"


async def test_a_process_that_cannot_stay_within_its_memory_ends_cleanly(start: Start) -> None:
    server = await start(memory_limit_mb=50)
    assert await asyncio.wait_for(server.wait(), HANGS_S) == MEMORY
    assert not (server.data_dir / "server.lock").exists()


async def test_a_statement_that_breaks_the_engine_costs_no_data(start: Start) -> None:
    server = await start()
    conn = await connected(server)
    await conn.execute("INSERT INTO note VALUES (1, 'kept')")
    with pytest.raises(psycopg.OperationalError):
        # Deeper than the engine's stack, which it does not guard.
        await conn.execute("SELECT %s::jsonb", ("[" * 100_000,))
    assert await asyncio.wait_for(server.wait(), HANGS_S) == CRASHED
    await server.start()
    assert await value(await connected(server), "SELECT text FROM note") == "kept"


async def test_a_checkpoint_follows_what_was_written_and_only_that(start: Start) -> None:
    server = await start(checkpoint_ms=100)
    conn = await connected(server)
    position = "SELECT checkpoint_lsn::text FROM pg_control_checkpoint()"
    before = await value(conn, position)
    await conn.execute("INSERT INTO note VALUES (1, 'a')")

    async def written() -> bool:
        return await value(conn, position) != before

    # Five periods: what was written while a checkpoint was made is in the one after it.
    async def at_rest() -> bool:
        last = await value(conn, position)
        await asyncio.sleep(0.5)
        return await value(conn, position) == last

    await until(written)
    await until(at_rest)


async def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ENGINE", tmp_path / "nothing")
    with pytest.raises(ConfigError, match="not installed; run: make setup"):
        await EmbeddedDatabase(tmp_path / "db").start()
    monkeypatch.setattr(embedded, "NODE", tmp_path / "node")
    with pytest.raises(ConfigError, match=r"Node is missing .* run: make setup"):
        await EmbeddedDatabase(tmp_path / "db").start()
