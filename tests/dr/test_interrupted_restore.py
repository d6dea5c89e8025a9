"""An interrupted restore: the message names the state, and RECOVERY.md tells how to complete it.

The restores need a server and its own ``pg_restore``: TS_TEST_DSN or Docker.
"""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.driver.restoring import is_restoring
from ksys_app.ops.recovery import backup, pg_programs
from ksys_app.ops.verify.verify import verify
from tests.conftest import ZONE
from tests.ksys import KSYS, ksys
from tests.waiting import until

RUN = """
import asyncio, sys
from ksys_app.ops.recovery.pg_programs import ClientProgram, run
asyncio.run(run(ClientProgram(sys.argv[1], 15), "postgresql://u@127.0.0.1:1/d", sys.argv[2]))
"""


async def test_a_path_without_a_shell_is_not_reported_as_a_full_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    await pg_programs.run(
        pg_programs.ClientProgram("/bin/true", 15), "postgresql://u@127.0.0.1:1/d"
    )


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_a_program_ends_with_its_command_in_any_case(
    tmp_path: Path, number: signal.Signals
) -> None:
    program, pid_file = tmp_path / "pg_restore", tmp_path / "pid"
    program.write_text('#!/bin/sh\necho $$ >"$3.new"; mv "$3.new" "$3"; exec sleep 600\n')
    program.chmod(stat.S_IRWXU)
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, str(program), str(pid_file), stderr=asyncio.subprocess.DEVNULL
    )

    async def begun() -> bool:
        return pid_file.exists()

    await until(begun)
    pid = int(pid_file.read_text())
    command.send_signal(number)
    await command.wait()

    async def ended() -> bool:
        return not is_running(pid)

    await until(ended)


async def restorers(conn: AsyncConnection) -> int:
    row = await (
        await conn.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'pg_restore'"
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_an_interrupted_restore_is_reported_and_can_be_repeated(
    server: str, empty: str, tmp_path: Path, number: signal.Signals
) -> None:
    file = tmp_path / "plant.dump"
    await backup.backup(server, file, zone=ZONE, on_stage=lambda stage, size: None)
    async with await connect(empty) as conn:
        command = await asyncio.create_subprocess_exec(
            KSYS, "db", "restore", str(file), env=os.environ | {"TS_ADMIN_DSN": empty},
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await until(lambda: is_restoring(conn))
        command.send_signal(number)
        _, err = await command.communicate()

        async def alone() -> bool:
            return not await restorers(conn)

        await until(alone)
    if number == signal.SIGKILL:
        assert command.returncode == -number
    else:
        assert command.returncode == 130
        last = err.decode().splitlines()[-1]
        assert "the restore was interrupted" in last
        assert "is incomplete: correct the cause and restore again with --replace" in last
    (check,) = await verify(empty, zone=ZONE)
    assert (check.name, check.ok) == ("restore", False)
    code, _, err = await ksys("db", "restore", str(file), TS_ADMIN_DSN=empty)
    assert (code, "has a part of an interrupted restore" in err) == (2, True)
    code, out, _ = await ksys("db", "restore", str(file), "--replace", TS_ADMIN_DSN=empty)
    assert "the database has every sample and every row of the dump" in out
    drop = next(line for line in out.splitlines() if "drop it: " in line).partition(": ")[2]
    async with await connect(empty) as conn:
        await conn.execute(drop.encode())
