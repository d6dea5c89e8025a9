"""More tags than a page shows: a search finds every tag, in a browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ksys_app.db import connect
from tests import plant
from tests.database import TestDatabases
from tests.e2e.conftest import Site, seed, start_site, stop_site

MOST = 20
FAR = [f"T0499{n}" for n in range(10)]


@pytest.fixture(scope="module")
async def site(databases: TestDatabases) -> AsyncIterator[Site]:
    """An app whose pages show 20 tags, over 300 names and ten with samples behind them."""
    dsn = await databases.fresh()
    await seed(dsn)
    now = datetime.now(UTC)
    async with await connect(dsn) as conn:
        await conn.execute(
            "INSERT INTO influx_qc_rule (tag_name, enabled)"
            " SELECT 'PLANT-' || lpad(n::text, 4, '0'), true FROM generate_series(1, 300) AS n"
        )
        rows = [(now - timedelta(seconds=s), tag, 7.5) for tag in FAR for s in range(1, 200, 5)]
        await plant.insert(conn, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KSYS_MAX_TAGS", str(MOST))
        served = await start_site(databases, dsn)
    yield served
    await stop_site(served)
    await databases.drop(dsn)


@pytest.fixture
async def page(context: BrowserContext, site: Site) -> Page:
    tab = await context.new_page()
    await tab.goto(site.url)
    await tab.get_by_test_id("tile-D100").wait_for()
    return tab


async def insert(site: Site, tag: str, value: float) -> None:
    async with await connect(site.dsn) as conn:
        await plant.insert(conn, [(datetime.now(UTC), tag, value)])


async def test_the_filter_finds_tags_that_the_page_does_not_have_and_updates_them(
    page: Page, site: Site
) -> None:
    await expect(page.get_by_text("The filter finds every tag.")).to_be_visible()
    await page.get_by_test_id("tag-filter").fill("T0499")
    await expect(page.get_by_test_id("tiles").get_by_role("article")).to_have_count(10)
    await expect(page.get_by_test_id("tag-count")).to_have_text(re.compile(r"^10 tags"))
    await expect(page).to_have_url(re.compile(r"tag=T0499"))
    await insert(site, "T04990", 42.0)
    tile = page.get_by_test_id("tile-T04990")
    await expect(tile.get_by_test_id("tile-value")).to_have_text(re.compile(r"^42\.0"))
    await tile.get_by_test_id("tile-pin").click()
    await page.get_by_test_id("tag-filter-clear").click()
    await expect(page.get_by_test_id("tiles").get_by_role("article").first).to_have_attribute(
        "data-testid", "tile-T04990"
    )
    await page.reload()
    await expect(page.get_by_test_id("tile-T04990")).to_be_visible()


async def test_a_search_of_all_tags_without_a_match_says_so(page: Page, site: Site) -> None:
    await page.get_by_test_id("tag-filter").fill("T0500")
    box = page.get_by_test_id("no-match-box")
    await expect(box).to_contain_text("No tag name or title contains T0500.")
    await insert(site, "T05000", 1.0)
    await expect(page.get_by_test_id("tile-T05000")).to_be_visible()
    await expect(box).to_have_count(0)


async def test_the_overview_of_communication_searches_all_tags(
    context: BrowserContext, site: Site
) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/comm?view=overview")
    await expect(page.get_by_test_id("overview-count")).to_have_text(str(MOST))
    await page.get_by_test_id("tag-filter").fill("T0499")
    await expect(page.get_by_test_id("overview-count")).to_have_text("10")
    await page.get_by_test_id("overview-T04997").get_by_role("button").click()
    await page.get_by_test_id("map-T04997").wait_for()


@pytest.mark.parametrize(
    ("path", "picker", "option"),
    [
        ("/trend?tag=D100", "tag-picker", "tag-option"),
        ("/tech?tag=D100", "tag-picker", "tag-option"),
        ("/comm?tags=D100", "tags-picker", "tags-option"),
    ],
)
async def test_a_picker_finds_a_tag_that_is_newer_than_its_list(
    context: BrowserContext, site: Site, path: str, picker: str, option: str
) -> None:
    page = await context.new_page()
    await page.goto(site.url + path)
    box = page.get_by_test_id(picker)
    await box.click()
    await box.press_sequentially("T0499")
    await expect(page.locator(f"[data-testid^={option}-T0499]")).to_have_count(10)
    name = f"YOUNG-{option}-{len(path)}"
    await insert(site, name, 1.0)
    await box.fill(name)
    await page.get_by_test_id(f"{option}-{name}").click()
    await expect(page).to_have_url(re.compile(re.escape(name)))
    await box.click()
    await box.fill("nothing like it")
    await expect(page.get_by_test_id(f"{option}s")).to_contain_text("No tag matches.")
