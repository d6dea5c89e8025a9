"""HTTP answers while the database accepts data but does not answer, and after its return.

A stopped process or a network that drops packets: connections stay open, new ones are accepted,
and no answer comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from ksys_app import db
from ksys_app.db import connect
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from tests import plant
from tests.conftest import RO_PASSWORD
from tests.contract import DAYS, PATHS
from tests.database import TestDatabases
from tests.silence import Stopped, line
from tests.visiting import at_machine, contract_api
from tests.waiting import until, within

# The app gives a database up after 4 s.
WITHIN_S = 5.0
TAGS = ("D100", "D101", "D200")
MANY = "&".join(f"tag={tag}" for tag in TAGS)
# What asks the database, with every parameter that makes it ask for more.
STALE_OR_503 = (
    *("/api/v1/tags", "/api/v1/latest", "/api/v1/latest?tag=D100", "/api/v1/qc"),
    *(
        "/api/v1/sparklines?window=24h&places=0-2",
        "/api/v1/kpi",
        "/api/v1/kpi?window=24h",
        "/api/v1/kpi?window=5m&tag=D100",
    ),
    *("/api/v1/timeseries?tag=D100", "/api/v1/timeseries?tag=D100&window=12m"),
    *("/api/v1/indicators?tag=D100", "/api/v1/features?tag=D100"),
    *(f"/api/v1/comm/{kind}?tag=D100&{DAYS}" for kind in ("heatmap", "outages")),
    "/api/v1/relations/xy?x=D100&y=D100",
    *(f"/api/v1/relations/{kind}?tag=D100" for kind in ("histogram", "heatmap", "matrix")),
    "/api/v1/stats?tag=D100",
    "/api/v1/alarms",
)
NEVER_STALE = (
    *("/readyz", f"/api/v1/export.csv?{MANY}", "/api/v1/export.csv?tag=D100&bucket=1m&window=30d"),
    *(f"/api/v1/comm/cells.csv?{MANY}", f"/api/v1/comm/outages.csv?{MANY}"),
    *("/api/v1/alarms/journal", "/api/v1/alarms/journal.csv", "/api/v1/alarms/kpi"),
    *("/api/v1/alarms/bad_actors", "/api/v1/events?tag=D100"),
    *("/api/v1/annotations.csv", f"/api/v1/series.csv?{MANY}"),
    *(f"/api/v1/series.xlsx?{MANY}", f"/api/v1/series.parquet?{MANY}"),
)
# One statement, two in turn, and as many as there are tags.
FIRST = ("/api/v1/kpi", f"/api/v1/comm/heatmap?tag=D100&{DAYS}", *NEVER_STALE[2:4])
NOT_ASKING = {"/docs/runbooks/{name}", "/metrics"}


@dataclass
class Place:
    """An app over a database that can be silenced.

    Attributes:
        http: its contract.
        cut: silences the database.
        mend: lets it speak again.
    """

    http: httpx.AsyncClient
    cut: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture(params=["process", "network"])
async def place(request: pytest.FixtureRequest, databases: TestDatabases) -> AsyncIterator[Place]:
    if request.param == "process" and databases.kind != "embedded":
        pytest.skip("the server is not ours to stop")
    dsn = await databases.fresh(alone=True)
    async with await connect(dsn) as conn:
        now = await plant.clock(conn)
        # Two samples three days apart: an outage lies between.
        times = (now - timedelta(days=3), now)
        await plant.insert(conn, [(ts, tag, 1.0) for ts in times for tag in TAGS])
        await conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('D100')")
    async with AsyncExitStack() as stack:
        by = dsn
        silenced: Any
        if request.param == "process":
            silenced = Stopped(databases.process(dsn))
        else:
            silenced = await stack.enter_async_context(line(dsn))
            by = silenced.dsn
        reader = databases.as_role(by, "eco_ro", RO_PASSWORD)
        settings = load_settings().model_copy(update={"ts_dsn": reader})
        await stack.enter_async_context(runtime.opened(settings))
        transport = httpx.ASGITransport(at_machine(contract_api()))
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://ksys")
        )
        try:
            yield Place(http, silenced.cut, silenced.mend)
        finally:
            silenced.mend()
    await databases.drop(dsn)


async def ask(place: Place, path: str) -> httpx.Response:
    """The answer, which has to come in time."""
    return await within(WITHIN_S, place.http.get(path))


def is_stale(answer: httpx.Response) -> bool:
    body = answer.json()
    objects = body if isinstance(body, list) else [body]
    marked = [one.get("stale") is True for one in objects]
    return answer.status_code == 200 and bool(marked) and all(marked)


def test_every_endpoint_of_the_contract_is_among_them() -> None:
    named = {path.partition("?")[0] for path in (*STALE_OR_503, *NEVER_STALE)}
    assert set(PATHS) - NOT_ASKING == named


async def test_every_endpoint_answers_in_time_stale_or_503_and_is_fresh_after_the_return(
    place: Place,
) -> None:
    before = {path: await place.http.get(path) for path in (*STALE_OR_503, *NEVER_STALE)}
    assert {answer.status_code for answer in before.values()} == {200}
    place.cut()
    first = await ask(place, "/api/v1/kpi")
    assert is_stale(first)
    for path in STALE_OR_503:
        assert is_stale(await ask(place, path)), path
    for path in NEVER_STALE:
        assert (await ask(place, path)).status_code == 503, path
    metrics = await ask(place, "/metrics")
    assert "ksys_database_up 0.0" in metrics.text

    place.mend()
    await until(partial(answers, place))
    for path in STALE_OR_503:
        answer = await ask(place, path)
        assert answer.status_code == 200
        assert not is_stale(answer), path
    for path in NEVER_STALE:
        assert (await ask(place, path)).status_code == 200, path


@pytest.mark.parametrize("place", ["network"], indirect=True)
async def test_the_first_request_after_the_loss_is_answered_in_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "TTL", dict.fromkeys(db.TTL, 0.0))
    for path in FIRST:
        assert (await place.http.get(path)).status_code == 200
        place.cut()
        answer = await ask(place, path)
        assert answer.status_code == 503 or is_stale(answer), path
        place.mend()
        await until(partial(answers, place))


async def test_requests_of_one_answer_end_together_and_the_next_do_not_wait(
    place: Place,
) -> None:
    path = "/api/v1/latest"
    await place.http.get("/readyz")
    place.cut()
    together = await asyncio.gather(*(ask(place, path) for _ in range(30)))
    assert {answer.status_code for answer in together} == {503}
    started = time.monotonic()
    assert {(await ask(place, path)).status_code for _ in range(5)} == {503}
    five_deadlines = 5 * load_settings().statement_timeout_ms / 1000
    assert time.monotonic() - started < five_deadlines


async def answers(place: Place) -> bool:
    return (await ask(place, "/readyz")).status_code == 200
