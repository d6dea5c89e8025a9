"""Real things to test on: a TimescaleDB, the app's runtime, its HTTP contract, a browser."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
import hypothesis
import pytest
from psycopg import AsyncConnection

from ksys_app.api.app import create_api
from ksys_app.db import connect
from ksys_app.ops.schema import schema
from ksys_app.services import runtime
from ksys_app.settings import Settings, load_settings
from tests import sharing
from tests.database import TestDatabases

# A busy machine is no failure of the code under test.
hypothesis.settings.register_profile("ksys", deadline=None)
hypothesis.settings.load_profile("ksys")

# What takes long and needs no pages: it runs while the first browser test has them built.
BESIDE_THE_BUILD = ("test_adoption.py", "test_silent_database.py")

ZONE = "Asia/Seoul"
RO_PASSWORD = "read-only-in-tests"
RW_PASSWORD = "ingest-in-tests"


def pytest_configure() -> None:
    """Before the workers of the run are started."""
    # A run in the background of a shell ignores Ctrl-C, and so would every command that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sharing.begin()
    # Workers have to agree on the ids of parameters, sets among them.
    os.environ.setdefault("PYTHONHASHSEED", str(random.randrange(2**32)))


def pytest_unconfigure() -> None:
    """After they have ended."""
    sharing.end()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores, as tests wait now and then; none for a single file."""
    if len(config.args) == 1 and config.args[0].partition("::")[0].endswith(".py"):
        return 0
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In workers, what takes long comes first: the last files to be run have to be short ones."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    # A file stays together and in order: what its module has open is closed behind it.
    quickness: dict[Path, int] = {}
    for item in items:
        quickness[item.path] = min(_quickness(item), quickness.get(item.path, 2))
    items.sort(key=lambda item: quickness[item.path])
    builder = items[0].path
    items.sort(key=lambda item: (item.path != builder, item.path.name not in BESIDE_THE_BUILD))


def _quickness(item: pytest.Item) -> int:
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else ()
    return 0 if "browser" in fixtures else 1 if "databases" in fixtures else 2


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A ``serial`` test waits until no other one runs, in any worker; the others wait for it."""
    with sharing.turn(alone=item.get_closest_marker("serial") is not None):
        return (yield)


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
