"""HTTP answers while the database is away, and after its return."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from ksys_app import db
from ksys_app.db import connect
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from tests import plant
from tests.conftest import PATIENT, RO_PASSWORD
from tests.database import TestDatabases
from tests.visiting import at_machine, contract_api


@pytest.fixture
async def nowhere() -> AsyncIterator[httpx.AsyncClient]:
    """The contract over a database that is not there."""
    dsn = "postgresql://eco_ro@127.0.0.1:9/postgres"
    settings = load_settings().model_copy(update={"ts_dsn": dsn})
    async with runtime.opened(settings):
        transport = httpx.ASGITransport(at_machine(contract_api()))
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
            yield client


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/tags", "/api/v1/latest", "/api/v1/kpi", "/api/v1/qc"),
        *("/api/v1/timeseries?tag=D100", "/api/v1/export.csv?tag=D100"),
    ],
)
async def test_503_with_code_and_retry_after(nowhere: httpx.AsyncClient, path: str) -> None:
    answer = await nowhere.get(path)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "DB_CONN"
    assert int(answer.headers["Retry-After"]) > 0


async def test_readyz_is_503_and_says_why(nowhere: httpx.AsyncClient) -> None:
    answer = await nowhere.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["error"]["code"] == "DB_CONN"


async def test_stale_rows_are_marked_until_the_database_returns(
    databases: TestDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "TTL", {**db.TTL, "metrics": 0.0})
    series = "/api/v1/timeseries?tag=D100"
    dsn = await databases.fresh()
    settings = load_settings().model_copy(
        update={"ts_dsn": databases.as_role(dsn, "eco_ro", RO_PASSWORD), **PATIENT}
    )
    async with await connect(dsn) as conn:
        await plant.insert(conn, [(await plant.clock(conn), "D100", 1.0)])
    async with runtime.opened(settings):
        transport = httpx.ASGITransport(at_machine(contract_api()))
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
            assert "stale" not in (await client.get("/api/v1/kpi")).json()[0]
            before = await client.get(series)
            assert (await client.get("/api/v1/export.csv?tag=D100")).status_code == 200
            await databases.stop(dsn)
            old = await client.get(series, headers={"If-None-Match": before.headers["ETag"]})
            assert old.status_code == 200, "what is stale has to say so"
            assert old.headers["Cache-Control"] == "no-store"
            assert old.json()["stale"] is True
            assert old.json()["stale_s"] >= 0
            assert old.json()["rows"] == before.json()["rows"]
            file = await client.get("/api/v1/export.csv?tag=D100")
            assert (file.status_code, file.json()["error"]["code"]) == (503, "DB_CONN")
            tile = (await client.get("/api/v1/kpi")).json()[0]
            latest = await client.get("/api/v1/latest")
            assert tile["stale"] is True
            assert tile["stale_s"] >= 0
            assert tile["value"] == 1.0
            assert latest.status_code == 503, "never asked before: nothing stale is at hand"
            assert (await client.get("/readyz")).status_code == 503
            await databases.start(dsn)
            assert "stale" not in (await client.get("/api/v1/kpi")).json()[0]
            assert "stale" not in (await client.get(series)).json()
            assert (await client.get("/readyz")).status_code == 200
    await databases.drop(dsn)


async def test_metrics_are_reported_without_a_database(nowhere: httpx.AsyncClient) -> None:
    answer = await nowhere.get("/metrics")
    assert answer.status_code == 200
    assert "ksys_database_up 0.0" in answer.text
    assert "ksys_tag_value" not in answer.text
