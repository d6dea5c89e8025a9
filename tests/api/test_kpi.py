"""``/api/v1/kpi`` for programs that ask again and again (PRD §5.4, §6.2)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ksys_app.domain.ordering import Selection
from ksys_app.domain.windows import parse_window
from ksys_app.services import runtime
from tests import plant
from tests.conftest import Plant
from tests.contract import hold
from tests.waiting import HANGS_S

PATH, SPARKLINES = "/api/v1/kpi", "/api/v1/sparklines"


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(minutes=9 + i), tag, float(i)) for i in range(3) for tag in "ABC"]
    await plant.insert(plant_db.conn, rows)


async def get(http: httpx.AsyncClient, path: str = PATH, **params: Any) -> Any:
    answer = await http.get(path, params={"window": "24h", **params})
    assert answer.status_code == 200, answer.text
    hold(answer, path)
    return answer.json()


def by_row(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def titles(tiles: list[dict[str, Any]]) -> list[str]:
    return [tile["title"] for tile in tiles]


async def test_since_selects_the_changed_tiles(http: httpx.AsyncClient, plant_db: Plant) -> None:
    first = await get(http, since=0)
    assert (first["whole"], titles(first["tiles"]), first["removed"]) == (True, ["A", "B", "C"], [])
    assert set(first["tiles"][0]) == set((await get(http))[0])
    same = await get(http, since=first["seq"])
    assert (same["whole"], same["tiles"], same["removed"]) == (False, [], [])
    assert same["seq"] > first["seq"]
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "B", 7.0)])
    await plant_db.conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('NEW')")
    for since in (first["seq"], same["seq"]):
        changed = await get(http, since=since)
        assert (changed["whole"], titles(changed["tiles"])) == (False, ["B", "NEW"])
        assert changed["tiles"][0]["value"] == 7.0
    await plant_db.conn.execute("DELETE FROM influx_qc_rule WHERE tag_name = 'NEW'")
    gone = await get(http, since=changed["seq"])
    assert (gone["tiles"], gone["removed"]) == ([], ["NEW"])


async def test_a_number_that_is_not_remembered_answers_everything(http: httpx.AsyncClient) -> None:
    for since in (1, 2**53 - 1):
        answer = await get(http, since=since)
        assert (answer["whole"], titles(answer["tiles"])) == (True, ["A", "B", "C"])


async def test_some_fields_of_some_tags(http: httpx.AsyncClient) -> None:
    chosen = await get(http, tag=["C", "A", "C"], fields="value_s,value")
    assert [list(tile) for tile in chosen] == [["title", "value", "value_s"]] * 2
    assert titles(chosen) == ["A", "C"]
    first = await get(http, tag="A", fields="comm", since=0)
    assert first["tiles"] == [{"title": "A", "comm": "late"}]
    assert (await get(http, tag="A", since=first["seq"]))["tiles"] == []


async def test_columns_have_the_values_of_the_rows(http: httpx.AsyncClient) -> None:
    for fields in (None, "value,comm", "about,group,shown"):
        params = {} if fields is None else {"fields": fields}
        for since in ({}, {"since": 0}):
            rows = await get(http, **params, **since)
            answer = await get(http, **params, **since, format="columns")
            columns = answer["columns"]
            if "shown" in columns:
                columns["shown"] = by_row(columns["shown"])
            ages = [one.pop("age_s", None) for one in (rows["tiles"] if since else rows)]
            assert len(columns.pop("age_s", ages)) == len(ages)
            assert by_row(columns) == (rows["tiles"] if since else rows)
            assert ("seq" in answer, answer["window"]) == (bool(since), "24h")
    nothing = await get(http, fields="shown", since=answer["seq"], format="columns")
    assert nothing["columns"]["title"] == nothing["columns"]["shown"]["value_s"] == []


async def test_the_lines_of_tiles_by_their_places(http: httpx.AsyncClient) -> None:
    answer = await get(http, SPARKLINES, places="2,0-1,7-9,99999")
    columns = answer["columns"]
    assert columns["title"] == ["A", "B", "C"]
    assert all(path.startswith("M") for path in columns["spark"])
    rows = await get(http)
    assert columns["value_full"] == [f"{row['value']:g}" for row in rows]
    assert (await get(http, SPARKLINES, places="1"))["columns"]["title"] == ["B"]
    assert (await get(http, SPARKLINES, places="5-9,3-1"))["columns"]["title"] == []


async def test_scrolling_sends_no_statement_to_the_database(http: httpx.AsyncClient) -> None:
    # New tiles: those that an earlier test read may become too old between the two requests.
    await runtime.current().feed.refresh(Selection(parse_window("24h")))
    await get(http, SPARKLINES, places="0")
    statements = runtime.current().database.counters.statements
    await get(http, SPARKLINES, places="1-2")
    assert runtime.current().database.counters.statements == statements


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("?since=-1", 400, "since"),
        ("?since=x", 400, "since"),
        ("?fields=value,nope", 400, "title unit value"),
        ("?fields=", 400, "fields"),
        ("?format=table", 400, "format"),
        ("?places=", 400, "places"),
        ("?places=1-", 400, "places"),
        ("?places=0,x", 400, "places"),
        ("?places=0&tag=A", 400, "tag"),
        ("?tag=A&tag=NOPE", 404, "NOPE"),
        ("?tag=NOPE&since=0", 404, "NOPE"),
        ("?" + "&".join(f"tag=T{i}" for i in range(10)), 400, "9 times, not 10"),
    ],
)
async def test_a_bad_question(http: httpx.AsyncClient, query: str, status: int, says: str) -> None:
    path = SPARKLINES if "places" in query else PATH
    answer = await http.get(path + query)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    hold(answer, path)


async def test_a_tick_is_encoded_once_for_all_screens(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = runtime.current().feed
    monkeypatch.setattr(feed, "interval", HANGS_S)  # no second tick
    async with feed.subscribe(Selection(parse_window("24h"))) as tab:
        snapshot = await tab.next()
        statements = runtime.current().database.counters.statements
        answers = await asyncio.gather(*(get(http, since=0) for _ in range(20)))
        assert runtime.current().database.counters.statements == statements
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["seq"] == snapshot.seq
    assert len(snapshot.results) == 1


async def test_tags_are_searched_and_a_part_of_those_that_match_is_answered(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert titles(await get(http, search=" b ")) == ["B"]
    assert (await get(http, SPARKLINES, search="b", places="0-5"))["columns"]["title"] == ["B"]
    monkeypatch.setattr(runtime.current().tiles.source, "_max_tags", 2)
    for path in (PATH, SPARKLINES):
        window = {"window": "5m"} | ({"places": "0"} if path == SPARKLINES else {})
        refused = await http.get(path, params=window)
        assert (refused.status_code, refused.json()["error"]["code"]) == (413, "PAYLOAD_BLOAT")
    found = await get(http, window="5m", part="true", since=0, format="columns", pin="C")
    assert found["columns"]["title"] == ["A", "C"]
    lines = await get(http, SPARKLINES, window="5m", part="true", pin="C", places="0-9")
    assert lines["columns"]["title"] == ["A", "C"]
