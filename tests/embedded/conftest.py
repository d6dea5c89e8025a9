"""The embedded database under test: one shared server, and others for tests that break theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from ksys_app.ops.embedded import EmbeddedDatabase, clone
from tests.database_embedded import empty_folder

PASSWORD = "correct horse"
SETUP = f"""
    CREATE EXTENSION IF NOT EXISTS timescaledb;
    CREATE ROLE reader LOGIN;
    CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}';
    CREATE ROLE expired LOGIN PASSWORD '{PASSWORD}' VALID UNTIL '2020-01-01';
    CREATE ROLE nologin;
    ALTER ROLE reader SET work_mem = '7MB';
    CREATE TABLE note (id int PRIMARY KEY, text text);
    CREATE TABLE secret (id int);
    GRANT SELECT ON note TO reader;
"""

Connect = Callable[..., Awaitable[psycopg.AsyncConnection]]
Start = Callable[..., Awaitable[EmbeddedDatabase]]


@pytest.fixture(scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stopped server with the extension, roles and two tables."""
    folder = tmp_path_factory.mktemp("embedded") / "template"
    clone(await empty_folder(), folder)
    server = EmbeddedDatabase(folder)
    await server.start()
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as conn:
        await conn.execute(SETUP)
    await server.stop()
    return folder


@pytest.fixture
async def start(template: Path, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts servers of the test's own; they end with it."""
    started: list[EmbeddedDatabase] = []

    async def start(**options: int) -> EmbeddedDatabase:
        folder = tmp_path / f"db{len(started)}"
        await asyncio.to_thread(clone, template, folder)
        names = {name.replace("_", "-"): value for name, value in options.items()}
        server = EmbeddedDatabase(folder, options=names)
        started.append(server)
        await server.start()
        return server

    yield start
    for server in started:
        await server.stop()


@pytest.fixture(scope="session")
async def shared(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EmbeddedDatabase]:
    """One server for every test that leaves it as it was, with short limits of waiting."""
    folder = tmp_path_factory.mktemp("embedded") / "shared"
    clone(template, folder)
    server = EmbeddedDatabase(folder, options={"wait-ms": 1500, "idle-in-transaction-ms": 500})
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def connect(shared: EmbeddedDatabase) -> AsyncIterator[Connect]:
    """Opens connections to the shared server; its tables are emptied after the test."""
    opened: list[psycopg.AsyncConnection] = []

    async def connect(**parameters: object) -> psycopg.AsyncConnection:
        settings = {"autocommit": True} | parameters
        conn = await psycopg.AsyncConnection.connect(shared.dsn, **settings)  # type: ignore[arg-type]
        opened.append(conn)
        return conn

    yield connect
    for conn in opened:
        await conn.close()
    async with await psycopg.AsyncConnection.connect(shared.dsn, autocommit=True) as conn:
        await conn.execute("TRUNCATE note")


async def value(conn: psycopg.AsyncConnection, query: str, *parameters: object) -> object:
    """The first column of the first row."""
    row = await (await conn.execute(query, parameters or None)).fetchone()
    assert row is not None
    return row[0]
