"""Expressions over HTTP: computed over a window, saved under a name (PRD §33.4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pandas as pd
import pytest

from tests import plant
from tests.conftest import Plant
from tests.contract import CONTRACT

PATH = "/api/v1/expressions"
ONE = f"{PATH}/{{name}}"
EVALUATE = f"{PATH}/evaluate"


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> list[plant.Sample]:
    """Two tags of 40 hours, with different holes, and one without samples; with units."""
    now = await plant.clock(plant_db.conn)
    rows = [
        (now - timedelta(seconds=s), name, value)
        for s in range(30, 144_000, 97)
        for name, value, hole in (
            ("X1", 20 + s % 700 / 100, s % 9_000 < 2_000),
            ("Pump 1 / 압력", s % 500 / 8, s % 13_000 < 1_500),
        )
        if not hole
    ]
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, enabled, meta)"
        " SELECT tag, true, jsonb_build_object('unit', unit)"
        " FROM unnest(%s::text[], %s::text[]) AS t (tag, unit)",
        (["X1", "Pump 1 / 압력", "T9"], ["bar", "bar", "°C"]),
    )
    return rows


def held(answer: httpx.Response, path: str, method: str = "GET") -> httpx.Response:
    """The answer, if it fits the OpenAPI document."""
    CONTRACT[path][method].validate_response(answer)
    return answer


async def value(http: httpx.AsyncClient, expr: str, **more: str) -> httpx.Response:
    return held(await http.get(EVALUATE, params={"expr": expr, **more}), EVALUATE)


async def series(http: httpx.AsyncClient, tag: str, span: Mapping[str, str]) -> pd.DataFrame:
    params = {"tag": tag, "columns": "bucket,avg,last"} | dict(span)
    answer = (await http.get("/api/v1/timeseries", params=params)).json()
    frame = pd.DataFrame(answer["rows"], columns=["bucket", "avg", "last"])
    if "window" in span:
        return frame.set_index("bucket")
    return frame.set_index(pd.to_datetime(frame["bucket"], utc=True))[["avg", "last"]]


@pytest.fixture
async def past(plant_db: Plant) -> dict[str, str]:
    """A range of 28 hours that is over."""
    now = await plant.clock(plant_db.conn)
    ends = {"from": now - timedelta(hours=30), "to": now - timedelta(hours=2)}
    return {name: moment.isoformat(timespec="seconds") for name, moment in ends.items()}


@pytest.mark.parametrize("bucket", [None, "1m", "10m", "1h", "1d"])
async def test_values_are_those_of_the_buckets_of_the_tags(
    http: httpx.AsyncClient, past: dict[str, str], bucket: str | None
) -> None:
    asked = past | ({} if bucket is None else {"bucket": bucket})
    answer = await value(http, '(X1 - "Pump 1 / 압력") / X1', **asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    one, other = await series(http, "X1", asked), await series(http, "Pump 1 / 압력", asked)
    wanted = ((one - other) / one).dropna(how="all")
    made = pd.DataFrame(body["rows"])
    assert list(pd.to_datetime(made["bucket"], utc=True)) == list(wanted.index)
    # The database adds the parts of a bucket in any order.
    assert made["avg"].tolist() == pytest.approx(wanted["avg"].tolist(), rel=1e-12)
    assert made["last"].tolist() == wanted["last"].tolist()
    assert (body["tags"], body["unit"], body["warnings"]) == (["X1", "Pump 1 / 압력"], "", [])
    assert (body["window"], body["bucket"]) == (None, bucket or "10m")


@pytest.mark.parametrize("window", ["60m", "24h", "48h", "30d", "12m"])
async def test_a_window_ends_now(http: httpx.AsyncClient, window: str) -> None:
    body = (await value(http, "X1", window=window)).json()
    made = {row["bucket"]: row["last"] for row in body["rows"]}
    wanted = (await series(http, "X1", {"window": window}))["last"].to_dict()
    # The first bucket may have left the window between the two requests.
    shared = made.keys() & wanted.keys()
    assert {at: made[at] for at in shared} == {at: wanted[at] for at in shared}
    assert len(shared) >= max(len(made), len(wanted)) - 1 > 0
    assert body["window"] == window


async def test_a_mean_over_a_time_reads_what_is_before_the_range(
    http: httpx.AsyncClient, past: dict[str, str]
) -> None:
    answer = await value(http, "avg_6h(X1)", **past, bucket="1m")
    start = (datetime.fromisoformat(past["from"]) - timedelta(hours=6)).isoformat()
    before = (await series(http, "X1", past | {"from": start, "bucket": "1m"}))["avg"]
    made = answer.json()["rows"][0]
    moment = datetime.fromisoformat(made["bucket"])
    some = before[(before.index > moment - timedelta(hours=6)) & (before.index <= moment)]
    assert len(some) > 100
    assert made["avg"] == pytest.approx(math.fsum(some) / len(some), rel=1e-12)


async def test_columns_are_as_those_of_a_series(
    http: httpx.AsyncClient, past: dict[str, str]
) -> None:
    rows = (await value(http, "X1 * 2", **past)).json()["rows"]
    answer = await value(http, "X1 * 2", **past, format="columns")
    columns = answer.json()["columns"]
    assert len(columns["bucket"]) == len(rows)
    assert columns["bucket"][0] == datetime.fromisoformat(rows[0]["bucket"]).timestamp() * 1000
    assert columns["avg"] == pytest.approx([row["avg"] for row in rows], rel=1e-6)
    same = await http.get(answer.request.url, headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304


@pytest.mark.parametrize(
    ("expr", "status", "at", "length", "says"),
    [
        ("X1 + ", 400, 5, 0, "the expression ends too early"),
        ("X1.__class__", 404, 0, 12, "no tag and no saved expression is named 'X1.__class__'"),
        ("2 * x1", 404, 4, 2, "did you mean 'X1'?"),
        ("__import__(X1)", 400, 0, 10, "no function is named"),
        ("avg_31d(X1)", 200, None, None, ""),
    ],
)
async def test_an_error_has_its_place(
    http: httpx.AsyncClient, expr: str, status: int, at: int, length: int, says: str
) -> None:
    answer = await value(http, expr)
    assert answer.status_code == status, answer.text
    error = answer.json().get("error", {})
    assert (error.get("at"), error.get("length")) == (at, length)
    assert says in error.get("message", "")
    assert str(error.get("key", "expressions.")).startswith("expressions.")


@pytest.mark.parametrize("expr", ["X1", "avg_1h(X1)", "integral(X1)", "shift_1d(X1) - delta(X1)"])
async def test_a_range_inside_of_a_bucket_has_no_rows(http: httpx.AsyncClient, expr: str) -> None:
    span = {"from": "2026-01-02T10:05", "to": "2026-01-02T10:20", "bucket": "1h"}
    answer = await value(http, expr, **span)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["rows"], body["from_ms"]) == ([], body["to_ms"])


async def test_too_much_to_read_is_refused(http: httpx.AsyncClient) -> None:
    answer = await value(http, "shift_31d(avg_31d(avg_31d(X1)))")
    assert (answer.status_code, "100,000" in answer.text) == (400, True)
    assert "at" not in answer.json()["error"]
    span = {"from": "now-6d", "bucket": "1m"}
    answer = await value(http, "+".join(["X1"] * 100), **span)
    assert (answer.status_code, "wider buckets" in answer.text) == (400, True)
    assert (await value(http, "+".join(["X1"] * 50), **span)).status_code == 200


async def test_units_that_differ_are_a_warning(http: httpx.AsyncClient) -> None:
    body = (await value(http, 'T9 + "Pump 1 / 압력"')).json()
    assert body["warnings"] == [{"message": "the units °C and bar differ", "at": 3, "length": 1}]
    assert body["rows"] == []


async def put(http: httpx.AsyncClient, name: str, body: Mapping[str, Any]) -> httpx.Response:
    sent = {"version": 0, "reason": "trial"} | dict(body)
    return held(await http.put(f"{PATH}/{name}", json=sent), ONE, "PUT")


async def test_an_engineer_saves_changes_and_deletes_an_expression(
    http: httpx.AsyncClient, plant_db: Plant, past: dict[str, str]
) -> None:
    made = await put(http, "Head / 양정", {"text": "X1 * 2", "unit": "m", "decimals": 1})
    assert made.status_code == 200, made.text
    saved = made.json()
    assert (saved["version"], saved["unit"], saved["decimals"]) == (1, "m", 1)
    assert held(await http.get(f"{PATH}/Head / 양정"), ONE).json() == saved
    assert held(await http.get(PATH), PATH).json() == [saved]

    used = (await value(http, '"Head / 양정"', **past)).json()
    twice = (await value(http, "X1 * 2", **past)).json()
    assert (used["unit"], len(used["rows"]) > 100) == ("m", True)
    assert used["rows"] == twice["rows"]

    again = await put(http, "Head / 양정", {"text": "X1"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "CONFLICT")
    changed = await put(http, "Head / 양정", {"text": "X1 * 3", "version": 1})
    assert changed.json()["version"] == 2

    await put(http, "other", {"text": '"Head / 양정" + 1'})
    circle = await put(http, "Head / 양정", {"text": "1 + other", "version": 2})
    assert (circle.status_code, circle.json()["error"]["at"]) == (400, 4)
    query = {"version": 2, "reason": "gone"}
    refused = held(await http.delete(f"{PATH}/Head / 양정", params=query), ONE, "DELETE")
    assert (refused.status_code, "'other'" in refused.text) == (400, True)
    for name, version in (("other", 1), ("Head / 양정", 2)):
        query = {"version": version, "reason": "gone"}
        gone = held(await http.delete(f"{PATH}/{name}", params=query), ONE, "DELETE")
        assert gone.status_code == 204, gone.text
    assert (await http.get(f"{PATH}/other")).status_code == 404
    rows = await plant_db.conn.execute(
        "SELECT action, subject, detail->>'version', detail->>'text', detail->>'reason'"
        " FROM ksys.audit WHERE action LIKE 'expression%' AND subject <> 'other' ORDER BY id"
    )
    assert await rows.fetchall() == [
        ("expression_saved", "Head / 양정", "1", "X1 * 2", "trial"),
        ("expression_saved", "Head / 양정", "2", "X1 * 3", "trial"),
        ("expression_deleted", "Head / 양정", "2", "X1 * 3", "gone"),
    ]


@pytest.mark.parametrize(
    ("name", "body", "status", "says"),
    [
        ("X1", {"text": "1"}, 400, "'X1' is a tag"),
        ("own", {"text": "own + 1"}, 400, "circle"),
        ("bad", {"text": "1 +"}, 400, "ends too early"),
        ("bad", {"text": "NOPE"}, 404, "NOPE"),
        ("bad", {"text": "1", "decimals": 99}, 400, "decimals"),
        ("bad", {"text": "1", "reason": " "}, 400, "reason"),
        ("bad", {"text": "1", "unit": "a\0b"}, 400, "unit"),
        ("bad", {"text": '"a\0b"'}, 400, "quotation mark"),
        (" blanks ", {"text": "1"}, 400, "blank"),
        ("n" * 201, {"text": "1"}, 400, "200"),
    ],
)
async def test_what_cannot_be_saved(
    http: httpx.AsyncClient, name: str, body: dict[str, Any], status: int, says: str
) -> None:
    answer = await put(http, name, body)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text


async def test_a_tag_that_comes_later_has_its_name_back(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    assert (await put(http, "LATER", {"text": "X1 * 0 + 5"})).status_code == 200
    before = (await value(http, "LATER", window="60m")).json()["rows"]
    assert {row["avg"] for row in before} == {5.0}
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "LATER", 7.0)])
    assert {row["avg"] for row in (await value(http, "LATER")).json()["rows"]} == {7.0}
