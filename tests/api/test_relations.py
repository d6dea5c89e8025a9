"""Relations between tags over HTTP, against pandas over the series (PRD §33.8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx
import pandas as pd
import pytest

from tests import plant
from tests.conftest import Plant
from tests.contract import hold

PATH = "/api/v1/relations"


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    """Five days of three tags with holes; B follows A half an hour later, C does not."""
    now = await plant.clock(plant_db.conn)
    noise, rows = Random(4), []
    for age in range(0, 5 * 86_400, 60):
        for tag, late, size, hole in (("A", 0, 1.0, 11), ("B", 1800, -2.0, 9), ("C", 0, 0.0, 7)):
            if age // 1800 % hole:
                level = (age + late) // 900 % 37 - (age + late) // 900 % 11
                value = 100 + size * level + noise.gauss(0, 1)
                rows.append((now - timedelta(seconds=age), tag, value))
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, warn_max, max_val, enabled, meta)"
        """ VALUES ('A', 0, 110, 200, true, '{"unit": "bar", "title": "Pressure"}'),"""
        " ('SILENT', NULL, NULL, NULL, true, '{}')"
    )


@pytest.fixture(scope="module")
async def now(plant_db: Plant, samples: None) -> datetime:
    """The database's clock, after the samples were written."""
    return await plant.clock(plant_db.conn)


@pytest.fixture(scope="module")
def past(now: datetime) -> str:
    """A range of almost four days that is over, as parameters."""
    return f"from={plant.ago(now, days=4)}&to={plant.ago(now, hours=2)}"


