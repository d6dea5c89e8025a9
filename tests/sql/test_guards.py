"""A read is read-only and has a time limit, directly and through a pooler."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import psycopg
import pytest

from ksys_app.db import Database, connect
from ksys_app.driver import pool
from ksys_app.driver.connection import Silent
from ksys_app.errors import BadParameter, DatabaseTimeout, DatabaseUnreachable
from ksys_app.settings import load_settings
from ksys_app.utils import request
from tests.conftest import RO_PASSWORD, Plant
from tests.database import TestDatabases
from tests.pooler import pgbouncer
from tests.silence import line
from tests.waiting import HANGS_S

OWNER_PASSWORD = "owner-through-the-pooler"
# Settings that a pooler restores for each client.
KEPT = {"TimeZone", "DateStyle", "application_name", "client_encoding"}


@dataclass(frozen=True)
class Row:
    one: str


@dataclass(frozen=True)
class Way:
    """A way to the database.

    Attributes:
        owner: DSN of its owner.
        reader: DSN of ``eco_ro``.
    """

    owner: str
    reader: str


@pytest.fixture(params=["direct", "pooled"])
async def way(
    request: pytest.FixtureRequest, plant_db: Plant, databases: TestDatabases
) -> AsyncIterator[Way]:
    async with AsyncExitStack() as stack:
        dsn = plant_db.dsn
        if request.param == "pooled":
            users = {
                str(psycopg.conninfo.conninfo_to_dict(dsn)["user"]): OWNER_PASSWORD,
                "eco_ro": RO_PASSWORD,
            }
            dsn = await stack.enter_async_context(pgbouncer(dsn, users, size=1))
        yield Way(dsn, databases.as_role(dsn, "eco_ro", RO_PASSWORD))


@pytest.fixture(params=["owner", "reader"])
async def database(request: pytest.FixtureRequest, way: Way) -> AsyncIterator[Database]:
    opened = Database(getattr(way, request.param), load_settings())
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO public.influx_qc_rule (tag_name) VALUES ('X') RETURNING tag_name AS one",
        "CREATE TABLE public.mine (one text)",
        "WITH gone AS (DELETE FROM tag_latest RETURNING tag_name AS one) SELECT * FROM gone",
    ],
)
async def test_nothing_can_be_written(database: Database, statement: str) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await database.fetch_all(Row, statement, {})


async def test_a_statement_cannot_lift_its_own_guard(database: Database) -> None:
    with pytest.raises(psycopg.errors.ActiveSqlTransaction):
        await database.fetch_all(
            Row, "SELECT set_config('transaction_read_only', 'off', true) AS one", {}
        )
    await database.fetch_all(Row, "SELECT set_config('statement_timeout', '0', false) AS one", {})
    assert await setting(database, "statement_timeout") == "2s", "what one did, the next undoes"


async def test_each_statement_has_its_timeout_and_its_plans(database: Database) -> None:
    assert await setting(database, "statement_timeout") == "2s"
    assert await setting(database, "statement_timeout", 7.5) == "7500ms"
    assert await setting(database, "transaction_read_only") == "on"
    assert await setting(database, "plan_cache_mode") == "force_custom_plan"
    assert await setting(database, "jit") == "off"
    assert await setting(database, "TimeZone") == "UTC"


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(
    database: Database, databases: TestDatabases
) -> None:
    if databases.kind == "embedded":
        pytest.skip("the embedded database ends no statement")
    started = time.monotonic()
    with pytest.raises(DatabaseTimeout, match="try a shorter window"):
        await database.fetch_all(Row, "SELECT pg_sleep(600)::text AS one", {}, 0.3)
    assert time.monotonic() - started < HANGS_S
    assert await setting(database, "statement_timeout") == "2s"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may need longer for a connection than a page waits while a server is away."""
    monkeypatch.setattr(pool, "TRIAL_S", HANGS_S)


async def test_a_silence_that_began_before_the_return_logs_no_second_outage(
    dsn: str, caplog: pytest.LogCaptureFixture, patient: None
) -> None:
    async with line(TestDatabases.as_role(dsn, "eco_ro", RO_PASSWORD)) as by:
        database = Database(by.dsn, load_settings())
        by.cut()
        with caplog.at_level(logging.INFO, "ksys"):
            with pytest.raises(DatabaseTimeout):
                await database.fetch_all(Row, "SELECT 1::text AS one", {}, timeout_s=0.01)
            by.admit()
            await database.fetch_all(Row, "SELECT 1::text AS one", {}, 600)
            for seconds in (3600.0, 0.0):
                # Another connection, whose silence is noticed only now.
                with pytest.raises(DatabaseTimeout):
                    async with database._connection(600):
                        raise Silent(seconds)
                events = [record.getMessage().split()[0] for record in caplog.records]
                assert events == ["db_fail", "db_recover", "db_fail"][: 2 if seconds else 3]
        await database.close()


