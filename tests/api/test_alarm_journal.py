"""The journal of alarms over HTTP (PRD §32.6)."""

from __future__ import annotations

import csv
import io
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from ksys_app import db
from ksys_app.domain.alarms.measures import MEASURES
from ksys_app.services import alarm_journal
from tests import alarms, docs, plant
from tests.conftest import Plant
from tests.contract import hold

PATH = "/api/v1/alarms/journal"
Key = tuple[str, str, str]


@pytest.fixture(scope="module", autouse=True)
async def rows(plant_db: Plant) -> datetime:
    """25 rows, several at one moment; an old one, and one a little ahead of the clock."""
    conn, now = plant_db.conn, await plant.clock(plant_db.conn)
    for n in range(24):
        at = now - timedelta(minutes=n // 3)
        event = ("RAISE", "CLEAR", "ACK")[n % 3]
        actor = {"actor": "Kim", "comment": "=1+1"} if event == "ACK" else {}
        await alarms.note(conn, at, f"T{n % 2}", event, priority=1 + n % 4, **actor)
    await alarms.note(conn, now - timedelta(days=40), "T0", "RAISE", condition="GAP", level="")
    await alarms.note(conn, now + timedelta(seconds=20), "T1", "CLOCK", condition="", level="")
    await conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('T0'), ('T1'), ('NONE')")
    return now


async def get(http: httpx.AsyncClient, status: int = 200, **params: Any) -> Any:
    answer = await http.get(PATH, params=params)
    assert answer.status_code == status, answer.text
    hold(answer, PATH)
    return answer.json()


def keys(rows: list[Any]) -> list[Key]:
    return [(row["ts"], row["tag_name"], row["event"]) for row in rows]


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_the_pages_have_all_rows_in_order(
    http: httpx.AsyncClient, plant_db: Plant, order: str
) -> None:
    complete = (await get(http, order=order))["rows"]
    assert len(complete) == 25, "the last 30 days"
    assert keys(complete) == sorted(keys(complete), reverse=order == "newest")
    found: list[Key] = []
    params: dict[str, Any] = {"order": order, "limit": 4}
    while True:
        page = await get(http, **params)
        found += keys(page["rows"])
        if page["next"] is None:
            break
        params["after"] = page["next"]
    assert found == keys(complete)


async def test_rows_are_chosen(http: httpx.AsyncClient, rows: datetime) -> None:
    async def events(**params: Any) -> list[str]:
        return [row["event"] for row in (await get(http, **params))["rows"]]

    assert await events(event="ACK") == ["ACK"] * 8
    assert set(await events(event=["ACK", "CLEAR"])) == {"ACK", "CLEAR"}
    assert await events(actor="Kim") == ["ACK"] * 8
    assert await events(tag="NONE") == []
    assert len(await events(tag=["T0", "T1"], priority=[1, 2])) == 13
    since = (rows - timedelta(minutes=2, seconds=30)).isoformat()
    until = (rows - timedelta(minutes=1, seconds=30)).isoformat()
    assert len(await events(**{"from": since, "to": until})) == 3
    year = (rows - timedelta(days=365)).isoformat()
    assert await events(**{"from": year}, condition="GAP") == ["RAISE"]
    await get(http, 404, tag="NOPE")
    early = b'["0001-01-01T00:00:00+14:00", "A", "H", "0001-01-01T00:00:00+14:00", "RAISE"]'
    keys = [urlsafe_b64encode(key).decode().rstrip("=") for key in (b"5", b"null", early)]
    for key in ("x", "W10", *keys):
        await get(http, 400, after=key)
    for wrong in ({"from": until, "to": since}, {"event": "NO"}):
        await get(http, 400, **wrong)


async def test_a_file_has_all_rows_that_match(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_journal, "SLICE", 3)
    answer = await http.get(f"{PATH}.csv", params={"event": ["ACK", "CLEAR"]})
    assert answer.status_code == 200, answer.text
    hold(answer, f"{PATH}.csv")
    found = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    listed = (await get(http, event=["ACK", "CLEAR"]))["rows"]
    assert keys(found) == keys(listed)
    assert list(found[0]) == list(listed[0])
    assert {row["comment"] for row in found} == {"", "'=1+1"}, "no formula"
    monkeypatch.setattr(alarm_journal, "MOST_IN_FILE", 24)
    refused = await http.get(f"{PATH}.csv")
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "PAYLOAD_BLOAT")
    hold(refused, f"{PATH}.csv")


