"""The pool shares connections, keeps good ones, and never waits without an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ksys_app.driver.connection import Connection, Silent
from ksys_app.driver.pool import Busy, Pool
from ksys_app.ops.embedded import EmbeddedDatabase
from tests.embedded.conftest import Start, value
from tests.silence import Line, line
from tests.waiting import until

# Less than one deadline of each caller would take.
SOON_S = 5.0


def pool_of(dsn: str, size: int = 2) -> Pool:
    async def connect(seconds: float) -> Connection:
        return await Connection.open(dsn, seconds)

    return Pool(connect, size)


@pytest.fixture
async def pool(shared: EmbeddedDatabase) -> AsyncIterator[Pool]:
    """Two connections at most."""
    new = pool_of(shared.dsn)
    yield new
    await new.close()


@pytest.fixture
async def cable(shared: EmbeddedDatabase) -> AsyncIterator[Line]:
    """A line to the shared server."""
    async with line(shared.dsn) as new:
        yield new


@pytest.fixture
async def distant(cable: Line) -> AsyncIterator[Pool]:
    """Two connections at most, by that line."""
    new = pool_of(cable.dsn)
    yield new
    await new.close()


async def test_a_connection_is_used_again(pool: Pool) -> None:
    async with pool.connection(5) as first:
        assert pool.stats() == {"size": 1, "available": 0, "waiting": 0, "max": 2}
    async with pool.connection(5) as second:
        assert second is first
    assert pool.stats() == {"size": 1, "available": 1, "waiting": 0, "max": 2}


async def test_no_more_connections_than_the_size_are_open_and_the_next_caller_waits(
    pool: Pool,
) -> None:
    async with pool.connection(5) as first, pool.connection(5) as second:
        waiting = asyncio.create_task(use(pool))
        await asyncio.sleep(0)
        assert pool.stats() == {"size": 2, "available": 0, "waiting": 1, "max": 2}
        with pytest.raises(Busy, match="all 2 connections are in use"):
            async with pool.connection(0.05):
                pass
    assert await waiting in (first, second)


async def test_a_long_block_waits_where_a_short_one_gives_up(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksys_app.driver.pool.WAIT_S", 0.05)
    async with pool.connection(5) as first, pool.connection(5) as second:
        waiting = asyncio.create_task(use(pool, long=True))
        with pytest.raises(Busy):
            await use(pool)
        assert not waiting.done()
    assert await waiting in (first, second)


async def test_long_blocks_leave_half_of_the_connections_to_the_others(pool: Pool) -> None:
    async with pool.connection(5, long=True) as first:
        waiting = [asyncio.create_task(use(pool, long=True)) for _ in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            async with pool.connection(0.05, long=True):
                pass
        async with pool.connection(5) as second:
            assert second is not first
        assert not any(task.done() for task in waiting)
    assert set(await asyncio.gather(*waiting)) <= {first, second}


async def test_a_caller_that_leaves_gives_its_place_to_the_next(pool: Pool) -> None:
    async with pool.connection(5), pool.connection(5):
        gone = asyncio.create_task(use(pool))
        await asyncio.sleep(0)
        gone.cancel()
        waiting = asyncio.create_task(use(pool))
        await asyncio.sleep(0)
    await waiting
    assert pool.stats()["waiting"] == 0


async def test_a_connection_that_the_server_closed_is_not_reused(start: Start) -> None:
    server = await start()
    pool = pool_of(server.dsn)
    async with pool.connection(5) as before:
        pass
    await server.stop()
    await server.start()
    async with pool.connection(5) as after:
        assert after is not before
        assert await value(after, "SELECT 1") == 1
    assert pool.stats()["size"] == 1
    await pool.close()


async def test_a_connection_in_a_transaction_is_not_reused(pool: Pool) -> None:
    async with pool.connection(5) as left:
        await left.execute("BEGIN")
    assert left.closed
    async with pool.connection(5) as other:
        assert await value(other, "SELECT 1") == 1


async def test_a_failed_statement_leaves_the_connection_good(pool: Pool) -> None:
    async with pool.connection(5) as first:
        with pytest.raises(psycopg.errors.UndefinedTable):
            await first.execute("SELECT * FROM nothing")
    async with pool.connection(5) as second:
        assert second is first


async def test_an_old_connection_is_replaced_and_an_unused_one_is_closed(
    shared: EmbeddedDatabase,
) -> None:
    now = 0.0

    async def connect(seconds: float) -> Connection:
        return await Connection.open(shared.dsn, seconds)

    pool = Pool(connect, 2, clock=lambda: now)
    async with pool.connection(5) as first, pool.connection(5):
        pass
    assert pool.stats()["available"] == 2
    now = 700.0
    async with pool.connection(5) as used:
        assert used is first
    assert pool.stats()["size"] == 1, "the other had nothing to do for ten minutes"
    now = 3700.0
    async with pool.connection(5) as later:
        assert later is not first
    await pool.close()


async def test_a_refusal_reaches_the_caller_at_once() -> None:
    pool = pool_of("postgresql://127.0.0.1:9/postgres")
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(psycopg.OperationalError) as caught:
            await use(pool)
        assert not isinstance(caught.value, Silent)
    assert time.monotonic() - started < SOON_S


async def test_statements_at_a_silent_server_end_in_time_and_its_connections_are_closed(
    distant: Pool, cable: Line
) -> None:
    async with distant.connection(5), distant.connection(5):
        pass
    cable.cut()
    with pytest.raises(Silent, match=r"no answer for 0\.3 s"):
        async with distant.connection(0.3) as conn:
            await conn.execute("SELECT 1")
    assert distant.stats()["size"] == 0, "the other line is no better"
    with pytest.raises(Silent):
        await use(distant)
    cable.mend()
    await back(distant)


async def test_a_silent_server_is_tried_by_one_for_all(distant: Pool, cable: Line) -> None:
    cable.cut()
    with pytest.raises(Silent):
        await use(distant, 0.2)
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises(Silent):
            await use(distant)
    assert time.monotonic() - started < SOON_S
    cable.mend()
    await back(distant)


@pytest.mark.parametrize("work", ["statement", "transaction", "pipeline", "copy"])
async def test_a_caller_can_leave_a_silent_server(distant: Pool, cable: Line, work: str) -> None:
    connected = asyncio.Event()

    async def ask() -> None:
        async with distant.connection(60) as conn:
            await conn.execute("SELECT 1")
            connected.set()
            if work == "statement":
                await conn.execute("SELECT 2")
            elif work == "transaction":
                async with conn.transaction():
                    await conn.execute("SELECT 2")
            elif work == "pipeline":
                async with conn.pipeline():
                    await conn.execute("SELECT 2")
            else:
                async with conn.cursor() as cursor, cursor.copy("COPY note TO STDOUT") as copy:
                    await copy.read()

    asking = asyncio.create_task(ask())
    await connected.wait()
    cable.cut()
    await asyncio.sleep(0)
    started = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert time.monotonic() - started < SOON_S


async def test_a_host_with_a_silent_address_is_reached_by_the_next_one(
    cable: Line, shared: EmbeddedDatabase
) -> None:
    ports = [conninfo_to_dict(dsn)["port"] for dsn in (cable.dsn, shared.dsn)]
    dsn = make_conninfo(
        shared.dsn, host="127.0.0.1,127.0.0.1", port=",".join(map(str, ports)), hostaddr=None
    )
    cable.cut()
    conn = await Connection.open(dsn, 30)
    assert await value(conn, "SELECT 1") == 1
    await conn.close()


async def test_closing_does_not_wait_for_a_silent_server(distant: Pool, cable: Line) -> None:
    async with distant.connection(5), distant.connection(5):
        pass
    cable.cut()
    trying = asyncio.create_task(use(distant, 0.2))
    with pytest.raises(Silent):
        await trying
    with pytest.raises(Silent):
        await use(distant)
    started = time.monotonic()
    await distant.close()
    assert time.monotonic() - started < SOON_S
    assert distant.stats()["size"] == 0


async def test_a_connection_in_use_is_closed_at_the_end_of_its_block(pool: Pool) -> None:
    async with pool.connection(5) as conn:
        await pool.close()
        assert await value(conn, "SELECT 1") == 1
    assert conn.closed


async def use(pool: Pool, seconds: float = 5, *, long: bool = False) -> Connection:
    """Ask something over a connection of the pool."""
    async with pool.connection(seconds, long=long) as conn:
        assert await value(conn, "SELECT 1") == 1
        return conn


async def back(pool: Pool) -> None:
    """Return when the server answers again."""

    async def answered() -> bool:
        with suppress(Silent):
            await use(pool)
            return True
        return False

    await until(answered)
