"""Answers match the OpenAPI document while the database is away (PRD §8)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from ksys_app.db import connect
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from tests import golden
from tests.conftest import PATIENT, RO_PASSWORD
from tests.contract import PATHS, fill, good, hold
from tests.database import TestDatabases
from tests.visiting import at_machine, contract_api
from tests.waiting import until


def test_the_contract_is_the_recorded_one() -> None:
    message = (
        "the HTTP contract has changed: if that is meant, make golden and review the difference"
    )
    assert golden.OPENAPI.read_text("utf-8") == golden.recorded(contract_api().openapi()), message


@pytest.mark.parametrize("path", PATHS)
async def test_before_anything_is_open(path: str) -> None:
    transport = httpx.ASGITransport(at_machine(contract_api()))
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        answer = await client.get(good(path))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    hold(answer, path)


@pytest.fixture(scope="module")
async def lost(databases: TestDatabases) -> AsyncIterator[httpx.AsyncClient]:
    """The contract over a database that answered each path once and is away since."""
    dsn = await databases.fresh()
    settings = load_settings().model_copy(
        update={"ts_dsn": databases.as_role(dsn, "eco_ro", RO_PASSWORD), **PATIENT}
    )
    async with await connect(dsn) as conn:
        await fill(conn)
    async with runtime.opened(settings):
        transport = httpx.ASGITransport(at_machine(contract_api()))
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
            for path in PATHS:
                assert (await client.get(good(path))).status_code == 200
            await databases.stop(dsn)

            async def away() -> bool:
                return (await client.get("/readyz")).status_code == 503

            await until(away)
            yield client
    await databases.start(dsn)
    await databases.drop(dsn)


FILES = (".csv", ".xlsx", ".parquet")
UNCACHED = ("/readyz", "/api/v1/alarms/", "/api/v1/events")


@pytest.mark.parametrize("path", PATHS)
async def test_while_the_database_is_away(lost: httpx.AsyncClient, path: str) -> None:
    answer = await lost.get(good(path))
    hold(answer, path)
    if path == "/metrics":
        assert "ksys_database_up 0.0" in answer.text
    elif path.startswith(UNCACHED) or path.endswith(FILES):
        # A file could not say that it is stale, and the journal is not cached.
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
    else:
        body = answer.json()
        (first, *_) = body if isinstance(body, list) else [body]
        assert (answer.status_code, first["stale"]) == (200, True)
