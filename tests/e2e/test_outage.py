"""The database goes away and returns while a tab is open."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import BrowserContext, Page, expect
from websockets.asyncio.client import connect as open_websocket
from websockets.typing import Origin

from ksys_app.db import connect
from tests import wire
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.e2e.conftest import Site, opened, seed, start_site, stop_site
from tests.silence import line

BUDGET_MS = 15_000
# What nginx and many load balancers have as their default.
PROXY_IDLE_MS = 60_000
SELECTED = "/?window=60m&tag=D1&sort=worst"


@pytest.fixture(scope="module")
async def shared(databases: TestDatabases) -> AsyncIterator[Site]:
    """A site for all tests of the module; a test may stop its database."""
    dsn = await databases.fresh(alone=True)
    await seed(dsn)
    site = await start_site(databases, dsn)
    yield site
    await stop_site(site)
    await databases.drop(dsn)


@pytest.fixture
async def fragile(shared: Site) -> AsyncIterator[Site]:
    """That site; its database runs again after the test."""
    yield shared
    await shared.databases.start(shared.dsn)


@pytest.fixture
async def too_early(databases: TestDatabases) -> AsyncIterator[Site]:
    """A site that was started while its database was away."""
    dsn = await databases.fresh()
    await seed(dsn)
    await databases.stop(dsn)
    site = await start_site(databases, dsn)
    yield site
    await stop_site(site)
    await databases.drop(dsn)


async def kill_database(site: Site) -> None:
    """End the database's process at once; of a server that is not ours, end its sessions."""
    if site.databases.kind != "embedded":
        await site.databases.stop(site.dsn)
        return
    server = site.databases.process(site.dsn)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()


@pytest.mark.serial
async def test_every_tab_is_stale_with_its_age_and_live_again_by_itself(
    fragile: Site, context: BrowserContext
) -> None:
    tabs = [await opened(context, fragile) for _ in range(2)]
    value = await tabs[0].get_by_test_id("tile-D100").get_by_test_id("tile-value").inner_text()
    lines = len(fragile.log)
    await fragile.databases.stop(fragile.dsn)
    for tab in tabs:
        bar = tab.get_by_test_id("status-bar")
        await expect(bar).to_contain_text("Values below are old", timeout=BUDGET_MS)
        await expect(bar).to_contain_text("old")
    shown = tabs[0].get_by_test_id("tile-D100").get_by_test_id("tile-value")
    await expect(shown).to_have_text(value)
    # An outage is logged once for each code, not every attempt.
    await fragile.logged(" db_fail ", lines)
    logged = outages(fragile.log[lines:])
    assert len(set(logged)) == len(logged), logged
    await fragile.databases.start(fragile.dsn)
    for tab in tabs:
        bar = tab.get_by_test_id("status-bar")
        await expect(bar).not_to_contain_text("old", timeout=BUDGET_MS)
    await fragile.logged(" db_recover ", lines)
    # A slow connection to the new server is a second outage, and is logged once too.
    logged = outages(fragile.log[lines:])
    assert all(event != before for before, event in pairwise(logged)), logged


def outages(lines: list[str]) -> list[str]:
    """The events of outages in these lines of a log, with the code of each failure."""
    return re.findall(r" (db_fail code=\w+|db_recover) ", "\n".join(lines))


