"""Series of several tags, comparisons and statistics over HTTP (PRD §33.2, §33.3)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pandas as pd
import pytest

from ksys_app.domain.windows import BUCKET_WIDTH, BucketName
from ksys_app.services.rules import rules_by_tag
from tests import plant
from tests.conftest import ZONE, Plant
from tests.contract import hold
from tests.node import run

TAGS = ("A", "B", "C")


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> dict[str, list[plant.Sample]]:
    """Three days of each tag with holes, and a tag that never reported."""
    now = await plant.clock(plant_db.conn)
    noise, rows_of = Random(8), {}
    for at, tag in enumerate(TAGS):
        ages = [n for n in range(0, 3 * 86_400, 30 + 20 * at) if n // 3600 % (5 + at)]
        rows_of[tag] = [(now - timedelta(seconds=n), tag, noise.gauss(100, 7)) for n in ages]
        await plant.insert(plant_db.conn, rows_of[tag])
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, warn_min, warn_max, max_val, enabled, meta)"
        """ VALUES ('A', 0, 90, 110, 200, true, '{"unit": "m³/h", "title": "Flow"}'),"""
        " ('SILENT', NULL, NULL, NULL, NULL, true, '{}')"
    )
    return rows_of


@pytest.fixture(scope="module")
async def now(plant_db: Plant, samples: dict[str, list[plant.Sample]]) -> datetime:
    """The database's clock, after the samples were written."""
    return await plant.clock(plant_db.conn)


def since(now: datetime, start: float, end: float) -> str:
    """The range from ``start`` to ``end`` hours before ``now``, as parameters."""
    return f"from={plant.ago(now, hours=start)}&to={plant.ago(now, hours=end)}"


def day(now: datetime, back: int) -> str:
    """The local day so many days before that of ``now``, as parameters."""
    first = now.astimezone(ZoneInfo(ZONE)).date() - timedelta(days=back)
    return f"from={first}&to={first + timedelta(days=1)}"


async def get(http: httpx.AsyncClient, query: str, path: str = "timeseries") -> dict[str, Any]:
    answer = await http.get(f"/api/v1/{path}?{query}")
    assert answer.status_code == 200, answer.text
    hold(answer, f"/api/v1/{path}")
    return answer.json()  # type: ignore[no-any-return]


async def test_each_of_several_tags_has_its_rows(http: httpx.AsyncClient, now: datetime) -> None:
    past = f"{since(now, 30, 2)}&bucket=10m"
    found = await get(http, f"tag=B&tag=SILENT&tag=A&{past}")
    assert [one["tag_name"] for one in found["series"]] == ["B", "SILENT", "A"]
    assert [(one["title"], one["unit"]) for one in found["series"]][2] == ("Flow", "m³/h")
    for one in found["series"]:
        alone = await get(http, f"tag={one['tag_name']}&{past}")
        # Two reads may add up the same samples in another order.
        assert len(one["rows"]) == len(alone["rows"])
        for row, wanted in zip(one["rows"], alone["rows"], strict=True):
            assert row == pytest.approx(wanted)
        assert (alone["from"], alone["from_ms"]) == (found["from"], found["from_ms"])
    assert found["series"][1]["rows"] == []


@pytest.mark.parametrize("window", ["24h", "12m", None])
async def test_columns_of_several_tags_share_their_times(
    http: httpx.AsyncClient, now: datetime, nothing_expires: None, window: str | None
) -> None:
    period = since(now, 48, 1) if window is None else f"window={window}"
    params = f"{period}&columns=avg,max,n"
    by_row = await get(http, f"tag=A&tag=B&tag=SILENT&{params}")
    found = await get(http, f"tag=A&tag=B&tag=SILENT&{params}&format=columns")
    times = found["times"]
    assert times == sorted(set(times))
    for one, rows in zip(found["series"], by_row["series"], strict=True):
        row_at = {ms(row["bucket"]): row for row in rows["rows"]}
        assert row_at.keys() <= set(times)
        span = max((row["avg"] for row in rows["rows"]), default=0.0)
        for name in ("avg", "max", "n"):
            wanted = [row_at[at][name] if at in row_at else None for at in times]
            assert one["columns"][name] == pytest.approx(wanted, abs=span / 1000), name


async def test_a_single_bucket_and_a_constant_tag_have_their_digits(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(seconds=n), "STEADY", 103.62) for n in range(0, 300, 10)]
    await plant.insert(plant_db.conn, rows)
    found = await get(http, "tag=STEADY&tag=A&from=now-5m&columns=avg,min&format=columns")
    values = {one for one in found["series"][0]["columns"]["min"] if one is not None}
    assert values == {103.62}


