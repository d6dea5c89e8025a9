"""``/readyz``: each relation, privilege and trigger that pages need (PRD §8.3)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg import AsyncConnection, sql

from ksys_app import db
from ksys_app.domain import upkeep
from ksys_app.domain.windows import VIEW, WINDOWS
from ksys_app.queries import health
from ksys_app.queries.health import READ
from tests import plant
from tests.conftest import Plant

QUERIES = Path(health.__file__).parent
SERIES = {window.view: f"timeseries?tag=R1&window={window.label}" for window in WINDOWS}


@pytest.fixture(scope="module", autouse=True)
async def sample(plant_db: Plant) -> None:
    """One sample, so that the tag exists."""
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "R1", 1.0)])


@pytest.fixture
def conn(plant_db: Plant) -> AsyncConnection:
    return plant_db.conn


@asynccontextmanager
async def undone(conn: AsyncConnection, change: str, back: str, name: str) -> AsyncIterator[None]:
    """A change of the database, taken back at the end."""
    identifier = sql.Identifier("public", name)
    await conn.execute(sql.SQL(change).format(identifier))
    try:
        yield
    finally:
        await conn.execute(sql.SQL(back).format(identifier))


async def refused(http: httpx.AsyncClient) -> dict[str, Any]:
    """The error of a readiness that is none."""
    answer = await http.get("/readyz")
    assert answer.status_code == 503, answer.text
    assert answer.json()["database"]["state"] == "wrong"
    error: dict[str, Any] = answer.json()["error"]
    assert (await http.get(error["runbook"])).status_code == 200
    return error


def test_every_relation_that_a_query_reads_is_checked() -> None:
    texts = [path.read_text("utf-8") for path in QUERIES.glob("*.py") if path.stem != "health"]
    texts += [path.read_text("utf-8") for path in (Path("db/verify/jobs.sql").resolve(),)]
    named = set(re.findall(r"(?:FROM|JOIN)\s+public\.(\w+)", "\n".join(texts)))
    assert set(READ) == named | set(VIEW.values())


@pytest.mark.parametrize("relation", READ)
async def test_a_relation_that_may_not_be_read_is_named(
    http: httpx.AsyncClient, conn: AsyncConnection, relation: str
) -> None:
    revoke, grant = "REVOKE SELECT ON {} FROM eco_ro", "GRANT SELECT ON {} TO eco_ro"
    async with undone(conn, revoke, grant, relation):
        error = await refused(http)
        assert (error["code"], error["names"]) == ("SCHEMA_DRIFT", [relation])
        assert f"does not let this role read {relation};" in error["message"]
        assert error["runbook"].endswith("/VERIFY_PRIVILEGE.md")
        if relation in SERIES:
            answer = await http.get(f"/api/v1/{SERIES[relation]}")
            assert answer.json()["error"]["code"] == "SCHEMA_DRIFT", "as an endpoint has it"
    assert (await http.get("/readyz")).status_code == 200


async def test_a_relation_that_is_gone_is_named(
    http: httpx.AsyncClient, conn: AsyncConnection
) -> None:
    away, back = "ALTER TABLE {} RENAME TO gone", "ALTER TABLE public.gone RENAME TO influx_qc_rule"
    async with undone(conn, away, back, "influx_qc_rule"):
        error = await refused(http)
    assert error["names"] == ["influx_qc_rule"]
    assert error["runbook"].endswith("/VERIFY_RELATION.md")


async def test_triggers_that_are_off_are_named(
    http: httpx.AsyncClient, conn: AsyncConnection
) -> None:
    # As ALTER TABLE … DISABLE TRIGGER has it, which a table with compressed chunks refuses.
    switch = "UPDATE pg_trigger SET tgenabled = %s WHERE tgname = ANY(%s)"
    await conn.execute(switch, ("D", list(upkeep.TRIGGERS)))
    try:
        error = await refused(http)
    finally:
        await conn.execute(switch, ("O", list(upkeep.TRIGGERS)))
    assert error["names"] == sorted(upkeep.TRIGGERS)
    assert "switched off" in error["message"]
    assert error["runbook"].endswith("/VERIFY_TRIGGER.md")
    assert (await http.get("/readyz")).status_code == 200


async def test_jobs_are_counted_by_what_is_wrong_with_them(
    http: httpx.AsyncClient, plant_db: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "TTL", {**db.TTL, "upkeep": 0.0})
    fine = (await http.get("/readyz")).json()["jobs"]
    assert (fine["total"], fine["missing"], fine["off"]) == (fine["expected"], 0, 0)
    assert fine["expected"] == len(upkeep.JOBS) == 15
    await plant_db.conn.execute("SELECT remove_retention_policy('public.influx_hist')")
    await plant_db.conn.execute(
        "SELECT alter_job(job_id, scheduled => false)"
        " FROM timescaledb_information.jobs WHERE job_id >= 1000"
    )
    wrong = (await http.get("/readyz")).json()["jobs"]
    assert (wrong["total"], wrong["missing"], wrong["off"]) == (14, 1, 14)
