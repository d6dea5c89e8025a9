"""Expressions over HTTP: computed over a window, saved under a name (PRD §33.4)."""

from __future__ import annotations

import asyncio
import csv
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pandas as pd
import pytest

from ksys_app.domain.alarms.times import microseconds
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.texts import LANGUAGES, say
from ksys_app.workers.alarms.worker import AlarmWorker
from tests import alarms, plant
from tests.conftest import Plant
from tests.contract import CONTRACT, hold

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


def checked(answer: httpx.Response, path: str, method: str = "GET") -> httpx.Response:
    """The answer, after a check against the OpenAPI document."""
    CONTRACT[path][method].validate_response(answer)
    return answer


async def value(http: httpx.AsyncClient, expr: str, **more: str) -> httpx.Response:
    return checked(await http.get(EVALUATE, params={"expr": expr, **more}), EVALUATE)


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
    params = past | ({} if bucket is None else {"bucket": bucket})
    answer = await value(http, '(X1 - "Pump 1 / 압력") / X1', **params)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    one, other = await series(http, "X1", params), await series(http, "Pump 1 / 압력", params)
    wanted = ((one - other) / one).dropna(how="all")
    found = pd.DataFrame(body["rows"])
    assert list(pd.to_datetime(found["bucket"], utc=True)) == list(wanted.index)
    # The database adds the parts of a bucket in any order.
    assert found["avg"].tolist() == pytest.approx(wanted["avg"].tolist(), rel=1e-12)
    assert found["last"].tolist() == wanted["last"].tolist()
    assert (body["tags"], body["unit"], body["warnings"]) == (["X1", "Pump 1 / 압력"], "", [])
    assert (body["window"], body["bucket"]) == (None, bucket or "10m")


@pytest.mark.parametrize("window", ["60m", "24h", "48h", "30d", "12m"])
async def test_a_window_ends_now(http: httpx.AsyncClient, window: str) -> None:
    body = (await value(http, "X1", window=window)).json()
    found = {row["bucket"]: row["last"] for row in body["rows"]}
    wanted = (await series(http, "X1", {"window": window}))["last"].to_dict()
    # The first bucket may have left the window between the two requests.
    shared = found.keys() & wanted.keys()
    assert {at: found[at] for at in shared} == {at: wanted[at] for at in shared}
    assert len(shared) >= max(len(found), len(wanted)) - 1 > 0
    assert body["window"] == window


async def test_a_mean_over_a_time_reads_what_is_before_the_range(
    http: httpx.AsyncClient, past: dict[str, str]
) -> None:
    answer = await value(http, "avg_6h(X1)", **past, bucket="1m")
    start = (datetime.fromisoformat(past["from"]) - timedelta(hours=6)).isoformat()
    before = (await series(http, "X1", past | {"from": start, "bucket": "1m"}))["avg"]
    row = answer.json()["rows"][0]
    moment = datetime.fromisoformat(row["bucket"])
    some = before[(before.index > moment - timedelta(hours=6)) & (before.index <= moment)]
    assert len(some) > 100
    assert row["avg"] == pytest.approx(math.fsum(some) / len(some), rel=1e-12)


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
    text = {"key": "expressions.units_differ", "values": {"left": "°C", "right": "bar"}}
    place = {"message": "the units °C and bar differ", "at": 3, "length": 1}
    assert body["warnings"] == [place | text]
    assert body["rows"] == []


async def put(http: httpx.AsyncClient, name: str, body: Mapping[str, Any]) -> httpx.Response:
    sent = {"version": 0, "reason": "trial"} | dict(body)
    return checked(await http.put(f"{PATH}/{name}", json=sent), ONE, "PUT")


