"""An interrupted restore: everything reports it, and nothing reads or writes there."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ksys_app.db import connect
from ksys_app.driver.restoring import is_restoring
from ksys_app.errors import DatabaseRestoring
from ksys_app.ops.verify.verify import verify
from ksys_app.states.comm import CommState
from ksys_app.states.dashboard import DashboardState
from ksys_app.states.tech import TechState
from ksys_app.states.trend import TrendState
from tests.conftest import ZONE, Plant
from tests.contract import PATHS, fill, good, hold
from tests.ksys import ksys
from tests.states.page_query import WithQuery, with_query

CODE = DatabaseRestoring.code


@asynccontextmanager
async def switched(dsn: str, value: str) -> AsyncIterator[None]:
    """Set ``timescaledb.restoring`` for the database, as a restore does, for the block."""
    name = sql.Identifier(str(conninfo_to_dict(dsn).get("dbname") or "postgres"))
    async with await connect(dsn) as conn:
        change = sql.SQL("ALTER DATABASE {} SET timescaledb.restoring = {}")
        await conn.execute(change.format(name, sql.Literal(value)))
        try:
            yield
        finally:
            change = sql.SQL("ALTER DATABASE {} RESET timescaledb.restoring")
            await conn.execute(change.format(name))


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    await fill(plant_db.conn)


@pytest.mark.parametrize("value", ["on", "off"])
async def test_an_earlier_session_notices_a_restore(plant_db: Plant, value: str) -> None:
    async with switched(plant_db.dsn, value):
        assert await is_restoring(plant_db.conn) == (value == "on")
    assert not await is_restoring(plant_db.conn)


async def test_the_setting_of_one_session_is_noticed(plant_db: Plant) -> None:
    async with await connect(plant_db.dsn) as conn:
        await conn.execute("SET timescaledb.restoring = on")
        assert await is_restoring(conn)


async def test_verify_reports_only_the_restore(dsn: str) -> None:
    async with switched(dsn, "on"):
        code, out, _ = await ksys("db", "verify", "--json", TS_ADMIN_DSN=dsn)
        (check,) = json.loads(out)
    assert (code, check["name"], check["ok"]) == (1, "restore", False)
    assert check["runbook"] == f"docs/runbooks/{CODE}.md"
    assert "ksys db restore FILE --replace" in check["detail"]
    first = (await verify(dsn, zone=ZONE))[0]
    assert (first.name, first.ok) == ("restore", True)


async def test_every_command_reports_the_restore_and_does_nothing(
    dsn: str, plant_db: Plant, tmp_path: Path
) -> None:
    (tmp_path / "samples.csv").write_text("ts,tag_name,value\n2026-08-01T00:00:00Z,HALF,1\n")
    async with switched(dsn, "on"):
        for words in (
            "db init", "db status", "db jobs", "db refresh", "qc sync", "qc verify", "check",
            "comm suggest", "db backfill {}/samples.csv", "db backup {}/x.dump",
        ):  # fmt: skip
            command = words.format(tmp_path).split()
            code, out, err = await ksys(*command, TS_ADMIN_DSN=dsn)
            assert (code, f"runbooks/{CODE}.md" in out + err) == (1, True), (words, out, err)
    cursor = await plant_db.conn.execute("SELECT FROM public.influx_hist WHERE tag_name = 'HALF'")
    assert await cursor.fetchone() is None
    assert os.listdir(tmp_path) == ["samples.csv"]


async def test_http_reports_the_restore_and_works_again_afterwards(
    plant_db: Plant, http: httpx.AsyncClient
) -> None:
    async with switched(plant_db.dsn, "on"):
        for path in PATHS:
            answer = await http.get(good(path))
            hold(answer, path)
            if path == "/metrics":
                assert "ksys_ready 0.0" in answer.text
                assert 'ksys_fault{code="DB_RESTORING",' in answer.text
                assert "ksys_jobs" not in answer.text
            else:
                assert (answer.status_code, answer.json()["error"]["code"]) == (503, CODE), path
    for path in PATHS:
        assert (await http.get(good(path))).status_code == 200, path


class Dashboard(WithQuery, DashboardState):
    """With the URL that a test sets."""


class Trend(WithQuery, TrendState):
    """With the URL that a test sets."""


class Tech(WithQuery, TechState):
    """With the URL that a test sets."""


class Comm(WithQuery, CommState):
    """With the URL that a test sets."""


async def drain(kind: Any, name: str, state: Any) -> None:
    async for _ in kind.event_handlers[name].fn(state):
        pass


async def show(kind: Any, name: str, state: Any) -> None:
    await kind.event_handlers[name].fn(state)


@pytest.mark.parametrize(
    ("kind", "page", "load", "name", "query"),
    [
        (DashboardState, Dashboard, drain, "load", {"window": "5m"}),
        (TrendState, Trend, drain, "load_trend_data", {"tag": "D100", "window": "14d"}),
        (TechState, Tech, drain, "load_indicators_data", {"tag": "D100", "window": "14d"}),
        (CommState, Comm, show, "show", {"tag": "D100"}),
    ],
    ids=["/", "/trend", "/tech", "/comm"],
)
async def test_every_page_reports_the_restore(
    plant_db: Plant,
    kind: Any,
    page: Any,
    load: Callable[[Any, str, Any], Awaitable[None]],
    name: str,
    query: dict[str, str],
) -> None:
    async with switched(plant_db.dsn, "on"):
        state = with_query(page, **query)
        await load(kind, name, state)
        assert (state.problem.code, state.phase) == (CODE, "error")
        assert state.problem.runbook == f"docs/runbooks/{CODE}.md"
    await load(kind, name, state)
    assert (state.problem.code, state.phase) == ("", "loaded")


async def test_the_rows_on_a_page_stay_and_are_marked_as_old(plant_db: Plant) -> None:
    state = with_query(Dashboard, window="5m")
    await drain(DashboardState, "load", state)
    async with switched(plant_db.dsn, "on"):
        await drain(DashboardState, "load", state)
        assert (state.problem.code, state.phase) == (CODE, "stale")
        assert state.kpi_rows
