"""Every answer matches the OpenAPI document, in every state (PRD §8)."""

from __future__ import annotations

import logging
import re

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from ksys_app import db
from ksys_app.api import schemas
from ksys_app.api.failures import LINES
from ksys_app.domain.windows import LABELS
from ksys_app.services import runtime
from ksys_app.utils.pace import Pace
from tests.conftest import Plant
from tests.contract import DOCUMENT, GOOD, PATHS, fill, good, hold
from tests.visiting import at_machine, contract_api

RUNBOOK = "/docs/runbooks/README.md"
SERIES = {
    "timeseries": schemas.Bucket,
    "indicators": schemas.Indicator,
    "features": schemas.Feature,
}


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    await fill(plant_db.conn)


@pytest.mark.parametrize("path", PATHS)
async def test_a_good_answer(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(good(path))
    assert answer.status_code == 200, answer.text
    hold(answer, path)


@pytest.mark.parametrize("window", LABELS)
@pytest.mark.parametrize("tag", ["D100", "SILENT", "x" * 300, "TAB\there"])
async def test_every_tag_in_every_window(http: httpx.AsyncClient, tag: str, window: str) -> None:
    for path in ("/api/v1/kpi", *(f"/api/v1/{name}" for name in SERIES)):
        for layout in ({}, {"format": "columns"}) if path != "/api/v1/kpi" else ({},):
            answer = await http.get(path, params={"tag": tag, "window": window, **layout})
            assert answer.status_code == 200, answer.text
            hold(answer, path)


@pytest.mark.parametrize("endpoint", SERIES)
@given(data=st.data(), layout=st.sampled_from(["rows", "columns"]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_choice_of_columns(
    http: httpx.AsyncClient, endpoint: str, data: st.DataObject, layout: str
) -> None:
    names = list(SERIES[endpoint].model_fields)
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=12))
    params = {"tag": "D100", "window": "24h", "format": layout, "columns": ",".join(chosen)}
    answer = await http.get(f"/api/v1/{endpoint}", params=params)
    assert answer.status_code == 200, answer.text
    hold(answer, f"/api/v1/{endpoint}")
    body = answer.json()
    shown = body["columns"] if layout == "columns" else body["rows"][0]
    assert set(shown) == {"bucket", *chosen}


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        *((path, "?nope=1", 400) for path in PATHS if path.startswith("/api/v1/")),
        *((path, "?tag=NOPE", 404) for path in GOOD if "tag=" in GOOD[path]),
        ("/api/v1/kpi", "?tag=NOPE", 404),
        ("/api/v1/latest", "?tag=NOPE", 404),
    ],
)
async def test_a_bad_request(http: httpx.AsyncClient, path: str, query: str, status: int) -> None:
    answer = await http.get(path + query)
    assert answer.status_code == status
    hold(answer, path)


@pytest.mark.parametrize("path", ["tags", "latest", "qc"])
async def test_too_many_tags(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("ksys_app.api.routes.MAX_TAGS", 1)
    answer = await http.get(f"/api/v1/{path}")
    assert answer.status_code == 413
    hold(answer, f"/api/v1/{path}")


@pytest.mark.parametrize("path", PATHS)
async def test_a_bug(plant_db: Plant, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(runtime, "current", broken)
    monkeypatch.setattr(db, "current", broken)
    transport = httpx.ASGITransport(at_machine(contract_api()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        answer = await client.get(good(path))
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "INTERNAL"
    hold(answer, path)


async def test_a_schema_that_is_not_as_it_should_be(
    http: httpx.AsyncClient,
    plant_db: Plant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A minute of its own, which does not end, and in which no other test has logged anything.
    one_minute = {"SCHEMA_DRIFT": Pace(LINES, clock=lambda: 0.0)}
    monkeypatch.setattr("ksys_app.api.failures._paces", one_minute)
    await plant_db.conn.execute("ALTER VIEW public.influx_latest RENAME TO influx_elsewhere")
    caplog.clear()
    try:
        for path in ("/api/v1/latest", "/api/v1/kpi", *["/api/v1/latest"] * LINES):
            with caplog.at_level(logging.INFO, "ksys"):
                answer = await http.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (500, "SCHEMA_DRIFT")
            hold(answer, path)
    finally:
        await plant_db.conn.execute("ALTER VIEW public.influx_elsewhere RENAME TO influx_latest")
    lines = [message for message in caplog.messages if "http_fail" in message]
    assert len(lines) == LINES, "a few a minute"
    assert re.search(r" code=SCHEMA_DRIFT path=/api/v1/\S+ error=.+influx_latest", lines[0])


def compared_headers(answer: httpx.Response) -> dict[str, str | None]:
    """The headers that GET and HEAD have in common."""
    names = ("content-type", "cache-control", "etag", "content-disposition")
    return {name: answer.headers.get(name) for name in names}


async def get_and_head(http: httpx.AsyncClient, path: str) -> tuple[httpx.Response, httpx.Response]:
    """The answers to GET and HEAD of one minute, because a window moves with the clock."""
    for _ in range(10):
        before, head, after = [await http.request(name, path) for name in ("GET", "HEAD", "GET")]
        if compared_headers(before) == compared_headers(after):
            return before, head
    raise AssertionError(f"two answers of {path} never have the same headers")


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/openapi.json", "/api/v1/docs", RUNBOOK])
async def test_the_contract_is_read_and_nothing_else(http: httpx.AsyncClient, path: str) -> None:
    read, head = await get_and_head(http, good(path))
    assert (head.status_code, head.content) == (read.status_code, b"")
    assert compared_headers(head) == compared_headers(read)
    options = await http.options(path)
    assert (options.status_code, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        answer = await http.request(method, good(path))
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
        assert answer.json()["error"]["message"] == "this path has only GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
async def test_an_unknown_path_is_404_for_every_method(
    http: httpx.AsyncClient, method: str
) -> None:
    answer = await http.request(method, "/api/v1/nothing")
    assert answer.status_code == 404
    assert "Allow" not in answer.headers


async def test_a_head_of_a_year_of_minutes_makes_no_file(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await http.head("/api/v1/export.csv?tag=D100&window=12m&bucket=1m")
    assert answer.status_code == 200
    assert "12m 1m.csv" in answer.headers["Content-Disposition"]
    assert not [line for line in caplog.messages if line.startswith("export_")]


def test_the_document_holds_no_answer_of_the_framework() -> None:
    for path in PATHS:
        (method,) = DOCUMENT["paths"][path]
        assert method == "get"
        assert "422" not in DOCUMENT["paths"][path]["get"]["responses"]
    assert not [name for name in DOCUMENT["components"]["schemas"] if "Validation" in name]


def test_every_object_of_the_document_is_closed() -> None:
    free = {
        *("Rule.meta", "Limits.meta", "PutRule.meta", "PreviewRule.meta", "TagRule.meta"),
        *("AuditEntry.detail", "JournalEntry.data"),
        *("Change.old", "Change.new", "FieldProblem.values"),
        "UnitWarning.values",
    }
    # What is filled in differs from sentence to sentence.
    schemas = DOCUMENT["components"]["schemas"]
    errors = {
        f"{name}.values"
        for name, one in schemas.items()
        if {"code", "message"} <= one["properties"].keys()
    }
    free |= errors
    assert len(errors) > 10
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["additionalProperties"] is False, name
        for field, definition in schema["properties"].items():
            if definition.get("type") == "object":
                assert f"{name}.{field}" in free
