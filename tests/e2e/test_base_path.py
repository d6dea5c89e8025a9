"""The app under ``/ksys/`` beside other pages, behind nginx and Caddy (PRD §23)."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from ksys_app.content_policy import HEADER
from ksys_app.db import connect
from ksys_app.security import HEADERS
from tests import plant, proxies
from tests.conftest import RO_PASSWORD
from tests.database import TestDatabases
from tests.e2e.conftest import ANSWER_S, new_context, seed
from tests.ports import free_port
from tests.proxies import Served

PAGES = {"trend": "Trend", "tech": "Indicators", "comm": "Communication", "": "Dashboard"}
VALUES = itertools.count(160)
# Chromium reports this on a busy machine, for a connection that ended while it was used. A missing
# file has a status of 400 or more, and without a script the page is not live.
GAVE_UP = "net::ERR_TOO_MANY_RETRIES"
FRONTS = ["nginx keeps it", "nginx takes it away", "Caddy keeps it", "Caddy takes it away"]
# A test of many pages takes seconds, so it runs behind each proxy in only one of its two ways.
TWO_FRONTS = pytest.mark.parametrize("home", [FRONTS[0], FRONTS[3]], indirect=True, scope="module")


@pytest.fixture(scope="module")
async def dsn(databases: TestDatabases) -> AsyncIterator[str]:
    """A database with the demo's nine tags."""
    dsn = await databases.fresh()
    await seed(dsn)
    yield dsn
    await databases.drop(dsn)


@pytest.fixture(scope="module")
async def app(databases: TestDatabases, dsn: str) -> AsyncIterator[Served]:
    """The app over it, with its base path."""
    reader = databases.as_role(dsn, "eco_ro", RO_PASSWORD)
    async with proxies.app(reader, KSYS_BASE_PATH="/ksys") as served:
        yield served


