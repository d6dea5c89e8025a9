"""``/comm`` as a communication engineer uses it, on the synthetic month."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from ksys_app.db import connect
from tests.comm import Cells, expected_cells, expected_outages, messages, month
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.e2e.conftest import Site, start_site, stop_site

LABEL = re.compile(r"(\S+ \d\d:\d\d)\S+, (.+) %, (\w+), (\d+) of (\d+) received, (\d+) missing")
STATES = {"o": "ok", "w": "warn", "c": "crit", "n": "no_data"}


@pytest.fixture(scope="module")
async def comm_site(databases: TestDatabases) -> AsyncIterator[Site]:
    """The app over the synthetic month."""
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        await month(conn)
    served = await start_site(databases, dsn)
    yield served
    await stop_site(served)
    await databases.drop(dsn)


async def opened(context: BrowserContext, site: Site, query: str, tag: str = "HOLES") -> Page:
    """A tab on ``/comm`` once the heatmap of ``tag`` is there."""
    page = await context.new_page()
    await page.goto(f"{site.url}/comm?{query}")
    await page.get_by_test_id(f"map-{tag}").wait_for()
    return page


@pytest.fixture
async def page(context: BrowserContext, comm_site: Site) -> Page:
    return await opened(context, comm_site, "tags=HOLES")


async def judged_to(page: Page) -> datetime:
    """The minute up to which the page says it judged."""
    text = await page.get_by_test_id("status-bar").inner_text()
    found = re.search(r"judged to (\d{4}-\d\d-\d\d \d\d:\d\d)", text)
    assert found is not None, text
    return datetime.fromisoformat(found[1]).replace(tzinfo=ZoneInfo(ZONE))


async def wanted(page: Page, site: Site, tag: str, warn: float, crit: float) -> Cells:
    """What pandas makes of the raw rows at that minute."""
    async with await connect(site.dsn) as conn:
        raw = await messages(conn, tag)
    now = await judged_to(page)
    return expected_cells(raw, now, now.date() - timedelta(days=29), ZONE, 1, warn, crit)


async def cells_of(page: Page, tag: str) -> list[tuple[str, str]]:
    """State and label of each cell on the page, in order of time."""
    return [
        (STATES[state], label)
        for state, label in await page.get_by_test_id(f"map-{tag}").evaluate(
            "(map) => [...map.querySelectorAll('[data-i]')]"
            ".sort((a, b) => a.dataset.i - b.dataset.i)"
            ".map((cell) => [cell.dataset.state, cell.ariaLabel])"
        )
    ]


@pytest.mark.parametrize(("tag", "warn", "crit"), [("HOLES", 0.95, 0.90), ("DEAD", 0.98, 0.95)])
async def test_every_cell_and_outage_on_the_page_is_what_pandas_computes(
    context: BrowserContext, comm_site: Site, tag: str, warn: float, crit: float
) -> None:
    page = await opened(context, comm_site, f"tags={tag}", tag)
    cells = await wanted(page, comm_site, tag, warn, crit)
    shown = await cells_of(page, tag)
    assert [state for state, _ in shown] == list(cells["state"])
    for (_, label), (hour, cell) in zip(shown, cells.iterrows(), strict=True):
        assert label.startswith(f"{hour.tz_convert(ZONE):%Y-%m-%d %H:%M}"), label
        if cell["state"] == "no_data":
            assert label.endswith("no data")
            continue
        found = LABEL.match(label)
        assert found is not None, label
        assert [int(found[n]) for n in (4, 5, 6)] == [cell["recv"], cell["exp"], cell["missing"]]
        assert float(found[2]) == int(cell["rate"] * 10_000 + 1e-9) / 100
    runs = expected_outages(cells, await judged_to(page))
    rows = await page.get_by_test_id("outage").all_inner_texts()
    made = [(run["start"].tz_convert(ZONE), run["end"].tz_convert(ZONE), run) for run in runs]
    for row, (start, end, run) in zip(rows, reversed(made), strict=True):
        assert f"{start:%m-%d %H:%M}" in row
        assert (f"{end:%m-%d %H:%M}" in row) is not run["ongoing"]
        assert ("Ongoing" in row) is run["ongoing"]
        assert f"{(end - start).total_seconds() / 3600:.1f}".removesuffix(".0") + " h" in row


async def test_a_row_marks_its_run_and_a_cell_of_the_run_its_row(page: Page) -> None:
    marked = page.locator("[data-run]")
    row = page.get_by_test_id("outage").filter(has_text="26 h")
    await row.hover()
    await expect(marked).to_have_count(26)
    await page.get_by_test_id("outage-count").hover()
    await expect(marked).to_have_count(0)
    await row.click()
    await page.get_by_test_id("outage-count").hover()
    await expect(marked).to_have_count(26)
    cell = page.locator("[data-run]").nth(7)
    await row.click()
    number = await cell.get_attribute("data-i")
    await page.locator(f'[data-i="{number}"]').hover()
    await expect(row).to_have_attribute("data-marked", "true")


async def test_a_cell_shows_its_figures_as_tooltip_and_as_card(page: Page) -> None:
    critical = page.get_by_test_id("map-HOLES").locator('[data-state="c"]')
    cell = await critical.last.element_handle()
    assert cell is not None
    await cell.hover()
    tip = page.get_by_test_id("cell-tip")
    for name in ("Success rate", "Received / expected", "Missing", "Last seen"):
        await expect(tip).to_contain_text(name)
    await cell.click()
    label = LABEL.match(str(await cell.get_attribute("aria-label")))
    assert label is not None
    await expect(page.get_by_test_id("card-rate")).to_have_text(f"{label[2]} %")
    await expect(page.get_by_test_id("card-received")).to_have_text(f"{label[4]} / {label[5]}")
    await expect(page.get_by_test_id("card-missing")).to_have_text(label[6])
    await expect(page.get_by_test_id("card-local")).to_contain_text(label[1])
    await expect(page.get_by_test_id("card-utc")).to_contain_text("+00:00")
    await expect(page.get_by_test_id("card-state")).to_have_text("Critical")


async def test_a_pasted_link_opens_tags_start_and_cell_again(
    page: Page, context: BrowserContext
) -> None:
    await page.get_by_test_id("map-HOLES").locator('[data-state="c"]').first.click()
    await expect(page).to_have_url(re.compile(r"cell=HOLES@"))
    await page.get_by_test_id("prev").click()
    await expect(page).to_have_url(re.compile(r"start=\d{4}-\d\d-\d\d"))
    start = await page.get_by_test_id("start-date").input_value()
    local = await page.get_by_test_id("card-local").inner_text()
    again = await context.new_page()
    await again.goto(page.url)
    await expect(again.get_by_test_id("card-local")).to_have_text(local)
    await expect(again.get_by_test_id("start-date")).to_have_value(start)
    await expect(again.locator('[aria-selected="true"][data-i]')).to_have_count(1)
    assert again.url == page.url


async def test_prev_next_and_recent_move_the_thirty_days(page: Page) -> None:
    start = page.get_by_test_id("start-date")
    recent = date.fromisoformat(await start.input_value())
    await expect(page.get_by_test_id("next")).to_be_disabled()
    for back in (1, 2):
        await page.get_by_test_id("prev").click()
        await expect(start).to_have_value(str(recent - timedelta(days=back)))
    await page.get_by_test_id("next").click()
    await expect(start).to_have_value(str(recent - timedelta(days=1)))
    first = page.locator(".hm-day").first
    await expect(first).to_have_attribute("aria-label", str(recent - timedelta(days=1)))
    await page.get_by_test_id("recent").click()
    await expect(first).to_have_attribute("aria-label", str(recent))
    await expect(page.locator('.hm-day[data-today="true"]')).to_have_count(1)
    await start.fill("2024-02-29")
    await expect(first).to_have_attribute("aria-label", "2024-02-29")
    await expect(page.get_by_test_id("no-outages")).to_be_visible()


async def test_several_tags_share_one_scale_and_figures_stand_for_colours(
    context: BrowserContext, comm_site: Site
) -> None:
    page = await opened(context, comm_site, "tags=HOLES,GOOD,BORN")
    await expect(page.get_by_role("grid")).to_have_count(3)
    await expect(page.get_by_role("gridcell")).to_have_count(3 * 720)
    await expect(page.locator(".hm-scale")).to_have_count(1)
    await expect(page.get_by_test_id("summary-BORN").get_by_test_id("success-24h")).to_be_visible()
    await page.get_by_test_id("show-figures").click()
    cell = page.get_by_test_id("map-HOLES").locator('[data-state="w"]')
    await expect(cell).to_have_text("90.0")


async def test_cells_and_outages_are_files(page: Page) -> None:
    for name, rows in (("cells", 720), ("outages", 6)):
        async with page.expect_download() as caught:
            await page.get_by_test_id(f"csv-{name}").click()
        download = await caught.value
        assert download.suggested_filename.startswith(f"HOLES {name} ")
        text = (await download.path()).read_text("utf-8-sig")
        assert len(text.splitlines()) == rows + 1


async def test_the_overview_leads_from_the_worst_tag_to_its_hours(page: Page) -> None:
    await page.get_by_test_id("choose-overview").click()
    rows = page.locator('[data-testid="overview"] tbody tr')
    await expect(rows).to_have_count(6)
    await expect(rows.first).to_have_attribute("data-testid", "overview-DEAD")
    await expect(rows.first.locator(".hm-cell")).to_have_count(30)
    await page.get_by_test_id("tag-filter").fill("o d")
    await expect(rows).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"view=overview&search=o\+d"))
    await page.get_by_test_id("tag-filter").fill("")
    await expect(rows).to_have_count(6)
    await rows.first.click()
    await page.get_by_test_id("map-DEAD").wait_for()
    await expect(page).to_have_url(re.compile(r"tags=DEAD"))


async def test_an_impossible_address_is_told_and_retry_leads_out(
    context: BrowserContext, comm_site: Site
) -> None:
    page = await context.new_page()
    await page.goto(f"{comm_site.url}/comm?tags=NOPE")
    await expect(page.get_by_test_id("error-box")).to_contain_text("'NOPE' is not known")
    await page.get_by_test_id("retry").click()
    await page.get_by_test_id("map-BORN").wait_for()


async def focused(page: Page, target: Locator) -> None:
    """Press the tabulator key until ``target`` has the focus; every stop on the way shows it."""
    for _ in range(60):
        if await target.evaluate("(node) => node === document.activeElement"):
            return
        await page.keyboard.press("Tab")
        shows = await page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " const box = document.activeElement.closest('.search');"
            " return parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none'"
            " || (box && parseFloat(getComputedStyle(box).outlineWidth) >= 2) })()"
        )
        assert shows, await page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
    raise AssertionError("the focus does not get there")


async def test_the_whole_page_without_a_mouse(page: Page) -> None:
    await page.keyboard.press("/")
    picker = page.get_by_test_id("tags-picker")
    await expect(picker).to_be_focused()
    await page.keyboard.type("goo")
    await expect(page.get_by_test_id("tags-option-GOOD")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("map-GOOD").wait_for()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("tags-options")).to_be_hidden()
    await focused(page, page.get_by_test_id("prev"))
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("start="))
    await focused(page, page.get_by_test_id("recent"))
    await page.keyboard.press("Enter")
    await expect(page).not_to_have_url(re.compile("start="))

    cell = page.get_by_test_id("map-HOLES").locator('[tabindex="0"]')
    await expect(cell).to_have_count(1)
    await focused(page, cell)
    at = int(str(await cell.get_attribute("data-i")))
    for key, step in (("ArrowLeft", -24), ("ArrowLeft", -24), ("ArrowRight", 24)):
        await page.keyboard.press(key)
        at += step
    await page.keyboard.press("Home")
    await page.keyboard.press("PageUp")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowDown")
    here = page.locator(":focus")
    await expect(here).to_have_attribute("data-i", "1")
    await expect(here).to_have_attribute("aria-label", re.compile(r"01:00\S*, 100.00 %, OK, 60 of"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("card-local")).to_contain_text("01:00")
    await expect(here).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("card-local")).to_have_count(0)

    run = page.get_by_test_id("outage").filter(has_text="26 h").get_by_role("button")
    await focused(page, run)
    await expect(page.locator("[data-run]")).to_have_count(26)
    await page.get_by_test_id("choose-overview").focus()
    await page.keyboard.press("Enter")
    await focused(page, page.get_by_role("button", name=re.compile("^DEAD: ")))
    await page.keyboard.press("Enter")
    await page.get_by_test_id("map-DEAD").wait_for()


async def test_everything_has_a_name_and_one_heading(page: Page) -> None:
    assert await page.get_by_role("heading", level=1).count() == 1
    nameless = await page.evaluate(
        "[...document.querySelectorAll('button, a[href], input, table, [role=grid], [data-i]')]"
        ".filter(e => !(e.innerText || e.ariaLabel || e.title || e.labels?.length"
        " || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML.slice(0, 120))"
    )
    assert nameless == []


async def test_while_the_database_is_away_old_cells_stay_and_say_so(
    page: Page, comm_site: Site
) -> None:
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_have_attribute("data-state", "live")
    await comm_site.databases.stop(comm_site.dsn)
    try:
        await page.get_by_test_id("refresh").click()
        await expect(bar).to_have_attribute("data-state", "stale", timeout=15_000)
        await expect(page.get_by_test_id("map-HOLES")).to_be_visible()
    finally:
        await comm_site.databases.start(comm_site.dsn)
    await expect(bar).to_have_attribute("data-state", "live", timeout=30_000)
