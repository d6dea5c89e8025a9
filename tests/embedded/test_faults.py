"""A clock that is wrong and a disk that is full, under a server of our own."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest

from ksys_app import db
from ksys_app.db import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import DatabaseFault
from ksys_app.ops.embedded import EmbeddedDatabase, clone
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from tests import plant
from tests.conftest import PATIENT, RO_PASSWORD, apply_schema
from tests.database import TestDatabases
from tests.database_embedded import empty_folder, new_folder, template_folder
from tests.embedded.conftest import Start, value
from tests.embedded.test_lifecycle import connected
from tests.visiting import contract_api
from tests.waiting import until

HOUR = timedelta(hours=1)
SAMPLES = 12
TILES = "/api/v1/kpi?window=60m"
# On a slow machine the newest sample is some minutes old.
ARRIVES = {"ok", "late"}
# The engine reads the clock of Node.
CLOCK = """
let ahead = BY;
const now = Date.now;
Date.now = () => now() + ahead;
process.on("SIGUSR2", () => { ahead = 0; });
"""
# More than a file of the log or a table of a new server has.
FULL = 17 * 2**20
MEGABYTES = "INSERT INTO note SELECT n, repeat('x', 1000000) FROM generate_series({}, {}) AS n"


@asynccontextmanager
async def clock_off(
    folder: Path, by: timedelta, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[EmbeddedDatabase]:
    """A server whose clock is ahead of this machine's by ``by``, until :func:`set_right`."""
    server = EmbeddedDatabase(folder)
    script = CLOCK.replace("BY", f"{by / timedelta(milliseconds=1):.0f}")
    with monkeypatch.context() as patch:
        patch.setenv("NODE_OPTIONS", f"--import=data:text/javascript,{quote(script)}")
        await server.start()
    try:
        yield server
    finally:
        await server.stop()


def set_right(server: EmbeddedDatabase) -> None:
    """Set the server's clock right while it runs."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGUSR2)


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    """The folder of a database with the schema."""
    new = new_folder()
    step = f"{apply_schema.__module__}.{apply_schema.__qualname__}"
    template = await template_folder(step, await empty_folder(), apply_schema)
    await asyncio.to_thread(clone, template, new)
    yield new
    await asyncio.to_thread(shutil.rmtree, new)


@asynccontextmanager
async def app(
    server: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP contract over the server, without cached tiles."""
    monkeypatch.setattr(db, "TTL", {**db.TTL, "metrics": 0.0})
    reader = TestDatabases.as_role(server.dsn, "eco_ro", RO_PASSWORD)
    settings = load_settings().model_copy(update={"ts_dsn": reader, **PATIENT})
    async with runtime.opened(settings):
        transport = httpx.ASGITransport(contract_api())
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
            yield client


async def only_tile(http: httpx.AsyncClient) -> dict[str, Any]:
    (tile,) = (await http.get(TILES)).json()
    return tile  # type: ignore[no-any-return]


async def until_right(http: httpx.AsyncClient) -> None:
    """Wait until the tile shows all samples, and that they arrive."""

    async def right() -> bool:
        tiles = (await http.get(TILES)).json()
        shown = [(tile["value"], tile["comm"] in ARRIVES, tile["count"]) for tile in tiles]
        return shown == [(7.0, True, SAMPLES)]

    await until(right)


async def write(server: EmbeddedDatabase) -> None:
    """The last minute of a tag, by the clock of a gateway, which is right."""
    now = datetime.now(UTC)
    async with await connect(server.dsn) as conn:
        await plant.insert(
            conn, [(now - timedelta(seconds=5 * n), "D100", 7.0) for n in range(SAMPLES)]
        )


async def test_a_clock_an_hour_ahead_makes_every_sample_old_until_it_is_right_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clock_off(folder, HOUR, monkeypatch) as server, app(server, monkeypatch) as http:
        await write(server)
        tile = await only_tile(http)
        assert (tile["value"], tile["comm"], tile["count"]) == (7.0, "lost", 0)
        assert tile["age_s"] > HOUR.total_seconds()
        set_right(server)
        await until_right(http)


async def test_a_clock_an_hour_behind_sets_every_sample_aside_and_none_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clock_off(folder, -HOUR, monkeypatch) as server, app(server, monkeypatch) as http:
        await write(server)
        tile = await only_tile(http)
        assert (tile["value"], tile["comm"], tile["alarm_level"]) == (None, "never", 2)
        assert "BAD AHEAD 7" in tile["alarm"]
        set_right(server)
        async with await connect(server.dsn) as conn:
            # A job of the database does this once a minute.
            await conn.execute("CALL public.settle_tags()")
        await until_right(http)


async def test_a_disk_that_takes_no_more_stops_the_writers_and_not_the_readers(
    start: Start,
) -> None:
    server = await start()
    assert server.pid is not None
    conn = await connected(server)
    await conn.execute("ALTER TABLE note ALTER text SET STORAGE EXTERNAL")
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (FULL, hard))
    await conn.execute(MEGABYTES.format(1, 9))
    with pytest.raises(psycopg.Error) as full:
        await conn.execute(MEGABYTES.format(10, 19))
    assert isinstance(map_error(full.value, "plant"), DatabaseFault)
    reader = await connected(server)
    assert await value(reader, "SELECT count(*) FROM note") == 9
    await reader.execute("CHECKPOINT")
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (soft, hard))
    await conn.execute(MEGABYTES.format(10, 19))
    assert await value(reader, "SELECT count(*) FROM note") == 19