async def test_an_engineer_saves_changes_and_deletes_an_expression(
    http: httpx.AsyncClient, plant_db: Plant, past: dict[str, str]
) -> None:
    answer = await put(http, "Head / 양정", {"text": "X1 * 2", "unit": "m", "decimals": 1})
    assert answer.status_code == 200, answer.text
    saved = answer.json()
    assert (saved["version"], saved["unit"], saved["decimals"]) == (1, "m", 1)
    assert checked(await http.get(f"{PATH}/Head / 양정"), ONE).json() == saved
    assert checked(await http.get(PATH), PATH).json() == [saved]

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
    refused = checked(await http.delete(f"{PATH}/Head / 양정", params=query), ONE, "DELETE")
    assert (refused.status_code, "'other'" in refused.text) == (400, True)
    for name, version in (("other", 1), ("Head / 양정", 2)):
        query = {"version": version, "reason": "gone"}
        gone = checked(await http.delete(f"{PATH}/{name}", params=query), ONE, "DELETE")
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
        ("%2E%2E", {"text": "1"}, 400, "nothing can be saved as '..'"),
        ("n" * 201, {"text": "1"}, 400, "200"),
    ],
)
async def test_a_wrong_expression_is_not_saved(
    http: httpx.AsyncClient, name: str, body: dict[str, Any], status: int, says: str
) -> None:
    answer = await put(http, name, body)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text


async def test_an_error_can_be_shown_in_another_language(http: httpx.AsyncClient) -> None:
    """The dialog of calculated tags shows the text of ``key`` with ``values`` in it."""
    taken = (await put(http, "X1", {"text": "1"})).json()["error"]
    assert (taken["key"], taken["values"]) == ("errors.expression_is_tag", {"name": "'X1'"})
    assert "X1" in say(Message(taken["key"], taken["values"]), LANGUAGES["ko"])
    lost = (await put(http, "lost", {"text": "1", "version": 7})).json()["error"]
    assert (lost["code"], lost["key"]) == ("CONFLICT", "errors.expression_conflict")
    assert lost["conflicts"] == []
    form = (await put(http, "form", {"text": "1", "decimals": 99})).json()["error"]
    assert (form["key"], form["values"]["name"]) == ("forms.of", "decimals")


async def test_a_new_tag_replaces_the_expression_with_its_name(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    assert (await put(http, "LATER", {"text": "X1 * 0 + 5"})).status_code == 200
    before = (await value(http, "LATER", window="60m")).json()["rows"]
    assert {row["avg"] for row in before} == {5.0}
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "LATER", 7.0)])
    assert {row["avg"] for row in (await value(http, "LATER")).json()["rows"]} == {7.0}


