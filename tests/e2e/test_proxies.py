"""The page behind Debian's nginx and Caddy, over TLS on another port, in Chromium (PRD §10)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import InvalidStatus

from ksys_app.db import connect
from tests import plant, proxies
from tests.conftest import RO_PASSWORD
from tests.database import TestDatabases
from tests.e2e.conftest import free_port, seed
from tests.proxies import Certificate, Served

# What stands in front, and the name that the browser calls it by: each on a port of its own.
FRONTS = [
    ("deploy/nginx.conf", "localhost"),
    ("deploy/nginx.conf", "127.0.0.1"),
    ("deploy/Caddyfile", "localhost"),
    ("the runbook's snippet", "localhost"),
]
# The cookie that says which process has the page state of a browser.
STICKY = "ksys_process"
ANOTHER_PAGE = "https://another.example/"
# Answers whether the browser lets a page have the websocket.
GETS_IT = """(url) => new Promise((done) => {
    const socket = new WebSocket(url);
    socket.onopen = () => done(true);
    socket.onerror = () => done(false);
})"""


@pytest.fixture(scope="module")
async def dsn(databases: TestDatabases) -> AsyncIterator[str]:
    """A database with the demo's nine tags."""
    made = await databases.fresh()
    await seed(made)
    yield made
    await databases.drop(made)


@pytest.fixture(scope="module")
async def app(databases: TestDatabases, dsn: str) -> AsyncIterator[Served]:
    """The app over it."""
    async with proxies.app(databases.as_role(dsn, "eco_ro", RO_PASSWORD)) as served:
        yield served


@pytest.fixture(scope="module")
async def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for localhost and 127.0.0.1."""
    return await proxies.certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of its own that lets a self-signed certificate pass."""
    made = await browser.new_context(ignore_https_errors=True)
    yield made
    await made.close()


def front(
    kind: str, app: Served, port: int, tls: Certificate, folder: Path, host: str = "localhost"
) -> AbstractAsyncContextManager[Served]:
    """The proxy of that kind in front of the app."""
    if kind == "deploy/Caddyfile":
        values = {"KSYS_SITE": f"{host}:{port}", "KSYS_UPSTREAM": f"127.0.0.1:{app.port}"}
        return proxies.caddy(folder, port, proxies.caddy_site(), **values)
    site = proxies.nginx_site if kind == "deploy/nginx.conf" else proxies.runbook_site
    return proxies.nginx(folder, port, site(app.port, port, tls))


async def shows_what_arrives(page: Page, dsn: str, value: float) -> None:
    """A tile follows a sample that is written now: the websocket is open and carries ticks."""
    async with await connect(dsn) as conn:
        await plant.insert(conn, [(datetime.now(UTC), "D100", value)])
    await expect(page.get_by_test_id("tile-D100")).to_contain_text(f"{value:g}")
    await expect(page.get_by_test_id("status-bar")).to_have_attribute("data-state", "live")


@pytest.mark.parametrize(("kind", "host"), FRONTS)
async def test_tiles_are_live_over_tls_on_an_odd_port(
    kind: str,
    host: str,
    app: Served,
    dsn: str,
    tls: Certificate,
    context: BrowserContext,
    tmp_path: Path,
) -> None:
    port = free_port()
    async with front(kind, app, port, tls, tmp_path, host):
        page = await context.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        await page.goto(f"https://{host}:{port}/")
        await shows_what_arrives(page, dsn, 180 + FRONTS.index((kind, host)))
        assert {url.split("/_event")[0] for url in sockets} == {f"wss://{host}:{port}"}


