"""``/`` as an operator uses it."""

from __future__ import annotations

import re

from playwright.async_api import BrowserContext, Page, expect

from ksys_app.ops.plant.simulator import TAGS
from tests.e2e.conftest import Site, opened


async def test_every_tag_has_a_tile_and_a_row(page: Page) -> None:
    for tag in TAGS:
        await expect(page.get_by_test_id(f"tile-{tag}")).to_be_visible()
        await expect(page.get_by_test_id(f"row-{tag}")).to_be_attached()
    headers = page.get_by_test_id("snapshot-table").get_by_role("columnheader")
    assert [text.strip() for text in await headers.all_inner_texts()] == [
        "TAG",
        "Time Stamp",
        "Value",
        "Comm.",
        "Alarm.",
    ]


async def test_tiles_follow_the_plant_by_themselves(page: Page) -> None:
    stamp = page.get_by_test_id("tile-D101").get_by_test_id("tile-ts")
    first = await stamp.inner_text()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", first)
    await expect(stamp).not_to_have_text(first, timeout=5000)


async def test_choosing_a_window_changes_tiles_and_url(page: Page, site: Site) -> None:
    tile = page.get_by_test_id("tile-D100")
    await expect(tile).to_contain_text("vs previous 1 min bucket")
    await page.get_by_test_id("window-menu").click()
    await page.get_by_test_id("window-7d").click()
    await expect(page).to_have_url(re.compile(r"window=7d"))
    await expect(tile).to_contain_text("vs previous 10 min bucket")
    await page.reload()
    await expect(page.get_by_test_id("window-menu")).to_have_attribute("data-window", "7d")


async def test_the_last_window_is_kept_in_this_browser(
    page: Page, context: BrowserContext, site: Site
) -> None:
    await page.get_by_test_id("window-menu").click()
    await page.get_by_test_id("window-24h").click()
    await expect(page).to_have_url(re.compile(r"window=24h"))
    again = await opened(context, site)
    await expect(again).to_have_url(re.compile(r"window=24h"))


async def test_a_pasted_link_opens_the_same_view(context: BrowserContext, site: Site) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/?window=60m&tag=D30&sort=worst")
    await page.get_by_test_id("tile-D300").wait_for()
    await expect(page.locator("[data-testid^=tile-D]")).to_have_count(3)
    await expect(page.get_by_test_id("window-menu")).to_have_attribute("data-window", "60m")
    await expect(page.get_by_test_id("tag-filter")).to_have_value("D30")


async def test_the_filter_narrows_tiles_and_table(page: Page) -> None:
    await page.get_by_test_id("tag-filter").fill("d20")
    tiles = page.locator("[data-testid^=tile-D]")
    await expect(tiles).to_have_count(3)
    await expect(page.locator("[data-testid^=row-D]")).to_have_count(3)
    await expect(page).to_have_url(re.compile(r"tag=d20"))
    await page.get_by_test_id("tag-filter").fill("nothing like it")
    await expect(page.get_by_test_id("no-match-box")).to_be_visible()
    await page.get_by_test_id("tag-filter").fill("")
    await expect(tiles).to_have_count(9)


async def test_the_table_sorts_both_ways(page: Page) -> None:
    rows = page.locator("[data-testid^=row-D]")
    first = rows.first
    await expect(first).to_have_attribute("data-testid", "row-D100")
    await page.get_by_test_id("sort-tag").click()
    await expect(first).to_have_attribute("data-testid", "row-D302")
    header = page.get_by_role("columnheader", name="TAG")
    await expect(header).to_have_attribute("aria-sort", "descending")


async def test_a_pinned_tag_stays_in_front(page: Page) -> None:
    await page.get_by_test_id("tile-D202").get_by_test_id("tile-pin").click()
    first = page.locator("[data-testid^=tile-D]").first
    await expect(first).to_have_attribute("data-testid", "tile-D202")
    await page.reload()
    await expect(first).to_have_attribute("data-testid", "tile-D202")


async def test_pausing_stops_the_figures_and_says_so(page: Page) -> None:
    await page.get_by_test_id("live-toggle").click()
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_contain_text("Paused", timeout=5000)
    await page.wait_for_timeout(1500)
    stamp = page.get_by_test_id("tile-D100").get_by_test_id("tile-ts")
    before = await stamp.inner_text()
    await page.wait_for_timeout(2500)
    assert await stamp.inner_text() == before
    await page.get_by_test_id("live-toggle").click()
    await expect(stamp).not_to_have_text(before, timeout=5000)


async def test_the_detail_shows_rule_samples_and_features(page: Page) -> None:
    await page.get_by_test_id("tile-D100").get_by_test_id("tile-open").click()
    detail = page.get_by_test_id("detail")
    await expect(detail).to_contain_text("max_val")
    await expect(detail).to_contain_text("mean_5m")
    await expect(detail.get_by_test_id("detail-samples")).to_contain_text("+09:00")
    await expect(detail.get_by_role("link", name="Trend")).to_have_attribute(
        "href", re.compile(r"/trend\?.*tag=D100")
    )


async def test_a_sparkline_leads_to_the_trend_of_its_tag(page: Page) -> None:
    await page.get_by_test_id("tile-D102").get_by_test_id("tile-trend").click()
    await expect(page).to_have_url(re.compile(r"/trend\?tag=D102&window=5m"))
    await expect(page.get_by_test_id("course-tag")).to_contain_text("D102")


async def test_dark_and_light_are_chosen_and_kept(page: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    before = await page.evaluate(background)
    await page.get_by_test_id("theme-toggle").click()
    await page.wait_for_function(f"() => {background} !== {before!r}")
    after = await page.evaluate(background)
    await page.reload()
    await page.get_by_test_id("tile-D100").wait_for()
    assert await page.evaluate(background) == after


async def test_an_unknown_window_in_the_url_is_one_clear_sentence(
    context: BrowserContext, site: Site
) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/?window=3x")
    box = page.get_by_test_id("error-box")
    await expect(box).to_contain_text("window '3x' is unknown; use one of 1m 5m 10m 60m")
    await page.get_by_test_id("retry").click()
    await page.get_by_test_id("tile-D100").wait_for()