async def listed(http: httpx.AsyncClient, path: str, query: str) -> dict[str, Any]:
    answer = checked(await http.get(f"/api/v1/{path}?{query}"), f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.fixture
async def calculated(http: httpx.AsyncClient) -> None:
    """Calculated tags: one that is a tag again, a difference, and one that looks at other times."""
    texts = {"SAME": "X1", "GAP": '"Pump 1 / 압력" - X1', "MOVING": "avg_1h(GAP)"}
    for name, text in texts.items():
        if (await http.get(f"{PATH}/{name}")).status_code == 404:
            assert (await put(http, name, {"text": text})).status_code == 200


@pytest.mark.parametrize("bucket", ["1m", "10m", "1h", "1d"])
async def test_the_buckets_of_a_calculated_tag_are_those_of_its_expression(
    http: httpx.AsyncClient, calculated: None, past: dict[str, str], bucket: str
) -> None:
    params = past | {"bucket": bucket}
    query = str(httpx.QueryParams(params))
    for name in ("GAP", "MOVING"):
        wanted = (await value(http, name, **params)).json()
        found = await listed(http, "timeseries", f"tag={name}&{query}")
        assert len(found["rows"]) > 0
        assert [(row["bucket"], row["avg"], row["last"]) for row in found["rows"]] == [
            (row["bucket"], row["avg"], row["last"]) for row in wanted["rows"]
        ]
        others = {row[key] for row in found["rows"] for key in ("n", "min", "max", "sum", "first")}
        assert others == {None}
        assert (found["from_ms"], found["to_ms"]) == (wanted["from_ms"], wanted["to_ms"])


async def test_a_calculated_tag_is_compared_beside_other_tags(
    http: httpx.AsyncClient, calculated: None
) -> None:
    query = "tag=X1&tag=SAME&tag=GAP&from=now-20h&to=now-2h&compare=previous&bucket=10m"
    own, same, gap = (await listed(http, "timeseries", query))["series"]
    assert (same["title"], same["unit"], gap["unit"]) == ("ƒ X1", "bar", "bar")
    for one, other in ((own, same), (own["compare"], same["compare"])):
        assert [(row["bucket"], row["avg"]) for row in one["rows"]] == [
            (row["bucket"], row["avg"]) for row in other["rows"]
        ]
        assert len(one["rows"]) > 30
    columns = await listed(http, "timeseries", f"{query}&format=columns&columns=avg,max,n")
    own, same, gap = columns["series"]
    assert own["columns"]["avg"] == same["columns"]["avg"]
    assert {*gap["columns"]["max"], *gap["columns"]["n"]} == {None}


async def test_the_samples_of_a_calculated_tag_are_merged_as_by_pandas(
    http: httpx.AsyncClient, calculated: None
) -> None:
    span = "from=now-2h&to=now-5m&bucket=raw"
    frames = []
    for tag in ("X1", "Pump 1 / 압력"):
        # The newest sample before the range counts at its start.
        wide = f"tag={tag}&from=now-2h&bucket=raw&columns=avg"
        before = f"tag={tag}&from=now-3h&to=now-119m&bucket=raw&columns=avg"
        rows = [
            row
            for query in (before, wide)
            for row in (await listed(http, "timeseries", query))["rows"]
        ]
        frame = pd.DataFrame(
            {"at": [row["bucket"] for row in rows], tag: [row["avg"] for row in rows]}
        )
        frame["at"] = pd.to_datetime(frame["at"], utc=True)
        frames.append(frame.drop_duplicates("at").sort_values("at"))
    found = await listed(http, "timeseries", f"tag=GAP&{span}")
    rows_of_gap = pd.DataFrame(found["rows"])
    rows_of_gap["at"] = pd.to_datetime(rows_of_gap["bucket"], utc=True)
    wanted = rows_of_gap[["at"]]
    for frame in frames:
        wanted = pd.merge_asof(wanted, frame, on="at", tolerance=pd.Timedelta("120s"))
    has_value = rows_of_gap["avg"].notna()
    assert has_value.sum() > 20
    assert not has_value.all()
    difference = (wanted["Pump 1 / 압력"] - wanted["X1"])[has_value]
    assert rows_of_gap["avg"][has_value].tolist() == difference.tolist()
    assert (wanted["Pump 1 / 압력"].isna() | wanted["X1"].isna())[~has_value].all()
    times = pd.concat([frame["at"] for frame in frames])
    inside = times[(times >= rows_of_gap["at"].min()) & (times <= rows_of_gap["at"].max())]
    assert sorted(set(inside)) == rows_of_gap["at"].tolist()


@pytest.mark.parametrize("span", ["from=now-5h&to=now-1h", "from=now-30h&to=now-2h"])
async def test_statistics_of_a_calculated_tag_are_those_of_its_values(
    http: httpx.AsyncClient, calculated: None, span: str
) -> None:
    found = await listed(http, "stats", f"tag=X1&tag=SAME&{span}")
    own, same = found["tags"]
    unknown = () if found["source"] == "raw" else ("count", "min", "min_at", "max", "max_at")
    for name, figure in own.items():
        if name not in ("tag_name", "title"):
            wanted = None if name in unknown else figure
            assert same[name] == (pytest.approx(wanted) if name == "mean" else wanted), name
    assert (await listed(http, "stats", f"tag=MOVING&tag=X1&{span}"))["source"] == "minutes"


async def test_a_file_has_the_rows_of_a_calculated_tag(
    http: httpx.AsyncClient, calculated: None, past: dict[str, str]
) -> None:
    query = str(httpx.QueryParams(past))
    for more, count in (("", 7), ("&bucket=1h", 7)):
        answer = await http.get(f"/api/v1/export.csv?tag=GAP&tag=X1&{query}{more}")
        assert answer.status_code == 200, answer.text
        lines = csv.DictReader(answer.text.lstrip("\ufeff").splitlines())
        own = [line for line in lines if line["tag_name"] == "GAP"]
        params = past | ({"bucket": "1h"} if more else {})
        rows = (await value(http, "GAP", **params)).json()["rows"]
        assert len(own) == len(rows) > count
        assert [float(line["avg"]) for line in own] == [row["avg"] for row in rows]


async def test_a_calculated_tag_is_in_the_list_of_tags(
    http: httpx.AsyncClient, calculated: None
) -> None:
    # By its name, and by the expression of another one.
    found = await listed(http, "tags", "search=gap")
    assert [tag["tag_name"] for tag in found] == ["GAP", "MOVING"]
    assert found[:1] == [
        {
            **{"tag_name": "GAP", "title": 'ƒ "Pump 1 / 압력" - X1', "last_ts": None},
            **{"first_ts": None, "has_rule": False, "expression": '"Pump 1 / 압력" - X1'},
        }
    ]
    every = await listed(http, "tags", "")
    assert [tag["tag_name"] for tag in every if "expression" in tag] == ["GAP", "MOVING", "SAME"]


async def test_a_calculated_tag_sends_nothing(http: httpx.AsyncClient, calculated: None) -> None:
    for path in ("heatmap", "outages", "cells.csv"):
        answer = await http.get(f"/api/v1/comm/{path}?tag=GAP")
        message = answer.json()["error"]["message"]
        assert answer.status_code == 404
        assert "sends nothing itself" in message
        assert "Pump 1 / 압력, X1 (ƒ " in message


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("timeseries?tag=MOVING&from=now-1h&bucket=raw", "buckets"),
        ("features?tag=MOVING&window=24h", "uses a function over time"),
        ("export.csv?tag=MOVING&window=24h&kind=features", "uses a function over time"),
        ("export.csv?tag=MOVING&window=12m&kind=features", "uses a function over time"),
    ],
)
async def test_what_a_calculated_tag_does_not_have(
    http: httpx.AsyncClient, calculated: None, query: str, says: str
) -> None:
    answer = await http.get(f"/api/v1/{query}")
    assert (answer.status_code, says in answer.text) == (400, True), answer.text