async def get(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await http.get(f"{PATH}/{path}")
    assert answer.status_code == 200, answer.text
    hold(answer, f"{PATH}/{path.partition('?')[0]}")
    return answer.json()  # type: ignore[no-any-return]


async def frame(http: httpx.AsyncClient, tags: str, params: str) -> pd.DataFrame:
    """The means of the buckets of tags, from the endpoint of series."""
    series_of = {}
    for tag in tags:
        answer = await http.get(f"/api/v1/timeseries?tag={tag}&{params}&columns=avg")
        rows = answer.json()["rows"]
        at = pd.to_datetime([row["bucket"] for row in rows], utc=True)
        series_of[tag] = pd.Series([row["avg"] for row in rows], at, dtype=float)
    # Every bucket has a row, so that a shift is one of time.
    return pd.DataFrame(series_of).asfreq(pd.Timedelta(seconds=answer.json()["bucket_s"]))


@pytest.mark.parametrize(("days", "bucket", "lag"), [(4, "10m", 0), (3, "1h", -2)])
async def test_two_tags_by_bucket(
    http: httpx.AsyncClient, now: datetime, days: int, bucket: str, lag: int
) -> None:
    end = "" if days == 3 else f"&to={plant.ago(now, hours=2)}"
    params = f"from={plant.ago(now, days=days)}{end}&bucket={bucket}"
    found = await get(http, f"xy?x=A&y=B&lag={lag}&{params}")
    series = await frame(http, "AB", params)
    both = pd.DataFrame({"x": series["A"], "y": series["B"].shift(-lag)}).dropna()
    assert (found["n"], found["cells"], found["x"]["title"]) == (len(both), None, "Pressure")
    assert found["r"] == pytest.approx(both["x"].corr(both["y"]))
    assert found["slope"] == pytest.approx(both["x"].cov(both["y"]) / both["x"].var())
    mean = found["intercept"] + found["slope"] * both["x"].mean()
    assert mean == pytest.approx(both["y"].mean())
    assert found["points"]["t"] == [int(at.timestamp() * 1000) for at in both.index]
    assert found["points"]["x"] == pytest.approx(both["x"].tolist(), rel=1e-6)
    assert found["points"]["y"] == pytest.approx(both["y"].tolist(), rel=1e-6)
    wanted = [series["A"].corr(series["B"].shift(-one)) for one in found["lags"]["lag"]]
    assert found["lags"]["r"] == pytest.approx(wanted)
    if bucket == "10m":
        assert found["best"]["lag"] == 3


async def test_many_pairs_are_counted_in_cells(http: httpx.AsyncClient) -> None:
    found = await get(http, "xy?x=A&y=C&from=now-5d&to=now-1h&bucket=1m")
    assert found["points"] is None
    assert sum(found["cells"]["n"]) == found["n"] > 5_000
    assert (len(found["cells"]["x"]), len(found["cells"]["y"])) == (61, 41)
    assert (found["source"], found["bucket_s"]) == ("minutes", 60)


async def test_samples_are_paired_by_the_second(http: httpx.AsyncClient, now: datetime) -> None:
    recent = f"from={plant.ago(now, hours=2)}&to={plant.ago(now, minutes=1)}&bucket=raw"
    found = await get(http, f"xy?x=A&y=C&{recent}")
    assert (found["source"], found["bucket_s"]) == ("raw", 0)
    both = await get(http, f"matrix?tag=A&tag=C&{recent}")
    assert both["n"][0][1] == found["n"] > 50


async def test_a_histogram_counts_the_covered_time(http: httpx.AsyncClient, past: str) -> None:
    found = await get(http, f"histogram?tag=A&{past}")
    values = (await frame(http, "A", past))["A"].dropna()
    assert found["n"] == len(values)
    assert sum(found["seconds"]) == pytest.approx(found["covered_s"])
    assert found["covered_s"] == pytest.approx(600 * len(values), abs=600)
    (high,) = (one for one in found["limits"] if one["name"] == "H")
    assert high["seconds"] == pytest.approx(600 * (values >= 110).sum(), abs=600)
    silent = await get(http, "histogram?tag=SILENT")
    assert (silent["n"], silent["edges"], silent["seconds"]) == (0, [], [])


async def test_hours_of_the_week(http: httpx.AsyncClient, plant_db: Plant, past: str) -> None:
    params = f"{past}&bucket=10m"
    found = await get(http, f"heatmap?tag=A&{params}")
    values = (await frame(http, "A", params))["A"].dropna()
    local = values.index.tz_convert(plant_db.zone)
    cells = values.groupby([local.day_of_week, local.hour])
    assert sum(map(sum, found["n"])) == len(values)
    for (day, hour), mean in cells.mean().items():
        assert found["mean"][day][hour] == pytest.approx(mean, rel=1e-3)


async def test_a_long_range_has_hours_up_to_416_days(http: httpx.AsyncClient) -> None:
    found = await get(http, "heatmap?tag=A&window=12m")
    assert (found["source"], found["window"]) == ("hours", "12m")
    answer = await http.get(f"{PATH}/heatmap?tag=A&from=now-2y")
    assert answer.status_code == 400
    assert "at most 416 days" in answer.json()["error"]["message"]


async def test_each_tag_with_each(http: httpx.AsyncClient, past: str) -> None:
    params = f"{past}&bucket=1h"
    found = await get(http, f"matrix?tag=A&tag=B&tag=C&tag=SILENT&{params}")
    wanted = (await frame(http, "ABC", params)).corr()
    for row in range(3):
        assert found["r"][row][:3] == pytest.approx(wanted.iloc[row].tolist())
        assert (found["r"][row][3], found["n"][row][3]) == (None, 0)


async def test_the_same_answer_is_not_sent_again(http: httpx.AsyncClient, now: datetime) -> None:
    params = f"{PATH}/xy?x=A&y=B&from={plant.ago(now, days=500)}&to={plant.ago(now, days=1)}"
    etag = (await http.get(params)).headers["ETag"]
    again = await http.get(params, headers={"If-None-Match": etag})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("xy?x=A&y=B&lag=201", "lag should be less than or equal to 200"),
        ("xy?x=A", "parameter 'y' is needed"),
        ("heatmap?tag=A&bucket=1d", "bucket should be 'raw', '1m', '10m' or '1h'"),
        ("histogram?tag=A&from=now-1y&bucket=1m", "bucket 1m is too fine"),
    ],
)
async def test_a_wrong_request_is_named(http: httpx.AsyncClient, path: str, says: str) -> None:
    answer = await http.get(f"{PATH}/{path}")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(says)


async def test_an_unknown_tag_is_named(http: httpx.AsyncClient) -> None:
    for path in ("xy?x=A&y=NOPE", "histogram?tag=NOPE", "heatmap?tag=NOPE", "matrix?tag=NOPE"):
        answer = await http.get(f"{PATH}/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "UNKNOWN_TAG")
