"""Series of several tags, comparisons and statistics over HTTP (PRD §33.2, §33.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx
import pandas as pd
import pytest

from ksys_app.domain.windows import BUCKET_WIDTH, BucketName
from tests import plant
from tests.conftest import Plant
from tests.contract import hold

TAGS = ("A", "B", "C")


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> dict[str, list[plant.Sample]]:
    """Three days of each tag with holes, and a tag that never reported."""
    now = await plant.clock(plant_db.conn)
    noise, made = Random(8), {}
    for at, tag in enumerate(TAGS):
        ages = [n for n in range(0, 3 * 86_400, 30 + 20 * at) if n // 3600 % (5 + at)]
        made[tag] = [(now - timedelta(seconds=n), tag, noise.gauss(100, 7)) for n in ages]
        await plant.insert(plant_db.conn, made[tag])
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, warn_min, warn_max, max_val, enabled, meta)"
        """ VALUES ('A', 0, 90, 110, 200, true, '{"unit": "m³/h", "title": "Flow"}'),"""
        " ('SILENT', NULL, NULL, NULL, NULL, true, '{}')"
    )
    return made


async def get(http: httpx.AsyncClient, query: str, path: str = "timeseries") -> dict[str, Any]:
    answer = await http.get(f"/api/v1/{path}?{query}")
    assert answer.status_code == 200, answer.text
    hold(answer, f"/api/v1/{path}")
    return answer.json()  # type: ignore[no-any-return]


async def test_each_of_several_tags_has_its_rows(http: httpx.AsyncClient) -> None:
    found = await get(http, "tag=B&tag=SILENT&tag=A&from=now-30h&to=now-2h&bucket=10m")
    assert [one["tag_name"] for one in found["series"]] == ["B", "SILENT", "A"]
    assert [(one["title"], one["unit"]) for one in found["series"]][2] == ("Flow", "m³/h")
    for one in found["series"]:
        alone = await get(http, f"tag={one['tag_name']}&from=now-30h&to=now-2h&bucket=10m")
        # Two reads may add up the same samples in another order.
        assert len(one["rows"]) == len(alone["rows"])
        for row, wanted in zip(one["rows"], alone["rows"], strict=True):
            assert row == pytest.approx(wanted)
        assert (alone["from"], alone["from_ms"]) == (found["from"], found["from_ms"])
    assert found["series"][1]["rows"] == []


@pytest.mark.parametrize("window", ["window=24h", "from=now-2d&to=now-1h", "window=12m"])
async def test_columns_of_several_tags_share_their_times(
    http: httpx.AsyncClient, window: str
) -> None:
    asked = f"{window}&columns=avg,max,n"
    by_row = await get(http, f"tag=A&tag=B&tag=SILENT&{asked}")
    found = await get(http, f"tag=A&tag=B&tag=SILENT&{asked}&format=columns")
    times = found["times"]
    assert times == sorted(set(times))
    for one, rows in zip(found["series"], by_row["series"], strict=True):
        known = {ms(row["bucket"]): row for row in rows["rows"]}
        assert known.keys() <= set(times)
        span = max((row["avg"] for row in rows["rows"]), default=0.0)
        for name in ("avg", "max", "n"):
            wanted = [known[at][name] if at in known else None for at in times]
            assert one["columns"][name] == pytest.approx(wanted, abs=span / 1000), name


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


async def test_samples_of_several_tags_have_their_own_times(http: httpx.AsyncClient) -> None:
    found = await get(http, "tag=A&tag=B&from=now-1h&bucket=raw&format=columns")
    assert "times" not in found
    for one in found["series"]:
        alone = await get(http, f"tag={one['tag_name']}&from=now-1h&bucket=raw&format=columns")
        assert one["columns"]["bucket"][-20:] == alone["columns"]["bucket"][-20:]
        assert one["columns"]["avg"][-20:] == pytest.approx(alone["columns"]["avg"][-20:])


async def test_a_day_is_compared_with_the_one_before(http: httpx.AsyncClient) -> None:
    query = "from=now-1d/d&to=now/d&bucket=10m&columns=avg"
    found = await get(http, f"tag=A&{query}&compare=yesterday")
    before = await get(http, "tag=A&from=now-2d/d&to=now-1d/d&bucket=10m&columns=avg")
    assert (found["compare"]["from"], found["compare"]["to"]) == (before["from"], before["to"])
    day = timedelta(days=1)
    for row, wanted in zip(found["compare"]["rows"], before["rows"], strict=True):
        assert (row["avg"], row["other"]) == (pytest.approx(wanted["avg"]), wanted["bucket"])
        drawn = datetime.fromisoformat(row["bucket"])
        assert drawn - datetime.fromisoformat(row["other"]) == day
    columns = await get(http, f"tag=A&{query}&compare=yesterday&format=columns")
    rows = found["compare"]["rows"]
    assert columns["compare"]["columns"]["bucket"] == [ms(row["bucket"]) for row in rows]
    assert columns["compare"]["columns"]["other"] == [ms(row["other"]) for row in rows]
    shared = await get(http, f"tag=A&tag=B&{query}&compare=yesterday&format=columns")
    known = {ms(row["bucket"]): row for row in rows}
    one = shared["series"][0]["compare"]["columns"]["avg"]
    drawn_at = [at for at, value in zip(shared["times"], one, strict=True) if value is not None]
    assert drawn_at == list(known)
    others = dict(zip(shared["times"], shared["other_times"], strict=True))
    assert all(others[at] == ms(row["other"]) for at, row in known.items())


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("compare=yesterday", "compare needs tag"),
        ("tag=A&compare=soon", "compare 'soon' is not a time"),
        ("tag=A&compare=2099-01-01", "compare '2099-01-01' begins after now"),
        ("&".join(f"tag=T{n}" for n in range(10)), "tag may be given 9 times, not 10"),
    ],
)
async def test_a_wrong_request_is_named(http: httpx.AsyncClient, query: str, says: str) -> None:
    answer = await http.get(f"/api/v1/timeseries?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(says)


async def test_an_unknown_tag_among_others_is_named(http: httpx.AsyncClient) -> None:
    for path in ("timeseries", "stats"):
        answer = await http.get(f"/api/v1/{path}?tag=A&tag=NOPE&window=24h")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "UNKNOWN_TAG")


@pytest.mark.parametrize(
    ("query", "source", "bucket"),
    [
        ("from=now-5h&to=now-1h", "raw", None),
        ("from=now-2d&to=now-3h", "minutes", "1m"),
        ("from=now-30d", "ten_minutes", "10m"),
        ("window=12m", "hours", "1h"),
        ("from=now-3y", "days", "1d"),
    ],
)
async def test_statistics_equal_those_of_pandas(
    http: httpx.AsyncClient,
    plant_db: Plant,
    samples: dict[str, list[plant.Sample]],
    query: str,
    source: str,
    bucket: BucketName | None,
) -> None:
    found = await get(http, f"tag=A&tag=C&{query}", "stats")
    assert found["source"] == source
    start, end = (datetime.fromisoformat(found[name]) for name in ("from", "to"))
    for one in found["tags"]:
        rows = sorted(row for row in samples[one["tag_name"]] if start <= row[0] < end)
        if bucket is None:
            frame = pd.DataFrame(rows, columns=["at", "tag", "avg"])
            following = frame["at"].shift(-1).fillna(pd.Timestamp(end))
            held = (following - frame["at"]).dt.total_seconds().clip(0, 120)
        else:
            frame = plant.expected_between(rows, bucket, start, end, plant_db.zone)
            frame["at"] = frame["bucket"]
            rest = (pd.Timestamp(end) - frame["at"]).dt.total_seconds()
            held = rest.clip(0, BUCKET_WIDTH[bucket].total_seconds())
        mean = (frame["avg"] * held).sum() / held.sum()
        lowest = min(rows, key=lambda row: row[2])
        assert one["count"] == len(rows)
        assert one["covered_s"] == pytest.approx(held.sum(), abs=1e-3)
        assert one["coverage"] == pytest.approx(held.sum() / (end - start).total_seconds())
        assert one["mean"] == pytest.approx(mean)
        assert one["std"] == pytest.approx(
            (((frame["avg"] - mean) ** 2 * held).sum() / held.sum()) ** 0.5
        )
        assert one["min"] == lowest[2]
        width = timedelta(0) if bucket is None else BUCKET_WIDTH[bucket]
        assert timedelta(0) <= lowest[0] - datetime.fromisoformat(one["min_at"]) <= width
        high = held[frame["avg"] >= 110].sum()
        if one["tag_name"] == "A":
            (limit,) = [limit for limit in one["limits"] if limit["name"] == "H"]
            assert limit["seconds"] == pytest.approx(high, abs=1e-3)
            assert one["integral"]["unit"] == "m³"
            assert one["integral"]["value"] == pytest.approx((frame["avg"] * held).sum() / 3600)
        else:
            assert (one["limits"], one["integral"]) == ([], None)


async def test_a_tag_without_samples_has_no_statistics(http: httpx.AsyncClient) -> None:
    (one,) = (await get(http, "tag=SILENT&window=24h", "stats"))["tags"]
    assert (one["count"], one["coverage"], one["mean"], one["min_at"]) == (0, 0.0, None, None)
