"""What proposed limits would have done, over HTTP (PRD §32.9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ksys_app.services import rule_preview
from tests import plant
from tests.conftest import Plant
from tests.contract import CONTRACT

PATH = "/api/v1/rules/preview"


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    """Two days of a sample every 20 s: an hour at 95 each day, and five seconds at 95 each hour."""
    now = await plant.clock(plant_db.conn)
    rows = []
    for age in range(0, 2 * 86_400, 20):
        hour, second = divmod(age, 3600)
        hot = hour % 24 == 5
        rows.append((now - timedelta(seconds=age + 7), "PV", 95.0 if hot else 50.0 + second % 7))
    for age in range(1800, 2 * 86_400, 3600):
        rows.append((now - timedelta(seconds=age), "PV", 95.0))
        rows.append((now - timedelta(seconds=age - 3), "PV", 50.0))
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, warn_max, enabled)"
        " VALUES ('PV', 0, 100, 98, true)"
    )


async def ask(http: httpx.AsyncClient, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = await http.post(PATH, json=body)
    CONTRACT[PATH]["POST"].validate_response(answer)
    return dict(answer.json())


async def exactly(http: httpx.AsyncClient, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    answer = await http.post(f"{PATH}/exact", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert "content-encoding" not in answer.headers, "a compressor would keep lines back"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_preview_of_minutes_counts_the_alarms(
    http: httpx.AsyncClient,
) -> None:
    found = await ask(http, {"tag_name": "PV", "warn_max": 90, "max_step": 40})
    assert (found["exact"], found["before"]["raises"]) == (False, 0)
    # Every hour's five seconds count, because minutes do not show delays below a minute.
    assert 40 <= found["after"]["raises"] <= 50
    assert found["not_judged"] == ["STEP"]
    assert found["before"]["active"] == []
    assert 3_500 <= found["after"]["longest_s"] <= 3_800


async def test_every_sample_is_judged_exactly_a_day_at_a_time(http: httpx.AsyncClient) -> None:
    lines = await exactly(http, {"tag_name": "PV", "warn_max": 90, "days": 3})
    assert [line["reached"] for line in lines] == sorted(line["reached"] for line in lines)
    last = lines[-1]
    assert (len(lines), last["reached"], last["exact"]) == (3, last["end"], True)
    # Only the two long ones last longer than the delay of ten seconds.
    assert (last["before"]["raises"], last["after"]["raises"]) == (0, 2)
    assert last["after"]["per_day"] == pytest.approx(1, abs=0.1)
    assert last["samples"] > 8_000


async def test_limits_with_too_many_alarms_are_not_judged_further(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_preview, "MOST_ALARMS", 1)
    body = {"tag_name": "PV", "warn_max": 90, "days": 3}
    settings = [{"condition": "HIGH", "on_delay_s": 0, "off_delay_s": 0}]
    lines = await exactly(http, {**body, "settings": settings})
    assert [one["truncated"] for one in lines] == [False, True]
    assert lines[-1]["reached"] < lines[-1]["end"]


async def test_a_preview_has_the_alarms_that_are_active_now(http: httpx.AsyncClient) -> None:
    body = {"tag_name": "PV", "warn_max": 49, "days": 1}
    now = [{"condition": "HIGH", "level": "H"}]
    assert (await ask(http, body))["after"]["active"] == now
    assert (await exactly(http, body))[-1]["after"]["active"] == now


async def test_settings_are_tried_too(http: httpx.AsyncClient) -> None:
    slow = [{"condition": "HIGH", "on_delay_s": 7200}]
    body = {"tag_name": "PV", "warn_max": 90, "settings": slow}
    assert (await exactly(http, body))[-1]["after"]["raises"] == 0
    assert (await ask(http, body))["after"]["raises"] == 0


@pytest.mark.parametrize("path", [PATH, f"{PATH}/exact"])
async def test_limits_that_cannot_be_saved_are_not_tried(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.post(path, json={"tag_name": "PV", "warn_max": 120})
    CONTRACT[path]["POST"].validate_response(answer)
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][0]["column"] == "warn_max"
    unknown = await http.post(path, json={"tag_name": "NOPE"})
    assert unknown.status_code == 404


async def test_one_exact_preview_runs_at_a_time(http: httpx.AsyncClient) -> None:
    async with rule_preview._judging:
        answer = await http.post(f"{PATH}/exact", json={"tag_name": "PV"})
    CONTRACT[f"{PATH}/exact"]["POST"].validate_response(answer)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")


async def test_a_preview_saves_nothing(http: httpx.AsyncClient, plant_db: Plant) -> None:
    cursor = await plant_db.conn.execute("SELECT count(*) FROM rule_history")
    assert await cursor.fetchone() == (1,)
