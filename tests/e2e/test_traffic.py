"""What a page requests, how much it receives, and how much work the database has."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from playwright.async_api import BrowserContext, ConsoleMessage, WebSocket, expect

from ksys_app.content_policy import source_of
from ksys_app.db import connect
from ksys_app.ops.demo.screens.screens import Screens
from ksys_app.ops.serving import frontend
from tests.e2e.conftest import ANSWER_S, Site, opened, policy_watched
from tests.waiting import until

KB = 1024
TICK_S = 1.0
INLINE_SCRIPT = r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>"


def queries(site: Site) -> list[datetime]:
    """When the feed has read the database so far, by the log of the app."""
    lines = [line for line in site.log if " snapshot_refresh " in line]
    return [datetime.fromisoformat(line.partition(" ")[0]) for line in lines]


async def ticks(site: Site, count: int) -> float:
    """Wait for so many further queries of the feed; returns the seconds from first to last."""
    before = len(queries(site))

    async def arrived() -> bool:
        return len(queries(site)) >= before + count

    await until(arrived)
    further = queries(site)[before : before + count]
    return (further[-1] - further[0]).total_seconds()


async def queries_end(site: Site) -> None:
    """Wait until three ticks have passed without a query."""

    async def silent() -> bool:
        before = len(queries(site))
        await asyncio.sleep(3 * TICK_S)
        return len(queries(site)) == before

    await until(silent)


async def test_no_request_leaves_the_origin_and_the_console_is_clean(
    context: BrowserContext, site: Site
) -> None:
    requests: list[str] = []
    complaints: list[str] = []

    def add(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    context.on("request", lambda request: requests.append(request.url))
    page = await context.new_page()
    page.on("websocket", lambda socket: requests.append(socket.url))
    page.on("console", add)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("/", "/trend", "/tech", "/comm"):
        await page.goto(site.url + path)
        await expect(page.get_by_test_id("status-bar")).to_have_attribute("data-state", "live")
        if path in ("/trend", "/tech"):
            await expect(page.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")
    hosts = {urlsplit(url).netloc for url in requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {f"127.0.0.1:{site.port}"}
    assert complaints == []


async def test_a_page_runs_its_own_inline_scripts_and_no_other(
    context: BrowserContext, site: Site
) -> None:
    built = frontend.ensure_built()
    pages = [path.relative_to(built) for path in built.rglob("*.html")]
    assert len(pages) >= 9
    for path in pages:
        answer = await context.request.get(f"{site.url}/{path}")
        scripts = re.findall(
            r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", await answer.text(), re.S
        )
        assert len(scripts) > 5
        for script in scripts:
            assert source_of(script) in answer.headers["content-security-policy"], (path, script)
    violated = await policy_watched(context)
    page = await opened(context, site)
    for path in ("/api/v1/docs", "/docs/runbooks/README.md", "/nothing", "/", "/"):
        await page.goto(site.url + path)
    await page.get_by_test_id("tile-D100").wait_for()
    assert violated == []
    await page.evaluate(
        """() => document.body.append(Object.assign(document.createElement('script'),
             {textContent: 'window.intruder = true'}))"""
    )

    async def refused() -> bool:
        return any("script-src-elem" in one for one in violated)

    await until(refused)
    assert await page.evaluate("window.intruder") is None


async def test_the_first_page_is_small(context: BrowserContext, site: Site) -> None:
    page = await (await context.request.get(site.url)).text()
    files = set(re.findall(r'(?:href|src)="(/assets/[^"]+\.(?:js|css))"', page))
    assert len(files) > 5
    sizes = {}
    for path in files:
        answer = await context.request.get(site.url + path)
        sizes[path] = int(answer.headers["content-length"])
        # Compressed, a file of a line would be longer.
        assert answer.headers.get("content-encoding") == "gzip" or sizes[path] < 200
    assert sum(sizes.values()) <= 310_000, sizes


async def test_first_state_and_ticks_are_small(context: BrowserContext, site: Site) -> None:
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: frames.append(str(payload)))

    page = await context.new_page()
    page.on("websocket", listen)
    await page.goto(f"{site.url}/?window=5m&sort=name")
    await page.get_by_test_id("tile-D100").wait_for()
    first = next(number for number, text in enumerate(frames) if "D100" in text) + 1

    async def received() -> bool:
        return len(frames) >= first + 4

    await until(received)
    assert sum(map(len, frames[:first])) <= 50 * KB
    assert max(map(len, frames[first:])) <= 10 * KB


async def test_the_tiles_of_many_tags_are_fetched_and_a_tick_sends_a_number(
    context: BrowserContext, site: Site
) -> None:
    frames: list[int] = []
    page = await context.new_page()
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda payload: frames.append(len(payload))),
    )
    await page.goto(f"{site.url}/?window=5m&sort=name")
    await page.get_by_test_id("tile-D100").wait_for()
    tiles = page.get_by_test_id("tiles").get_by_role("article")
    few = await tiles.count()
    async with await connect(site.dsn) as conn:
        await conn.execute(
            "INSERT INTO influx_qc_rule (tag_name, enabled)"
            " SELECT 'MANY-' || n, true FROM generate_series(101, 200) AS n"
        )
        try:
            await expect(tiles.first).to_have_attribute("aria-setsize", str(few + 100))
            far = page.get_by_test_id("tile-MANY-150")
            await expect(far).to_have_count(0)
            await page.evaluate("scrollTo(0, 4000)")
            await expect(far).to_be_in_viewport()
            await page.evaluate("scrollTo(0, 0)")
            # The focus stays however far the list is scrolled, and the keys go on from it.
            opener = page.get_by_test_id("tile-D100").get_by_test_id("tile-open")
            await opener.evaluate("element => element.focus({preventScroll: true})")
            await page.evaluate("scrollTo(0, 8000)")
            await expect(page.get_by_test_id("tile-MANY-110")).to_have_count(0)
            await expect(opener).to_be_focused()
            row = page.get_by_test_id("row-D100").locator("td").first
            await row.focus()
            await page.locator(".grid-scroll").evaluate("box => box.scrollTo(0, box.scrollHeight)")
            await expect(page.get_by_test_id("row-MANY-200")).to_have_count(1)
            await expect(page.get_by_test_id("row-MANY-130")).to_have_count(0)
            await expect(row).to_be_focused()
            await page.keyboard.press("ArrowDown")
            below = page.get_by_test_id("row-D101")
            await expect(below.locator("td").first).to_be_focused()
            await expect(below).to_be_in_viewport()
            await page.evaluate("scrollTo(0, 0)")
            many = page.get_by_test_id("group-MANY")
            await many.click()
            await expect(page).to_have_url(re.compile("group=MANY"))
            await expect(tiles.first).to_have_attribute("aria-setsize", "100")
            await expect(page.get_by_test_id("cell-D100")).to_have_count(0)
            await page.get_by_test_id("cell-MANY-101").focus()
            await page.keyboard.press("ArrowRight")
            await expect(page.get_by_test_id("cell-MANY-102")).to_be_focused()
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("dialog")).to_contain_text("MANY-102")
            await page.keyboard.press("Escape")
            await page.get_by_test_id("group-clear").click()
            await expect(page.get_by_test_id("cell-D100")).to_have_count(1)
            tile = page.get_by_test_id("tile-MANY-105")
            await tile.get_by_test_id("tile-pin").click()
            await expect(tiles.first).to_have_attribute("data-testid", "tile-MANY-105")
            await expect(tile.get_by_test_id("tile-pin")).to_have_attribute("aria-pressed", "true")
            await page.get_by_test_id("only-pinned").click()
            await expect(page).to_have_url(re.compile("only=pinned&pins=MANY-105$"))
            await expect(tiles).to_have_count(1)
            await page.get_by_test_id("only-clear").click()
            await expect(page).not_to_have_url(re.compile("only="))
            await expect(tiles.first).to_have_attribute("aria-setsize", str(few + 100))
            frames.clear()
            shown = page.get_by_test_id("tile-D100").get_by_test_id("tile-ts")
            # The message of the first change may have come before.
            for _ in range(3):
                before = await shown.inner_text()
                await expect(shown).not_to_have_text(before)
            assert 0 < max(frames) <= 2 * KB, "it has no figure of a tile"
            # The value of D100 never changes.
            line = page.get_by_test_id("tile-D101").locator(".spark-line")
            await expect(line).to_have_attribute("d", re.compile("L"))
            before = await line.get_attribute("d") or ""
            await expect(line).not_to_have_attribute("d", before)
            await tile.get_by_test_id("tile-pin").click()
        finally:
            await conn.execute("DELETE FROM influx_qc_rule WHERE tag_name LIKE 'MANY-%'")
    await expect(tiles).to_have_count(few)


async def test_fifty_tabs_cause_one_query_a_tick_and_none_when_closed(
    context: BrowserContext, site: Site
) -> None:
    tabs = [await opened(context, site, "/?window=5m&sort=name") for _ in range(5)]
    async with Screens(site.url) as screens:
        await screens.grow(45)
        await ticks(site, 2)
        assert await ticks(site, 5) > 2 * TICK_S, "one query a tick, however many tabs watch"
        assert sum(screen.reconnects + screen.failures for screen in screens.all) == 0
    # The framework does not end updates that a click started.
    await tabs[0].get_by_test_id("window-menu").click()
    await tabs[0].get_by_test_id("window-10m").click()
    await expect(tabs[0]).to_have_url(re.compile("window=10m"))
    for tab in tabs:
        await tab.close()
    await queries_end(site)


async def test_security_headers_are_on_pages_files_and_api(
    context: BrowserContext, site: Site
) -> None:
    for path in ("/", "/favicon.svg", "/api/v1/tags"):
        answer = await context.request.get(site.url + path)
        assert answer.ok
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_another_origin_may_not_open_the_websocket(site: Site) -> None:
    path = "/_event/?EIO=4&transport=websocket&token=00000000-0000-0000-0000-000000000000"
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with httpx.AsyncClient(base_url=site.url, timeout=ANSWER_S) as client:
        for origin, allowed in ((site.url, True), ("http://evil.example", False)):
            request = client.build_request("GET", path, headers=upgrade | {"Origin": origin})
            answer = await client.send(request, stream=True)
            await answer.aclose()
            assert (answer.status_code == 101) is allowed, origin


async def test_updates_that_a_click_started_end_with_the_page(
    context: BrowserContext, site: Site
) -> None:
    page = await opened(context, site)
    await page.get_by_test_id("live-toggle").click()
    await expect(page.get_by_test_id("status-bar")).to_contain_text("Paused")
    await page.get_by_test_id("live-toggle").click()
    await page.keyboard.type("gt")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Trend")
    await queries_end(site)
