"""The page behind Debian's nginx and Caddy, over TLS on another port, in Chromium (PRD §10)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import InvalidStatus

from ksys_app.db import connect
from tests import plant, proxies
from tests.conftest import OP_PASSWORD, RO_PASSWORD
from tests.database import TestDatabases
from tests.e2e.conftest import ANSWER_S, new_context, seed
from tests.ports import free_port
from tests.proxies import Certificate, Served
from tests.wire import PATIENT

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
    dsn = await databases.fresh()
    await seed(dsn)
    yield dsn
    await databases.drop(dsn)


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
    context = await new_context(browser, ignore_https_errors=True)
    yield context
    await context.close()


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
            cookies = {one["name"]: one["value"] for one in await context.cookies(url)}
            assert cookies[STICKY] == await _cookie_of(url, app)


async def _cookie_of(url: str, app: Served) -> str:
    """The cookie with which the proxy of ``url`` sends a browser to ``app``."""
    async with httpx.AsyncClient(verify=False, timeout=ANSWER_S) as http:
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


@pytest.fixture(scope="module")
async def named(databases: TestDatabases, dsn: str) -> AsyncIterator[Served]:
    """The app with ``KSYS_AUTH=proxy``: eve, and adam, who is an admin."""
    async with await connect(dsn) as conn:
        for user in (("eve", "engineer"), ("adam", "admin")):
            await conn.execute("INSERT INTO ksys.app_user (name, role) VALUES (%s, %s)", user)
    settings = {
        **{"KSYS_AUTH": "proxy", "KSYS_TRUSTED_PROXIES": "127.0.0.1"},
        "TS_OPERATOR_DSN": databases.as_role(dsn, "eco_op", OP_PASSWORD),
    }
    async with proxies.app(databases.as_role(dsn, "eco_ro", RO_PASSWORD), **settings) as served:
        yield served


@pytest.fixture
async def behind_login(named: Served, tmp_path: Path) -> AsyncIterator[str]:
    """The address of that app behind ``deploy/Caddyfile-forward-auth``."""
    async with logging_in(named, tmp_path, proxies.caddy_forward_auth()) as address:
        yield address


@asynccontextmanager
async def logging_in(app: Served, folder: Path, site: str) -> AsyncIterator[str]:
    """The address of an app behind that Caddyfile and a service that logs people in."""
    port = free_port()
    async with proxies.login_service() as login:
        values = {
            **{"KSYS_SITE": f"localhost:{port}", "KSYS_LOGIN": f"127.0.0.1:{login}"},
            "KSYS_UPSTREAM": f"127.0.0.1:{app.port}",
        }
        async with proxies.caddy(folder, port, site, **values):
            yield f"https://localhost:{port}"


async def test_a_login_at_the_proxy_leads_back_to_the_page_and_to_a_live_one(
    behind_login: str, dsn: str, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{behind_login}/?window=60m&sort=worst")
    await shows_what_arrives(page, dsn, 170)
    await expect(page).to_have_url(f"{behind_login}/?window=60m&sort=worst")
    await page.get_by_test_id("account").click()
    for text in ("eve", "engineer"):
        await expect(page.get_by_role("menu")).to_contain_text(text)
    cookies = {one["name"] for one in await context.cookies(behind_login)}
    assert cookies == {"_login", "__Host-ksys"}


async def test_the_name_comes_from_the_proxy_alone(
    behind_login: str, named: Served, dsn: str
) -> None:
    forged = {"x-forwarded-user": "adam"}
    async with httpx.AsyncClient(base_url=behind_login, verify=False, timeout=ANSWER_S) as client:

        async def asks(login: str | None, **headers: str) -> tuple[int, str]:
            cookie = {} if login is None else {"cookie": f"_login={login}"}
            answer = await client.get("/api/v1/me", headers=headers | cookie)
            client.cookies.clear()
            return answer.status_code, answer.json()["user"] if answer.is_success else ""

        assert await asks("eve") == (200, "eve")
        assert await asks("eve", **forged) == (200, "eve")
        # The login lets somebody pass and says no name; or somebody; or nobody.
        assert (await asks("", **forged))[0] == 401
        assert (await asks("mallory", **forged))[0] == 401
        assert (await asks(None, **forged))[0] == 401
        assert (await asks(None, authorization="Bearer ksys_forged", **forged))[0] == 401
        # A page that nobody is logged in to asks for data and gets no page.
        assert (await client.get("/api/v1/kpi")).status_code == 401
    for address, status in (("127.0.0.1", 200), ("127.0.0.2", 401)):
        transport = httpx.AsyncHTTPTransport(local_address=address)
        async with httpx.AsyncClient(transport=transport, timeout=ANSWER_S) as client:
            answer = await client.get(f"http://127.0.0.1:{named.port}/api/v1/me", headers=forged)
            assert answer.status_code == status


async def test_what_the_browser_says_about_itself_is_dropped_also_by_a_caddy_that_keeps_it(
    named: Served, tmp_path: Path
) -> None:
    """A Caddy that copies no name keeps the one that is there, as some versions do."""
    copied = "copy_headers X-Auth-Request-User>X-Forwarded-User"
    site = proxies.put(proxies.caddy_forward_auth(), **{copied: ""})
    async with logging_in(named, tmp_path, site) as address:
        for claim in ({"cookie": "_login=eve"}, {"authorization": "Bearer ksys_forged"}):
            async with httpx.AsyncClient(verify=False, headers=claim, timeout=ANSWER_S) as client:
                forged = {"x-forwarded-user": "adam"}
                answer = await client.get(f"{address}/api/v1/me", headers=forged)
                assert answer.status_code == 401


async def test_a_websocket_needs_the_login_of_the_proxy_and_the_own_page(
    behind_login: str,
) -> None:
    url, login = behind_login.replace("https:", "wss:"), {"cookie": "_login=eve"}
    assert await _status(url, behind_login, login) == 101
    assert await _status(url, "https://another.example", login) == 403
    assert await _status(url, behind_login, {"X-Forwarded-User": "adam"}) == 401


async def test_a_program_that_keeps_no_cookie_begins_one_session(
    behind_login: str, dsn: str
) -> None:
    headers = {"cookie": "_login=eve", "user-agent": "a program"}
    async with httpx.AsyncClient(
        base_url=behind_login, verify=False, headers=headers, timeout=ANSWER_S
    ) as client:

        async def asks() -> int:
            answer = await client.get("/api/v1/me")
            client.cookies.clear()
            return answer.status_code

        assert set(await asyncio.gather(*(asks() for _ in range(8)))) == {200}
        assert await asks() == 200
        count = "SELECT count(*) FROM ksys.session WHERE agent = 'a program'"
        async with await connect(dsn) as conn:
            assert await (await conn.execute(count)).fetchone() == (1,)


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
            **PATIENT,
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
