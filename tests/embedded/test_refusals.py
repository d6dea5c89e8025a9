"""The bridge refuses what would end the engine or open it to others, with a helpful sentence."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import IO

import psycopg
import pytest
from psycopg import errors

from ksys_app.errors import ConfigError, KsysError
from ksys_app.ops.embedded import EmbeddedDatabase
from tests.embedded.conftest import Connect, value
from tests.waiting import HANGS_S

COPIES = [
    "COPY note FROM STDIN",
    "copy public.note (id, text) from stdin with (format csv)",
    "COPY note FROM STDOUT",
    "COPY note -- where from?\n FROM /* nested /* comment */ */ STDIN",
    "SELECT 1; COPY note FROM STDIN",
    'COPY "from" (id) FROM STDIN',
    "COPY note FROM STDIN WHERE id > 1",
]
HARMLESS = [
    "SELECT 'COPY note FROM STDIN'",
    "SELECT E'it\\'s; COPY note FROM STDIN'",
    "SELECT $q$; COPY note FROM STDIN; $q$",
    "SELECT 1 -- ; COPY note FROM STDIN",
    "SELECT /* ; COPY note FROM STDIN; */ 1",
    'SELECT 1 AS "; COPY note FROM STDIN"',
    "WITH stdin AS (SELECT 1 AS copy) SELECT copy FROM stdin",
]


@pytest.mark.parametrize("statement", COPIES)
async def test_copy_from_the_client_is_refused_and_the_connection_lives(
    connect: Connect, statement: str
) -> None:
    conn = await connect()
    with pytest.raises(errors.FeatureNotSupported, match="COPY FROM STDIN") as caught:
        await conn.execute(statement)
    assert "unnest" in (caught.value.diag.message_hint or "")
    assert "ksys db backfill" in (caught.value.diag.message_hint or "")
    assert await value(conn, "SELECT 1") == 1


async def test_copy_through_psycopgs_own_interface_is_refused(connect: Connect) -> None:
    conn = await connect()
    with pytest.raises(errors.FeatureNotSupported):
        async with conn.cursor() as cursor, cursor.copy("COPY note FROM STDIN") as copy:
            await copy.write_row((1, "a"))
    assert await value(conn, "SELECT count(*) FROM note") == 0


async def test_copy_in_an_extended_query_is_refused(connect: Connect) -> None:
    conn = await connect()
    result = conn.pgconn.exec_params(b"COPY note FROM STDIN", [])
    assert result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"0A000"
    assert await value(conn, "SELECT 1") == 1


async def test_copy_in_a_transaction_fails_that_transaction(connect: Connect) -> None:
    conn = await connect(autocommit=False)
    await conn.execute("INSERT INTO note VALUES (1, 'a')")
    with pytest.raises(errors.FeatureNotSupported):
        await conn.execute("COPY note FROM STDIN")
    with pytest.raises(errors.InFailedSqlTransaction):
        await conn.execute("SELECT 1")
    await conn.rollback()
    assert await value(conn, "SELECT count(*) FROM note") == 0


@pytest.mark.parametrize("statement", HARMLESS)
async def test_the_words_alone_are_no_copy(connect: Connect, statement: str) -> None:
    await (await connect()).execute(statement)


async def test_copy_to_the_client_works(connect: Connect) -> None:
    conn = await connect()
    async with (
        conn.cursor() as cursor,
        cursor.copy("COPY (SELECT g FROM generate_series(1, 3) g) TO STDOUT") as copy,
    ):
        assert [row async for row in copy.rows()] == [("1",), ("2",), ("3",)]


async def test_only_the_loopback_address_is_served(shared: EmbeddedDatabase) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Names the address this machine has outside; nothing is sent.
        probe.connect(("192.0.2.1", 9))
        own = probe.getsockname()[0]
    with pytest.raises(OSError, match=r"[Cc]onnect"):
        await asyncio.wait_for(asyncio.open_connection(own, shared.port), HANGS_S)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host": "0.0.0.0"}, "serves 127.0.0.1 only"),
        ({"port": 70_000}, "not a whole number from 0 to 65535"),
        ({"no-such": 1}, "Unknown option '--no-such'"),
    ],
)
async def test_a_wrong_option_is_named(
    tmp_path: Path, options: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        await EmbeddedDatabase(tmp_path / "db", options=options).start()


async def test_a_taken_port_is_named(tmp_path: Path, shared: EmbeddedDatabase) -> None:
    with pytest.raises(ConfigError, match=f"127.0.0.1:{shared.port} cannot be listened on"):
        await EmbeddedDatabase(tmp_path / "db", port=shared.port).start()


class _ReadsLate(EmbeddedDatabase):
    """A server whose output is first read when its process has ended."""

    _ended = threading.Event()

    def _listen(self, stream: IO[str]) -> None:
        self._ended.wait()
        super()._listen(stream)

    async def _failure(self, code: int) -> KsysError:
        self._ended.set()
        return await super()._failure(code)


async def test_the_reason_is_named_though_the_process_ended_before_it_was_read(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="Unknown option '--no-such'"):
        await _ReadsLate(tmp_path / "db", options={"no-such": 1}).start()
