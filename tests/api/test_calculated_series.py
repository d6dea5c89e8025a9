"""Indicators and features of calculated tags, against those of tags and pandas (PRD §33.9)."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from ksys_app.services import calculated_figures
from tests import plant
from tests.conftest import Plant
from tests.contract import hold

TEXTS = {
    "SAME": "X1",
    "GAP": '"Pump 1 / 압력" - X1',
    "MOVING": "avg_1h(GAP)",
    "SUM": "integral(X1)",
}
FIGURES = ("avg", "sma_10", "sma_20", "sma_60", "sd_20", "bb_top", "bb_bot", "slope_60")
FEATURES = ("mean_5m", "std_5m", "min_5m", "max_5m", "p10_5m", "p90_5m", "n_5m")


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    """Two tags of 70 hours with different holes, and calculated tags of them."""
    conn, now = plant_db.conn, await plant.clock(plant_db.conn)
    chance = random.Random(33)
    rows = []
    for name, every, level in (("X1", 83, 20.0), ("Pump 1 / 압력", 131, 40.0)):
        age = 30
        while age < 252_000:
            rows.append((now - timedelta(seconds=age), name, level + chance.gauss(0, 4)))
            age += chance.choice([every, every, every, 20, 4_000 if chance.random() < 0.02 else 60])
    await plant.insert(conn, rows)
    for name, text in TEXTS.items():
        await conn.execute(
            "INSERT INTO expression (name, text, version, author) VALUES (%s, %s, 1, 'ann')",
            (name, text),
        )


@pytest.fixture(scope="module")
async def past(plant_db: Plant) -> dict[str, str]:
    """A range of 40 hours that is over, with eight hours and more of samples before."""
    now = await plant.clock(plant_db.conn)
    ends = {"from": now - timedelta(hours=42), "to": now - timedelta(hours=2)}
    return {name: moment.isoformat(timespec="seconds") for name, moment in ends.items()}


async def send_now(plant_db: Plant) -> None:
    """Write samples of ``X1``, so that a short window has some however late a test runs."""
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(minutes=m), "X1", 21.0 + m) for m in range(6)]
    await plant.insert(plant_db.conn, rows)


async def read(
    http: httpx.AsyncClient, kind: str, tag: str, span: Mapping[str, str], **more: str
) -> dict[str, Any]:
    path = f"/api/v1/{kind}"
    answer = await http.get(path, params={"tag": tag} | dict(span) | more)
    assert answer.status_code == 200, answer.text
    hold(answer, path)
    return answer.json()  # type: ignore[no-any-return]


def agree(rows: list[dict[str, Any]], wanted: pd.DataFrame) -> None:
    """Check the buckets, and the figures that ``wanted`` has."""
    found = pd.DataFrame(rows)
    assert found["bucket"].tolist() == wanted["bucket"].tolist()
    for name in wanted.columns.drop("bucket"):
        pd.testing.assert_series_equal(
            found[name].astype(float),
            wanted[name].astype(float).reset_index(drop=True),
            rtol=1e-9,
            atol=1e-9,
            check_names=False,
        )


def moved(buckets: pd.DataFrame, band: str) -> pd.DataFrame:
    """The indicators of rows of buckets, by pandas."""
    wanted = plant.expected_indicators(buckets)
    # The moving deviation of pandas drags the rounding of larger values along.
    frames = buckets["avg"].rolling(20, min_periods=2)
    wanted["sd_20"] = frames.apply(lambda frame: np.std(frame, ddof=1), raw=True)
    centre = wanted["sma_20" if band == "bollinger" else "avg"]
    wanted["bb_top"] = centre + 2 * wanted["sd_20"]
    wanted["bb_bot"] = centre - 2 * wanted["sd_20"]
    return wanted


@pytest.mark.parametrize("band", ["plant", "bollinger"])
@pytest.mark.parametrize("bucket", ["1m", "10m", "1h", "1d"])
async def test_the_statement_and_the_rules_compute_the_same_indicators(
    http: httpx.AsyncClient, past: dict[str, str], bucket: str, band: str
) -> None:
    own, same = [
        await read(http, "indicators", tag, past, bucket=bucket, band=band)
        for tag in ("X1", "SAME")
    ]
    assert len(own["rows"]) > 0
    agree(same["rows"], pd.DataFrame(own["rows"])[["bucket", *FIGURES]])
    for name in ("from_ms", "to_ms", "bucket", "view", "truncated", "band"):
        assert same[name] == own[name]


@pytest.mark.parametrize("window", ["5m", "24h", "48h", "30d", "12m"])
async def test_the_indicators_of_a_window_are_those_of_the_tag(
    http: httpx.AsyncClient, plant_db: Plant, window: str
) -> None:
    await send_now(plant_db)
    own, same = [
        {
            row["bucket"]: row
            for row in (await read(http, "indicators", tag, {}, window=window))["rows"]
        }
        for tag in ("X1", "SAME")
    ]
    # The first bucket may have left the window between the two requests.
    shared = sorted(own.keys() & same.keys())
    assert len(shared) >= max(len(own), len(same)) - 1 > 0
    agree(
        [same[at] for at in shared],
        pd.DataFrame([own[at] for at in shared])[["bucket", *FIGURES]],
    )


@pytest.mark.parametrize("band", ["plant", "bollinger"])
@pytest.mark.parametrize("tag", ["GAP", "MOVING"])
async def test_indicators_of_an_expression_equal_pandas_from_the_first_row_on(
    http: httpx.AsyncClient, past: dict[str, str], tag: str, band: str
) -> None:
    found = (await read(http, "indicators", tag, past, bucket="1m", band=band))["rows"]
    start = (pd.Timestamp(past["from"]) - pd.Timedelta(hours=6)).isoformat()
    rows = (await read(http, "timeseries", tag, past | {"from": start}, bucket="1m"))["rows"]
    buckets = pd.DataFrame(rows).dropna(subset="avg").reset_index(drop=True)
    wanted = moved(buckets, band)
    inside = pd.to_datetime(wanted["bucket"], utc=True) >= pd.Timestamp(past["from"])
    assert 60 < inside.sum() < len(wanted) - 10
    agree(found, wanted[inside])


async def test_an_integral_begins_with_the_range_and_has_no_rows_before(
    http: httpx.AsyncClient, past: dict[str, str]
) -> None:
    found = (await read(http, "indicators", "SUM", past, bucket="10m"))["rows"]
    rows = (await read(http, "timeseries", "SUM", past, bucket="10m"))["rows"]
    buckets = pd.DataFrame(rows).dropna(subset="avg").reset_index(drop=True)
    agree(found, moved(buckets, "plant"))
    assert found[0]["sd_20"] is None


async def test_columns_and_files_have_the_same_indicators(
    http: httpx.AsyncClient, past: dict[str, str]
) -> None:
    rows = (await read(http, "indicators", "GAP", past))["rows"]
    columns = (await read(http, "indicators", "GAP", past, format="columns"))["columns"]
    assert columns["sma_60"] == pytest.approx([row["sma_60"] for row in rows], rel=1e-6)
    params = past | {"tag": "GAP", "kind": "indicators"}
    answer = await http.get("/api/v1/export.csv", params=params)
    assert answer.status_code == 200, answer.text
    lines = list(csv.DictReader(answer.text.lstrip("\ufeff").splitlines()))
    assert [float(line["bb_top"]) for line in lines if line["bb_top"]] == [
        row["bb_top"] for row in rows if row["bb_top"] is not None
    ]
    assert len(lines) == len(rows) > 100


async def test_the_statement_and_the_rules_compute_the_same_features(
    http: httpx.AsyncClient, past: dict[str, str]
) -> None:
    own, same = [await read(http, "features", tag, past) for tag in ("X1", "SAME")]
    assert len(own["rows"]) > 200
    agree(same["rows"], pd.DataFrame(own["rows"])[["bucket", *FEATURES]])
    for name in ("from_ms", "to_ms", "bucket", "view", "truncated"):
        assert same[name] == own[name]


@pytest.mark.parametrize("window", ["10m", "24h", "30d"])
async def test_the_features_of_a_window_are_those_of_the_tag(
    http: httpx.AsyncClient, plant_db: Plant, window: str
) -> None:
    await send_now(plant_db)
    answers = [await read(http, "features", tag, {}, window=window) for tag in ("X1", "SAME")]
    own, same = [{row["bucket"]: row for row in answer["rows"]} for answer in answers]
    shared = sorted(own.keys() & same.keys())
    assert len(shared) >= max(len(own), len(same)) - 1 > 0
    wanted = pd.DataFrame([own[at] for at in shared])[["bucket", *FEATURES]]
    agree([same[at] for at in shared], wanted)


async def merged(plant_db: Plant, start: str, end: str) -> pd.DataFrame:
    """The values of ``GAP`` by merging the samples of its tags, each for two minutes."""
    cursor = await plant_db.conn.execute(
        "SELECT ts, tag_name, value FROM influx_hist WHERE tag_name = ANY (%s) AND ts < %s"
        " AND ts >= %s::timestamptz - interval '2 minutes' ORDER BY ts",
        (["X1", "Pump 1 / 압력"], end, start),
    )
    rows = pd.DataFrame(await cursor.fetchall(), columns=["at", "tag", "value"])
    found = rows[["at"]].drop_duplicates()
    for tag, of_tag in rows.groupby("tag"):
        right = of_tag[["at", "value"]].rename(columns={"value": tag})
        found = pd.merge_asof(found, right, on="at", tolerance=pd.Timedelta("120s"))
    found["value"] = found["Pump 1 / 압력"] - found["X1"]
    return found[found["at"] >= pd.Timestamp(start)].dropna()


async def test_features_of_an_expression_equal_pandas(
    http: httpx.AsyncClient, plant_db: Plant, past: dict[str, str]
) -> None:
    start, end = [pd.Timestamp(past[name]).ceil("5min").isoformat() for name in ("from", "to")]
    found = (await read(http, "features", "GAP", past))["rows"]
    samples = await merged(plant_db, start, end)
    groups = samples.groupby(samples["at"].dt.floor("5min"))["value"]
    wanted = plant.expected_features(groups)
    assert len(wanted) > 100
    moments = pd.to_datetime([row["bucket"] for row in found], utc=True)
    assert list(moments) == list(wanted.index)
    wanted.insert(0, "bucket", [row["bucket"] for row in found])
    agree(found, wanted)


async def test_a_file_has_the_features_of_a_calculated_tag(
    http: httpx.AsyncClient, past: dict[str, str]
) -> None:
    rows = (await read(http, "features", "GAP", past))["rows"]
    for span in (past, {"window": "12m"}):
        params = dict(span) | {"tag": "GAP", "kind": "features"}
        answer = await http.get("/api/v1/export.csv", params=params)
        assert answer.status_code == 200, answer.text
        lines = list(csv.DictReader(answer.text.lstrip("\ufeff").splitlines()))
        wanted = [row["p90_5m"] for row in rows]
        found = [float(line["p90_5m"]) for line in lines]
        assert found == wanted if span is past else len(found) > len(wanted)


async def test_too_many_samples_are_refused_in_words(
    http: httpx.AsyncClient, past: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calculated_figures, "MOST_SAMPLES", 1_000)
    for path in ("features", "export.csv"):
        params = past | {"tag": "GAP"} | ({"kind": "features"} if path == "export.csv" else {})
        answer = await http.get(f"/api/v1/{path}", params=params)
        assert (answer.status_code, "more than 1,000 samples" in answer.text) == (400, True)
    inside = past | {"from": (pd.Timestamp(past["to"]) - pd.Timedelta(hours=2)).isoformat()}
    assert len((await read(http, "features", "GAP", inside))["rows"]) > 0


async def test_too_many_buckets_are_refused_in_words(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    await plant_db.conn.execute(
        "INSERT INTO expression (name, text, version, author) VALUES ('FAR', %s, 1, 'ann')",
        ("shift_31d(avg_31d(avg_31d(X1)))",),
    )
    answer = await http.get("/api/v1/indicators", params={"tag": "FAR", "window": "24h"})
    assert (answer.status_code, "100,000" in answer.text) == (400, True)
    assert "at" not in answer.json()["error"]


async def test_the_newest_value_is_that_of_the_newest_samples(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "X1", 31.5), (now, "Pump 1 / 압력", 40.0)])
    answer = await http.get("/api/v1/latest", params={"tag": "GAP"})
    hold(answer, "/api/v1/latest")
    (row,) = answer.json()
    assert (row["tag_name"], row["value"]) == ("GAP", 8.5)
    (own,) = (await http.get("/api/v1/latest", params={"tag": "X1"})).json()
    assert row["ts"] == own["ts"]
    every = {row["tag_name"] for row in (await http.get("/api/v1/latest")).json()}
    assert every.isdisjoint(TEXTS)
    refused = await http.get("/api/v1/latest", params={"tag": "MOVING"})
    assert (refused.status_code, "no samples of its own" in refused.text) == (400, True)


async def test_events_name_a_calculated_tag_with_its_title_and_unit(
    http: httpx.AsyncClient, past: dict[str, str]
) -> None:
    (tag,) = (await read(http, "events", "GAP", past))["tags"]
    assert tag["title"] == 'ƒ "Pump 1 / 압력" - X1'


async def test_a_search_finds_a_calculated_tag_by_its_expression(http: httpx.AsyncClient) -> None:
    for path, name in (("tags", "tag_name"), ("kpi", "title")):
        answer = await http.get(f"/api/v1/{path}", params={"search": "AVG_1h gap"})
        assert [row[name] for row in answer.json()] == ["MOVING"]
