"""Links of the HTTP contract work under a base path (PRD §23)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest

from ksys_app.edge import behind_proxies
from ksys_app.origin import LOOPBACK, networks
from tests.visiting import at_machine, contract_api


@pytest.fixture(params=["", "/ksys", "/plant/ksys"])
def base(request: pytest.FixtureRequest) -> str:
    """Base paths, the root among them."""
    return str(request.param)


@pytest.fixture
async def served(base: str) -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP contract under it, without a database."""
    edge = behind_proxies(at_machine(contract_api()), networks(LOOPBACK), base)
    transport = httpx.ASGITransport(edge)
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        yield client


async def test_the_page_for_people_links_to_every_path(
    base: str, served: httpx.AsyncClient
) -> None:
    page = await served.get(f"{base}/api/v1/docs")
    links = {
        urljoin(str(page.url), unescape(one)) for one in re.findall('href="([^"]+)"', page.text)
    }
    document = (await served.get(f"{base}/api/v1/openapi.json")).json()
    paths = {*document["paths"], "/api/v1/openapi.json"}
    assert links == {f"http://ksys{base}{path}" for path in paths}


async def test_the_document_names_the_base_path_as_its_server(
    base: str, served: httpx.AsyncClient
) -> None:
    document = (await served.get(f"{base}/api/v1/openapi.json")).json()
    assert [server["url"] for server in document.get("servers", [])] == ([base] if base else [])


async def test_an_error_points_to_the_page_where_it_is(
    base: str, served: httpx.AsyncClient
) -> None:
    message = (await served.get(f"{base}/api/nothing")).json()["error"]["message"]
    assert message.endswith(f"see {base}/api/v1/docs")


async def test_runbooks_link_to_each_other(base: str, served: httpx.AsyncClient) -> None:
    page = await served.get(f"{base}/docs/runbooks/README.md")
    for target in re.findall('href="([^"]+)"', page.text):
        assert (await served.get(urljoin(str(page.url), target))).status_code == 200
