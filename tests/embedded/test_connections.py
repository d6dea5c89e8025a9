"""Many psycopg connections share the one session of the engine without seeing each other."""

from __future__ import annotations

import asyncio
import select
from contextlib import suppress

import psycopg
import pytest
from psycopg import errors

from ksys_app.ops.embedded import EmbeddedDatabase
from tests.embedded.conftest import Connect, Start, value
from tests.waiting import HANGS_S, until


async def test_six_connections_at_once_get_their_own_answers(connect: Connect) -> None:
    async def work(number: int) -> None:
        conn = await connect()
        for turn in range(60):
            if turn % 5 == 0:
                with pytest.raises(errors.DivisionByZero):
                    await conn.execute("SELECT %s / 0", (turn,))
            assert await value(conn, "SELECT %s * 1000 + %s", number, turn) == number * 1000 + turn

    await asyncio.gather(*(work(number) for number in range(6)))


async def test_others_see_the_rows_of_a_transaction_only_after_its_commit(
    connect: Connect,
) -> None:
    writer, other = await connect(), await connect()
    async with writer.transaction():
        await writer.execute("INSERT INTO note VALUES (1, 'a')")
        waiting = asyncio.create_task(value(other, "SELECT count(*) FROM note"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await writer.execute("INSERT INTO note VALUES (2, 'b')")
    assert await waiting == 2


async def test_a_transaction_of_a_client_that_vanished_is_rolled_back(connect: Connect) -> None:
    gone, other = await connect(autocommit=False), await connect()
    await gone.execute("INSERT INTO note VALUES (1, 'a')")
    # Closed without a word, as when the process is killed.
    gone.pgconn.finish()
    assert await value(other, "SELECT count(*) FROM note") == 0


async def test_a_batch_that_was_never_finished_is_rolled_back(connect: Connect) -> None:
    gone, other = await connect(), await connect()
    gone.pgconn.enter_pipeline_mode()
    gone.pgconn.send_query_params(b"INSERT INTO note VALUES (1, 'a')", None)
    gone.pgconn.flush()
    await asyncio.sleep(0.1)
    gone.pgconn.finish()
    assert await value(other, "SELECT count(*) FROM note") == 0


async def test_a_caller_that_waits_too_long_for_a_transaction_gets_an_error_and_can_try_again(
    start: Start,
) -> None:
    server = await start(wait_ms=300, idle_in_transaction_ms=60_000)
    async with (
        await psycopg.AsyncConnection.connect(server.dsn) as holder,
        await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as other,
        await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as batching,
    ):
        await holder.execute("SELECT 1")
        with pytest.raises(errors.LockNotAvailable, match=r"another connection's transaction"):
            await other.execute("SELECT 1")
        with pytest.raises(errors.LockNotAvailable):
            await pipelined(batching, "SELECT 1", "SELECT 2")
        with pytest.raises(psycopg.OperationalError, match="busy"):
            await psycopg.AsyncConnection.connect(server.dsn)
        await holder.rollback()
        assert await value(other, "SELECT 2") == 2
        assert await value(batching, "SELECT 3") == 3


async def test_callers_behind_one_long_statement_get_their_turn(
    connect: Connect, start: Start
) -> None:
    server = await start(wait_ms=300)
    busy, *others = [await connect(server) for _ in range(5)]
    # Longer than anybody waits for a transaction.
    working = asyncio.create_task(busy.execute("SELECT pg_sleep(1)"))
    assert await asyncio.gather(*(value(conn, "SELECT 1") for conn in others)) == [1] * 4
    await working


async def test_a_transaction_that_does_nothing_while_others_wait_is_ended(
    connect: Connect, start: Start
) -> None:
    server = await start(idle_in_transaction_ms=300, wait_ms=120_000)
    idle, other = await connect(server, autocommit=False), await connect(server)
    await idle.execute("INSERT INTO note VALUES (1, 'a')")
    assert await value(other, "SELECT count(*) FROM note") == 0
    with pytest.raises(errors.IdleInTransactionSessionTimeout):
        await idle.execute("SELECT 1")
    assert idle.closed


async def test_a_transaction_in_nobodys_way_may_be_idle(connect: Connect, start: Start) -> None:
    conn = await connect(await start(idle_in_transaction_ms=100), autocommit=False)
    await conn.execute("INSERT INTO note VALUES (1, 'a')")
    await asyncio.sleep(0.5)
    assert await value(conn, "SELECT count(*) FROM note") == 1
    await conn.rollback()


async def test_the_connections_own_limit_of_idle_transactions_holds(connect: Connect) -> None:
    conn = await connect(autocommit=False, options="-c idle_in_transaction_session_timeout=150")
    await conn.execute("SELECT 1")
    await until(lambda: heard(conn))
    with pytest.raises(errors.IdleInTransactionSessionTimeout):
        await conn.execute("SELECT 1")


async def heard(conn: psycopg.AsyncConnection) -> bool:
    """Whether the server has sent something without a request."""
    return bool(select.select([conn.fileno()], [], [], 0)[0])


async def pipelined(conn: psycopg.AsyncConnection, *statements: str) -> None:
    """Send statements as one batch with one Sync."""
    async with conn.pipeline():
        for statement in statements:
            await conn.execute(statement)


async def test_an_error_in_a_pipeline_skips_the_rest_up_to_the_sync(connect: Connect) -> None:
    conn, other = await connect(), await connect()
    with pytest.raises(errors.UniqueViolation):
        await pipelined(
            conn,
            "INSERT INTO note VALUES (1, 'a')",
            "INSERT INTO note VALUES (1, 'again')",
            "INSERT INTO note VALUES (2, 'never')",
        )
    assert await value(other, "SELECT count(*) FROM note") == 0
    assert await value(conn, "SELECT 1") == 1


async def test_a_pipeline_answers_every_query_in_order(connect: Connect) -> None:
    conn = await connect()
    async with conn.pipeline():
        cursors = [await conn.execute("SELECT %s", (number,)) for number in range(200)]
        assert [(await cursor.fetchone()) for cursor in cursors] == [(n,) for n in range(200)]


async def test_one_client_with_a_long_queue_does_not_starve_another(connect: Connect) -> None:
    busy, other = await connect(), await connect()
    await asyncio.gather(value(busy, "SELECT 1"), value(other, "SELECT 1"))

    async def flood() -> None:
        async with busy.pipeline() as pipeline:
            for _ in range(1500):
                await busy.execute("SELECT count(*) FROM generate_series(1, 500)")
                await pipeline.sync()

    flooding = asyncio.create_task(flood())
    answers = 0
    while not flooding.done():
        await value(other, "SELECT 1")
        answers += 1
    await flooding
    # One may come before the flood, and one after it.
    assert answers > 2


async def test_prepared_statements_of_one_name_do_not_meet(connect: Connect) -> None:
    first, second = (
        await connect(prepare_threshold=0),
        await connect(prepare_threshold=0),
    )
    # psycopg gives both connections' statements the same name.
    for number in range(3):
        assert await value(first, "SELECT %s::int + 1", number) == number + 1
        assert await value(second, "SELECT %s::int + 1000", number) == number + 1000


async def test_deallocating_all_takes_only_ones_own_statements(connect: Connect) -> None:
    first, second = (
        await connect(prepare_threshold=0),
        await connect(prepare_threshold=0),
    )
    for _ in range(2):
        assert await value(second, "SELECT %s::int + 1", 1) == 2
    await value(first, "SELECT %s::int", 1)
    await first.execute("DEALLOCATE ALL")
    assert await value(second, "SELECT %s::int + 1", 1) == 2


async def test_the_unnamed_statement_survives_what_others_do(connect: Connect) -> None:
    first, second = (await connect()).pgconn, await connect()
    first.prepare(b"", b"SELECT 'mine'")
    await value(second, "SELECT %s", "theirs")
    assert first.exec_prepared(b"", []).get_value(0, 0) == b"mine"


async def test_a_large_statement_and_a_large_answer_arrive_whole(connect: Connect) -> None:
    conn = await connect()
    text = "x" * 5_000_000
    assert await value(conn, "SELECT %s", text) == text
    rows = await (await conn.execute("SELECT g FROM generate_series(1, 50000) g")).fetchall()
    assert [row[0] for row in rows] == list(range(1, 50_001))


async def test_a_server_side_cursor_reads_in_pieces(connect: Connect) -> None:
    conn = await connect(autocommit=False)
    async with conn.cursor(name="pieces") as cursor:
        cursor.itersize = 100
        await cursor.execute("SELECT g FROM generate_series(1, 1000) g")
        assert [row[0] async for row in cursor] == list(range(1, 1001))
    await conn.rollback()


async def test_encryption_and_cancelling_are_declined_politely(
    connect: Connect, shared: EmbeddedDatabase
) -> None:
    conn = await connect(sslmode="prefer", gssencmode="disable")
    conn.cancel()
    assert await value(conn, "SELECT 1") == 1
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        await connect(sslmode="require")


async def test_a_foreign_protocol_ends_only_its_own_connection(
    connect: Connect, shared: EmbeddedDatabase
) -> None:
    conn = await connect()
    reader, writer = await asyncio.open_connection("127.0.0.1", shared.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), HANGS_S)
    assert answer.startswith(b"E")
    assert b"08P01" in answer
    writer.close()
    assert await value(conn, "SELECT 1") == 1


async def test_more_connections_than_allowed_are_refused(connect: Connect, start: Start) -> None:
    server = await start()
    opened = [await connect(server) for _ in range(100)]
    with pytest.raises(psycopg.OperationalError, match="too many clients"):
        await connect(server)
    await opened[0].close()

    async def admitted() -> bool:
        with suppress(psycopg.OperationalError):
            return await value(await connect(server), "SELECT 1") == 1
        return False

    await until(admitted)
