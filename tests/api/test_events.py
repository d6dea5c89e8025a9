"""What happened to tags is read once, and again as soon as something happens (PRD §33.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from ksys_app import db
from tests import alarms, plant
from tests.conftest import Plant

TAGS = [f"E{n}" for n in range(9)]
PERIODS = [{"window": "24h"}, {"from": "now/d"}, {"from": "2026-01-01T00:00:00Z"}]


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    ages = range(0, 90_000, 600)
    await plant.insert(
        plant_db.conn, [(now - timedelta(seconds=age), tag, 1.0) for tag in TAGS for age in ages]
    )
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, warn_max) SELECT unnest(%s::text[]), 5", (TAGS,)
    )


async def kinds(http: httpx.AsyncClient, period: dict[str, Any]) -> dict[str, int]:
    """The number of events of each kind."""
    answer = await http.get("/api/v1/events", params={"tag": TAGS, **period})
    assert answer.status_code == 200, answer.text
    return {kind["kind"]: kind["count"] for kind in answer.json()["kinds"]}


@pytest.mark.parametrize("period", PERIODS, ids=["window", "up to now", "from a day"])
async def test_the_second_request_asks_only_whether_something_happened(
    http: httpx.AsyncClient, period: dict[str, Any]
) -> None:
    first = await kinds(http, period)
    counters = db.current().counters
    # A minute may end between two requests, but not between each of three.
    asked = []
    for _ in range(3):
        before = counters.statements
        assert await kinds(http, period) == first
        asked.append(counters.statements - before)
    assert min(asked) == 1


async def test_what_happens_is_in_the_next_answer(http: httpx.AsyncClient, plant_db: Plant) -> None:
    conn, period = plant_db.conn, PERIODS[0]
    now, found = await plant.clock(conn), await kinds(http, period)
    await alarms.put(conn, "E1", "HIGH", raised_at=now - timedelta(hours=3))
    found["alarm"] += 1
    assert await kinds(http, period) == found
    await alarms.note(conn, now, "E2", "RAISE", condition="LOW", priority=2)
    found["alarm"] += 1
    assert await kinds(http, period) == found
    # With another reason it is a change of its own, however soon after the first rule.
    await conn.execute("SELECT set_config('ksys.reason', 'wear', false)")
    await conn.execute("UPDATE influx_qc_rule SET warn_max = 9 WHERE tag_name = 'E3'")
    found["change"] += 1
    assert await kinds(http, period) == found
    for score in (1, 2):
        await conn.execute(
            "INSERT INTO anomalies (ts, tag_name, score, level) VALUES (%s, 'E4', %s, 'high')"
            " ON CONFLICT (ts, tag_name) DO UPDATE SET score = excluded.score",
            (now, score),
        )
        answer = await http.get("/api/v1/events", params={"tag": TAGS, **period})
        scores = [one["text"]["values"].get("score") for one in answer.json()["events"]]
        assert score in scores
    found["anomaly"] += 1
    assert await kinds(http, period) == found


async def test_what_happens_to_another_tag_reads_nothing_again(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    now = await plant.clock(plant_db.conn)
    asked = []
    for n in range(3):
        await kinds(http, PERIODS[0])
        await alarms.put(plant_db.conn, f"OTHER{n}", "HIGH", raised_at=now)
        before = db.current().counters.statements
        await kinds(http, PERIODS[0])
        asked.append(db.current().counters.statements - before)
    assert min(asked) == 1


async def test_a_tag_that_does_not_exist_is_named(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/events", params={"tag": ["E1", "NO", "NEITHER"]})
    assert (answer.status_code, answer.json()["error"]["values"]) == (404, {"tag": "'NO'"})