@pytest.mark.parametrize(
    "query",
    [
        "tag=A&tag=B&tag=SILENT&compare=previous",
        "tag=A&tag=B&bucket=raw",
        "tag=A",
        "tag=A&compare=yesterday",
    ],
)
async def test_columns_as_differences_are_the_same_numbers(
    http: httpx.AsyncClient, now: datetime, query: str
) -> None:
    past = since(now, 3, 2) if "raw" in query else since(now, 48, 1)
    plain = await get(http, f"{query}&{past}&format=columns")
    short = await get(http, f"{query}&{past}&format=columns&encoding=delta")
    assert '"deltas"' in json.dumps(short)
    decoded = run("explore/decode.js", "m.decoded(given[0])", short)
    assert decoded == plain


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


async def test_samples_of_several_tags_have_their_own_times(http: httpx.AsyncClient) -> None:
    found = await get(http, "tag=A&tag=B&from=now-1h&bucket=raw&format=columns")
    assert "times" not in found
    for one in found["series"]:
        alone = await get(http, f"tag={one['tag_name']}&from=now-1h&bucket=raw&format=columns")
        assert one["columns"]["bucket"][-20:] == alone["columns"]["bucket"][-20:]
        assert one["columns"]["avg"][-20:] == pytest.approx(alone["columns"]["avg"][-20:])


async def test_a_day_is_compared_with_the_one_before(
    http: httpx.AsyncClient, now: datetime
) -> None:
    query = f"{day(now, 1)}&bucket=10m&columns=avg"
    found = await get(http, f"tag=A&{query}&compare=yesterday")
    before = await get(http, f"tag=A&{day(now, 2)}&bucket=10m&columns=avg")
    assert (found["compare"]["from"], found["compare"]["to"]) == (before["from"], before["to"])
    for row, wanted in zip(found["compare"]["rows"], before["rows"], strict=True):
        assert (row["avg"], row["other"]) == (pytest.approx(wanted["avg"]), wanted["bucket"])
        drawn = datetime.fromisoformat(row["bucket"])
        assert drawn - datetime.fromisoformat(row["other"]) == timedelta(days=1)
    columns = await get(http, f"tag=A&{query}&compare=yesterday&format=columns")
    rows = found["compare"]["rows"]
    assert columns["compare"]["columns"]["bucket"] == [ms(row["bucket"]) for row in rows]
    assert columns["compare"]["columns"]["other"] == [ms(row["other"]) for row in rows]
    shared = await get(http, f"tag=A&tag=B&{query}&compare=yesterday&format=columns")
    row_at = {ms(row["bucket"]): row for row in rows}
    one = shared["series"][0]["compare"]["columns"]["avg"]
    drawn_at = [at for at, value in zip(shared["times"], one, strict=True) if value is not None]
    assert drawn_at == list(row_at)
    others = dict(zip(shared["times"], shared["other_times"], strict=True))
    assert all(others[at] == ms(row["other"]) for at, row in row_at.items())


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("compare=yesterday", "compare needs tag"),
        ("tag=A&encoding=delta", "encoding needs format=columns"),
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
        assert one["last"] == rows[-1][2]
        assert timedelta(0) <= rows[-1][0] - datetime.fromisoformat(one["last_at"]) <= width
        high = held[frame["avg"] >= 110].sum()
        if one["tag_name"] == "A":
            (limit,) = [limit for limit in one["limits"] if limit["name"] == "H"]
            assert limit["seconds"] == pytest.approx(high, abs=1e-3)
            assert one["integral"]["unit"] == "m³"
            assert one["integral"]["value"] == pytest.approx((frame["avg"] * held).sum() / 3600)
        else:
            assert (one["limits"], one["integral"]) == ([], None)


async def test_statistics_that_are_the_same_are_not_sent_again(
    http: httpx.AsyncClient, plant_db: Plant, now: datetime
) -> None:
    path = f"/api/v1/stats?tag=A&tag=C&{day(now, 1)}"
    etag = (await http.get(path)).headers["ETag"]
    again = await http.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    hold(again, "/api/v1/stats")
    # A limit changes the answer, and not the rows that it is made from.
    for limit in (50, 110):
        await plant_db.conn.execute(
            "UPDATE influx_qc_rule SET warn_max = %s WHERE tag_name = 'A'", (limit,)
        )
        await rules_by_tag(fresh=True)
        other = await http.get(path, headers={"If-None-Match": etag})
        assert other.status_code == (200 if limit == 50 else 304)


async def test_a_tag_without_samples_has_no_statistics(http: httpx.AsyncClient) -> None:
    (one,) = (await get(http, "tag=SILENT&window=24h", "stats"))["tags"]
    assert (one["count"], one["coverage"], one["mean"], one["min_at"]) == (0, 0.0, None, None)
