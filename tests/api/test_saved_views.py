"""Saved views over HTTP: one's own, shared ones, and the one to begin with (PRD §33.10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from ksys_app import db
from ksys_app.api.start_page import with_start_view
from ksys_app.models.access import Role
from ksys_app.models.visitor import VISITOR, Via, Visitor
from ksys_app.services import runtime
from tests.conftest import Plant
from tests.contract import CONTRACT
from tests.visiting import contract_api

PATH = "/api/v1/views"
ONE = f"{PATH}/{{name}}"
START = "/api/v1/me/start"
NEW = {"path": "/explore", "query": "tags=D100&window=24h", "version": 0}


@pytest.fixture(autouse=True)
async def no_views(plant_db: Plant) -> None:
    await plant_db.conn.execute("DELETE FROM saved_view")


@asynccontextmanager
async def person(
    name: str, role: Role = "viewer", via: Via = "local"
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of somebody whom the wall has let in."""
    app, visitor = contract_api(), Visitor(name, role, via)

    async def app_of_visitor(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {VISITOR: visitor}, receive, send)

    transport = httpx.ASGITransport(app_of_visitor)
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        yield client


def checked(answer: httpx.Response, path: str, method: str = "GET") -> httpx.Response:
    """The answer, after a check against the OpenAPI document."""
    CONTRACT[path][method].validate_response(answer)
    return answer


async def put(
    http: httpx.AsyncClient, view: str, owner: str | None = None, /, **body: Any
) -> httpx.Response:
    params = {} if owner is None else {"owner": owner}
    return checked(await http.put(f"{PATH}/{view}", params=params, json=NEW | body), ONE, "PUT")


async def delete(http: httpx.AsyncClient, name: str, **query: str | int) -> httpx.Response:
    return checked(await http.delete(f"{PATH}/{name}", params=query), ONE, "DELETE")


async def names(http: httpx.AsyncClient) -> list[str]:
    rows = checked(await http.get(PATH), PATH).json()
    return [f"{row['owner']}/{row['name']}{'*' * row['start']}" for row in rows]


async def test_a_viewer_has_views_that_nobody_else_sees(plant_db: Plant) -> None:
    async with person("Ann") as ann, person("Ann", via="token") as token:
        answer = await put(ann, "Night / 야간")
        assert answer.status_code == 200, answer.text
        row = answer.json()
        assert (row["owner"], row["mine"], row["shared"], row["version"]) == ("Ann", True, False, 1)
        assert checked(await ann.get(f"{PATH}/Night / 야간"), ONE).json() == row
        assert checked(await token.get(f"{PATH}/Night / 야간"), ONE).status_code == 404
        assert await names(token) == []
        assert (await put(ann, "Night / 야간")).status_code == 409
        changed = await put(ann, "Night / 야간", version=1, name="Night", query="tags=D200")
        assert (changed.json()["version"], changed.json()["query"]) == (2, "tags=D200")
        assert await names(ann) == ["Ann/Night"]
        assert (await delete(ann, "Night", version=1)).status_code == 409
        assert (await delete(ann, "Night", version=2)).status_code == 204
        assert (await delete(ann, "Night", version=2)).status_code == 404
    rows = await plant_db.conn.execute(
        "SELECT actor, action, subject, detail FROM ksys.audit"
        " WHERE action LIKE 'view%' ORDER BY id"
    )
    # What somebody looks at alone is not in the audit.
    assert await rows.fetchall() == [
        ("Ann", "view_saved", "Night / 야간", {"version": 1, "shared": False}),
        ("Ann", "view_saved", "Night", {"version": 2, "shared": False, "was": "Night / 야간"}),
        ("Ann", "view_deleted", "Night", {"version": 2, "shared": False}),
    ]


async def test_sharing_needs_an_operator_and_changing_anothers_an_engineer() -> None:
    async with (
        person("Vic") as viewer,
        person("Otto", "operator") as operator,
        person("Eva", "engineer") as engineer,
    ):
        assert (await put(viewer, "mine", shared=True)).status_code == 403
        assert (await put(operator, "both", shared=True)).status_code == 200
        assert (await put(operator, "hidden")).status_code == 200
        assert (await put(viewer, "both", query="tags=OWN")).status_code == 200
        # The own one wins; an owner may be named.
        assert (await viewer.get(f"{PATH}/both")).json()["query"] == "tags=OWN"
        theirs = checked(await viewer.get(f"{PATH}/both", params={"owner": "Otto"}), ONE).json()
        assert (theirs["query"], theirs["mine"]) == ("tags=D100&window=24h", False)
        assert (await engineer.get(f"{PATH}/both")).json() == theirs
        assert await names(viewer) == ["Vic/both", "Otto/both"]

        assert (await put(viewer, "both", "Otto", version=1)).status_code == 403
        assert (await delete(viewer, "both", owner="Otto", version=1)).status_code == 403
        assert (await put(engineer, "hidden", "Otto", version=1)).status_code == 404
        assert (await put(engineer, "new", "Otto")).status_code == 404
        changed = await put(engineer, "both", "Otto", version=1, shared=True, query="tags=E")
        assert (changed.json()["owner"], changed.json()["query"]) == ("Otto", "tags=E")
        taken = await put(operator, "hidden", version=1, name="both")
        assert (taken.status_code, "another view" in taken.text) == (409, True)
        assert (await delete(engineer, "both", owner="Otto", version=2)).status_code == 204


