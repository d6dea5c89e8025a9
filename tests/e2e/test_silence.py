"""The database stops answering, with open connections, while four pages are open."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ksys_app.settings import Settings
from tests.database import TestDatabases
from tests.e2e.conftest import Site, seed, start_site, stop_site
from tests.silence import line

WITHIN_MS = 15_000
SINCE = re.compile(r"The database has not answered since [\d: -]+ \(DB_(CONN|TIMEOUT)\)")
LOG_LINE = re.compile(r"ready: |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) ")
PAGES = {
    "/": "tile-D100",
    "/trend?tag=D100&window=60m": "chart",
    "/tech?tag=D100&window=60m": "chart",
    "/comm?tags=D100": "map-D100",
}


@dataclass
class Muted:
    """A site whose database can be silenced."""

    site: Site
    cut: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture
async def muted(databases: TestDatabases) -> AsyncIterator[Muted]:
    """The feed's period and the statement timeout are the defaults: no page waits for a tick.

    The network falls silent. Tests of the API stop the process of the server.
    """
    dsn = await databases.fresh()
    await seed(dsn)
    timeout = {"KSYS_STATEMENT_TIMEOUT_MS": str(Settings().statement_timeout_ms)}
    async with line(dsn) as by:
        site = await start_site(databases, by.dsn, tick_s=10, environment=timeout)
        try:
            yield Muted(site, by.cut, by.mend)
        finally:
            by.mend()
            await stop_site(site)
    await databases.drop(dsn)


async def opened(context: BrowserContext, site: Site) -> dict[str, Page]:
    tabs = {}
    for path, part in PAGES.items():
        tabs[path] = await context.new_page()
        await tabs[path].goto(site.url + path)
        await expect(tabs[path].get_by_test_id(part)).to_be_visible()
        await expect(tabs[path].get_by_test_id("status-bar")).to_contain_text("Updated")
    return tabs


@pytest.mark.serial
async def test_every_page_shows_stale_and_is_live_again_after_the_return(
    muted: Muted, context: BrowserContext
) -> None:
    tabs = await opened(context, muted.site)
    muted.cut()
    await asyncio.gather(*(expect_status(tab, "Values below are old") for tab in tabs.values()))
    for path, tab in tabs.items():
        await expect(tab.get_by_test_id(PAGES[path])).to_be_visible()
        bar = tab.get_by_test_id("status-bar")
        await expect(bar).to_contain_text(SINCE)
    await check_frozen(tabs)
    muted.mend()
    await asyncio.gather(*(expect_status(tab, "Updated") for tab in tabs.values()))
    await muted.site.logged(" db_recover ")
    # An outage is logged once for each code, not every attempt.
    codes = re.findall(r" db_fail code=(\w+) ", "\n".join(muted.site.log))
    assert sorted(codes) == sorted(set(codes)), "\n".join(muted.site.log)
    assert muted.site.events("db_recover") == 1
    unexpected = [text for text in muted.site.log if not LOG_LINE.match(text)]
    assert unexpected == [], "every line has its time and level"


async def check_frozen(tabs: dict[str, Page]) -> None:
    """Check that no part announces updates, and that a tag is shown as of the last answer."""
    dashboard, communication = tabs["/"], tabs["/comm?tags=D100"]
    await expect(dashboard.get_by_test_id("live-word")).to_have_text("Waiting")
    tile = dashboard.get_by_test_id("tile-D100")
    now = communication.get_by_test_id("summary-D100").get_by_test_id("now")
    before = [await place.get_attribute("data-comm") for place in (tile, now)]
    # An hour later: no sample of this tag may be so old.
    for tab in (dashboard, communication):
        await tab.evaluate("(real = Date.now, Date.now = () => real() + 3600e3, true)")
    for place in (tile.get_by_test_id("tile-age"), now):
        await expect(place).to_contain_text(re.compile(r"as of [\d -]*\d\d:\d\d:\d\d"))
    await expect(dashboard.get_by_test_id("status-bar")).to_contain_text("60 min ago")
    assert [await place.get_attribute("data-comm") for place in (tile, now)] == before
    for tab in (dashboard, communication):
        await tab.evaluate("(Date.now = real, true)")


async def expect_status(tab: Page, words: str) -> None:
    """Wait until the status bar has these words, at most ``WITHIN_MS``."""
    bar = tab.get_by_test_id("status-bar")
    await expect(bar, tab.url).to_contain_text(words, timeout=WITHIN_MS)
