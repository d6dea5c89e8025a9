"""Commands end with exit code 3 and a sentence when the database stops answering."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ksys_app.db import connect
from ksys_app.driver import supervised
from ksys_app.driver.connection import Silent
from ksys_app.errors import DatabaseTimeout
from ksys_app.ops.owner import owner
from ksys_app.ops.recovery import pg_programs
from tests.conftest import Plant
from tests.ksys import ksys
from tests.silence import Line, line
from tests.waiting import HANGS_S, until

SAMPLE = "ts,tag_name,value\n2026-01-01T00:00:00Z,D100,1\n"
COMMANDS = [
    "db init",
    "db verify",
    "db status",
    "db refresh",
    "db backfill {samples}",
    "db backup {dump}",
    "qc sync",
    "comm suggest",
]


@pytest.fixture
async def cable(plant_db: Plant) -> AsyncIterator[Line]:
    """A line to the database."""
    async with line(plant_db.dsn) as cable:
        yield cable


async def test_every_command_gives_a_silent_database_up(cable: Line, tmp_path: Path) -> None:
    (tmp_path / "samples").write_text(SAMPLE)
    cable.cut()
    two = asyncio.Semaphore(2)

    async def run(command: str) -> tuple[str, tuple[int, str, str]]:
        files = {name: tmp_path / name for name in ("samples", "dump")}
        async with two, asyncio.timeout(HANGS_S):
            words = command.format(**files).split()
            return command, await ksys(*words, TS_ADMIN_DSN=cable.dsn)

    for command, (code, _, err) in await asyncio.gather(*map(run, COMMANDS)):
        assert code == 3, (command, err)
        lines = [text for text in err.splitlines() if text.strip()]
        assert len(lines) == 1, (command, err)
        assert "does not answer" in lines[0], command
    assert not (tmp_path / "dump").exists()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is checked at once, and the embedded database is treated like a server."""
    monkeypatch.setattr(supervised, "CHECK_AFTER_S", 0.1)
    monkeypatch.setattr(supervised, "CHECK_S", 0.7)
    monkeypatch.setattr(supervised, "EMBEDDED", b"nobody reports this")


async def test_a_server_that_stops_answering_under_a_statement_ends_the_command(
    cable: Line, quick: None
) -> None:
    async def command() -> None:
        async with owner(cable.dsn) as conn:
            await conn.execute("SELECT 1")
            cable.cut()
            await conn.execute("SELECT 2")

    async with asyncio.timeout(HANGS_S):
        with pytest.raises(DatabaseTimeout, match="no sign of life"):
            await command()


async def test_a_program_that_talks_to_a_silent_server_is_ended(cable: Line, quick: None) -> None:
    path = shutil.which("pg_dump")
    if path is None:
        pytest.skip("no pg_dump on this machine")
    cable.cut()
    async with asyncio.timeout(HANGS_S):
        with pytest.raises(DatabaseTimeout, match="no sign of life"):
            await pg_programs.run(pg_programs.ClientProgram(path, 15), cable.dsn, "--schema-only")


async def test_a_command_waits_for_a_long_statement_of_a_server_that_answers(
    cable: Line, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, answers = supervised._answers, list[bool]()

    async def answered(dsn: str) -> bool:
        # A busy machine may need longer for a connection than the time between two of them.
        with monkeypatch.context() as patch:
            patch.setattr(supervised, "CHECK_S", HANGS_S)
            answers.append(await real(dsn))
        return answers[-1]

    async def looked() -> bool:
        return len(answers) > supervised.CHECKS

    async with await connect(cable.dsn) as conn:
        await conn.execute("SELECT 1")
        monkeypatch.setattr(supervised, "_answers", answered)
        cable.hold()
        asking = asyncio.create_task(conn.execute("SELECT 2"))
        await until(looked)
        assert all(answers)
        assert not asking.done(), "others are answered, so this one is only slow"
        cable.mend()
        assert await (await asking).fetchone() == (2,)


async def test_a_statement_of_the_embedded_database_has_a_time_limit(
    cable: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "CHECK_AFTER_S", 0.1)
    monkeypatch.setattr(supervised, "CHECK_S", 0.1)
    monkeypatch.setattr(supervised, "EMBEDDED_S", 3)
    async with await connect(cable.dsn) as conn:
        if conn.pgconn.parameter_status(supervised.EMBEDDED) is None:
            pytest.skip("the database is a server")
        await conn.execute("SELECT 1")
        cable.cut()
        started = time.monotonic()
        with pytest.raises(Silent):
            await conn.execute("SELECT 2")
        assert time.monotonic() - started >= 2.8


async def test_ctrl_c_does_not_wait_for_a_silent_database(cable: Line) -> None:
    async with await connect(cable.dsn) as conn:
        await conn.execute("SELECT 1")
        cable.cut()
        asking = asyncio.create_task(conn.execute("SELECT 2"))
        await asyncio.sleep(0)
        started = time.monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert time.monotonic() - started < supervised.CHECK_AFTER_S
