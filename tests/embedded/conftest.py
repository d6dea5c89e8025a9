"""The embedded database under test: one shared server, and others for tests that damage theirs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from ksys_app.ops.embedded import EmbeddedDatabase, clone
from tests.database_embedded import empty_folder, new_folder, template_folder

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


async def set_up(dsn: str) -> None:
    """The extension, roles and two tables."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute(SETUP)


@pytest.fixture(scope="session")
async def template() -> Path:
    """The folder of a stopped server with the extension, roles and two tables."""
    return await template_folder("tests.embedded", await empty_folder(), set_up)


@pytest.fixture
async def start(template: Path) -> AsyncIterator[Start]:
    """Starts servers of the test's own; they end with it."""
    started: list[EmbeddedDatabase] = []

    async def start(**options: int) -> EmbeddedDatabase:
        names = {name.replace("_", "-"): value for name, value in options.items()}
        server = EmbeddedDatabase(new_folder(), options=names)
        started.append(server)
        await asyncio.to_thread(clone, template, server.data_dir)
        await server.start()
        return server

    yield start
    for server in started:
        await server.stop()
        await asyncio.to_thread(shutil.rmtree, server.data_dir)


@pytest.fixture(scope="session")
async def shared(template: Path) -> AsyncIterator[EmbeddedDatabase]:
    """One server for every test that leaves it as it was; no test waits as long as its limits."""
    options = {"wait-ms": 120_000, "idle-in-transaction-ms": 120_000}
    server = EmbeddedDatabase(new_folder(), options=options)
    clone(template, server.data_dir)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def connect(shared: EmbeddedDatabase) -> AsyncIterator[Connect]:
    """Opens connections to the shared server, whose tables are emptied after the test.

    It also opens connections to another server, if it gets one.
    """
    opened: list[psycopg.AsyncConnection] = []

    async def connect(
        server: EmbeddedDatabase = shared, /, **parameters: object
    ) -> psycopg.AsyncConnection:
        settings = {"autocommit": True} | parameters
        conn = await psycopg.AsyncConnection.connect(server.dsn, **settings)  # type: ignore[arg-type]
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