async def test_a_tag_that_is_gone_is_named(http: httpx.AsyncClient, plant_db: Plant) -> None:
    await plant_db.conn.execute(
        "INSERT INTO expression (name, text, version, author)"
        " VALUES ('ORPHAN', 'X1 + GONE', 1, 'x')"
    )
    for query in ("timeseries?tag=ORPHAN&window=24h", "stats?tag=ORPHAN&window=60m"):
        answer = await http.get(f"/api/v1/{query}")
        assert (answer.status_code, "GONE" in answer.text) == (404, True), answer.text
        assert set(answer.json()["error"]) == {"code", "message", "key", "values"}
    await plant_db.conn.execute("DELETE FROM expression WHERE name = 'ORPHAN'")


async def tiles(http: httpx.AsyncClient, query: str) -> dict[str, dict[str, Any]]:
    return {one["title"]: one for one in await listed(http, "kpi", query)}


async def test_the_tile_of_a_calculated_tag_is_that_of_its_tag(
    http: httpx.AsyncClient, plant_db: Plant, calculated: None
) -> None:
    now = await plant.clock(plant_db.conn)
    for name, value in (("X1", 31.5), ("Pump 1 / 압력", 40.0)):
        await plant.insert(
            plant_db.conn, [(now - timedelta(seconds=s), name, value + s) for s in (9, 1)]
        )
    for window in ("60m", "24h"):
        found = await tiles(http, f"window={window}")
        own, same = found["X1"], found["SAME"]
        unknown = dict.fromkeys(("count", "min", "max", "first"))
        differs = {
            "title": "SAME",
            "range_label": "–",
            "gauge_pct": same["gauge_pct"],
            "value_s": same["value_s"],
            "age_s": own["age_s"],
        }
        assert same == own | unknown | differs
        assert found["GAP"]["value"] == 8.5
        assert found["MOVING"]["value"] is not None
        alone = await tiles(http, f"window={window}&tag=GAP&tag=MOVING")
        # What moves may have gone on to another minute.
        assert alone["GAP"]["value"] == 8.5
        assert alone["MOVING"]["value"] is not None
        places = {title: place for place, title in enumerate(found)}
        query = f"window={window}&places={places['X1']},{places['SAME']}"
        columns = (await listed(http, "sparklines", query))["columns"]
        sparks = dict(zip(columns["title"], columns["spark"], strict=True))
        assert sparks["SAME"] == sparks["X1"] != ""