async def test_an_error_leaves_the_connection_good(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(BadParameter):
            await database.fetch_all(Row, "SELECT (1 / 0)::text AS one", {})
        assert await setting(database, "jit") == "off"
    assert database.pool_stats()["size"] == 1


async def test_nothing_is_left_in_the_session_for_the_next_client(way: Way) -> None:
    before = await left(way.owner)
    database = Database(way.owner, load_settings())
    for _ in range(3):
        await setting(database, "jit")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await database.fetch_all(Row, "CREATE TABLE mine (one text)", {})
    await database.close()
    async with await connect(way.owner) as conn:
        assert await (await conn.execute("SHOW transaction_read_only")).fetchone() == ("off",)
    assert await left(way.owner) == before


async def left(dsn: str) -> list[tuple[object, ...]]:
    """Settings, prepared statements and open objects that a client finds in its session."""
    async with await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, prepare_threshold=None
    ) as conn:
        cursor = await conn.execute(
            "SELECT name, setting FROM pg_settings WHERE source = 'session' AND name <> ALL (%s)"
            " UNION ALL SELECT 'prepared', name FROM pg_prepared_statements"
            " UNION ALL SELECT 'cursor', name FROM pg_cursors WHERE name <> ''"
            " UNION ALL SELECT 'lock', objid::text FROM pg_locks WHERE locktype = 'advisory'"
            " UNION ALL SELECT 'temporary', relname FROM pg_class WHERE relpersistence = 't'"
            " ORDER BY 1, 2",
            (list(KEPT),),
        )
        return await cursor.fetchall()


async def setting(database: Database, name: str, timeout_s: float | None = None) -> str:
    """The value of a setting during a statement of the app."""
    rows = await database.fetch_all(
        Row, "SELECT current_setting(%(name)s) AS one", {"name": name}, timeout_s
    )
    return rows[0].one


async def test_an_outage_that_begins_as_a_slow_answer_is_logged_as_both_and_once(
    dsn: str, caplog: pytest.LogCaptureFixture, patient: None
) -> None:
    reader = TestDatabases.as_role(dsn, "eco_ro", RO_PASSWORD)
    async with line(reader) as by:
        database = Database(by.dsn, load_settings())
        await database.fetch_all(Row, "SELECT 1::text AS one", {})
        by.cut()
        with caplog.at_level(logging.INFO, "ksys"):
            with pytest.raises(DatabaseTimeout):
                await database.fetch_all(Row, "SELECT 1::text AS one", {}, timeout_s=0.01)
            await by.close()
            for number in range(3):
                with request.with_id(f"asker {number}"), pytest.raises(DatabaseUnreachable) as away:
                    await database.fetch_all(Row, "SELECT 1::text AS one", {}, timeout_s=0.01)
                assert away.value.request_id == "asker 0", "its lines have db_fail"
    lines = [record.getMessage() for record in caplog.records]
    lost = [line for line in lines if line.startswith("db_fail")]
    assert ["code=DB_TIMEOUT" in line for line in lost] == [True, False]
    assert "code=DB_CONN" in lost[1]
    await database.close()


async def test_a_statement_that_fails_after_the_return_logs_no_second_outage(
    dsn: str, caplog: pytest.LogCaptureFixture, patient: None
) -> None:
    reader = TestDatabases.as_role(dsn, "eco_ro", RO_PASSWORD)
    async with line(reader) as by:
        database = Database(by.dsn, load_settings())
        await database.fetch_all(Row, "SELECT 1::text AS one", {})
        by.cut()
        with caplog.at_level(logging.INFO, "ksys"):
            old = asyncio.create_task(database.fetch_all(Row, "SELECT 1::text AS one", {}, 600))
            with pytest.raises(DatabaseTimeout):
                await database.fetch_all(Row, "SELECT 1::text AS one", {}, timeout_s=0.01)
            by.admit()
            await database.fetch_all(Row, "SELECT 1::text AS one", {}, 600)
            by.drop()
            with pytest.raises(DatabaseUnreachable):
                await old
    events = [record.getMessage().split()[0] for record in caplog.records]
    assert events == ["db_fail", "db_recover"]
    assert not database.pulse.away
    await database.close()