async def test_an_app_that_starts_before_its_database_says_why_and_recovers(
    too_early: Site, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(too_early.url)
    box = page.get_by_test_id("error-box")
    await expect(box).to_contain_text("DB_CONN")
    await expect(page.get_by_test_id("retry")).to_be_visible()
    await too_early.databases.start(too_early.dsn)
    await expect(page.get_by_test_id("tile-D100")).to_be_visible()


async def test_a_zoomed_chart_stays_while_the_database_is_gone_and_continues_after(
    fragile: Site, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{fragile.url}/trend?tag=D100&window=60m")
    chart, bar = page.get_by_test_id("chart"), page.get_by_test_id("status-bar")
    await expect(chart).to_have_attribute("data-state", "drawn")
    await page.get_by_test_id("zoom-in").click()
    await expect(chart).to_have_attribute("data-zoomed", "true")
    points = await chart.get_attribute("data-points")
    await kill_database(fragile)
    await page.get_by_test_id("refresh").click()
    await expect(bar).to_contain_text("Values below are old")
    await expect(chart).to_have_attribute("data-state", "drawn")
    await expect(chart).to_have_attribute("data-points", str(points))
    await page.get_by_test_id("zoom-in").click()
    await fragile.databases.start(fragile.dsn)
    await expect(bar).to_contain_text("Updated")
    await expect(chart).to_have_attribute("data-zoomed", "true")


async def test_another_window_while_the_database_is_gone_shows_no_old_figures(
    fragile: Site, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{fragile.url}/trend?tag=D100&window=60m")
    chart = page.get_by_test_id("chart")
    await expect(chart).to_have_attribute("data-state", "drawn")
    await fragile.databases.stop(fragile.dsn)
    await page.get_by_test_id("window-menu").click()
    await page.get_by_test_id("window-7d").click()
    await expect(page.get_by_test_id("error-box")).to_contain_text("DB_CONN")
    await fragile.databases.start(fragile.dsn)
    await expect(chart).to_have_attribute("data-state", "drawn")
    await expect(page.get_by_test_id("window-menu")).to_have_attribute("data-window", "7d")


async def test_a_renamed_view_is_reported_with_its_code_until_it_is_back(
    fragile: Site, context: BrowserContext
) -> None:
    page = await selected(context, fragile.url)
    bar = page.get_by_test_id("status-bar")
    async with await connect(fragile.dsn) as conn:
        await conn.execute("ALTER VIEW public.influx_latest RENAME TO influx_elsewhere")
        try:
            await expect(bar).to_contain_text("Values below are old")
            await expect(bar).to_contain_text("SCHEMA_DRIFT")
            await expect(page.get_by_test_id("tile-D100")).to_be_visible()
        finally:
            await conn.execute("ALTER VIEW public.influx_elsewhere RENAME TO influx_latest")
    await is_live_as_before(page)


async def selected(context: BrowserContext, url: str) -> Page:
    """A tab with a selection of its own, with its tiles."""
    page = await context.new_page()
    await page.goto(url + SELECTED)
    await page.get_by_test_id("tile-D100").wait_for()
    await expect(page.get_by_test_id("status-bar")).to_have_attribute("data-state", "live")
    await page.evaluate("window.sameTab = true")
    return page


async def is_live_as_before(page: Page) -> None:
    """The tab follows the feed again, with its selection, and was not loaded again."""
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_have_attribute("data-state", "live")
    before = await bar.inner_text()
    await expect(bar).not_to_have_text(before)
    await expect(bar).not_to_contain_text("old")
    await expect(page.get_by_test_id("window-menu")).to_have_attribute("data-window", "60m")
    await expect(page.get_by_test_id("tag-filter")).to_have_value("D1")
    await expect(page.get_by_test_id("tile-D100")).to_be_visible()
    assert page.url.endswith(SELECTED)
    assert await page.evaluate("window.sameTab")


async def test_a_browser_that_is_offline_says_so_and_is_live_again_when_it_is_back(
    fragile: Site, context: BrowserContext
) -> None:
    page = await selected(context, fragile.url)
    await context.set_offline(True)
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_contain_text("Disconnected. Values below are old")
    await expect(page.get_by_test_id("tile-D100")).to_be_visible()
    await context.set_offline(False)
    await is_live_as_before(page)


async def test_a_browser_that_slept_for_an_hour_connects_again(
    fragile: Site, context: BrowserContext
) -> None:
    await context.clock.install()
    page = await selected(context, fragile.url)
    async with page.expect_websocket():
        await context.clock.fast_forward("01:00:00")
    await is_live_as_before(page)


async def test_a_websocket_that_a_proxy_ends_is_opened_again(
    fragile: Site, context: BrowserContext
) -> None:
    async with line(f"host=127.0.0.1 port={fragile.port}") as proxy:
        page = await selected(context, f"http://127.0.0.1:{proxy.port}")
        async with page.expect_websocket():
            proxy.drop()
        await is_live_as_before(page)


async def test_no_websocket_is_idle_for_as_long_as_proxies_allow(fragile: Site) -> None:
    address = wire.address(fragile.url, "00000000-0000-0000-0000-000000000000")
    async with open_websocket(
        address, origin=Origin(fragile.url), proxy=None, **wire.PATIENT
    ) as socket:
        opening = json.loads(str(await socket.recv())[1:])
    assert opening["pingInterval"] <= PROXY_IDLE_MS / 2


async def unchanged_alarms(page: Page) -> datetime:
    """When the browser sent its next request for alarms whose answer is that nothing changed."""
    answer = await page.wait_for_event(
        "response", lambda answer: "/api/v1/alarms" in answer.url and answer.status == 304
    )
    return datetime.fromtimestamp(answer.request.timing["startTime"] / 1000, ZoneInfo(ZONE))


async def test_the_page_says_that_the_server_was_killed_and_connects_to_the_next(
    fragile: Site, context: BrowserContext
) -> None:
    page = await selected(context, fragile.url)
    for _ in range(3):
        confirmed = await unchanged_alarms(page)
    fragile.process.kill()
    await fragile.process.wait()
    await expect(page.get_by_test_id("status-bar")).to_contain_text("Disconnected")
    evaluated = page.get_by_test_id("banner-evaluated")
    await expect(evaluated).to_contain_text("the server does not answer")
    # The time is that of the newest answer, also if that only said that nothing has changed.
    shown = re.search(r"\d\d:\d\d:\d\d", await evaluated.inner_text())
    assert shown is not None
    # The two clocks of the browser may differ by a few milliseconds.
    assert shown[0] in {f"{confirmed + timedelta(seconds=s):%H:%M:%S}" for s in range(-1, 120)}
    again = await start_site(fragile.databases, fragile.dsn, port=fragile.port)
    try:
        await is_live_as_before(page)
    finally:
        await stop_site(again)
