"""One build under any base path: files with an address are rewritten, others stay (PRD §23)."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from ksys_app.base_path import PLACEHOLDER, RESERVED
from ksys_app.built import BuiltPages
from ksys_app.components.sidebar import PAGES
from ksys_app.edge import behind_proxies
from ksys_app.origin import LOOPBACK, networks
from tests.visiting import contract_api

HTML = '<link href="/__ksys_base__/assets/a.js"><a href="/__ksys_base__/">x</a>'
FONT = b"\x00/__ksys_base__/\xff"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """The smallest possible result of a build."""
    folder = tmp_path / "client"
    for name, text in {
        "index.html": HTML,
        "404.html": f"<title>none</title>{HTML}",
        "trend/index.html": f"<title>trend</title>{HTML}",
        "assets/a.js": "import '/__ksys_base__/assets/b.js';" * 100,
        "assets/b.js": "export const b = '/nothing';" * 100,
        "assets/a.css": "src:url(/__ksys_base__/assets/f.woff2)",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "assets/f.woff2").write_bytes(FONT)
    return folder


@asynccontextmanager
async def served(build: Path, base: str) -> AsyncIterator[httpx.AsyncClient]:
    """The build under a base path, behind the edge."""
    pages = Starlette(routes=[Mount("/", BuiltPages(build, base))])
    edge = behind_proxies(pages, networks(LOOPBACK), base)
    transport = httpx.ASGITransport(edge)
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        yield client


@pytest.mark.parametrize("base", ["", "/ksys", "/plant/ksys"])
async def test_a_file_with_an_address_has_the_base_path_in_it(build: Path, base: str) -> None:
    async with served(build, base) as http:
        for path, kind in {
            f"{base}/": "text/html; charset=utf-8",
            f"{base}/trend": "text/html; charset=utf-8",
            f"{base}/trend/": "text/html; charset=utf-8",
            f"{base}/assets/a.js": "text/javascript; charset=utf-8",
            f"{base}/assets/a.css": "text/css; charset=utf-8",
        }.items():
            answer = await http.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
            assert PLACEHOLDER not in answer.text
            assert f"{base}/assets/" in answer.text


@pytest.mark.parametrize("base", ["", "/ksys"])
@pytest.mark.parametrize("path", ["/nothing", "/trend/nothing", "/trendy"])
async def test_what_does_not_exist_is_a_page_that_works_too(
    build: Path, base: str, path: str
) -> None:
    async with served(build, base) as http:
        answer = await http.get(base + path)
        again = await http.get(base + path, headers={"If-None-Match": answer.headers["etag"]})
    assert (answer.status_code, again.status_code) == (404, 404)
    assert f'href="{base}/assets/a.js"' in answer.text


async def test_two_base_paths_share_a_build_that_stays_as_it_was(build: Path) -> None:
    async with served(build, "/one") as one, served(build, "/two") as two:
        assert "/one/assets/a.js" in (await one.get("/one/")).text
        assert "/two/assets/a.js" in (await two.get("/two/")).text
    assert (build / "index.html").read_text() == HTML


async def test_what_holds_no_address_is_sent_as_the_build_left_it(build: Path) -> None:
    async with served(build, "/ksys") as http:
        script = await http.get("/ksys/assets/b.js")
        assert script.headers["content-encoding"] == "gzip"
        assert script.text == "export const b = '/nothing';" * 100
        assert (await http.get("/ksys/assets/f.woff2")).content == FONT


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("identity", None)],
)
async def test_a_page_is_compressed_if_the_browser_accepts_it_and_is_not_sent_again_unchanged(
    build: Path, accepts: str, coding: str | None
) -> None:
    async with served(build, "/ksys") as http:
        first = await http.get("/ksys/", headers={"Accept-Encoding": accepts})
        assert first.headers.get("content-encoding") == coding
        assert first.headers["vary"] == "Accept-Encoding"
        assert first.headers["cache-control"] == "no-cache"
        assert "/ksys/assets/a.js" in first.text
        headers = {"Accept-Encoding": accepts, "If-None-Match": first.headers["etag"]}
        again = await http.get("/ksys/", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        other = await http.get("/ksys/trend", headers=headers)
        assert other.status_code == 200


async def test_a_page_is_only_read(build: Path) -> None:
    async with served(build, "/ksys") as http:
        assert (await http.post("/ksys/")).status_code == 405
        assert (await http.head("/ksys/")).status_code == 200


async def test_no_path_leads_out_of_the_build(build: Path) -> None:
    (build.parent / "secret.html").write_text("secret")
    async with served(build, "/ksys") as http:
        for path in ("/ksys/../secret.html", "/ksys/%2e%2e/secret.html", "/../secret.html"):
            assert "secret" not in (await http.get(path)).text


def test_no_path_of_the_app_can_be_a_base_path() -> None:
    paths = [path for path, *_ in PAGES] + list(contract_api().openapi()["paths"])
    paths += ["/docs/runbooks/X.md", "/_event/", "/ping", "/assets/x.js", "/look/x.css"]
    first = {re.match(r"/([^/]*)", path)[1] for path in paths}  # type: ignore[index]
    assert first - {""} <= RESERVED
