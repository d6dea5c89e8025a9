"""Tag names that another program wrote: pages and links work with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ksys_app.db import connect
from tests import plant
from tests.conftest import RW_PASSWORD
from tests.e2e.conftest import Site

LONG = "LONG-" + "x" * 295
NAMES = [LONG, "가" * 300, "BLANKS  around ", "TAB\there"]


@pytest.fixture(scope="module", autouse=True)
async def samples(site: Site) -> None:
    """The tags, written as the ingest would."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    rows = [(now - timedelta(minutes=m), tag, 7.5) for tag in NAMES for m in range(1, 4)]
    writer = site.databases.as_role(site.dsn, "eco_rw", RW_PASSWORD)
    async with await connect(writer) as conn:
        await plant.insert(conn, rows)


async def fits(page: Page) -> bool:
    """Whether the page is no wider than its window."""
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(await page.evaluate(width)) <= 0


# Whether the end of a shortened name is shown, and ends inside its box.
END = """place => {
  const end = place.querySelector(".name-tail").getBoundingClientRect();
  return end.width > 0 && end.right <= place.getBoundingClientRect().right + 1;
}"""


# Whether the link to the file is that of a tag.
OFFERS_FILE_OF = """(tag) => {
  const link = document.querySelector("[data-testid=csv]");
  return new URL(link.href).searchParams.get("tag") === tag;
}"""


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_tag_of_300_characters_can_be_opened_from_its_tile(
    context: BrowserContext, site: Site, width: int
) -> None:
    page = await context.new_page()
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(f"{site.url}/?tag=LONG&window=60m")
    tile = page.get_by_test_id(f"tile-{LONG}")
    await expect(tile.get_by_test_id("tile-value")).to_contain_text("7.5")
    assert await fits(page)
    for place in (
        tile.locator(".tile-title"),
        page.get_by_test_id(f"row-{LONG}").locator(".col-tag"),
    ):
        assert await place.evaluate(END)
        assert (await place.inner_text()).strip() == LONG
    await tile.get_by_test_id("tile-open").click()
    await expect(page.get_by_role("dialog")).to_contain_text(LONG)
    assert await fits(page)
    await page.keyboard.press("Escape")
    await tile.get_by_test_id("tile-trend").click()
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")
    await expect(page.get_by_test_id("series-table")).to_contain_text(LONG)
    assert await fits(page)


@pytest.mark.parametrize("path", ["/trend", "/tech"])
async def test_the_series_is_drawn_and_saved_as_a_file(
    context: BrowserContext, site: Site, path: str
) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}{path}?tag=D100&window=60m")
    picker = page.get_by_test_id("tag-picker")
    for name in NAMES:
        # The picker offers every name; choosing one asks for it as it is.
        await picker.click()
        await picker.fill(name.split()[0])
        await page.get_by_test_id(f"tag-option-{name}").click()
        await expect(page.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")
        await expect(picker, name).to_have_attribute("data-tag", name)
        link = page.get_by_test_id("csv")
        await page.wait_for_function(OFFERS_FILE_OF, arg=name)
        answer = await page.request.get(site.url + str(await link.get_attribute("href")))
        assert answer.status == 200
        assert name in await answer.text()
        await page.reload()
        await expect(picker, name).to_have_attribute("data-tag", name)
        await expect(page.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")


@pytest.mark.parametrize("name", NAMES)
async def test_the_communication_is_shown(context: BrowserContext, site: Site, name: str) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/comm?view=overview&search={name.split()[0]}")
    await page.get_by_role("button", name=name.strip()).first.click()
    await page.get_by_test_id(f"map-{name}").wait_for()
    assert await fits(page)
