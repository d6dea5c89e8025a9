"""HTTP answers while the database is slow or has no connection left, and after that (PRD §7.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx
import psycopg
import pytest
from psycopg import sql

from ksys_app.db import Database, connect
from ksys_app.errors import DatabaseUnreachable
from ksys_app.models.rows import Latest
from ksys_app.queries import latest
from tests import plant
from tests.conftest import RO_PASSWORD, Plant
from tests.database import TestDatabases
from tests.waiting import until, within

# The app waits 2 s for a statement, and gives a database up after 4 s.
WITHIN_S = 5.0


@pytest.fixture(scope="module")
def plant_limits() -> Mapping[str, int]:
    """The limits of the product."""
    return {}


@pytest.fixture(scope="module", autouse=True)
async def sample(plant_db: Plant) -> None:
    """One, so that there is a tile."""
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "D100", 1.0)])


async def test_a_statement_that_waits_too_long_leaves_old_tiles_or_503_and_the_next_are_fresh(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    before = (await http.get("/api/v1/kpi")).json()
    async with await connect(plant_db.dsn) as holder, holder.transaction():
        await holder.execute("LOCK TABLE public.tag_latest")
        (old,) = (await within(WITHIN_S, http.get("/api/v1/kpi"))).json()
        assert (old["stale"], old["value"]) == (True, before[0]["value"])
        answer = await within(WITHIN_S, http.get("/api/v1/latest?tag=D100"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "DB_TIMEOUT")

    async def fresh() -> bool:
        answers = [await http.get("/api/v1/latest"), await http.get("/api/v1/kpi")]
        return all(one.status_code == 200 and "stale" not in one.json()[0] for one in answers)

    await until(fresh)


@asynccontextmanager
async def none_left(plant_db: Plant, kind: str) -> AsyncIterator[None]:
    """No connection for another reader; those that are open stay."""
    # Of the database and not of the role, which other databases of a server have as well.
    limit = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}")
    name = sql.Identifier(plant_db.conn.info.dbname)
    async with AsyncExitStack() as stack:
        if kind == "embedded":
            with suppress(psycopg.OperationalError):
                while True:
                    client = psycopg.AsyncConnection.connect(plant_db.dsn)
                    await stack.enter_async_context(await client)
        else:
            await plant_db.conn.execute(limit.format(name, sql.Literal(0)))
        try:
            yield
        finally:
            await plant_db.conn.execute(limit.format(name, sql.Literal(-1)))


async def test_without_a_free_connection_a_new_process_gets_an_error_and_an_old_one_continues(
    http: httpx.AsyncClient, plant_db: Plant, databases: TestDatabases
) -> None:
    assert (await http.get("/api/v1/latest")).status_code == 200
    new = Database(databases.as_role(plant_db.dsn, "eco_ro", RO_PASSWORD), plant_db.settings)
    async with none_left(plant_db, databases.kind):
        with pytest.raises(DatabaseUnreachable, match=r"has no connection left .* KSYS_POOL_MAX"):
            await new.fetch_all(Latest, latest.ONE, {"tag": "D100"})
        assert (await http.get("/api/v1/latest")).status_code == 200
    rows = await new.fetch_all(Latest, latest.ONE, {"tag": "D100"})
    assert [row.tag_name for row in rows] == ["D100"]
    await new.close()
