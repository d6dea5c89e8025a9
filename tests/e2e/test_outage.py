"""The database goes away and returns while a tab is open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import BrowserContext, expect

from tests.database import TestDatabases
from tests.e2e.conftest import Site, opened, seed, start_site, stop_site

BUDGET_MS = 15_000


@asynccontextmanager
async def served(databases: TestDatabases) -> AsyncIterator[Site]:
    """A site whose database may be taken away."""
    dsn = await databases.fresh()
    await seed(dsn)
    site = await start_site(databases, dsn, tick_s=2)
    yield site
    await stop_site(site)
    await databases.drop(dsn)


@pytest.fixture(scope="module")
async def shared(databases: TestDatabases) -> AsyncIterator[Site]:
    """Such a site for the whole module."""
    async with served(databases) as site:
        yield site


@pytest.fixture
async def fragile(shared: Site) -> AsyncIterator[Site]:
    """The same, with its database back after the test."""
    yield shared
    await shared.databases.start(shared.dsn)


@pytest.fixture
async def unseen(databases: TestDatabases) -> AsyncIterator[Site]:
    """Such a site of which nobody has opened a page."""
    async with served(databases) as site:
        yield site


@pytest.mark.serial
async def test_every_tab_is_stale_with_its_age_and_live_again_by_itself(
    fragile: Site, context: BrowserContext
) -> None:
    tabs = [await opened(context, fragile) for _ in range(2)]
    value = await tabs[0].get_by_test_id("tile-D100").get_by_test_id("tile-value").inner_text()
    before = {event: fragile.events(event) for event in ("db_fail", "db_recover")}
    await fragile.databases.stop(fragile.dsn)
    for tab in tabs:
        bar = tab.get_by_test_id("status-bar")
        await expect(bar).to_contain_text("Values below are old", timeout=BUDGET_MS)
        await expect(bar).to_contain_text("old")
    shown = tabs[0].get_by_test_id("tile-D100").get_by_test_id("tile-value")
    await expect(shown).to_have_text(value)
    await fragile.databases.start(fragile.dsn)
    for tab in tabs:
        bar = tab.get_by_test_id("status-bar")
        await expect(bar).not_to_contain_text("old", timeout=BUDGET_MS)
    # An outage is logged once, not every attempt.
    assert {event: fragile.events(event) - n for event, n in before.items()} == {
        "db_fail": 1, "db_recover": 1
    }  # fmt: skip


async def test_a_page_opened_during_an_outage_says_why_and_recovers(
    unseen: Site, context: BrowserContext
) -> None:
    await unseen.databases.stop(unseen.dsn)
    page = await context.new_page()
    await page.goto(unseen.url)
    box = page.get_by_test_id("error-box")
    await expect(box).to_contain_text("DB_CONN")
    await expect(page.get_by_test_id("retry")).to_be_visible()
    await unseen.databases.start(unseen.dsn)
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
    await fragile.databases.stop(fragile.dsn)
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


async def test_a_lost_server_is_said_by_the_page_itself_and_found_again(
    fragile: Site, context: BrowserContext
) -> None:
    page = await opened(context, fragile)
    await stop_site(fragile)
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_contain_text("Disconnected")
    again = await start_site(fragile.databases, fragile.dsn, tick_s=2, port=fragile.port)
    try:
        await expect(bar).to_contain_text("Updated")
        before = await bar.inner_text()
        await expect(bar).not_to_have_text(before)
    finally:
        await stop_site(again)
