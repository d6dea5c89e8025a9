"""The HTTP contract of PRD §8 on a real database."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ksys_app.domain.windows import LABELS, parse_window
from tests import plant
from tests.conftest import Plant

KPI_KEYS = {
    *("title", "value", "value_s", "delta_pct", "delta_s", "gauge_pct", "status_level", "ts"),
    *("ts_s", "range_label", "count", "min", "max", "first", "last", "comm", "age_s", "alarm"),
}


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> list[plant.Sample]:
    """D100 climbs past its limits, D200 has no rule, D302 is configured and never reported."""
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(seconds=5 * i), "D100", 190.0 - i) for i in range(60)]
    rows += [(now - timedelta(hours=5, seconds=i), "D200", 7.5) for i in range(3)]
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, warn_max, crit_max, enabled, meta)"
        " VALUES ('D100', 0, 200, 180, 190, true, '{\"unit\": \"mm\"}'),"
        " ('D302', 0, 10, 8, 9, true, '{}')"
    )
    return rows


async def test_tags_are_those_of_samples_and_configuration(http: httpx.AsyncClient) -> None:
    tags = {row["tag_name"]: row for row in (await http.get("/api/v1/tags")).json()}
    assert list(tags) == ["D100", "D200", "D302"]
    assert tags["D302"] == {
        "tag_name": "D302",
        "title": "",
        "last_ts": None,
        "first_ts": None,
        "has_rule": True,
    }


async def test_latest_is_iso_8601_in_the_display_zone(http: httpx.AsyncClient) -> None:
    rows = (await http.get("/api/v1/latest", params={"tag": "D100"})).json()
    assert [set(row) for row in rows] == [{"tag_name", "value", "ts"}]
    assert rows[0]["value"] == 190.0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+09:00", rows[0]["ts"])
    everything = (await http.get("/api/v1/latest")).json()
    assert [row["tag_name"] for row in everything] == ["D100", "D200"]


async def test_a_new_sample_is_answered_at_once(http: httpx.AsyncClient, plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "D200", 8.25)])
    latest = (await http.get("/api/v1/latest", params={"tag": "D200"})).json()[0]
    tile = (await http.get("/api/v1/kpi", params={"tag": "D200"})).json()[0]
    assert latest["value"] == tile["value"] == 8.25
    assert tile["comm"] == "ok"


@pytest.mark.parametrize("window", LABELS)
async def test_kpi_has_the_contracts_keys_in_every_window(
    http: httpx.AsyncClient, window: str
) -> None:
    tiles = (await http.get("/api/v1/kpi", params={"window": window})).json()
    assert [tile["title"] for tile in tiles] == ["D100", "D200", "D302"]
    for tile in tiles:
        assert set(tile) >= KPI_KEYS


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/metrics"])
async def test_a_larger_answer_is_compressed_for_a_client_that_accepts_gzip(
    http: httpx.AsyncClient, path: str
) -> None:
    packed = await http.get(path, headers={"Accept-Encoding": "gzip"})
    plain = await http.get(path, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert packed.content[:20] == plain.content[:20]
    head = await http.head(path, headers={"Accept-Encoding": "gzip"})
    assert head.headers["Content-Encoding"] == "gzip"


async def test_kpi_judges_by_the_rule(
    http: httpx.AsyncClient, plant_db: Plant, samples: list[plant.Sample]
) -> None:
    tile = (await http.get("/api/v1/kpi", params={"window": "60m", "tag": "D100"})).json()[0]
    assert tile["value"] == 190.0
    assert tile["value_s"] == "190.0"
    assert tile["gauge_pct"] == 95.0
    assert tile["status_level"] == 2
    assert tile["range_label"] == "0.0 ~ 200.0"
    assert tile["alarm"] == "crit HH 190 ≥ 190"
    assert tile["ts_s"] == datetime.fromisoformat(tile["ts"]).strftime("%Y-%m-%d %H:%M:%S")
    now = datetime.fromisoformat(tile["ts"]) + timedelta(seconds=tile["age_s"])
    mine = [sample for sample in samples if sample[1] == "D100"]
    expected = plant.expected_tile(mine, parse_window("60m"), now, plant_db.zone)
    assert tile["count"] == expected["count"] > 0
    assert (tile["max"], tile["last"]) == (190.0, 190.0)


async def test_a_configured_tag_that_never_reported_is_never_alive(
    http: httpx.AsyncClient,
) -> None:
    tile = (await http.get("/api/v1/kpi", params={"tag": "D302"})).json()[0]
    assert (tile["value"], tile["value_s"], tile["ts"], tile["age_s"]) == (None, "–", None, None)
    assert (tile["comm"], tile["count"], tile["status_level"]) == ("never", 0, 0)


async def test_qc_has_the_columns_of_the_ddl(http: httpx.AsyncClient, plant_db: Plant) -> None:
    columns = await plant_db.conn.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name = 'influx_qc_rule' ORDER BY ordinal_position"
    )
    names = [name for (name,) in await columns.fetchall()]
    rules = (await http.get("/api/v1/qc")).json()
    assert sorted(rules[0]) == sorted(names)


@pytest.mark.parametrize(
    ("path", "status", "code", "says"),
    [
        ("/api/v1/kpi?window=3x", 400, "BAD_PARAMETER", "1m 5m 10m 60m"),
        ("/api/v1/kpi?windw=5m", 400, "BAD_PARAMETER", "windw"),
        ("/api/v1/kpi?tag=", 400, "BAD_PARAMETER", "tag"),
        ("/api/v1/latest?tag=%00", 400, "BAD_PARAMETER", "a NUL character"),
        ("/api/v1/kpi?tag=NOPE", 404, "UNKNOWN_TAG", "NOPE"),
        ("/api/v1/latest?tag=NOPE", 404, "UNKNOWN_TAG", "NOPE"),
        ("/api/v1/nothing", 404, "NOT_FOUND", "/api/v1/docs"),
        ("/api/v1/no%0Athing", 404, "NOT_FOUND", "/api/v1/docs"),
    ],
)
async def test_a_bad_request_is_explained_in_one_sentence(
    http: httpx.AsyncClient, path: str, status: int, code: str, says: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert says in error["message"]
    assert "\n" not in error["message"]


@pytest.mark.parametrize("name", ["50 %", "it's", "a/b", "유량 계", "x" * 200, "a&b=c", "--"])
async def test_any_printable_tag_name_works(
    http: httpx.AsyncClient, plant_db: Plant, name: str
) -> None:
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), name, 1.5)])
    tiles = (await http.get("/api/v1/kpi", params={"tag": name})).json()
    assert [(tile["title"], tile["value"]) for tile in tiles] == [(name, 1.5)]
    await plant_db.conn.execute("DELETE FROM tag_latest WHERE tag_name = %s", [name])


async def all_tiles(http: httpx.AsyncClient, window: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await http.get(f"/api/v1/kpi?window={window}")).json()
    return found


async def test_a_refused_value_is_bad_quality_of_its_own_tag_alone(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    now = await plant.clock(plant_db.conn)
    # Of a window whose buckets do not change from one minute to the next.
    counts = {tile["title"]: tile["count"] for tile in await all_tiles(http, "12m")}
    second = timedelta(seconds=1)
    await plant.insert(
        plant_db.conn,
        [
            (now - 100 * second, "PLC_SWAP", 20.5),
            (now - 99 * second, "PLC_SWAP", 2e200),
            (now - second, "PLC_SWAP", 20.6),
            (now - 2 * second, "PLC_NAN", 7.0),
            (now - second, "PLC_NAN", float("nan")),
            (now, "PLC_NONE", float("inf")),
        ],
    )
    after = {tile["title"]: tile["count"] for tile in await all_tiles(http, "12m")}
    assert {name: after[name] for name in counts} == counts
    tiles = {tile["title"]: tile for tile in await all_tiles(http, "5m")}
    swapped, unknown, none = tiles["PLC_SWAP"], tiles["PLC_NAN"], tiles["PLC_NONE"]
    assert (swapped["value"], swapped["max"], swapped["count"]) == (20.6, 20.6, 2)
    assert (swapped["alarm"], swapped["alarm_level"]) == (
        "warn BAD MAGNITUDE 2e+200, 1 in 5 min",
        1,
    )
    assert (unknown["value"], unknown["alarm"]) == (7.0, "crit BAD NOT_FINITE nan, 1 in 5 min")
    assert (none["value"], none["value_s"], none["comm"]) == (None, "–", "never")
    assert none["alarm"] == "crit BAD NOT_FINITE inf, 1 in 5 min"
    assert (await http.get("/api/v1/timeseries?tag=PLC_SWAP&window=5m")).status_code == 200


async def test_openapi_names_every_path_and_the_docs_load_nothing(
    http: httpx.AsyncClient,
) -> None:
    document = (await http.get("/api/v1/openapi.json")).json()
    assert {"/api/v1/tags", "/api/v1/latest", "/api/v1/kpi", "/api/v1/qc", "/readyz"} <= set(
        document["paths"]
    )
    page = (await http.get("/api/v1/docs")).text
    for path in document["paths"]:
        assert path in page
    assert "//" not in page.replace("<!doctype html>", "")
    assert "<script" not in page


async def test_readyz_has_pool_feed_database_and_jobs(http: httpx.AsyncClient) -> None:
    answer = await http.get("/readyz")
    assert answer.status_code == 200, answer.text
    state = answer.json()
    assert state["ready"] is True
    assert state["database"]["state"] == "ok"
    assert state["pool"]["max"] == 10
    assert state["feed"] == {"subscribers": 0, "age_s": None}
    assert state["jobs"]["total"] > 5


async def test_metrics_have_the_newest_sample_of_every_tag(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families["ksys_database_up"].samples[0].value == 1
    assert families["ksys_jobs"].samples[0].value > 0
    values = {line.labels["tag_name"]: line.value for line in families["ksys_tag_value"].samples}
    latest = {row["tag_name"]: row for row in (await http.get("/api/v1/latest")).json()}
    assert values == {tag: row["value"] for tag, row in latest.items()}
    for line in families["ksys_tag_newest_sample_timestamp_seconds"].samples:
        at = datetime.fromisoformat(latest[line.labels["tag_name"]]["ts"]).timestamp()
        assert line.value == pytest.approx(at)


async def test_tags_are_searched_as_they_are_now(http: httpx.AsyncClient, plant_db: Plant) -> None:
    async def found(words: str) -> list[str]:
        answer = await http.get("/api/v1/tags", params={"search": words})
        return [tag["tag_name"] for tag in answer.json()]

    assert await found("kettle") == []
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "Kettle 7", 1.5)])
    assert await found("7 kettle") == ["Kettle 7"]
    assert await found("\0kettle 7") == ["Kettle 7"]
    await plant_db.conn.execute(
        "UPDATE influx_qc_rule SET meta = '{\"title\": \"Drain pump\"}' WHERE tag_name = 'D302'"
    )
    assert await found("PUMP d302") == ["D302"]
    everything = (await http.get("/api/v1/tags")).json()
    assert [tag["title"] for tag in everything if tag["tag_name"] == "D302"] == ["Drain pump"]
    assert await found("") == await found(" \t") == [tag["tag_name"] for tag in everything]


async def test_more_tags_than_a_list_may_hold_are_searched_for(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksys_app.api.routes.MAX_TAGS", 0)
    answer = await http.get("/api/v1/tags")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "PAYLOAD_BLOAT")
    assert "search=" in error["message"]


SET_LIMIT = "UPDATE influx_qc_rule SET crit_max = %s WHERE tag_name = 'D100'"


async def test_a_changed_rule_judges_the_next_answer(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    async def alarm() -> str:
        return str((await http.get("/api/v1/kpi", params={"tag": "D100"})).json()[0]["alarm"])

    conn = plant_db.conn
    assert await alarm() == "crit HH 190 ≥ 190"
    await conn.execute(SET_LIMIT, [199])
    assert await alarm() == "warn H 190 ≥ 180"
    await conn.execute(SET_LIMIT, [185])
    assert await alarm() == "crit HH 190 ≥ 185"
    await conn.execute("UPDATE influx_qc_rule SET enabled = false WHERE tag_name = 'D100'")
    assert await alarm() == "-"
    await conn.execute("DELETE FROM influx_qc_rule WHERE tag_name = 'D100'")
    assert (await http.get("/api/v1/kpi", params={"tag": "D100"})).json()[0]["range_label"] != (
        "0.0 ~ 200.0"
    )
    rules = (await http.get("/api/v1/qc")).json()
    assert [rule["tag_name"] for rule in rules] == ["D302"]
