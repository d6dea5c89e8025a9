"""Annotations over HTTP: add, find, change, delete, files, and who may do it (PRD §33.7)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from ksys_app.models.visitor import VISITOR, Visitor
from tests import plant
from tests.conftest import Plant
from tests.contract import CONTRACT
from tests.visiting import contract_api

PATH = "/api/v1/annotations"
ONE = f"{PATH}/{{id}}"
LONG = "가" * 200
AT = "2026-03-01T10:00:00+09:00"
SPAN = {"from": "2026-03-01T09:00:00+09:00", "to": "2026-03-01T12:00:00+09:00"}


@pytest.fixture(scope="module", autouse=True)
async def tags(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, name, 1.0) for name in ("A1", "A2", LONG)])


@pytest.fixture(autouse=True)
async def empty(plant_db: Plant) -> None:
    await plant_db.conn.execute("DELETE FROM annotation")


def by(visitor: Visitor) -> httpx.AsyncClient:
    """A client that the wall took for somebody."""
    api = contract_api()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await api({**scope, VISITOR: visitor}, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ksys")


def checked(answer: httpx.Response, path: str, method: str = "GET") -> httpx.Response:
    """The answer, after a check against the OpenAPI document."""
    CONTRACT[path][method].validate_response(answer)
    return answer


async def add(http: httpx.AsyncClient, **sent: Any) -> httpx.Response:
    body = {"from": AT, "text": "seal replaced"} | sent
    return checked(await http.post(PATH, json=body), PATH, "POST")


async def found(http: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = checked(await http.get(PATH, params=query), PATH)
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] == len(answer.json()["rows"])
    return [row["text"] for row in answer.json()["rows"]]


async def change(http: httpx.AsyncClient, number: int, **sent: Any) -> httpx.Response:
    return checked(await http.patch(f"{PATH}/{number}", json=sent), ONE, "PATCH")


async def delete(http: httpx.AsyncClient, number: int, version: int) -> httpx.Response:
    answer = await http.delete(f"{PATH}/{number}", params={"version": version})
    return checked(answer, ONE, "DELETE")


async def test_the_audit_has_every_text_of_an_annotation(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    answer = await add(http, to=SPAN["to"], tags=["A1", LONG], category="maintenance")
    assert answer.status_code == 200, answer.text
    one = answer.json()
    assert (one["tags"], one["author"], one["version"]) == (["A1", LONG], "local", 1)
    assert (one["edited_at"], one["edited_by"], one["editable"]) == (None, "", True)
    assert checked(await http.get(f"{PATH}/{one['id']}"), ONE).json() == one

    changed = (await change(http, one["id"], version=1, text="seal and bearing", to=None)).json()
    assert (changed["text"], changed["to"], changed["tags"]) == (
        "seal and bearing",
        None,
        one["tags"],
    )
    assert (changed["version"], changed["edited_by"], changed["category"]) == (
        2,
        "local",
        "maintenance",
    )
    assert changed["edited_at"] > one["created_at"] == changed["created_at"]

    assert (await delete(http, one["id"], 2)).status_code == 204
    assert (await http.get(f"{PATH}/{one['id']}")).status_code == 404
    rows = await plant_db.conn.execute(
        "SELECT action, actor, detail->>'before', detail->>'text' FROM ksys.audit"
        " WHERE action LIKE 'annotation%%' AND subject = %s ORDER BY id",
        (str(one["id"]),),
    )
    assert await rows.fetchall() == [
        ("annotation_added", "local", None, "seal replaced"),
        ("annotation_edited", "local", "seal replaced", "seal and bearing"),
        ("annotation_deleted", "local", None, "seal and bearing"),
    ]


async def test_a_second_writer_gets_the_current_annotation_and_saves_nothing(
    http: httpx.AsyncClient,
) -> None:
    one = (await add(http)).json()
    mine = (await change(http, one["id"], version=1, text="mine")).json()
    for answer in (
        await change(http, one["id"], version=1, text="theirs"),
        await change(http, one["id"], version=3, text="theirs"),
        await delete(http, one["id"], 1),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["annotation"]) == (409, "CONFLICT", mine)
    assert await found(http) == ["mine"]
    await delete(http, one["id"], 2)
    for answer in (await change(http, one["id"], version=2), await delete(http, one["id"], 2)):
        assert (answer.status_code, "somebody may have deleted" in answer.text) == (404, True)


async def test_the_author_or_an_engineer_may_change_an_annotation(http: httpx.AsyncClient) -> None:
    async with by(Visitor("Kim", "operator", "local")) as kim:
        one = (await add(kim)).json()
        assert (one["author"], one["editable"]) == ("Kim", True)
    for visitor, may in (
        (Visitor("kim", "operator", "proxy"), True),
        (Visitor("Kim", "operator", "token"), False),
        (Visitor("Lee", "operator", "local"), False),
        (Visitor("Kim", "viewer", "local"), False),
        (Visitor("Lee", "engineer", "token"), True),
    ):
        async with by(visitor) as client:
            (row,) = (await client.get(PATH)).json()["rows"]
            assert row["editable"] == may, visitor
            answer = await change(client, one["id"], version=row["version"], text=visitor.name)
            assert answer.status_code == (200 if may else 403), visitor
            if not may:
                assert "only Kim or an engineer" in answer.text
                assert (await delete(client, one["id"], row["version"])).status_code == 403
    (row,) = (await http.get(PATH)).json()["rows"]
    assert (row["author"], row["edited_by"], row["version"]) == ("Kim", "Lee", 3)


@pytest.mark.parametrize(
    ("moment", "end", "is_found"),
    [
        ("2026-03-01T09:00:00+09:00", None, True),
        ("2026-03-01T12:00:00+09:00", None, False),
        ("2026-03-01T08:59:59+09:00", None, False),
        ("2026-02-01T00:00:00+09:00", "2026-03-01T09:30:00+09:00", True),
        ("2025-04-01T00:00:00+09:00", "2026-04-02T00:00:00+09:00", True),
        ("2026-03-01T12:00:00+09:00", "2026-03-01T13:00:00+09:00", False),
    ],
)
async def test_a_range_has_the_annotations_that_overlap_it(
    http: httpx.AsyncClient, moment: str, end: str | None, is_found: bool
) -> None:
    await add(http, **{"from": moment, "to": end})
    assert len(await found(http, **SPAN)) == is_found
    assert len(await found(http)) == 1


async def test_an_annotation_is_for_its_tags_or_for_all(http: httpx.AsyncClient) -> None:
    for text, tags in (("all", []), ("one", ["A1"]), ("both", ["A1", "A2"])):
        await add(http, text=text, tags=tags)
    assert await found(http, tag="A2") == ["both", "all"]
    assert await found(http, tag=["A1", LONG]) == ["both", "one", "all"]
    answer = await http.get(PATH, params={"tag": "NOPE"})
    assert answer.status_code == 404
    assert (await add(http, tags=["A1", "NOPE"])).status_code == 404


async def test_words_are_found_in_any_language(http: httpx.AsyncClient) -> None:
    await add(http, text="Pump 2: 씰 교체 100%_ok")
    await add(http, text="펌프 시운전", tags=["A2"])
    assert await found(http, q="교체 PUMP") == ["Pump 2: 씰 교체 100%_ok"]
    assert await found(http, q="씰 교체") == ["Pump 2: 씰 교체 100%_ok"]
    assert await found(http, q="a2") == ["펌프 시운전"]
    assert len(await found(http, q="Local")) == 2
    assert len(await found(http, q="0%_o")) == 1
    assert await found(http, q="0__o") == await found(http, q="pump 펌프") == []


async def test_pages_follow_one_another(http: httpx.AsyncClient) -> None:
    for hour in (1, 2, 2, 3, 3):
        await add(http, **{"from": f"2026-03-01T0{hour}:00:00.123456+09:00"})
    numbers: list[int] = []
    after: dict[str, str] = {}
    while True:
        page = checked(await http.get(PATH, params={"limit": 2, **after}), PATH).json()
        assert page["total"] == 5
        numbers += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(numbers) == 5
    assert numbers == [row["id"] for row in (await http.get(PATH)).json()["rows"]]


async def test_an_answer_is_sent_once(http: httpx.AsyncClient) -> None:
    await add(http)
    answer = await http.get(PATH)
    condition = {"If-None-Match": answer.headers["ETag"]}
    assert (await http.get(PATH, headers=condition)).status_code == 304
    await add(http, text="another")
    assert (await http.get(PATH, headers=condition)).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        '<script>alert(1)</script> & "quotes"',
        "=HYPERLINK(1)",
        "abc \u202edcba\u202c \u2067עברית\u2069",
        "two\nlines\tand a tab",
        "👷🏽‍♀️ é",
        "x" * 2000,
    ],
)
async def test_any_text_is_stored_unchanged(http: httpx.AsyncClient, text: str) -> None:
    assert (await add(http, text=text)).json()["text"] == text
    assert await found(http) == [text]
    answer = await http.get(f"{PATH}.csv")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert row["text"] == (f"'{text}" if text.startswith("=") else text)


async def test_a_text_is_stored_in_one_form(http: httpx.AsyncClient) -> None:
    answer = await add(http, text=" \u1111\u1165\u11b7\u1111\u1173\r\nA\u0007B\x1b ")
    assert answer.json()["text"] == "펌프\nA B"


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"text": " \u200b\n "}, "must say something"),
        ({"text": "a\0b"}, "NUL"),
        ({"text": "x" * 2001}, "2,000"),
        ({"category": "party"}, "category"),
        ({"tags": [f"T{i}" for i in range(10)]}, "9"),
        ({"tags": ["a\0b"]}, "NUL"),
        ({"from": "now"}, "from"),
        ({"from": "2150-01-01T00:00:00Z"}, "from must be of the years 2000 to 2099, not of 2150"),
        ({"from": "1996-02-29T00:00:00Z"}, "from must be of the years 2000 to 2099, not of 1996"),
        ({"to": "1999-05-01"}, "to must be a time with its offset"),
        ({"to": AT}, "must end after"),
        ({"to": "2027-03-03T10:00:00+09:00"}, "366 days"),
        ({"author": "Kim"}, "author"),
    ],
)
async def test_a_wrong_annotation_is_an_error(
    http: httpx.AsyncClient, sent: Mapping[str, Any], says: str
) -> None:
    answer = await add(http, **sent)
    assert (answer.status_code, says in answer.text) == (400, True), answer.text


@pytest.mark.parametrize("field", ["text", "tags"])
async def test_half_a_character_is_a_wrong_parameter(http: httpx.AsyncClient, field: str) -> None:
    half = '"\\ud800"' if field == "text" else '["\\ud800"]'
    body = f'{{"from": "{AT}", "text": "a", "{field}": {half}}}'
    answer = await http.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"q": "a\0"}, "NUL"),
        ({"to": "now"}, "to needs from"),
        ({"window": "24h", "from": "now-1h"}, "window and from"),
        ({"after": "x"}, "after"),
        ({"limit": 0}, "limit"),
    ],
)
async def test_a_wrong_query_is_an_error(
    http: httpx.AsyncClient, query: Mapping[str, Any], says: str
) -> None:
    answer = checked(await http.get(PATH, params=dict(query)), PATH)
    assert (answer.status_code, says in answer.text) == (400, True), answer.text


async def test_a_file_has_all_that_match(http: httpx.AsyncClient) -> None:
    await add(http, tags=["A1", LONG], to=SPAN["to"])
    await add(http, text="later", **{"from": "2026-04-01T00:00:00+09:00"})
    answer = checked(await http.get(f"{PATH}.csv", params=SPAN), f"{PATH}.csv")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert row["tags"] == f"A1; {LONG}"
    assert (row["from"], row["to"], row["author"]) == (AT, SPAN["to"], "local")
    assert "editable" not in row
    named = answer.headers["Content-Disposition"]
    assert "annotations from 2026-03-01 09.00.00 to 2026-03-01 12.00.00.csv" in named


async def test_a_file_of_a_series_has_annotations_on_request(
    http: httpx.AsyncClient,
) -> None:
    now = (await http.get("/api/v1/latest", params={"tag": "A1"})).json()[0]["ts"]
    for tags, text in (([], 'all "of" them\nhere'), (["A1"], "=one"), (["A2"], "other")):
        await add(http, text=text, tags=tags, **{"from": now})
    params = {"tag": ["A1", "A2"], "window": "60m", "kind": "buckets"}
    plain = await http.get("/api/v1/export.csv", params=params)
    assert (
        plain.text
        == (await http.get("/api/v1/export.csv", params=params | {"annotations": "false"})).text
    )
    noted = checked(
        await http.get("/api/v1/export.csv", params=params | {"annotations": "true"}),
        "/api/v1/export.csv",
    )
    rows = list(csv.DictReader(io.StringIO(noted.text.removeprefix("\ufeff"))))
    words = {row["tag_name"]: row.pop("annotations") for row in rows}
    assert rows == list(csv.DictReader(io.StringIO(plain.text.removeprefix("\ufeff"))))
    one, other = words["A1"].split("; "), words["A2"].split("; ")
    assert [text.partition(": ")[2] for text in one] == [
        'all "of" them\nhere (local)',
        "=one (local)",
    ]
    assert other[1].endswith(": other (local)")
    assert other[0] == one[0]


async def test_the_number_of_annotations_is_bounded(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    # Without them the rows are written in a fraction of the time. No other test follows.
    await plant_db.conn.execute("DROP INDEX annotation_overlap, annotation_tag, annotation_newest")
    async with plant_db.conn.transaction():
        await plant_db.conn.execute(
            "INSERT INTO annotation (starts_at, text, author)"
            " SELECT timestamptz '2026-01-01' + i * interval '1 second', 'x', 'local'"
            " FROM generate_series(1, 100000) AS i"
        )
    answer = await add(http)
    assert (answer.status_code, "100000" in answer.text) == (400, True)