async def test_a_start_view_follows_its_name_and_ends_with_it() -> None:
    async with person("Sue", "operator") as sue, person("Tim") as tim:
        await put(sue, "wall", shared=True)
        await put(sue, "own")
        begin = {"owner": "Sue", "name": "wall"}
        for one in (sue, tim):
            answer = checked(await one.put(START, json=begin), START, "PUT")
            assert answer.status_code == 204, answer.text
        hidden = await tim.put(START, json={"owner": "Sue", "name": "own"})
        assert checked(hidden, START, "PUT").status_code == 404
        await put(sue, "wall", version=1, shared=True, name="Wall 2")
        assert await names(tim) == ["Sue/Wall 2*"]
        assert checked(await sue.delete(START), START, "DELETE").status_code == 204
        assert await names(sue) == ["Sue/Wall 2", "Sue/own"]
        # What is not shared any more is nobody else's start.
        await put(sue, "Wall 2", version=2)
        assert await names(tim) == []
        await put(sue, "Wall 2", version=3, shared=True)
        assert await names(tim) == ["Sue/Wall 2*"]
        await delete(sue, "Wall 2", version=4)
        await put(sue, "Wall 2", shared=True)
        assert await names(tim) == ["Sue/Wall 2"]


async def test_the_app_opens_with_the_start_view(
    plant_db: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dashboard(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = with_start_view(dashboard)
    document = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}

    async def opened(path: str = "/", **headers: str) -> str | None:
        async def app_of_visitor(scope: Any, receive: Any, send: Any) -> None:
            visitor = {VISITOR: Visitor("Sue", "viewer", "local"), "root_path": "/ksys"}
            await app(scope | visitor | {"path": f"/ksys{scope['path']}"}, receive, send)

        transport = httpx.ASGITransport(app_of_visitor)
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
            answer = await client.get(path, headers=document | headers)
        return answer.headers.get("location")

    assert await opened() is None
    async with person("Sue") as sue:
        await put(sue, "mine")
        await sue.put(START, json={"owner": "Sue", "name": "mine"})
    assert await opened() == "/ksys/explore?tags=D100&window=24h"
    assert await opened("/?window=5m") is None
    assert await opened("/trend") is None
    assert await opened(**{"Sec-Fetch-Dest": "empty"}) is None
    assert await opened(Accept="*/*") is None
    monkeypatch.setattr(runtime.current().database.pulse, "away", True)
    assert await opened() is None


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("x", {"path": "https://evil.example"}, "cannot be saved"),
        ("x", {"path": "//evil.example/explore"}, "cannot be saved"),
        ("x", {"query": "next=//evil.example"}, "does not have the parameter"),
        ("x", {"query": "tags=" + "a" * 5_000}, "query"),
        ("x", {"name": "a\nb"}, "visible"),
        ("x", {"name": " . "}, "nothing can be saved as '.'"),
        ("%2E%2E", {}, "nothing can be saved as '..'"),
        ("n" * 81, {}, "80"),
        ("x", {"version": -1}, "version"),
    ],
)
async def test_an_invalid_view_is_refused(name: str, body: dict[str, Any], says: str) -> None:
    async with person("Bad", "admin") as http:
        answer = await put(http, name, **body)
        assert (answer.status_code, says in answer.text) == (400, True), answer.text
        assert await names(http) == []


async def test_an_owner_that_nobody_can_be_is_named() -> None:
    async with person("Bad", "admin") as http:
        answer = await http.delete("/api/v1/views/x?version=1&owner=a%00b")
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("owner must have no NUL")


async def test_the_number_of_views_is_bounded(plant_db: Plant) -> None:
    await plant_db.conn.execute(
        "INSERT INTO saved_view (owner, name, shared, path, query, version)"
        " SELECT 'Max', n::text, false, '/', '', 1 FROM generate_series(1, 200) AS n"
        " UNION ALL"
        " SELECT 'owner ' || n, 'shared', true, '/', '', 1 FROM generate_series(1, 1000) AS n"
    )
    async with person("Max", "operator") as http:
        assert len(await names(http)) == 1_200
        assert "200 views" in (await put(http, "one more")).text
        assert "1,000 shared" in (await put(http, "1", version=1, shared=True)).text
        assert (await put(http, "1", version=1, query="tags=A")).status_code == 200


async def test_without_an_operator_nothing_is_saved(
    plant_db: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with person("Ann") as http:
        monkeypatch.setattr(db, "operator", lambda: None)
        answer = await put(http, "x")
        assert (answer.status_code, "TS_OPERATOR_DSN" in answer.text) == (403, True)
