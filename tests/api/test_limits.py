"""Limits over HTTP: read, change with a version, history, rollback (PRD §32.9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from ksys_app import db
from tests import plant
from tests.conftest import Plant
from tests.contract import CONTRACT

PUT = "/api/v1/rules/{tag}"
BULK = ("B1", "B2", "B3", "B4", "B5")


@pytest.fixture(scope="module", autouse=True)
async def rules(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    names = ("P1", "P2", "P3", "P4", "P5", "area 1/P6", "P7", "P8", "F1", "F2", *BULK)
    await plant.insert(plant_db.conn, [(now, name, 5.0) for name in names])
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, warn_max, enabled, meta)"
        ' SELECT unnest(%s::text[]), 0, 100, 80, true, \'{"unit": "bar"}\'',
        ([name for name in names if name != "P8"],),
    )


def checked(answer: httpx.Response, path: str, method: str) -> httpx.Response:
    """The answer, after a check against the OpenAPI document."""
    CONTRACT[path][method].validate_response(answer)
    return answer


async def put(http: httpx.AsyncClient, tag: str, body: Mapping[str, Any]) -> httpx.Response:
    return checked(await http.put(f"/api/v1/rules/{tag}", json=body), PUT, "PUT")


async def limits(http: httpx.AsyncClient, tag: str) -> dict[str, Any]:
    answer = checked(await http.get("/api/v1/rules", params={"tag": tag}), "/api/v1/rules", "GET")
    (found,) = answer.json()
    return dict(found)


async def test_every_tag_has_limits_with_a_version(http: httpx.AsyncClient) -> None:
    answer = checked(await http.get("/api/v1/rules"), "/api/v1/rules", "GET")
    found = {one["tag_name"]: one for one in answer.json()}
    assert (found["P1"]["version"], found["P1"]["warn_max"], found["P1"]["has_rule"]) == (
        1,
        80,
        True,
    )
    assert (found["P8"]["version"], found["P8"]["warn_max"], found["P8"]["has_rule"]) == (
        0,
        None,
        False,
    )


async def test_a_change_is_saved_and_the_columns_that_are_not_given_stay(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    body = {"version": 1, "reason": "new pump", "warn_max": 90, "max_gap_seconds": 60}
    answer = await put(http, "P1", body)
    assert answer.status_code == 200
    saved = answer.json()
    assert saved["cells"] == [
        {"column": "max_gap_seconds", "old": None, "new": 60},
        {"column": "warn_max", "old": 80.0, "new": 90.0},
    ]
    now = await limits(http, "P1")
    assert saved["limits"] == now
    assert (now["version"], now["warn_max"], now["max_val"], now["meta"]) == (
        2,
        90,
        100,
        {"unit": "bar"},
    )
    cursor = await plant_db.conn.execute(
        "SELECT actor, reason, source, version FROM rule_history WHERE tag_name = 'P1'"
        " ORDER BY id DESC LIMIT 1"
    )
    assert await cursor.fetchone() == ("local", "new pump", "page", 2)


async def test_limits_of_a_get_can_be_sent_back(http: httpx.AsyncClient) -> None:
    now = await limits(http, "area 1/P6")
    body = {name: value for name, value in now.items() if name != "has_rule"}
    answer = await put(http, "area 1/P6", body | {"deadband_pct": 2, "reason": "noise"})
    assert answer.status_code == 200
    assert [cell["column"] for cell in answer.json()["cells"]] == ["deadband_pct"]


async def test_a_tag_without_a_rule_gets_one(http: httpx.AsyncClient) -> None:
    answer = await put(http, "P8", {"version": 0, "reason": "first", "crit_max": 5})
    assert answer.json()["limits"]["version"] == 1
    assert (await limits(http, "P8"))["has_rule"] is True


async def test_each_column_that_is_wrong_is_named(http: httpx.AsyncClient) -> None:
    wrong = {"max_step": -1, "deadband_pct": 60}
    answer = await put(http, "P2", {"version": 1, "reason": "x", **wrong})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "BAD_PARAMETER"
    assert [(one["column"], one["message"], one["key"]) for one in error["fields"]] == [
        ("max_step", "-1 must be above 0", "faults.not_above_zero"),
        ("deadband_pct", "60 must be from 0 to 25", "faults.not_within"),
    ]
    answer = await put(http, "P2", {"version": 1, "reason": "x", "warn_max": 120})
    (field,) = answer.json()["error"]["fields"]
    assert field["message"] == "120 must be at most max_val, which is 100"
    assert (await limits(http, "P2"))["version"] == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"version": 1, "warn_max": 1}, "'reason' is needed"),
        ({"version": 1, "reason": "  ", "warn_max": 1}, "reason must say why"),
        ({"reason": "x", "warn_max": 1}, "'version' is needed"),
        ({"version": 1, "reason": "x", "max": 1}, "parameter 'max' is unknown"),
        ({"version": 1, "reason": "x", "warn_max": "hot"}, "warn_max should be a valid number"),
        ({"version": 1, "reason": "x", "tag_name": "P3"}, "tag_name must be that of the path"),
    ],
)
async def test_a_wrong_body_is_said(
    http: httpx.AsyncClient, body: dict[str, Any], says: str
) -> None:
    answer = await put(http, "P2", body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize("tag", ["NOPE", "two%0D%0Alines", "line%0A"])
async def test_an_unknown_tag_gets_no_rule(http: httpx.AsyncClient, tag: str) -> None:
    answer = await put(http, tag, {"version": 0, "reason": "x", "warn_max": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "UNKNOWN_TAG")


async def test_an_outdated_version_is_a_conflict_with_all_three_values(
    http: httpx.AsyncClient,
) -> None:
    await put(http, "P3", {"version": 1, "reason": "theirs", "warn_max": 70, "min_val": 1})
    answer = await put(http, "P3", {"version": 1, "reason": "mine", "warn_max": 60})
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "CONFLICT"
    (found,) = error["conflicts"]
    assert (found["tag_name"], found["version"]) == ("P3", 2)
    assert {"column": "warn_max", "yours": 60.0, "theirs": 70.0, "base": 80.0} in found["cells"]
    # What the request does not give is as in the version in force.
    assert {"column": "min_val", "yours": 1.0, "theirs": 1.0, "base": 0.0} in found["cells"]
    assert (await limits(http, "P3"))["warn_max"] == 70
    assert (await put(http, "P3", {"version": 9, "reason": "x"})).status_code == 409


async def test_the_history_has_actor_reason_and_cells_in_pages(http: httpx.AsyncClient) -> None:
    for value in (70, 60, 50):
        now = await limits(http, "P4")
        body = {"version": now["version"], "reason": f"to {value}", "warn_max": value}
        await put(http, "P4", body)
    path = "/api/v1/rules/history"
    page = checked(await http.get(path, params={"tag": "P4", "limit": 2}), path, "GET").json()
    assert [(row["version"], row["reason"]) for row in page["rows"]] == [(4, "to 50"), (3, "to 60")]
    assert page["rows"][0]["cells"] == [{"column": "warn_max", "old": 60, "new": 50}]
    assert page["rows"][0]["source"] == "page"
    more = await http.get(path, params={"tag": "P4", "limit": 9, "before": page["next"]})
    rows = checked(more, path, "GET").json()["rows"]
    assert [(row["version"], row["op"], row["source"]) for row in rows] == [
        (2, "UPDATE", "page"),
        (1, "INSERT", "sql"),
    ]
    every = checked(await http.get(path), path, "GET").json()["rows"]
    assert {row["tag_name"] for row in every} > {"P4"}


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("history", "GET, HEAD, OPTIONS"),
        ("file", "GET, HEAD, OPTIONS"),
        ("bulk", "POST, OPTIONS"),
        ("preview/exact", "POST, OPTIONS"),
        ("P1", "PUT, OPTIONS"),
    ],
)
async def test_each_path_has_its_own_methods(
    http: httpx.AsyncClient, path: str, allow: str
) -> None:
    answer = await http.options(f"/api/v1/rules/{path}")
    assert answer.headers["Allow"] == allow


async def test_where_a_rule_differs_from_the_file_of_the_last_sync(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    async def read(tag: str | None = None) -> Any:
        path = "/api/v1/rules/file"
        params = {} if tag is None else {"tag": tag}
        return checked(await http.get(path, params=params), path, "GET").json()

    assert await read() == [], "nothing was synced yet"
    await plant_db.conn.execute(
        "INSERT INTO rule_base (tag_name, base) SELECT tag_name, to_jsonb(r)"
        " FROM influx_qc_rule AS r WHERE tag_name <> 'F2'"
    )
    assert await read("F1") == []
    before = await limits(http, "F1")
    await put(http, "F1", {"version": before["version"], "reason": "a", "warn_max": 70})
    await put(http, "F1", {"version": before["version"] + 1, "reason": "b", "warn_max": 75})
    (row, _) = (await http.get("/api/v1/rules/history", params={"tag": "F1"})).json()["rows"][1:3]
    (found,) = await read("F1")
    (cell,) = found["cells"]
    assert cell == {
        **{"column": "warn_max", "file": 80.0, "value": 75.0, "since": row["at"]},
        **{"actor": "local", "source": "page"},
    }
    assert (found["missing"], found["since"], found["actors"]) == ("", row["at"], ["local"])
    assert [(one["tag_name"], one["missing"]) for one in await read()] == [
        ("F1", ""),
        ("F2", "file"),
    ]
    path = "/api/v1/rules/file"
    none = checked(await http.get(path, params={"tag": "NOPE"}), path, "GET")
    assert none.status_code == 404
    await put(http, "F1", {"version": before["version"] + 2, "reason": "c", "warn_max": 80})
    assert await read("F1") == []


async def test_a_rollback_saves_old_values_as_a_new_version(http: httpx.AsyncClient) -> None:
    await put(http, "P5", {"version": 1, "reason": "a", "warn_max": 70, "meta": {"unit": "kPa"}})
    await put(http, "P5", {"version": 2, "reason": "b", "warn_max": 60})
    path = "/api/v1/rules/rollback"
    body = {"tag_name": "P5", "to": 1, "version": 3, "reason": "it was right"}
    answer = checked(await http.post(path, json=body), path, "POST")
    assert answer.status_code == 200
    now = await limits(http, "P5")
    assert (now["version"], now["warn_max"], now["meta"]) == (4, 80, {"unit": "bar"})
    late = checked(await http.post(path, json=body), path, "POST")
    assert late.status_code == 409
    none = checked(await http.post(path, json=body | {"to": 0, "version": 4}), path, "POST")
    assert none.status_code == 400
    assert "'P5' had no rule at version 0" in none.json()["error"]["message"]


async def test_without_an_operator_nothing_is_saved_and_that_is_said(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    current, operator = db.current(), db.operator()
    db.use(current)
    try:
        answer = await put(http, "P7", {"version": 1, "reason": "x", "warn_max": 1})
        assert answer.status_code == 403
        assert "TS_OPERATOR_DSN is not set" in answer.json()["error"]["message"]
    finally:
        db.use(current, operator)


async def test_settings_of_alarms_are_part_of_the_limits(http: httpx.AsyncClient) -> None:
    high = {"condition": "HIGH", "priority": 1, "on_delay_s": 5, "message": "too hot"}
    answer = await put(http, "P7", {"version": 1, "reason": "a", "settings": [high]})
    assert answer.status_code == 200
    assert answer.json()["cells"] == [
        {"column": "HIGH.priority", "old": None, "new": 1},
        {"column": "HIGH.on_delay_s", "old": None, "new": 5.0},
        {"column": "HIGH.message", "old": None, "new": "too hot"},
    ]
    now = await limits(http, "P7")
    assert now["version"] == 2
    assert now["settings"][0].items() >= high.items()
    late = await put(
        http, "P7", {"version": 1, "reason": "b", "settings": [high | {"priority": 3}]}
    )
    cells = {cell["column"]: cell for cell in late.json()["error"]["conflicts"][0]["cells"]}
    assert cells["HIGH.priority"] == {
        "column": "HIGH.priority",
        **{"yours": 3, "theirs": 1, "base": None},
    }
    gone = {"version": 2, "reason": "c", "settings": [{"condition": "HIGH"}]}
    assert (await put(http, "P7", gone)).json()["limits"]["settings"] == []
    path = "/api/v1/rules/rollback"
    body = {"tag_name": "P7", "to": 2, "version": 3, "reason": "d"}
    back = checked(await http.post(path, json=body), path, "POST").json()["limits"]
    assert (back["version"], back["settings"][0]["priority"]) == (4, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        [{"condition": "HIGH", "priority": 5}],
        [{"condition": "HIGH", "on_delay_s": -1}],
        [{"condition": "HOT"}],
        [{"condition": "HIGH"}, {"condition": "HIGH"}],
    ],
    ids=str,
)
async def test_wrong_settings_are_refused(http: httpx.AsyncClient, wrong: list[Any]) -> None:
    answer = await put(http, "P2", {"version": 1, "reason": "x", "settings": wrong})
    assert answer.status_code == 400
    assert "settings" in answer.json()["error"]["message"]


class TestManyTags:
    """``/api/v1/rules/proposal`` and ``/bulk``."""

    async def ask(self, http: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
        path = f"/api/v1/rules/{path}"
        return checked(await http.post(path, json=body), path, "POST")

    async def test_a_change_is_proposed_and_saved_in_one_transaction(
        self, http: httpx.AsyncClient
    ) -> None:
        change = {"tags": ["B1", "B2"], "column": "max_val", "operation": "scale", "value": 1.5}
        proposed = (await self.ask(http, "proposal", {"change": change})).json()
        assert [row["cells"] for row in proposed["rows"]] == [
            [{"column": "max_val", "old": 100.0, "new": 150.0}]
        ] * 2
        rules = [
            {"tag_name": row["limits"]["tag_name"], "version": row["limits"]["version"]}
            | {cell["column"]: cell["new"] for cell in row["cells"]}
            for row in proposed["rows"]
        ]
        saved = await self.ask(http, "bulk", {"rules": rules, "reason": "bigger"})
        assert [one["limits"]["max_val"] for one in saved.json()] == [150, 150]
        late = await self.ask(http, "bulk", {"rules": rules, "reason": "again"})
        assert late.status_code == 409
        assert [one["tag_name"] for one in late.json()["error"]["conflicts"]] == ["B1", "B2"]

    async def test_one_wrong_tag_and_none_is_saved(self, http: httpx.AsyncClient) -> None:
        rules = [
            {"tag_name": "B3", "version": 1, "warn_max": 70},
            {"tag_name": "B4", "version": 1, "warn_max": 700},
        ]
        answer = await self.ask(http, "bulk", {"rules": rules, "reason": "x"})
        assert answer.status_code == 400
        (field,) = answer.json()["error"]["fields"]
        assert (field["tag_name"], field["column"]) == ("B4", "warn_max")
        assert (await limits(http, "B3"))["version"] == 1
        twice = await self.ask(http, "bulk", {"rules": [rules[0], rules[0]], "reason": "x"})
        assert twice.status_code == 400

    async def test_a_pasted_block_is_proposed_with_what_is_wrong(
        self, http: httpx.AsyncClient
    ) -> None:
        text = "tag_name\twarn_max\tcrit_max\nB3\t70,5\t\nB4\t80\t700\nB5\t80\t\n"
        found = (await self.ask(http, "proposal", {"text": text})).json()
        assert found["unchanged"] == 1
        first, second = found["rows"]
        assert (first["cells"], first["fields"]) == (
            [{"column": "warn_max", "old": 80.0, "new": 70.5}],
            [],
        )
        assert second["fields"][0]["column"] == "crit_max"

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ({}, "either change or text is needed"),
            ({"text": ""}, "paste a block"),
            ({"text": "tag_name;hot\nB3;1"}, "the first line must name tag_name"),
            ({"text": "tag_name;warn_max\nB3;1,234"}, "line 2 warn_max: 1,234 cannot be read"),
            ({"text": "tag_name;warn_max\nB3;1;2"}, "line 2 has 3 cells"),
            ({"text": "tag_name;warn_max\nB3;1\nB3;2"}, "B3 is there twice"),
            (
                {"change": {"tags": ["B3"], "column": "meta", "operation": "set", "value": 1}},
                "must be one of",
            ),
            (
                {"change": {"tags": ["B3"], "column": "enabled", "operation": "add", "value": 1}},
                "enabled is no number",
            ),
        ],
    )
    async def test_a_wrong_proposal_is_an_error(
        self, http: httpx.AsyncClient, body: Any, says: str
    ) -> None:
        answer = await self.ask(http, "proposal", body)
        assert answer.status_code == 400
        assert says in answer.json()["error"]["message"]


DEEP: dict[str, Any] = {}
for _ in range(250):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    "sent",
    [
        {"max_gap_seconds": 10**30},
        {"max_gap_seconds": 10**400},
        {"max_val": 10**400},
        {"meta": {"n": "\0"}},
        {"meta": {"n": "\ud800"}},
        {"meta": {"n": float("nan")}},
        {"meta": DEEP},
        {"meta": DEEP, "version": 999},
        {"reason": "a\0b"},
        {"reason": "\ud800"},
        {"settings": [{"condition": "HIGH", "message": "a\0b"}]},
        {"settings": [{"condition": "HIGH", "message": "\ud800"}]},
        {"settings": [{"condition": "HIGH", "on_delay_s": float("nan")}]},
        {"settings": [{"condition": "HIGH", "realarm_s": float("inf")}]},
    ],
    ids=lambda sent: str(sent)[:40],
)
async def test_what_cannot_be_stored_or_sent_is_a_wrong_parameter(
    http: httpx.AsyncClient, sent: dict[str, Any]
) -> None:
    body = {"version": (await limits(http, "P7"))["version"], "reason": "x", **sent}
    answer = await http.put("/api/v1/rules/P7", content=json.dumps(body))
    checked(answer, PUT, "PUT")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_PARAMETER")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("rules/preview", {"tag_name": "\ud800"}),
        ("rules/preview/exact", {"tag_name": "\ud800"}),
        ("rules/proposal", {"text": "tag_name\tmax_val\n\ud800\t5"}),
        ("rules/rollback", {"tag_name": "\ud800", "to": 0, "version": 0, "reason": "x"}),
        ("alarms/ack", {"items": [{"tag_name": "\ud800", "condition": "HIGH"}]}),
    ],
)
async def test_half_a_character_names_no_tag(
    http: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    answer = await http.post(f"/api/v1/{path}", content=json.dumps(body))
    checked(answer, f"/api/v1/{path}", "POST")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_PARAMETER")


async def test_a_number_of_many_digits_is_saved_as_it_is_read(http: httpx.AsyncClient) -> None:
    version = (await limits(http, "P7"))["version"]
    body = {"version": version, "reason": "x", "meta": {"n": 10**30}}
    saved = await put(http, "P7", body)
    assert saved.json()["limits"]["meta"] == (await limits(http, "P7"))["meta"] == {"n": 1e30}


async def test_the_history_can_be_read_with_any_stored_value(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    for meta in ('{"n": 123456789012345678901234567890}', json.dumps(DEEP)):
        await plant_db.conn.execute(
            "UPDATE influx_qc_rule SET meta = %s::text::jsonb WHERE tag_name = 'P5'", (meta,)
        )
    path = "/api/v1/rules/history"
    answer = checked(await http.get(path, params={"tag": "P5"}), path, "GET")
    newest, before = answer.json()["rows"][:2]
    assert newest["new"] is None, "nested too deeply to be sent"
    assert before["new"]["meta"] == {"n": 1.2345678901234568e29}
