"""Fixtures for tests with real parts: a TimescaleDB, the app's runtime, HTTP and a browser."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import AsyncIterator, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import hypothesis
import pytest
from psycopg import AsyncConnection

from ksys_app import db
from ksys_app.db import connect
from ksys_app.ops.schema import schema
from ksys_app.services import runtime
from ksys_app.settings import Settings, load_settings
from ksys_app.utils.loading import loading
from tests import sharing
from tests.database import TestDatabases
from tests.visiting import at_machine, contract_api
from tests.waiting import HANGS_S

# A slow example on a busy machine is no failure of the code under test.
hypothesis.settings.register_profile("ksys", deadline=None)
hypothesis.settings.load_profile("ksys")

# Settings of an app whose statements may be slow: on a busy machine that is no failure either.
PATIENT = {"statement_timeout_ms": 30_000}
# Long tests that need no pages run while the first browser test waits for the build of the pages.
BESIDE_THE_BUILD = ("test_adoption.py", "test_silent_database.py")

ZONE = "Asia/Seoul"
RO_PASSWORD = "read-only-in-tests"
RW_PASSWORD = "ingest-in-tests"
OP_PASSWORD = "operator-in-tests"
ALARM_PASSWORD = "alarms-in-tests"


def pytest_configure() -> None:
    """Prepare the run, before its workers are started."""
    # If a shell runs the tests in the background, they ignore Ctrl-C, and their commands would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sharing.begin()
    # All workers need the same ids of parameters, also where these come from sets. In CI, every run
    # is the same, as it is for hypothesis.
    seed = 0 if os.environ.get("CI") else random.randrange(2**32)
    os.environ.setdefault("PYTHONHASHSEED", str(seed))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect the tests as the product loads its modules: they too live as long as the process."""
    with loading():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Import a file of tests in one worker at a time: the first one compiles it for the others."""
    if isinstance(collector, pytest.Session):  # it collects folders and files while it collects
        return (yield)
    with sharing.alone(collector.path.name):
        return (yield)


def pytest_unconfigure() -> None:
    """Clean up after the workers have ended."""
    sharing.end()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three workers more than cores, because tests wait at times; none for a single file."""
    if len(config.args) == 1 and config.args[0].partition("::")[0].endswith(".py"):
        return 0
    return len(os.sched_getaffinity(0)) + 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run long files first, so that the workers finish at about the same time."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    # The tests of a file stay together and in order, because the module's fixtures are closed after
    # the last one.
    quickness: dict[Path, int] = {}
    for item in items:
        quickness[item.path] = min(_quickness(item), quickness.get(item.path, 2))
    # Serial tests come last among those of browsers: no test begins while they wait for the end of
    # the running ones, and the longest tests have ended by then.
    serial = {item.path for item in items if item.get_closest_marker("serial")}
    items.sort(key=lambda item: (quickness[item.path], item.path in serial))
    builder = items[0].path
    items.sort(key=lambda item: (item.path != builder, item.path.name not in BESIDE_THE_BUILD))


def _quickness(item: pytest.Item) -> int:
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else ()
    return 0 if "browser" in fixtures else 1 if "databases" in fixtures else 2


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a ``serial`` test only while no other test runs in any worker."""
    with sharing.turn(alone=item.get_closest_marker("serial") is not None):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def environment() -> None:
    """Remove the developer's own settings from the environment."""
    for name in [key for key in os.environ if key.startswith("KSYS_")]:
        del os.environ[name]
    os.environ |= {"TZ": ZONE, "APP_ENV": "development"}


async def apply_schema(dsn: str) -> None:
    """Apply the product's schema, with roles that can log in."""
    passwords = {"eco_ro": RO_PASSWORD, "eco_rw": RW_PASSWORD, "eco_op": OP_PASSWORD}
    passwords["eco_alarm"] = ALARM_PASSWORD
    await schema.apply(dsn, zone=ZONE, passwords=passwords)


@pytest.fixture(scope="session")
async def databases(environment: None) -> AsyncIterator[TestDatabases]:
    """Creates fresh databases."""
    async with TestDatabases(apply_schema) as test_databases:
        yield test_databases


@dataclass(frozen=True)
class Plant:
    """A database with the schema and the app's runtime open on it.

    Attributes:
        dsn: DSN of the owner.
        conn: a connection of the owner.
        zone: the display zone.
        settings: the settings of the runtime.
    """

    dsn: str
    conn: AsyncConnection
    zone: str
    settings: Settings


@pytest.fixture(scope="module")
async def plant_dsn(databases: TestDatabases) -> str:
    """The database of ``plant_db``, without samples; a module may have its own."""
    return await databases.fresh()


@pytest.fixture(scope="module")
def plant_limits() -> Mapping[str, int]:
    """Settings of the app over ``plant_db`` that limit times; a module may have its own."""
    return PATIENT


@pytest.fixture(scope="module")
async def plant_db(
    databases: TestDatabases, plant_dsn: str, plant_limits: Mapping[str, int]
) -> AsyncIterator[Plant]:
    """One database a module, which the app reads as ``eco_ro``; each test has its own tags."""
    dsn = plant_dsn
    settings = load_settings().model_copy(
        update={
            **plant_limits,
            "ts_dsn": databases.as_role(dsn, "eco_ro", RO_PASSWORD),
            "ts_operator_dsn": databases.as_role(dsn, "eco_op", OP_PASSWORD),
        }
    )
    conn = await connect(dsn)
    try:
        async with runtime.opened(settings):
            yield Plant(dsn, conn, ZONE, settings)
    finally:
        await conn.close()
        await databases.drop(dsn)


@pytest.fixture
def nothing_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cached answers stay valid for the whole test, however slow the machine is."""
    monkeypatch.setattr(db, "TTL", {kind: HANGS_S * (ttl > 0) for kind, ttl in db.TTL.items()})


@pytest.fixture
async def http(plant_db: Plant) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the HTTP API with that database."""
    transport = httpx.ASGITransport(at_machine(contract_api()))
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        yield client
