"""Policies allow the scripts that a page was built with, and no others (PRD §10)."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from ksys_app.built import BuiltPages
from ksys_app.content_policy import (
    HEADER,
    NOTHING,
    inline_scripts,
    of_built_page,
    of_document,
    source_of,
)
from ksys_app.edge import behind_proxies
from ksys_app.origin import LOOPBACK, OVER_TLS, networks
from ksys_app.security import with_headers, with_strict_transport
from tests.visiting import contract_api

HOME = 'location.replace("/__ksys_base__/")'
PAGE = f"<!doctype html><head><script>{HOME}</script></head><body><script src='/a.js'></script>"
HSTS = OVER_TLS[0].decode()


def directives(policy: str) -> dict[str, list[str]]:
    """Sources by directive."""
    return {name: sources for name, *sources in (part.split() for part in policy.split("; "))}


@pytest.mark.parametrize(
    ("html", "scripts"),
    [
        ("<p>none</p>", []),
        (
            "<script>a()</script><SCRIPT type=module>\n b &amp; c\n</SCRIPT>",
            ["a()", "\n b &amp; c\n"],
        ),
        ("<script src=/x.js></script>text<script>1 < 2 && '<b>'</script>", ["1 < 2 && '<b>'"]),
        ("<script></script><style>p{}</style>", [""]),
    ],
)
def test_inline_scripts_are_found_as_a_browser_reads_them(html: str, scripts: list[str]) -> None:
    assert inline_scripts(html) == scripts


def test_a_source_is_the_hash_that_browsers_compute() -> None:
    # The example of the CSP specification.
    expected = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert source_of("alert('Hello, world.');") == expected


def test_a_page_allows_its_own_scripts_and_not_a_changed_one() -> None:
    allowed = directives(of_built_page(PAGE))["script-src"]
    assert allowed == ["'self'", source_of(HOME)]
    assert source_of(HOME + " ") not in allowed


def test_a_document_sends_its_form_to_the_app_and_another_sends_none() -> None:
    with_form, without = of_document("p{}", form=True), of_document("p{}")
    assert directives(with_form)["form-action"] == ["'self'"]
    assert directives(without)["form-action"] == ["'none'"]
    assert directives(with_form) | {"form-action": ["'none'"]} == directives(without)


@pytest.mark.parametrize("policy", [of_built_page(PAGE), of_document("p{}"), NOTHING])
def test_no_policy_allows_another_origin_or_scripts_by_default(policy: str) -> None:
    found = directives(policy)
    assert found["default-src"][0] in ("'self'", "'none'")
    assert found.get("object-src", found["default-src"]) == found["frame-ancestors"] == ["'none'"]
    for name, sources in found.items():
        inline = r"|'unsafe-inline'" if name == "style-src" else ""
        allowed = rf"'self'|'none'|data:|'sha256-[A-Za-z0-9+/]{{43}}='{inline}"
        assert all(re.fullmatch(allowed, source) for source in sources), name


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build of one page, and of one that has no address in it."""
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "404.html").write_text("<script>lost()</script>")
    for name in ("index.html", "404.html"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    (tmp_path / "data.json").write_text("{}")
    return tmp_path


def client(build: Path, base: str) -> httpx.AsyncClient:
    """The build and the HTTP contract, behind all layers that set headers."""
    pages = Starlette(routes=[Mount("/", BuiltPages(build, base))])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        of_contract = any(part in scope["path"] for part in ("/api/", "/docs/"))
        await (contract_api() if of_contract else pages)(scope, receive, send)

    edge = behind_proxies(with_strict_transport(app), networks(LOOPBACK), base)
    transport = httpx.ASGITransport(with_headers(edge))
    return httpx.AsyncClient(transport=transport, base_url=f"http://ksys{base}")


@pytest.mark.parametrize("base", ["", "/ksys"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_the_header_of_a_page_allows_what_is_sent_under_any_base_path(
    build: Path, base: str, encoding: str
) -> None:
    async with client(build, base) as http:
        for path in ("/", "/nothing"):
            answer = await http.get(path, headers={"Accept-Encoding": encoding})
            (policy,) = answer.headers.get_list(HEADER)
            (script,) = inline_scripts(answer.text)
            assert directives(policy)["script-src"] == ["'self'", source_of(script)]


async def test_an_answer_that_a_page_has_not_changed_repeats_the_policy(build: Path) -> None:
    async with client(build, "") as http:
        page = await http.get("/")
        again = await http.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (page.status_code, again.status_code) == (200, 304)
    assert again.headers.get_list(HEADER) == page.headers.get_list(HEADER)


@pytest.mark.parametrize("path", ["/data.json", "/api/v1/openapi.json", "/api/nothing"])
async def test_what_is_no_page_may_load_nothing(build: Path, path: str) -> None:
    async with client(build, "") as http:
        answer = await http.get(path)
    assert answer.headers.get_list(HEADER) == [NOTHING]


@pytest.mark.parametrize("path", ["/api/v1/docs", "/docs/runbooks/DB_CONN.md"])
async def test_a_document_may_use_its_style_and_nothing_else(build: Path, path: str) -> None:
    async with client(build, "") as http:
        answer = await http.get(path)
    (policy,) = answer.headers.get_list(HEADER)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert directives(policy)["style-src"] == [source_of(style)]
    assert directives(policy)["default-src"] == ["'none'"]
    assert "script-src" not in directives(policy)
    assert not re.search(r'<script|\son[a-z]+=|style="', answer.text)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, []),
        ({"X-Forwarded-Proto": "http"}, []),
        ({"X-Forwarded-Proto": "https"}, ["max-age=31536000"]),
        ({"Forwarded": "proto=https"}, ["max-age=31536000"]),
    ],
)
@pytest.mark.parametrize(
    ("base", "path"),
    [*(("", path) for path in ("/", "/data.json", "/api/v1/docs", "/api/nothing")), ("/ksys", "")],
)
async def test_a_browser_that_came_over_tls_is_to_stay_with_it(
    build: Path, base: str, path: str, headers: dict[str, str], expected: list[str]
) -> None:
    async with client(build, base) as http:
        answer = await http.get(f"http://ksys{base}{path}", headers=headers)
    assert answer.headers.get_list(HSTS) == expected
