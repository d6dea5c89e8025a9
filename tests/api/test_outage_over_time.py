"""Answers of windows stay available, however long the database is away (PRD §7.1)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from ksys_app import db
from ksys_app.db import connect
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from tests import plant
from tests.conftest import RO_PASSWORD
from tests.contract import hold
from tests.database import TestDatabases
from tests.visiting import at_machine, contract_api

AWAY_S = 1000
PATHS = (
    *("timeseries?tag=A", "timeseries?tag=A&tag=B&format=columns", "timeseries?tag=SUM"),
    *("timeseries?tag=A&compare=previous", "timeseries?tag=A&tag=B&compare=yesterday"),
    *("timeseries?tag=A&bucket=10m", "timeseries?bucket=1h"),
    *("indicators?tag=A", "indicators?tag=SUM", "indicators?bucket=10m"),
    *("features?tag=A", "features?tag=SUM", "features?columns=mean_5m"),
    *("stats?tag=A", "stats?tag=A&tag=SUM"),
    *("relations/xy?x=A&y=B", "relations/xy?x=A&y=SUM", "relations/histogram?tag=A"),
    *("relations/heatmap?tag=A", "relations/matrix?tag=A&tag=B"),
    *("expressions/evaluate?expr=avg_1h(A)", "expressions/evaluate?expr=A"),
)
SAMPLES = tuple(
    f"{path}&bucket=raw"
    for path in ("timeseries?tag=A", "timeseries?tag=SUM", "relations/xy?x=A&y=SUM")
)


@pytest.fixture(scope="module")
async def dsn(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        now = await plant.clock(conn)
        ages = [*range(0, 7_200, 30), *range(7_200, 400_000, 600)]
        at = [(now - timedelta(seconds=age), age) for age in ages]
        await plant.insert(conn, [(ts, tag, 1.0 + age % 7) for ts, age in at for tag in "AB"])
        await conn.execute(
            "INSERT INTO expression (name, text, version, author) VALUES ('SUM', 'A + B', 1, 'kim')"
        )
    yield dsn
    await databases.drop(dsn)


@pytest.fixture
async def http(dsn: str, databases: TestDatabases) -> AsyncIterator[httpx.AsyncClient]:
    """The contract, with an empty cache."""
    reader = databases.as_role(dsn, "eco_ro", RO_PASSWORD)
    settings = load_settings().model_copy(update={"ts_dsn": reader})
    async with runtime.opened(settings):
        transport = httpx.ASGITransport(at_machine(contract_api()))
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys/api/v1/") as client:
            yield client


@pytest.mark.parametrize(
    "period", ["window=60m", "window=48h", "from=now-1h", "from=now-2h&to=now-1h"]
)
async def test_every_series_of_a_window_is_stale_after_minutes_have_ended(
    http: httpx.AsyncClient, dsn: str, databases: TestDatabases, period: str
) -> None:
    paths = [f"{path}&{period}" for path in PATHS + SAMPLES * (period != "window=48h")]
    # Answers to different requests share rows. While the clock stands still, all are of one time.
    cache, moment = db.current().cache, time.monotonic()
    cache._clock = lambda: moment
    before = {path: await http.get(path) for path in paths}
    assert {path for path, answer in before.items() if answer.status_code != 200} == set()
    await databases.stop(dsn)
    try:
        cache._clock = lambda: moment + AWAY_S  # that much later, without a wait
        for path in paths:
            answer = await http.get(path)
            assert answer.status_code == 200, (path, answer.text)
            hold(answer, f"/api/v1/{path.partition('?')[0]}")
            body, old = answer.json(), before[path].json()
            assert (body.pop("stale"), body.pop("stale_s") >= AWAY_S) == (True, True), path
            assert body == old, path
    finally:
        await databases.start(dsn)
