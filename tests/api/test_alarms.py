"""The list of alarms over HTTP, and what people do with it (PRD §32.6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ksys_app import db
from ksys_app.services import runtime
from ksys_app.services.alarm_feed import AlarmFeed
from tests import alarms, plant
from tests.conftest import Plant
from tests.contract import hold
from tests.waiting import HANGS_S

PATH = "/api/v1/alarms"


@pytest.fixture(autouse=True)
async def no_alarms(plant_db: Plant) -> AsyncIterator[None]:
    await alarms.evaluate(plant_db.conn)
    yield
    await alarms.clear(plant_db.conn)
    runtime.current().alarms.request_read()


async def listed(http: httpx.AsyncClient, **params: Any) -> Any:
    runtime.current().alarms.request_read()  # another process has changed the tables
    answer = await http.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    hold(answer, PATH)
    return answer.json()


def places(answer: Any) -> list[tuple[str, str]]:
    return [(row["tag_name"], row["state"]) for row in answer["rows"]]


async def send(http: httpx.AsyncClient, action: str, body: Any, status: int = 200) -> Any:
    answer = await http.post(f"{PATH}/{action}", json=body)
    assert answer.status_code == status, answer.text
    hold(answer, f"{PATH}/{action}", "post")
    return answer.json()


async def test_the_list_has_every_state_in_order(http: httpx.AsyncClient, plant_db: Plant) -> None:
    conn = plant_db.conn
    now = await plant.clock(conn)
    early = now - timedelta(hours=1)
    await alarms.put(conn, "ACKED", ack="acked", priority=1)
    await alarms.put(conn, "BACK", process="norm", raised_at=early)
    await alarms.put(conn, "CRIT", priority=1, raised_at=early)
    await alarms.put(conn, "NEWER")
    await alarms.put(conn, "LATCHED", process="norm", ack="acked", latched=True, priority=3)
    await alarms.put(conn, "NO-ACK", "GAP", ack="none", priority=3)
    await alarms.put(conn, "SHELVED", shelved_until=now + timedelta(hours=1))
    await alarms.put(conn, "DESIGN", designed_by="INSTR")
    await alarms.put(conn, "OUT", oos_at=now, oos_by="Kim", shelved_until=now)
    await alarms.put(conn, "NORMAL", process="norm", ack="none")
    await alarms.put(conn, "STEP", "STEP", ack="none", priority=4)
    active = await listed(http)
    assert places(active) == [
        *(("CRIT", "unacked"), ("NEWER", "unacked"), ("BACK", "returned"), ("ACKED", "acked")),
        *(("NO-ACK", "acked"), ("LATCHED", "latched")),
    ]
    assert active["counts"] == {
        "1": {"unacked": 1, "acked": 1, "returned": 0},
        "2": {"unacked": 1, "acked": 0, "returned": 1},
        "3": {"unacked": 0, "acked": 2, "returned": 0},
        "4": {"unacked": 0, "acked": 1, "returned": 0},
        **{"shelved": 1, "suppressed": 1, "out_of_service": 1},
    }
    assert places(await listed(http, state="unacked")) == places(active)[:3]
    assert sorted(places(await listed(http, state="shelved"))) == [
        *(("DESIGN", "suppressed"), ("OUT", "out_of_service"), ("SHELVED", "shelved")),
    ]
    every = places(await listed(http, state="all"))
    assert len(every) == 11
    assert {("NORMAL", "normal"), ("STEP", "acked"), ("OUT", "out_of_service")} <= set(every)
    assert places(await listed(http, priority=1)) == [("CRIT", "unacked"), ("ACKED", "acked")]
    assert places(await listed(http, tag=["BACK", "OUT"])) == [("BACK", "returned")]
    first = await listed(http, limit=1)
    assert (places(first), first["total"]) == ([("CRIT", "unacked")], 6)


async def test_a_row_has_what_an_operator_needs(http: httpx.AsyncClient, plant_db: Plant) -> None:
    conn = plant_db.conn
    now = await plant.clock(conn)
    await plant.insert(conn, [(now, "PUMP", 7.0)])
    await conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, meta) VALUES ('PUMP',"
        """ '{"title": "Pump", "unit": "bar", "group": "Hall"}')"""
    )
    await conn.execute(
        "INSERT INTO alarm_rule (tag_name, condition, message, cause, consequence, response)"
        " VALUES ('PUMP', 'HIGH', 'too much', 'a valve', 'a burst', 'open it')"
    )
    await alarms.put(conn, "PUMP", count=3)
    (row,) = (await listed(http, tag="PUMP"))["rows"]
    expected = {
        **{"level": "HH", "priority": 2, "value": 9.5, "limit_value": 9.0, "count": 3},
        **{"title": "Pump", "unit": "bar", "group": "Hall", "value_now": 7.0},
        **{"message": "too much", "cause": "a valve", "consequence": "a burst"},
        **{"response": "open it"},
    }
    assert {name: row[name] for name in expected} == expected
    assert row["value_now_ts"] is not None


async def test_a_lost_source_has_the_name_of_its_group(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    conn = plant_db.conn
    now = await plant.clock(conn)
    await plant.insert(conn, [(now, "Hall", 7.0)])
    await conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, meta) VALUES"
        """ ('MILL', '{"group": "East"}'),"""
        """ ('Hall', '{"title": "Hall", "unit": "C", "group": "West"}')"""
    )
    for group in ("East", "Hall"):
        await alarms.put(conn, group, "SOURCE_LOST", value=12.0, limit_value=10.0)
    await alarms.note(conn, now, "East", "RAISE", condition="SOURCE_LOST", level="")
    (row,) = (await listed(http, tag="East"))["rows"]
    assert (row["group"], row["value"], row["limit_value"]) == ("East", 12, 10)
    # A tag with the name of a group is something else.
    (row,) = (await listed(http, tag="Hall"))["rows"]
    assert [row[name] for name in ("group", "title", "unit", "value_now")] == ["Hall", "", "", None]
    answer = await http.get(f"{PATH}/journal", params={"tag": "East", "condition": "SOURCE_LOST"})
    assert [one["event"] for one in answer.json()["rows"]] == ["RAISE"]
    assert (await http.get(PATH, params={"tag": "North"})).status_code == 404
    item = {name: row[name] for name in ("tag_name", "condition", "raised_at")}
    (result,) = (await send(http, "ack", {"items": [item]}))["results"]
    assert result["result"] == "done"


async def test_the_list_has_the_time_of_the_last_evaluation(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    answer = await listed(http)
    assert answer["evaluating"] is True
    assert answer["writable"] is True
    assert answer["age_s"] < 60
    await alarms.evaluate(plant_db.conn, ago_s=3600)
    gone = await listed(http)
    assert gone["evaluating"] is False
    assert 3600 <= gone["age_s"] < 3700
    assert gone["seq"] > answer["seq"]
    await plant_db.conn.execute("UPDATE alarm_lease SET evaluated_to = NULL")
    never = await listed(http)
    assert (never["evaluated_to"], never["age_s"]) == (None, None)


async def test_unchanged_alarms_are_not_sent_again(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    raised = await alarms.put(plant_db.conn, "A")
    first = await listed(http)
    runtime.current().alarms.request_read()
    again = await http.get(PATH, params={"since": first["seq"]})
    assert (again.status_code, again.content) == (304, b"")
    item = {"tag_name": "A", "condition": "HIGH", "raised_at": raised.isoformat()}
    await send(http, "ack", {"items": [item]})
    after = await http.get(PATH, params={"since": first["seq"]})
    assert after.status_code == 200
    assert places(after.json()) == [("A", "acked")]


async def test_a_reader_gets_only_what_has_changed_since(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    conn = plant_db.conn
    raised = {tag: await alarms.put(conn, tag) for tag in "ABCD"}
    first = await listed(http, since=0)
    assert (first["whole"], len(first["rows"]), first["removed"]) == (True, 4, [])
    items = {
        tag: {"tag_name": tag, "condition": "HIGH", "raised_at": raised[tag].isoformat()}
        for tag in "AB"
    }
    await send(http, "ack", {"items": [items["A"]]})
    await send(http, "shelve", {"items": [items["B"]], "reason": "test"})
    await conn.execute("UPDATE alarm_state SET process = 'norm', ack = 'none' WHERE tag_name = 'C'")
    now = await plant.clock(conn)
    await plant.insert(conn, [(now, tag, 7.0) for tag in "AD"])
    some = await listed(http, since=first["seq"])
    assert (some["whole"], places(some), some["total"]) == (False, [("A", "acked")], 2)
    assert [one["tag_name"] for one in some["removed"]] == ["B", "C"]
    assert [(one["tag_name"], one["value_now"]) for one in some["values"]] == [("D", 7.0)]
    hidden = await listed(http, state="shelved", since=first["seq"])
    assert (places(hidden), hidden["whole"]) == ([("B", "shelved")], False)
    unknown = await listed(http, since=some["seq"] + 10**6, limit=1)
    assert (unknown["whole"], len(unknown["rows"])) == (True, 2)


async def test_readers_of_the_same_changes_share_one_body(
    http: httpx.AsyncClient, plant_db: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksys_app.services.alarm_feed.VALUES_S", HANGS_S)  # no other read
    await alarms.put(plant_db.conn, "A")
    before = (await listed(http))["seq"]
    await alarms.put(plant_db.conn, "B")
    await listed(http)
    bodies = runtime.current().alarms.newest.results
    count = len(bodies)
    for _ in range(3):
        assert (await http.get(PATH, params={"since": before})).status_code == 200
    assert len(bodies) == count + 1


async def test_many_readers_cost_the_database_two_looks_a_second(plant_db: Plant) -> None:
    conn, moment = plant_db.conn, [1_000.0]
    await plant.insert(conn, [(await plant.clock(conn), "V", 1.0)])
    await alarms.put(conn, "V")
    feed = AlarmFeed(clock=lambda: moment[0])
    first = await feed.now()
    assert first.values["V"].value == 1.0
    await alarms.put(conn, "W")
    moment[0] += 0.25
    assert await feed.now() is first
    moment[0] += 0.25
    second = await feed.now()
    assert [alarm.row.tag_name for alarm in second.alarms] == ["W", "V"]
    await plant.insert(conn, [(await plant.clock(conn), "V", 2.0)])
    moment[0] += 1.0
    assert await feed.now() is second
    moment[0] += 10.0
    third = await feed.now()
    assert third.values["V"].value == 2.0
    assert third.seq > second.seq > first.seq
    assert (await asyncio.gather(*(feed.now() for _ in range(9)))) == [third] * 9


async def test_people_act_on_alarms(http: httpx.AsyncClient, plant_db: Plant) -> None:
    raised = await alarms.put(plant_db.conn, "A", priority=1, latched=True)
    item = {"tag_name": "A", "condition": "HIGH", "raised_at": raised.isoformat()}
    old = item | {"raised_at": (raised - timedelta(seconds=1)).isoformat()}

    async def tried(action: str, **more: Any) -> tuple[str, str]:
        (one,) = (await send(http, action, {"items": [item], **more}))["results"]
        assert (one["tag_name"], one["condition"]) == ("A", "HIGH")
        return one["result"], one.get("message", "")

    refused = "an alarm of priority 1 needs a comment"
    assert await tried("ack") == ("forbidden", refused)
    assert await tried("ack", comment="on it") == ("done", "")
    assert await tried("ack") == ("already", "")
    both = await send(http, "unack", {"items": [old, item]})
    assert [one["result"] for one in both["results"]] == ["stale", "done"]
    assert await tried("shelve", reason="test", minutes=15) == ("done", "")
    assert places(await listed(http, state="shelved")) == [("A", "shelved")]
    assert await tried("unshelve") == ("done", "")
    assert await tried("shelve", reason="test", one_shot=True) == ("done", "")
    (row,) = (await listed(http, state="shelved"))["rows"]
    assert (row["shelved_kind"], row["shelved_by"]) == ("one_shot", "local")
    assert await tried("unshelve", reason="done") == ("done", "")
    assert await tried("out_of_service", reason="permit") == ("done", "")
    assert await tried("out_of_service", reason="permit", end=True) == ("done", "")
    assert await tried("ack", comment="on it") == ("done", "")
    assert await tried("assign") == ("done", "")
    assert await tried("assign") == ("already", "")
    (row,) = (await listed(http))["rows"]
    assert (row["assigned_to"], row["acked_by"], row["state"]) == ("local", "local", "acked")
    assert (await tried("reset"))[0] == "forbidden"
    await plant_db.conn.execute("UPDATE alarm_state SET process = 'norm'")
    back = "the alarm is back to normal, so there is nothing to take over"
    assert await tried("assign") == ("forbidden", back)
    assert await tried("reset") == ("done", "")
    assert places(await listed(http)) == []


@pytest.mark.parametrize(
    ("action", "wrong", "says"),
    [
        ("ack", {"items": []}, "items"),
        ("ack", {"comment": "x"}, "parameter 'items' is needed"),
        ("ack", {"items": [{"tag_name": "A", "condition": "HOT"}]}, "condition"),
        ("ack", {"items": [{"tag_name": "A", "condition": "LOW", "raised_at": "now"}]}, "a time"),
        ("ack", {"items": [{"tag_name": "A", "condition": "LOW"}], "reason": "x"}, "unknown"),
        ("shelve", {"items": [{"tag_name": "A", "condition": "LOW"}]}, "'reason' is needed"),
        ("shelve", {"items": [{"tag_name": "A", "condition": "LOW"}], "reason": " "}, "say some"),
        (
            "shelve",
            {"items": [{"tag_name": "A", "condition": "LOW"}], "reason": "x", "minutes": 481},
            "480",
        ),
        ("out_of_service", {"items": [{"tag_name": "A", "condition": "LOW"}]}, "'reason'"),
    ],
)
async def test_a_wrong_body_changes_nothing(
    http: httpx.AsyncClient, action: str, wrong: Any, says: str
) -> None:
    answer = await send(http, action, wrong, 400)
    assert answer["error"]["code"] == "BAD_PARAMETER"
    assert says in answer["error"]["message"]


async def test_without_the_operator_alarms_are_only_looked_at(
    http: httpx.AsyncClient, plant_db: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_operator", None)
    raised = await alarms.put(plant_db.conn, "A")
    found = await listed(http)
    assert (places(found), found["writable"]) == ([("A", "unacked")], False)
    item = {"tag_name": "A", "condition": "HIGH", "raised_at": raised.isoformat()}
    answer = await send(http, "ack", {"items": [item]}, 403)
    assert "TS_OPERATOR_DSN is not set" in answer["error"]["message"]


async def test_while_the_database_fails_the_last_alarms_are_stale(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    await alarms.put(plant_db.conn, "A")
    assert places(await listed(http)) == [("A", "unacked")]
    await plant_db.conn.execute("ALTER TABLE alarm_lease RENAME TO alarm_lease_elsewhere")
    try:
        answer = await listed(http)
        assert (places(answer), answer["stale"]) == ([("A", "unacked")], True)
    finally:
        await plant_db.conn.execute("ALTER TABLE alarm_lease_elsewhere RENAME TO alarm_lease")
    assert "stale" not in await listed(http)


async def test_a_tile_reads_the_alarms_of_the_worker(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    conn = plant_db.conn
    await plant.insert(conn, [(await plant.clock(conn), "TILE", 9.6)])
    await conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, crit_max, enabled) VALUES ('TILE', 9, true)"
    )

    async def alarm() -> str:
        runtime.current().alarms.request_read()
        answer = await http.get("/api/v1/kpi", params={"tag": "TILE"})
        hold(answer, "/api/v1/kpi")
        return str(answer.json()[0]["alarm"])

    assert await alarm() == "-", "the worker waits for the on-delay"
    await alarms.put(conn, "TILE")
    assert await alarm() == "crit HH 9.6 ≥ 9"
    await alarms.evaluate(conn, ago_s=3600)
    assert (await alarm()).startswith("not evaluated since 20")
    await conn.execute("UPDATE alarm_lease SET evaluated_to = NULL")
    assert await alarm() == "crit HH 9.6 ≥ 9", "no worker has ever judged, so the app does"
