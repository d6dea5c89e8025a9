"""Everything works the same behind PgBouncer in transaction mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ksys_app import db
from ksys_app.domain.access import key_of
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from ksys_app.store import access
from tests import plant
from tests.conftest import OP_PASSWORD, RO_PASSWORD, Plant
from tests.database import TestDatabases
from tests.ksys import ksys
from tests.pooler import pgbouncer
from tests.visiting import at_machine, contract_api

PASSWORD = "owner-through-the-pooler"
PATHS = (
    *("/api/v1/tags", "/api/v1/latest", "/api/v1/kpi", "/api/v1/kpi?window=24h", "/api/v1/qc"),
    *("/api/v1/timeseries?tag=P1", "/api/v1/indicators?tag=P1&window=24h"),
    *("/api/v1/features?tag=P1", "/api/v1/comm/heatmap?tag=P1", "/api/v1/comm/outages?tag=P1"),
    *("/api/v1/export.csv?tag=P1&bucket=1m&window=30d", "/readyz", "/metrics"),
)
DUMPS = {"db backup", "db restore"}


@dataclass(frozen=True)
class Pooled:
    """A database behind the pooler.

    Attributes:
        owner: DSN of its owner, by the pooler.
        reader: DSN of ``eco_ro``, by the pooler.
        operator: DSN of ``eco_op``, by the pooler.
    """

    owner: str
    reader: str
    operator: str


@pytest.fixture(scope="module")
async def pooled(plant_db: Plant, databases: TestDatabases) -> AsyncIterator[Pooled]:
    now = (await plant.clock(plant_db.conn)).replace(second=0, microsecond=0)
    rows = [(now - timedelta(minutes=m), "P1", float(m)) for m in range(120)]
    await plant.insert(plant_db.conn, rows)
    users = {
        **{str(conninfo_to_dict(plant_db.dsn)["user"]): PASSWORD},
        **{"eco_ro": RO_PASSWORD, "eco_op": OP_PASSWORD},
    }
    async with pgbouncer(plant_db.dsn, users) as dsn:
        yield Pooled(
            dsn,
            databases.as_role(dsn, "eco_ro", RO_PASSWORD),
            databases.as_role(dsn, "eco_op", OP_PASSWORD),
        )


async def test_decisions_of_people_are_written(pooled: Pooled) -> None:
    operator = db.Database(pooled.operator, load_settings(), writes=True)
    try:
        key = key_of("a secret")
        await access.start_session(operator, key, "Kim", "viewer", "proxy", "", "", None)
        await access.end_session(operator, key, "logout")
        rows = await access.audit(operator, None, None, None, 10)
        assert [row.action for row in rows] == ["logout", "login"]
    finally:
        await operator.close()


async def test_every_endpoint_answers_more_clients_than_there_are_sessions(pooled: Pooled) -> None:
    settings = load_settings().model_copy(update={"ts_dsn": pooled.reader})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(runtime.opened(settings))
        transport = httpx.ASGITransport(at_machine(contract_api()))
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://ksys")
        )
        three = asyncio.Semaphore(3)

        async def ask(path: str) -> None:
            async with three:
                answer = await http.get(path)
            assert answer.status_code == 200, (path, answer.text)

        await asyncio.gather(*map(ask, PATHS * 3))
        assert (await http.get("/api/v1/kpi")).json()[0]["value"] == 0.0


async def test_a_backfill_can_be_repeated(pooled: Pooled, tmp_path: Path) -> None:
    ts = datetime.now(UTC) - timedelta(days=2)
    lines = [f"{(ts + timedelta(seconds=s)).isoformat()},P2,{s}" for s in range(100)]
    file = tmp_path / "samples.csv"
    file.write_text("\n".join(["ts,tag_name,value", *lines]) + "\n")
    for _ in range(2):
        code, out, err = await ksys("db", "backfill", str(file), TS_ADMIN_DSN=pooled.owner)
        assert code == 0, err
        assert "Traceback" not in err
        assert "100" in out


@pytest.mark.parametrize(
    "command",
    [
        *("db init", "db verify", "db status", "db jobs", "db jobs --run", "db refresh"),
        *("qc sync", "qc verify", "comm suggest", "comm suggest --apply"),
    ],
)
async def test_a_command_does_what_it_does_directly(
    pooled: Pooled, plant_db: Plant, command: str
) -> None:
    code, out, err = await ksys(*command.split(), TS_ADMIN_DSN=pooled.owner)
    assert code == 0, out
    # A refresh writes its stages to standard error.
    assert err == "" or command == "db refresh"
    assert (await ksys(*command.split(), TS_ADMIN_DSN=plant_db.dsn))[0] == code


@pytest.mark.parametrize("command", sorted(DUMPS))
async def test_no_dump_goes_through_a_pooler(pooled: Pooled, tmp_path: Path, command: str) -> None:
    file = tmp_path / "plant.dump"
    if command == "db restore":
        file.write_bytes(b"PGDMP")
    code, _, err = await ksys(*command.split(), str(file), TS_ADMIN_DSN=pooled.owner)
    assert code == 2
    assert "is a pooler, which cannot pass a dump" in err
    assert file.exists() == (command == "db restore")


async def test_a_refusal_of_the_pooler_is_reported_as_that(pooled: Pooled) -> None:
    for dsn in (
        make_conninfo(pooled.owner, options="-c jit=off"),
        make_conninfo(pooled.owner, password="wrong"),
        make_conninfo(pooled.owner, user="nobody_here"),
    ):
        code, _, err = await ksys("db", "status", TS_ADMIN_DSN=dsn)
        assert code == 3
        assert "the pooler at " in err
        assert "correct the DSN or the pooler's settings" in err
        assert PASSWORD not in err


async def test_readyz_names_the_cause_too(pooled: Pooled) -> None:
    reader = make_conninfo(pooled.reader, password="wrong")
    settings = load_settings().model_copy(update={"ts_dsn": reader})
    async with runtime.opened(settings):
        transport = httpx.ASGITransport(at_machine(contract_api()))
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as http:
            answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert "the pooler at eco_ro @ 127.0.0.1" in answer.json()["error"]["message"]
