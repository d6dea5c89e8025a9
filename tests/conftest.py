"""Real things to test on: a TimescaleDB, the app's runtime, its HTTP contract, a browser."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import hypothesis
import pytest
from psycopg import AsyncConnection

from ksys_app import runtime
from ksys_app.api.app import create_api
from ksys_app.db import connect
from ksys_app.ops import schema
from ksys_app.settings import Settings, load_settings
from tests.database import TestDatabases

# A busy machine is no failure of the code under test.
hypothesis.settings.register_profile("ksys", deadline=None)
hypothesis.settings.load_profile("ksys")

ZONE = "Asia/Seoul"
RO_PASSWORD = "read-only-in-tests"
RW_PASSWORD = "ingest-in-tests"


@pytest.fixture(scope="session", autouse=True)
def environment() -> None:
    """The developer's own settings have no say in a test."""
    for name in [key for key in os.environ if key.startswith("KSYS_")]:
        del os.environ[name]
    os.environ |= {"TZ": ZONE, "APP_ENV": "development"}


async def apply_schema(dsn: str) -> None:
    """The product's own schema, with roles that can log in."""
    passwords = {"eco_ro": RO_PASSWORD, "eco_rw": RW_PASSWORD}
    await schema.apply(dsn, zone=ZONE, passwords=passwords)


@pytest.fixture(scope="session")
async def databases(environment: None) -> AsyncIterator[TestDatabases]:
    """Makes fresh databases."""
    async with TestDatabases(apply_schema) as made:
        yield made


@dataclass(frozen=True)
class Plant:
    """A database with the schema and the app's runtime open on it.

    Attributes:
        dsn: its owner's DSN.
        conn: an owner's connection.
        zone: the display zone.
        settings: what the runtime was opened with.
    """

    dsn: str
    conn: AsyncConnection
    zone: str
    settings: Settings


@pytest.fixture(scope="module")
async def plant_db(databases: TestDatabases) -> AsyncIterator[Plant]:
    """One database a module, the app reading it as ``eco_ro``; tests use tags of their own."""
    dsn = await databases.fresh()
    settings = load_settings().model_copy(
        update={"ts_dsn": databases.as_role(dsn, "eco_ro", RO_PASSWORD)}
    )
    conn = await connect(dsn)
    try:
        async with runtime.opened(settings):
            yield Plant(dsn, conn, ZONE, settings)
    finally:
        await conn.close()
        await databases.drop(dsn)


@pytest.fixture
async def http(plant_db: Plant) -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP contract over that database."""
    transport = httpx.ASGITransport(create_api())
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        yield client