TOLD = """
INSERT INTO ksys.alarm_outbox
  (ts, tag_name, condition, raised_at, event, purpose, route, recipient, wanted_at, due_at,
   sent_at, error, dedupe_key)
SELECT %(at)s, 'T0', 'HIGH', %(at)s, 'ESCALATE', m.purpose, m.route, m.recipient || '@plant',
       %(at)s, %(at)s + m.due, %(at)s + m.sent, m.error, m.recipient
FROM (VALUES
  ('tell', 'shift', 'a', interval '0 s', interval '1 s', ''),
  ('tell', 'shift', 'b', '0 s', '3 s', ''),
  ('tell', 'shift', 'c', '20 s', NULL, '550 c@plant is unknown'),
  ('escalate', 'call', 'd', '15 min', NULL, '')
) AS m (purpose, route, recipient, due, sent, error)
"""


async def test_a_row_has_the_routes_of_its_messages_and_no_address(
    http: httpx.AsyncClient, plant_db: Plant, rows: datetime
) -> None:
    at = rows - timedelta(days=45)
    await alarms.note(plant_db.conn, at, "T0", "ESCALATE")
    await plant_db.conn.execute(TOLD, {"at": at})
    span = {"from": at.isoformat(), "to": (at + timedelta(hours=1)).isoformat()}
    answer = await http.get(PATH, params=span)
    hold(answer, PATH)
    assert "plant" not in answer.text
    (row,) = answer.json()["rows"]
    found = [
        (*(one[name] for name in ("route", "purpose", "state", "recipients")), one["at"])
        for one in row["messages"]
    ]
    assert [
        (*head, (datetime.fromisoformat(when) - at).total_seconds()) for *head, when in found
    ] == [
        ("call", "escalate", "waiting", 1, 900),
        ("shift", "tell", "failing", 1, 20),
        ("shift", "tell", "sent", 2, 3),
    ]
    file = await http.get(f"{PATH}.csv", params=span)
    assert '""route"":""shift""' in file.text
    assert "plant" not in file.text


async def figures(http: httpx.AsyncClient, status: int = 200, **params: Any) -> Any:
    answer = await http.get("/api/v1/alarms/kpi", params=params)
    assert answer.status_code == status, answer.text
    hold(answer, "/api/v1/alarms/kpi")
    return answer.json()


async def actors(http: httpx.AsyncClient, **params: Any) -> Any:
    path = "/api/v1/alarms/bad_actors"
    answer = await http.get(path, params=params)
    hold(answer, path)
    return answer.json()


async def test_the_figures_are_computed_once_until_something_happens(
    http: httpx.AsyncClient, plant_db: Plant, rows: datetime
) -> None:
    counters = db.current().counters
    counts = []
    for request in (actors, figures, actors):
        before = counters.statements
        answer = await request(http)
        counts.append(counters.statements - before)
    # The clock of the database is read every 10 s, and the version at each request.
    assert max(counts[1:]) <= 2
    for step, change in enumerate(("journal", "state"), 1):
        if change == "journal":
            await alarms.note(plant_db.conn, await plant.clock(plant_db.conn), "NEW", "RAISE")
        else:
            await alarms.put(plant_db.conn, "NEW", raised_at=rows)
        later = await actors(http)
        assert later["announced"] == answer["announced"] + 1, step
        assert later["to"] > answer["to"]
    # A range with two ends is another one.
    span = {"from": (rows - timedelta(days=1)).isoformat(), "to": rows.isoformat()}
    assert (await actors(http, **span))["to"] != later["to"]


