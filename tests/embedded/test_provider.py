"""Each test can have its own database, on every kind of server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.database import TestDatabases
from tests.database_embedded import EmbeddedProvider
from tests.embedded.conftest import value
from tests.templates import Step


async def apply(dsn: str) -> None:
    """A small schema."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        await conn.execute("CREATE TABLE sample (ts timestamptz NOT NULL, value float8)")
        await conn.execute("SELECT create_hypertable('sample', by_range('ts'))")
        await conn.execute(
            "CREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous) AS"
            " SELECT time_bucket('1 day', ts) AS bucket, count(*) AS n FROM sample GROUP BY 1"
            " WITH NO DATA"
        )
        await conn.execute(
            "SELECT add_continuous_aggregate_policy('daily', interval '30 days', NULL,"
            " interval '1 hour')"
        )


@pytest.fixture(scope="module")
async def created() -> AsyncIterator[TestDatabases]:
    async with TestDatabases(apply) as databases:
        yield databases


async def test_databases_from_one_template_are_isolated(created: TestDatabases) -> None:
    written = []

    async def write(dsn: str) -> None:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            await conn.execute("INSERT INTO sample VALUES (now(), 0)")
        written.append(dsn)

    filled = Step("one-sample", write)
    first, second = await asyncio.gather(created.fresh(filled=filled), created.fresh(filled=filled))
    assert len(written) == 1, "the template is filled once"
    async with (
        await psycopg.AsyncConnection.connect(first, autocommit=True) as one,
        await psycopg.AsyncConnection.connect(second, autocommit=True) as other,
    ):
        await one.execute("INSERT INTO sample VALUES (now(), 1)")
        await one.execute("CALL refresh_continuous_aggregate('daily', NULL, NULL)")
        assert await value(one, "SELECT sum(n) FROM daily") == 2
        assert await value(other, "SELECT count(*) FROM sample") == 1
    await created.drop(first)
    with pytest.raises(psycopg.OperationalError):
        await psycopg.AsyncConnection.connect(first, connect_timeout=5)
    await created.drop(second)


async def test_a_database_without_the_schema_is_empty(created: TestDatabases) -> None:
    dsn = await created.fresh(schema=False)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        relations = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        assert await value(conn, relations) == 0
    await created.drop(dsn)


async def test_another_role_gets_the_same_database(created: TestDatabases) -> None:
    dsn = "postgresql://postgres@127.0.0.1:5432/plant?sslmode=disable"
    assert conninfo_to_dict(created.as_role(dsn, "eco_ro", "secret")) == {
        "user": "eco_ro",
        "password": "secret",
        "host": "127.0.0.1",
        "port": "5432",
        "dbname": "plant",
        "sslmode": "disable",
    }


@pytest.mark.parametrize("alone", [False, True])
async def test_an_embedded_database_can_be_stopped_and_started(alone: bool) -> None:
    provider = EmbeddedProvider()
    try:
        dsn = await provider.fresh(alone=alone)
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            await conn.execute("CREATE TABLE empty ()")
            await provider.stop(dsn)
            with pytest.raises(psycopg.OperationalError):
                await conn.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError):
            await psycopg.AsyncConnection.connect(dsn)
        await provider.start(dsn)
        async with await psycopg.AsyncConnection.connect(dsn) as conn:
            assert await value(conn, "SELECT count(*) FROM empty") == 0
    finally:
        await provider.close()
