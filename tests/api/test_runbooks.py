"""``/docs/runbooks/<CODE>.md``: the pages behind error boxes, and their SQL on a real database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from ksys_app.api.runbooks import RUNBOOKS, page
from ksys_app.errors import DatabaseTimeout, DatabaseUnreachable, KsysError, SchemaDrift
from ksys_app.states.views import problem
from tests import docs
from tests.conftest import Plant
from tests.visiting import at_machine, contract_api

STATEMENTS = [
    pytest.param(sql, id=f"{path.stem}-{number}")
    for path in docs.RUNBOOKS
    for number, sql in enumerate(docs.blocks(path.read_text("utf-8"), "sql"), 1)
]


@pytest.fixture
async def served() -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP contract without a database: runbooks are for when there is none."""
    transport = httpx.ASGITransport(at_machine(contract_api()))
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        yield client


@pytest.mark.parametrize("code", sorted(RUNBOOKS))
async def test_a_runbook_is_a_page_that_loads_nothing(served: httpx.AsyncClient, code: str) -> None:
    answer = await served.get(f"/docs/runbooks/{code}.md")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<title>{code}</title>" in answer.text
    assert answer.text.count("<h1>") == 1
    assert re.findall(r"<(?:script|link|img|iframe)|\ssrc=|\son\w+=", answer.text) == []
    for target in re.findall(r'href="([^"]+)"', answer.text):
        linked = await served.get(f"/docs/runbooks/{target}")
        assert linked.status_code == 200, target


async def test_tables_lists_and_commands_are_rendered(served: httpx.AsyncClient) -> None:
    assert "<td><a href" in (await served.get("/docs/runbooks/README.md")).text
    text = (await served.get("/docs/runbooks/DB_CONN.md")).text
    assert "<h2>Diagnosis</h2>" in text
    assert "<ol>" in text
    assert '<pre><code class="language-bash">' in text


@pytest.mark.parametrize(
    "error",
    [
        DatabaseUnreachable("x"),
        DatabaseTimeout("x"),
        SchemaDrift("x"),
        KsysError("x"),
        ZeroDivisionError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_the_link_of_an_error_box_opens_a_runbook(
    served: httpx.AsyncClient, error: Exception
) -> None:
    link = problem(error, since_ms=0).runbook
    assert (await served.get(f"/{link}")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/docs/runbooks/NOPE.md",
        "/docs/runbooks/db_conn.md",
        "/docs/runbooks/.md",
        "/docs/runbooks/..md",
        "/docs/runbooks/DB_CONN",
        "/docs/runbooks/..%2F..%2FPRD.md",
        "/docs/runbooks/%2e%2e/%2e%2e/PRD.md",
        "/docs/runbooks/..%5C..%5CPRD.md",
        "/docs/runbooks/%2Fetc%2Fpasswd%00.md",
        "/docs/runbooks/" + "x" * 5000 + ".md",
    ],
)
async def test_anything_else_is_a_404_in_json(served: httpx.AsyncClient, path: str) -> None:
    answer = await served.get(path)
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert len(error["message"]) < 200
    assert "requirements" not in answer.text


async def test_an_unknown_code_gets_the_address_of_the_list(served: httpx.AsyncClient) -> None:
    error = (await served.get("/docs/runbooks/NOPE.md")).json()["error"]
    assert error["code"] == "NOT_FOUND"
    assert "NOPE" in error["message"]
    assert "/docs/runbooks/README.md" in error["message"]


def test_html_in_a_runbook_is_text() -> None:
    html = page("<b>", "a <script>alert(1)</script> b\n\n<img src=x onerror=y>\n")
    assert re.findall(r"<(?:script|img|b>)", html) == []
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("sql", STATEMENTS)
async def test_sql_of_the_runbooks_runs(plant_db: Plant, sql: str) -> None:
    await plant_db.conn.execute(sql.encode())
