"""The database stops answering, with open connections, while four pages are open."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.database import TestDatabases
from tests.e2e.conftest import Site, seed, start_site, stop_site
from tests.silence import Stopped, line

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


@pytest.fixture(params=["process", "network"])
async def muted(request: pytest.FixtureRequest, databases: TestDatabases) -> AsyncIterator[Muted]:
    """The pace of the feed is the default one: no page waits for it."""
    if request.param == "process" and databases.kind != "embedded":
        pytest.skip("the server is not ours to stop")
    dsn = await databases.fresh()
    await seed(dsn)
    async with AsyncExitStack() as stack:
        by = dsn
        silenced: Any
        if request.param == "process":
            silenced = Stopped(databases.server(dsn))
        else:
            silenced = await stack.enter_async_context(line(dsn))
            by = silenced.dsn
        site = await start_site(databases, by, tick_s=10)
        try:
            yield Muted(site, silenced.cut, silenced.mend)
        finally:
            silenced.mend()
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


async def test_every_page_shows_stale_and_is_live_again_after_the_return(
    muted: Muted, context: BrowserContext
) -> None:
    tabs = await opened(context, muted.site)
    muted.cut()
    await asyncio.gather(*(says(tab, "Values below are old") for tab in tabs.values()))
    for path, tab in tabs.items():
        await expect(tab.get_by_test_id(PAGES[path])).to_be_visible()
        bar = tab.get_by_test_id("status-bar")
        await expect(bar).to_contain_text(SINCE)
    await freezes(tabs)
    muted.mend()
    await asyncio.gather(*(says(tab, "Updated") for tab in tabs.values()))
    assert muted.site.events("db_fail") == 1, "\n".join(muted.site.log)
    assert muted.site.events("db_recover") == 1
    strange = [text for text in muted.site.log if not LOG_LINE.match(text)]
    assert strange == [], "every line has its time and level"


async def freezes(tabs: dict[str, Page]) -> None:
    """Nothing says that updates come, and a tag is as it was when the database last answered."""
    dashboard, communication = tabs["/"], tabs["/comm?tags=D100"]
    await expect(dashboard.get_by_test_id("live-word")).to_have_text("Waiting")
    tile = dashboard.get_by_test_id("tile-D100")
    now = communication.get_by_test_id("summary-D100").get_by_test_id("now")
    before = [await place.get_attribute("data-comm") for place in (tile, now)]
    # Far longer than a sample of this tag may be old.
    for tab in (dashboard, communication):
        await tab.evaluate("(real = Date.now, Date.now = () => real() + 3600e3, true)")
    for place in (tile.get_by_test_id("tile-age"), now):
        await expect(place).to_contain_text(re.compile(r"as of [\d -]*\d\d:\d\d:\d\d"))
    await expect(dashboard.get_by_test_id("status-bar")).to_contain_text("60 min ago")
    assert [await place.get_attribute("data-comm") for place in (tile, now)] == before
    for tab in (dashboard, communication):
        await tab.evaluate("(Date.now = real, true)")


async def says(tab: Page, words: str) -> None:
    """The line under the header says so in time."""
    bar = tab.get_by_test_id("status-bar")
    await expect(bar, tab.url).to_contain_text(words, timeout=WITHIN_MS)
