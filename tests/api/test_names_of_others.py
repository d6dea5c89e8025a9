"""Tag names that no ksys command would write: every answer works with them."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from urllib.parse import unquote

import httpx
import pytest

from tests import plant
from tests.conftest import Plant

NAMES = [
    "x" * 300,
    "가" * 300,
    "x" * 5000,
    "tab\there",
    "two\r\nlines",
    " blanks around ",
    "escape\x1b[31m",
    "zero\u200bwidth",
    "no\u00a0break",
    'quote"comma,',
]


@pytest.fixture(params=NAMES, ids=lambda name: ascii(name[:12]))
async def name(request: pytest.FixtureRequest, plant_db: Plant) -> AsyncIterator[str]:
    """A tag with a sample of now."""
    tag: str = request.param
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), tag, 1.5)])
    yield tag
    await plant_db.conn.execute("DELETE FROM tag_latest WHERE tag_name = %s", [tag])


async def test_a_strange_tag_has_a_tile_and_a_newest_sample(
    http: httpx.AsyncClient, name: str
) -> None:
    (tile,) = (await http.get("/api/v1/kpi", params={"tag": name})).json()
    assert (tile["title"], tile["value"]) == (name, 1.5)
    (newest,) = (await http.get("/api/v1/latest", params={"tag": name})).json()
    assert (newest["tag_name"], newest["value"]) == (name, 1.5)


@pytest.mark.parametrize("endpoint", ["timeseries", "indicators", "features"])
async def test_a_strange_tag_has_a_series(
    http: httpx.AsyncClient, name: str, endpoint: str
) -> None:
    answer = await http.get(f"/api/v1/{endpoint}", params={"tag": name, "window": "24h"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["tag_name"] == name
    assert answer.json()["rows"]


async def test_a_strange_tag_has_communication(http: httpx.AsyncClient, name: str) -> None:
    map_of = (await http.get("/api/v1/comm/heatmap", params={"tag": name})).json()
    assert map_of["tag_name"] == name
    assert sum(cell["recv_msgs"] for cell in map_of["cells"]) >= 1
    assert (await http.get("/api/v1/comm/outages", params={"tag": name})).json() == []


@pytest.mark.parametrize("path", ["export.csv", "comm/cells.csv", "comm/outages.csv"])
async def test_a_strange_tag_has_files(http: httpx.AsyncClient, name: str, path: str) -> None:
    answer = await http.get(f"/api/v1/{path}", params={"tag": [name, name]})
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(answer.text.removeprefix("\ufeff").splitlines(keepends=True)))
    assert bool(rows) == (path != "comm/outages.csv")
    assert {row["tag_name"].removeprefix("'") for row in rows} <= {name}
    header = answer.headers["Content-Disposition"]
    assert header.isprintable()
    assert len(unquote(header.partition("UTF-8''")[2]).encode()) <= 255


LISTS = ["export.csv", "comm/cells.csv", "comm/outages.csv"]
ONES = ["kpi", "latest", "timeseries", "indicators", "features", "comm/heatmap", "comm/outages"]


@pytest.mark.parametrize("path", [*ONES, *LISTS])
@pytest.mark.parametrize(
    ("tag", "says"),
    [
        ("", "tag must be a name"),
        ("a\0b", "tag 'a\\x00b' holds a NUL character"),
        ("x" * 5_001, "tag is longer than 5000 characters"),
    ],
)
async def test_an_impossible_tag_name_is_an_error(
    http: httpx.AsyncClient, path: str, tag: str, says: str
) -> None:
    answer = await http.get(f"/api/v1/{path}", params={"tag": tag})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "BAD_PARAMETER")
    assert error["message"].startswith(says)


@pytest.mark.parametrize("path", LISTS)
async def test_of_a_list_the_parameter_is_named_and_not_a_place_in_it(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(f"/api/v1/{path}", params={"tag": ["A", "\0", "", "B"]})
    message = answer.json()["error"]["message"]
    assert message == "tag '\\x00' holds a NUL character, which no name can; tag must be a name"


async def test_an_unknown_parameter_named_query_is_an_error(
    http: httpx.AsyncClient,
) -> None:
    message = (await http.get("/api/v1/tags?query=1")).json()["error"]["message"]
    assert message.startswith("parameter 'query' is unknown here")


@pytest.mark.parametrize("path", [*ONES, *LISTS])
async def test_an_unknown_tag_is_reported_in_a_short_sentence(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(f"/api/v1/{path}", params={"tag": "y" * 300})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (404, "UNKNOWN_TAG")
    assert len(error["message"]) < 160