async def test_a_rule_judges_the_value_of_a_calculated_tag(
    http: httpx.AsyncClient, plant_db: Plant, calculated: None
) -> None:
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, name, 50.0) for name in ("X1", "Pump 1 / 압력")])
    first = await listed(http, "kpi", "window=24h&since=0")
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, warn_max, max_val, enabled)"
        " VALUES ('SAME', 0, 45, 100, true)"
    )
    await plant.insert(plant_db.conn, [(now, name, 51.0) for name in ("X1", "Pump 1 / 압력")])
    changed = await listed(http, "kpi", f"window=24h&since={first['seq']}")
    same = next(one for one in changed["tiles"] if one["title"] == "SAME")
    assert (same["value"], same["gauge_pct"], same["alarm_level"]) == (51.0, 51.0, 1)
    assert "H" in same["alarm"]
    over = (await listed(http, "stats", "tag=SAME&from=now-1h"))["tags"][0]["limits"]
    assert [(one["name"], one["seconds"] > 0) for one in over] == [
        ("MIN", False),
        ("H", True),
        ("MAX", False),
    ]
    # With a rule of its own, it can be changed still.
    assert (await put(http, "SAME", {"text": "X1", "version": 1})).status_code == 200
    await plant_db.conn.execute("DELETE FROM influx_qc_rule WHERE tag_name = 'SAME'")


async def test_a_rule_on_an_expression_raises_and_clears(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    """From the saved expression and its limits to the list of alarms, and its tile."""
    conn, began = plant_db.conn, await plant.clock(plant_db.conn) - timedelta(minutes=3)

    async def send(second: int, **values: float) -> None:
        at = began + timedelta(seconds=second)
        await plant.insert(conn, [(at, tag, value) for tag, value in values.items()])
        await AlarmWorker(plant_db.dsn, since_us=microseconds(began), once=True, holder="test").run(
            asyncio.Event()
        )
        runtime.current().alarms.request_read()

    async def standing() -> list[tuple[str, str, str, float]]:
        answer = await http.get("/api/v1/alarms", params={"tag": "HEAD"})
        hold(answer, "/api/v1/alarms")
        rows = answer.json()["rows"]
        return [(one["condition"], one["state"], one["title"], one["value"]) for one in rows]

    async def alarm() -> str:
        return str((await http.get("/api/v1/kpi", params={"tag": "HEAD"})).json()[0]["alarm"])

    await send(0, P1=5.0, P2=5.0)
    assert (await put(http, "HEAD", {"text": "P2 - P1"})).status_code == 200
    body = {
        "version": 0,
        "reason": "a limit on a difference",
        "warn_max": 10,
        "settings": [{"condition": "HIGH", "on_delay_s": 0, "off_delay_s": 0}],
    }
    answer = await http.put("/api/v1/rules/HEAD", json=body)
    assert answer.status_code == 200, answer.text
    await send(60, P1=5.0, P2=5.0)
    await send(120, P1=5.0, P2=20.0)
    assert await standing() == [("HIGH", "unacked", "ƒ P2 - P1", 15.0)]
    assert await alarm() == "warn H 15 ≥ 10"
    await send(125, P1=15.0, P2=20.0)
    assert [row[:2] for row in await standing()] == [("HIGH", "returned")]
    assert await alarm() == "-"
    found = await conn.execute(
        "SELECT event FROM alarm_journal WHERE tag_name = 'HEAD' AND condition = 'HIGH' ORDER BY ts"
    )
    assert [event for (event,) in await found.fetchall()] == ["RAISE", "CLEAR"]
    await alarms.clear(conn)
    await conn.execute("UPDATE alarm_lease SET evaluated_to = NULL")
    await conn.execute("DELETE FROM influx_qc_rule WHERE tag_name = 'HEAD'")