async def test_a_tab_whose_process_is_killed_goes_on_with_another_process(
    app: Served,
    databases: TestDatabases,
    dsn: str,
    tls: Certificate,
    context: BrowserContext,
    tmp_path: Path,
) -> None:
    port = free_port()
    url = f"https://localhost:{port}/"
    async with proxies.app(databases.as_role(dsn, "eco_ro", RO_PASSWORD)) as other:
        upstreams = f"127.0.0.1:{app.port} 127.0.0.1:{other.port}"
        values = {"KSYS_SITE": f"localhost:{port}", "KSYS_UPSTREAMS": upstreams}
        async with proxies.caddy(tmp_path, port, proxies.caddy_several(), **values):
            cookie = await _cookie_of(url, other)
            await context.add_cookies([{"name": STICKY, "value": cookie, "url": url}])
            page = await context.new_page()
            await page.goto(f"{url}?window=60m&tag=D100&sort=worst")
            await shows_what_arrives(page, dsn, 190)
            await page.evaluate("window.sameTab = true")
            assert other.process.returncode is None
            other.process.kill()
            await shows_what_arrives(page, dsn, 191)
            menu = page.get_by_test_id("window-menu")
            await expect(menu).to_have_attribute("data-window", "60m")
            await expect(page.get_by_test_id("tag-filter")).to_have_value("D100")
            await expect(page).to_have_url(f"{url}?window=60m&tag=D100&sort=worst")
            assert await page.evaluate("window.sameTab"), "the tab was not loaded again"
            kept = {one["name"]: one["value"] for one in await context.cookies(url)}
            assert kept[STICKY] == await _cookie_of(url, app)


async def _cookie_of(url: str, app: Served) -> str:
    """The cookie with which the proxy of ``url`` sends a browser to ``app``."""
    async with httpx.AsyncClient(verify=False) as http:
        started = _start_of((await http.get(f"http://127.0.0.1:{app.port}/metrics")).text)
        # The proxy chooses a process at random for a browser without a cookie.
        for _ in range(100):
            http.cookies.clear()
            answer = await http.get(f"{url}metrics")
            if _start_of(answer.text) == started:
                return answer.cookies[STICKY]
    raise AssertionError(f"the proxy sent no request to {app.port}")


def _start_of(metrics: str) -> str:
    """When a process started, which differs for each process."""
    (line,) = (one for one in metrics.splitlines() if one.startswith("process_start_time_seconds "))
    return line


@pytest.mark.parametrize("kind", dict(FRONTS))
async def test_a_page_of_another_origin_gets_no_websocket(
    kind: str, app: Served, tls: Certificate, context: BrowserContext, tmp_path: Path
) -> None:
    port = free_port()
    await context.route(ANOTHER_PAGE, lambda route: route.fulfill(body="<title>x</title>"))
    async with front(kind, app, port, tls, tmp_path):
        url = f"wss://localhost:{port}/_event/?EIO=4&transport=websocket"
        page = await context.new_page()
        await page.goto(f"https://localhost:{port}/")
        assert await page.evaluate(GETS_IT, url) is True
        await page.goto(ANOTHER_PAGE)
        assert await page.evaluate(GETS_IT, url) is False


@pytest.mark.parametrize("kind", dict(FRONTS))
@pytest.mark.parametrize(
    "claim",
    [
        {"X-Forwarded-Host": "another.example", "X-Forwarded-Proto": "https"},
        {"Forwarded": "proto=https;host=another.example"},
    ],
    ids=["x-forwarded", "forwarded"],
)
async def test_a_claim_that_a_proxy_passes_on_does_not_help(
    kind: str, claim: dict[str, str], app: Served, tls: Certificate, tmp_path: Path
) -> None:
    port = free_port()
    async with front(kind, app, port, tls, tmp_path):
        assert await _status(f"wss://localhost:{port}", "https://another.example", claim) == 403
        assert await _status(f"wss://localhost:{port}", f"https://localhost:{port}", claim) == 101


async def test_a_claim_from_an_address_that_is_not_trusted_does_not_help() -> None:
    claim = {"X-Forwarded-Host": "another.example", "X-Forwarded-Proto": "https"}
    async with proxies.app(KSYS_TRUSTED_PROXIES="10.99.0.0/16") as app:
        url = f"ws://127.0.0.1:{app.port}"
        assert await _status(url, "https://another.example", claim) == 403
        assert await _status(url, f"http://127.0.0.1:{app.port}", claim) == 101


async def _status(url: str, origin: str, headers: dict[str, str]) -> int:
    """What a program with any headers it likes is answered."""
    anything = ssl.create_default_context()
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    try:
        async with open_websocket(
            f"{url}/_event/?EIO=4&transport=websocket",
            additional_headers=headers | {"Origin": origin},
            ssl=anything if url.startswith("wss:") else None,
            proxy=None,
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