async def test_the_figures_are_of_a_time_range(
    http: httpx.AsyncClient, plant_db: Plant, rows: datetime
) -> None:
    conn, began = plant_db.conn, rows - timedelta(days=3)
    await alarms.note(conn, began - timedelta(days=2), "K", "RAISE", priority=1)
    await alarms.note(conn, began - timedelta(hours=1), "K2", "SHELVE")
    for n in range(12):
        at = began + timedelta(minutes=1, seconds=10 * n)
        await alarms.note(conn, at, "K1", "RAISE")
        for event, after in (("RAISE", 0), ("CLEAR", 5)):
            when = at + timedelta(seconds=after)
            await alarms.note(conn, when, "K2", event, raised_at=at)
        await alarms.note(conn, at + timedelta(seconds=4), "K1", "ACK", raised_at=at)
        await alarms.note(conn, at + timedelta(seconds=5), "K1", "CLEAR", raised_at=at)
    async with conn.transaction():
        await conn.execute("SELECT set_config('ksys.reason', 'a new pump', true)")
        await conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('K9'), ('K1'), ('K2')")
    await conn.execute("UPDATE influx_qc_rule SET warn_max = 9 WHERE tag_name = 'K9'")
    span = {"from": began.isoformat(), "to": (began + timedelta(hours=1)).isoformat()}
    found = await figures(http, **span)
    values = {one["name"]: one["value"] for one in found["figures"]}
    assert (values["announced"], values["peak_10_min"], values["floods"]) == (12, 12, 1)
    assert (values["time_to_ack"], values["cleared_unacked"]) == (4, 0)
    assert (values["slots_over_10"], values["high"]) == (pytest.approx(100 / 6, abs=1e-5), 100)
    verdicts = {one["name"]: one["verdict"] for one in found["figures"]}
    assert (verdicts["peak_10_min"], verdicts["rate_per_hour"]) == ("poor", "fair")
    assert found["bad_actors"] == [
        {"tag_name": "K1", "condition": "HIGH", "count": 12, "share": 1.0}
    ]
    ranked = await actors(http, **span)
    assert (ranked["announced"], ranked["ranked"]) == (12, 1)
    assert ranked["actors"] == [found["bad_actors"][0] | {"place": 1}]
    assert (await actors(http, tag="K2", **span))["actors"] == []
    every = await actors(http)
    (place,) = [one for one in every["actors"] if one["tag_name"] == "K1"]
    assert (await actors(http, tag="K1"))["actors"] == [place]
    assert (await actors(http, tag="K1"))["ranked"] == every["ranked"] > 1
    assert found["chattering"][0]["most_in_60_s"] == 7
    assert [one["tag_name"] for one in found["stale"]] == ["K"]
    assert [one["tag_name"] for one in found["time_in_alarm"]] == ["K", "K1", "K2"]
    assert found["slots"] == [12, 0, 0, 0, 0, 0]
    week = await figures(http)
    assert datetime.fromisoformat(week["to"]) - datetime.fromisoformat(week["from"]) == timedelta(
        days=7
    )
    assert found["unreasoned_changes"] == [], "they were later"
    assert {"tag_name": "K9", "changes": 2, "unreasoned": 1} in week["unreasoned_changes"]
    year = {"from": (rows - timedelta(days=365)).isoformat()}
    assert "at most 92 days" in (await figures(http, 413, **year))["error"]["message"]


def test_the_figures_are_those_of_the_prd() -> None:
    table = docs.table(docs.section("32.7"))
    named = [(row[0].strip("`"), row[2], row[3], row[4]) for row in table]
    assert named == [
        (one.name, one.formula, _number(one.good), _number(one.limit)) for one in MEASURES
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
