"""What limits of calculated tags would have done, over HTTP (PRD §33.9)."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from ksys_app.ops.alarms.from_database import Span, Wanted, replay
from ksys_app.queries import rule_preview
from ksys_app.services import preview_source
from tests import plant
from tests.conftest import Plant
from tests.contract import CONTRACT

PATH = "/api/v1/rules/preview"
TEXTS = {
    "SAME": "P1",
    "DIFF": "P2 - P1",
    "MOVING": "avg_1h(P1)",
    "FIXED": "1 + 1",
    "ORPHAN": "P1 + GONE",
}
AT_ONCE = [{"condition": "HIGH", "on_delay_s": 0, "off_delay_s": 0}]


@pytest.fixture(scope="module")
async def now(plant_db: Plant) -> datetime:
    """The database's clock, before the samples are written."""
    return await plant.clock(plant_db.conn)


@pytest.fixture(autouse=True)
def previews_end_at_one_time(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """All previews cover the same time, however long a test takes."""

    async def same_time() -> datetime:
        return now

    monkeypatch.setattr(rule_preview, "now", same_time)


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant, now: datetime) -> None:
    """Two tags of three days that swing, with different steps and holes, and calculated tags."""
    conn = plant_db.conn
    chance = random.Random(9)
    rows = []
    for name, every, period in (("P1", 20, 5_000), ("P2", 45, 7_000)):
        age = 3.5
        while age < 3 * 86_400:
            value = 50 + 20 * np.sin(age / period) + chance.gauss(0, 1)
            rows.append((now - timedelta(seconds=age), name, float(value)))
            age += chance.choice([every] * 60 + [900])
    await plant.insert(conn, rows)
    for name, text in TEXTS.items():
        await conn.execute(
            "INSERT INTO expression (name, text, version, author) VALUES (%s, %s, 1, 'ann')",
            (name, text),
        )
    await conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, enabled)"
        " SELECT tag, -100, 200, true FROM unnest(%s::text[]) AS tag",
        (["P1", "SAME", "DIFF", "MOVING", "FIXED", "ORPHAN"],),
    )