@pytest.fixture(scope="module", params=FRONTS)
async def home(
    request: pytest.FixtureRequest, app: Served, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The address of the first page, behind each proxy."""
    folder, port = tmp_path_factory.mktemp("front"), free_port()
    takes_away = "takes" in request.param
    if request.param.startswith("nginx"):
        tls = await proxies.certificate(folder)
        front = proxies.nginx(folder, port, proxies.nginx_subpath(app.port, port, tls, takes_away))
    else:
        values = {"KSYS_SITE": f"localhost:{port}", "KSYS_UPSTREAM": f"127.0.0.1:{app.port}"}
        front = proxies.caddy(folder, port, proxies.caddy_subpath(folder, takes_away), **values)
    async with front:
        yield f"https://localhost:{port}/ksys/"


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of its own that accepts a self-signed certificate."""
    context = await new_context(
        browser, ignore_https_errors=True, viewport={"width": 1280, "height": 900}
    )
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    """An empty tab."""
    return await context.new_page()


async def title(page: Page, name: str) -> None:
    """Wait until the page of that name is shown, and live."""
    await expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_have_attribute("data-state", "live")


async def test_four_pages_request_nothing_outside_the_base_path_and_nothing_missing(
    home: str, page: Page, dsn: str
) -> None:
    requests: set[str] = set()
    wrong: list[str] = []
    page.on("request", lambda request: requests.add(request.url))
    page.on("websocket", lambda socket: requests.add(socket.url.replace("wss:", "https:")))
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    for path, name in PAGES.items():
        await page.goto(home + path)
        await title(page, name)
    assert [text for text in wrong if GAVE_UP not in text] == []
    assert [url for url in requests if not url.startswith((home, "data:", "blob:"))] == []
    assert any(url.startswith(f"{home}_event/") for url in requests)
    value = next(VALUES)
    async with await connect(dsn) as conn:
        await plant.insert(conn, [(datetime.now(UTC), "D100", value)])
    await expect(page.get_by_test_id("tile-D100")).to_contain_text(f"{value:g}")


@TWO_FRONTS
async def test_the_path_without_a_slash_redirects_and_sidebar_and_keys_change_the_page(
    home: str, page: Page
) -> None:
    await page.goto(home.rstrip("/"))
    await title(page, "Dashboard")
    await expect(page).to_have_url(re.compile(f"^{re.escape(home)}([?]|$)"))
    for name in ("Indicators", "Communication"):
        await page.get_by_role("navigation").get_by_role("link", name=name).click()
        await title(page, name)
    await page.keyboard.type("gt")
    await title(page, "Trend")
    trend = re.compile(f"^{re.escape(home)}trend[?]tag=")
    await expect(page).to_have_url(trend)
    await page.go_back()
    await title(page, "Communication")
    await page.keyboard.type("gd")
    await title(page, "Dashboard")
    await page.get_by_test_id("tile-D100").get_by_test_id("tile-trend").click()
    await title(page, "Trend")
    await expect(page).to_have_url(re.compile(f"^{re.escape(home)}trend[?]tag=D100"))


async def test_an_address_that_no_page_has_leads_home(home: str, page: Page) -> None:
    answer = await page.goto(f"{home}nope?tag=D100")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    await expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    await expect(page).to_have_url(f"{home}nope?tag=D100")
    await expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(7)
    await page.get_by_test_id("lost-box").get_by_role("link").click()
    await title(page, "Dashboard")


@TWO_FRONTS
async def test_a_deep_link_its_reload_its_files_and_its_picture_work(home: str, page: Page) -> None:
    await page.goto(f"{home}trend?tag=D100&window=24h")
    await drawn(page, f"{home}trend?tag=D100&window=24h")
    await page.reload()
    await drawn(page, f"{home}trend?tag=D100&window=24h")
    await page.get_by_test_id("tag-picker").click()
    await page.get_by_test_id("tag-option-D200").click()
    await expect(page).to_have_url(f"{home}trend?tag=D200&window=24h")
    assert (await _downloaded(page, "csv")).startswith(b"\xef\xbb\xbftag_name,bucket,")
    assert (await _downloaded(page, "png")).startswith(b"\x89PNG")
    await page.goto(f"{home}comm?tags=D100,D200")
    for file in ("csv-cells", "csv-outages"):
        assert (await _downloaded(page, file)).startswith(b"\xef\xbb\xbftag_name,")


async def drawn(page: Page, address: str) -> None:
    """Wait until the trend is shown, with its chart and its address."""
    await title(page, "Trend")
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")
    await expect(page).to_have_url(address)


async def _downloaded(page: Page, button: str) -> bytes:
    async with page.expect_download() as started:
        await page.get_by_test_id(button).click()
    return (await (await started.value).path()).read_bytes()


@TWO_FRONTS
async def test_an_error_leads_to_its_runbook(home: str, page: Page) -> None:
    await page.goto(f"{home}?window=9x")
    link = page.get_by_test_id("error-box").get_by_role("link")
    async with page.expect_popup() as opened:
        await link.click()
    runbook = await opened.value
    await expect(runbook.get_by_role("heading", level=1)).to_contain_text("BAD_PARAMETER")
    assert runbook.url == f"{home}docs/runbooks/BAD_PARAMETER.md"


async def test_headers_are_as_strict_and_the_rest_of_the_server_is_not_touched(
    home: str, context: BrowserContext
) -> None:
    for path in ("", "trend", "nothing", "api/v1/tags", "favicon.svg", "docs/runbooks/DB_CONN.md"):
        answer = await context.request.get(home + path)
        for name, value in HEADERS.items():
            if name != HEADER or not answer.headers["content-type"].startswith("text/html"):
                assert answer.headers[name.lower()] == value, path
        assert "unsafe" not in answer.headers[HEADER.lower()].split("style-src")[0], path
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
    outside = await context.request.get(home.removesuffix("ksys/"))
    assert await outside.text() == "another page"


async def test_the_app_s_own_port_leads_to_the_base_path(app: Served, page: Page) -> None:
    direct = f"http://127.0.0.1:{app.port}"
    await page.goto(f"{direct}/trend?tag=D100&window=24h#x")
    await title(page, "Trend")
    await expect(page).to_have_url(
        re.compile(f"^{re.escape(direct)}/ksys/trend[?]tag=D100&window=24h")
    )
    async with httpx.AsyncClient(base_url=direct, timeout=ANSWER_S) as client:
        assert (await client.get("/readyz")).status_code == 200
    assert f"ready: http://localhost:{app.port}/ksys/" in app.log