async def ask(http: httpx.AsyncClient, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = await http.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    CONTRACT[PATH]["POST"].validate_response(answer)
    return dict(answer.json())


async def exactly(http: httpx.AsyncClient, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    answer = await http.post(f"{PATH}/exact", json=body)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


LIMITS = {"warn_max": 60, "crit_max": 66, "warn_min": 35, "settings": AT_ONCE, "days": 3}


async def test_a_calculated_tag_that_is_a_tag_has_the_preview_of_the_tag(
    http: httpx.AsyncClient,
) -> None:
    own, same = [await ask(http, {"tag_name": tag, **LIMITS}) for tag in ("P1", "SAME")]
    assert own["after"]["raises"] > 20
    assert same["after"] == own["after"]
    assert same["samples"] == own["samples"] > 2_000
    assert (same["exact"], same["truncated"], same["not_judged"]) == (False, False, [])
    own, same = [(await exactly(http, {"tag_name": tag, **LIMITS}))[-1] for tag in ("P1", "SAME")]
    assert own["after"]["raises"] > 20
    assert same["after"] == own["after"]
    assert same["samples"] == own["samples"]
    assert (same["exact"], same["reached"]) == (True, same["end"])


async def values_of_diff(plant_db: Plant, start: datetime) -> pd.DataFrame:
    cursor = await plant_db.conn.execute(
        "SELECT ts, tag_name, value FROM influx_hist WHERE ts >= %s ORDER BY ts", (start,)
    )
    rows = pd.DataFrame(await cursor.fetchall(), columns=["at", "tag", "value"])
    found = rows[["at"]].drop_duplicates()
    for tag, of_tag in rows.groupby("tag"):
        right = of_tag[["at", "value"]].rename(columns={"value": tag})
        found = pd.merge_asof(found, right, on="at", tolerance=pd.Timedelta("120s"))
    found["value"] = found["P2"] - found["P1"]
    return found.dropna()


def times_above(values: pd.Series, limit: float) -> int:
    above = values >= limit
    return int((above & ~above.shift(fill_value=False)).sum())


async def test_alarms_are_those_that_pandas_counts_in_the_values(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    body = {"tag_name": "DIFF", "warn_max": 12, "settings": AT_ONCE, "days": 2}
    last = (await exactly(http, body))[-1]
    values = await values_of_diff(plant_db, datetime.fromisoformat(last["start"]))
    assert last["after"]["by_condition"] == [
        {"condition": "HIGH", "count": times_above(values["value"], 12)}
    ]
    assert last["after"]["raises"] > 20
    assert last["before"]["raises"] == 0
    # By the minutes: the largest value of each whole minute.
    found = await ask(http, body)
    start = pd.Timestamp(found["start"])
    values = await values_of_diff(plant_db, start.to_pydatetime())
    values = values[values["at"] >= start.ceil("1min")]
    highest = values.groupby(values["at"].dt.floor("1min"))["value"].max()
    assert found["samples"] == len(highest)
    assert found["after"]["by_condition"] == [
        {"condition": "HIGH", "count": times_above(highest, 12)}
    ]


async def test_every_sample_is_judged_as_a_replay_of_the_alarms_does(
    http: httpx.AsyncClient, plant_db: Plant, tmp_path: Path
) -> None:
    limits = {
        "warn_max": 12,
        "crit_max": 18,
        "warn_min": -15,
        "max_step": 5,
        "max_gap_seconds": 600,
    }
    last = (await exactly(http, {"tag_name": "DIFF", "days": 2, **limits}))[-1]
    columns = ", ".join(f"{name} = {value}" for name, value in limits.items())
    restore = ", ".join(f"{name} = NULL" for name in limits)
    await plant_db.conn.execute(
        f"UPDATE influx_qc_rule SET {columns} WHERE tag_name = 'DIFF'".encode()
    )
    try:
        start, end = (datetime.fromisoformat(last[name]) for name in ("start", "end"))
        counts = await replay(
            plant_db.dsn,
            Span(start, end, ["DIFF"]),
            Wanted(),
            tmp_path / "journal.csv",
            lambda *_: None,
        )
    finally:
        await plant_db.conn.execute(
            f"UPDATE influx_qc_rule SET {restore} WHERE tag_name = 'DIFF'".encode()
        )
    found = {one["condition"]: one["count"] for one in last["after"]["by_condition"]}
    wanted = {condition: count for condition, count in counts.raised.items() if count}
    assert found == wanted
    assert {"HIGH", "LOW", "STEP", "GAP"} <= found.keys()


async def test_a_calculated_tag_has_no_spike_and_the_preview_names_it(
    http: httpx.AsyncClient,
) -> None:
    body = {"tag_name": "DIFF", "spike_zscore": 3, "days": 1}
    (last,) = await exactly(http, body)
    assert last["not_judged"] == ["SPIKE"]
    assert last["after"]["by_condition"] == []
    assert (await ask(http, body))["not_judged"] == ["SPIKE"]


@pytest.mark.parametrize("path", [PATH, f"{PATH}/exact"])
@pytest.mark.parametrize(
    ("tag", "status", "says"),
    [
        ("MOVING", 400, "uses a function over time"),
        ("FIXED", 400, "uses no tag"),
        ("ORPHAN", 404, "GONE"),
    ],
)
async def test_an_impossible_preview_is_an_error_with_its_reason(
    http: httpx.AsyncClient, path: str, tag: str, status: int, says: str
) -> None:
    answer = await http.post(path, json={"tag_name": tag, "warn_max": 60})
    CONTRACT[path]["POST"].validate_response(answer)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text


async def test_an_hour_with_too_many_samples_is_refused_and_never_empty(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_source, "MOST_AT_ONCE", 100)
    answer = await http.post(PATH, json={"tag_name": "DIFF", "warn_max": 12})
    CONTRACT[PATH]["POST"].validate_response(answer)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "PAYLOAD_BLOAT")
    assert "more than 100 samples in an hour" in error["message"]
    assert (error["key"], error["values"]["most"]) == ("errors.preview_many", "100")


async def test_of_too_many_days_only_the_newest_are_judged(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"tag_name": "DIFF", "warn_max": 12, "settings": AT_ONCE}
    one = await ask(http, {**body, "days": 1})
    # A day of both tags has about 4,500 samples: one day, then half a day, a quarter and so on.
    for most, hours in ((6_000, (24, 48)), (2_000, (2, 24))):
        monkeypatch.setattr(preview_source, "MOST_AT_ONCE", most)
        cut = await ask(http, {**body, "days": 3})
        length = datetime.fromisoformat(cut["end"]) - datetime.fromisoformat(cut["start"])
        assert cut["truncated"] is True
        assert timedelta(hours=hours[0]) <= length < timedelta(hours=hours[1])
    assert 0 < cut["after"]["raises"] < one["after"]["raises"]


async def test_parts_of_a_day_are_judged_like_complete_days(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"tag_name": "DIFF", "warn_max": 12, "max_gap_seconds": 600, "days": 3}
    days = await exactly(http, body)
    monkeypatch.setattr(preview_source, "MOST_IN_MEMORY", 1_000)
    parts = await exactly(http, body)
    assert len(parts) > 3 * len(days)
    assert parts[-1]["after"] == days[-1]["after"]
    assert parts[-1]["reached"] == parts[-1]["end"]


async def test_an_exact_preview_ends_at_the_limit_of_samples(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksys_app.services.rule_preview.MOST_SAMPLES", 6_000)
    lines = await exactly(http, {"tag_name": "DIFF", "warn_max": 12, "days": 3})
    assert {line["truncated"] for line in lines[:-1]} == {False}
    last = lines[-1]
    assert (last["truncated"], 5_000 < last["samples"] <= 6_000) == (True, True)
    assert last["reached"] < last["end"]
    assert last["after"]["raises"] > 0
