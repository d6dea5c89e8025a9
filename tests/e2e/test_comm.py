"""``/comm`` of the synthetic month, as a communication engineer uses it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect
from psycopg import AsyncConnection

from ksys_app.db import connect
from tests import plant
from tests.comm import Cells, expected_cells, expected_outages, messages, month
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.e2e.conftest import Site, every_second, start_site, stop_site
from tests.waiting import until

LABEL = re.compile(r"(\S+ \d\d:\d\d)\S+, (.+) %, (\w+), (\d+) of (\d+) received, (\d+) missing")
COUNTED_TO = re.compile(r"counted up to (\d{4}-\d\d-\d\d \d\d:\d\d[+]\d\d:\d\d)")
STATES = {"o": "ok", "w": "warn", "c": "crit", "n": "no_data", "f": "no_data"}


# Tags that still report at the end of the month.
REPORTING = ("HOLES", "BORN", "FREE", "RAISED", "GOOD")
# Their messages of the minutes since the last one that is stored.
NEW_MESSAGES = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT ts, tag_name, 1.0
FROM unnest(%s::text[]) AS tag_name
CROSS JOIN generate_series(
  (SELECT max(ts) FROM public.influx_hist WHERE tag_name = 'GOOD'), now(), interval '1 minute'
) AS ts
ON CONFLICT DO NOTHING
"""


@pytest.fixture(scope="module")
async def comm_site(databases: TestDatabases) -> AsyncIterator[Site]:
    """The app over the synthetic month, whose tags go on reporting every minute."""
    dsn = await month(databases)
    async with every_second(dsn, _report):
        served = await start_site(databases, dsn)
        yield served
    await stop_site(served)
    await databases.drop(dsn)


async def _report(conn: AsyncConnection) -> None:
    await conn.execute(NEW_MESSAGES, (list(REPORTING),))


async def opened(context: BrowserContext, site: Site, query: str, tag: str = "HOLES") -> Page:
    """A tab on ``/comm`` once the heatmap of ``tag`` is there."""
    page = await context.new_page()
    await page.goto(f"{site.url}/comm?{query}")
    await page.get_by_test_id(f"map-{tag}").wait_for()
    return page


@pytest.fixture
async def page(context: BrowserContext, comm_site: Site) -> Page:
    return await opened(context, comm_site, "tags=HOLES")


@dataclass(frozen=True)
class Shown:
    """What a page shows at one moment.

    Attributes:
        counted_to: the minute up to which it counts.
        cells: state and label of each cell, in order of time.
        outages: the text of each row of the outages.
    """

    counted_to: datetime
    cells: list[tuple[str, str]]
    outages: list[str]


# All at once: the page counts again every minute.
SHOWN = """(map) => {
  const all = (node, selector) => [...node.querySelectorAll(selector)];
  return {
    bar: document.querySelector('[data-testid=status-bar]').innerText,
    cells: all(map, '[data-i]').sort((a, b) => a.dataset.i - b.dataset.i)
      .map((cell) => [cell.dataset.state, cell.ariaLabel]),
    outages: all(document, '[data-testid=outage]').map((row) => row.innerText),
  };
}"""


async def shown(page: Page, tag: str) -> Shown:
    """What the page shows of a tag, once its status bar says when it counted."""
    found: list[Shown] = []

    async def counted() -> bool:
        texts = await page.get_by_test_id(f"map-{tag}").evaluate(SHOWN)
        if minute := COUNTED_TO.search(texts["bar"]):
            cells = [(STATES[state], label) for state, label in texts["cells"]]
            found.append(Shown(datetime.fromisoformat(minute[1]), cells, texts["outages"]))
        return bool(found)

    await until(counted)
    return found[0]


async def expected(site: Site, tag: str, now: datetime, warn: float, crit: float) -> Cells:
    """What pandas computes from the raw rows of a tag at a minute."""
    async with await connect(site.dsn) as conn:
        raw = await messages(conn, tag)
    return expected_cells(raw, now, now.date() - timedelta(days=29), ZONE, 1, warn, crit)


@pytest.mark.parametrize(("tag", "warn", "crit"), [("HOLES", 0.95, 0.90), ("DEAD", 0.98, 0.95)])
async def test_every_cell_and_outage_on_the_page_is_what_pandas_computes(
    context: BrowserContext, comm_site: Site, tag: str, warn: float, crit: float
) -> None:
    page = await opened(context, comm_site, f"tags={tag}", tag)
    view = await shown(page, tag)
    cells = await expected(comm_site, tag, view.counted_to, warn, crit)
    assert [state for state, _ in view.cells] == list(cells["state"])
    for (_, label), (hour, cell) in zip(view.cells, cells.iterrows(), strict=True):
        assert label.startswith(f"{hour.tz_convert(ZONE):%Y-%m-%d %H:%M}"), label
        if cell["state"] == "no_data":
            early = hour >= cells.attrs["judged_to"]
            assert label.endswith("not yet" if early else "no data")
            continue
        found = LABEL.match(label)
        assert found is not None, label
        assert [int(found[n]) for n in (4, 5, 6)] == [cell["recv"], cell["exp"], cell["missing"]]
        assert float(found[2]) == int(cell["rate"] * 10_000 + 1e-9) / 100
    runs = expected_outages(cells, view.counted_to)
    for row, run in zip(view.outages, reversed(runs), strict=True):
        start, end = run["start"].tz_convert(ZONE), run["end"].tz_convert(ZONE)
        assert f"{start:%Y-%m-%d %H:%M}+09:00" in row
        assert (f"{end:%Y-%m-%d %H:%M}+09:00" in row) is not run["ongoing"]
        assert ("Ongoing" in row) is run["ongoing"]
        hours = (end - start) // timedelta(hours=1)
        assert ("\t10 d " if run["ongoing"] else f"\t{hours} h\t") in row
        received = f"{int(run['rate'] * 10_000 + 1e-9) / 100:.2f} %"
        assert row.endswith(received if run["rate"] else "nothing")


async def test_the_age_counts_and_a_tag_that_reports_again_is_shown_at_the_next_tick(
    context: BrowserContext, comm_site: Site
) -> None:
    page = await opened(context, comm_site, "tags=DEAD,FREE", "FREE")
    now = page.get_by_test_id("summary-FREE").get_by_test_id("now")
    await expect(now).to_have_text(re.compile(r"^OK\d+ s$"))
    before = await now.inner_text()
    await expect(now).not_to_have_text(before)
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_have_text(re.compile(r"^Updated \S+ · .* counted up to "))
    now = page.get_by_test_id("summary-DEAD").get_by_test_id("now")
    await expect(now).to_have_text(re.compile("^No signal"))
    async with await connect(comm_site.dsn) as conn:
        await plant.insert(conn, [(await plant.clock(conn), "DEAD", 1.0)])
    await expect(now).to_have_text(re.compile(r"^OK\d+ s$"))


async def test_a_row_of_an_outage_marks_its_cells_and_a_cell_marks_its_row(page: Page) -> None:
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
    for name in ("Received", "Received / expected", "Missing", "Last received"):
        await expect(tip).to_contain_text(name)
    beside, over = await cell.bounding_box(), await tip.bounding_box()
    assert beside is not None
    assert over is not None
    for at, size in (("x", "width"), ("y", "height")):
        after = over[at] >= beside[at] + beside[size]
        assert after or over[at] + over[size] <= beside[at], "row and column stay visible"
    places = await places_of(page)
    await cell.click()
    label = LABEL.match(str(await cell.get_attribute("aria-label")))
    assert label is not None
    await expect(page.get_by_test_id("card-rate")).to_have_text(f"{label[2]} %")
    await expect(page.get_by_test_id("card-received")).to_have_text(f"{label[4]} / {label[5]}")
    await expect(page.get_by_test_id("card-missing")).to_have_text(label[6])
    await expect(page.get_by_test_id("card-local")).to_contain_text(label[1])
    await expect(page.get_by_test_id("card-utc")).to_contain_text("+00:00")
    counted = page.get_by_test_id("card-counted")
    await expect(counted).to_have_text(re.compile(r"^[\d-]+ [\d:]+\+09:00$"))
    before = await counted.inner_text()
    await page.get_by_test_id("refresh").click()
    await expect(counted).not_to_have_text(before)
    await expect(page.get_by_test_id("card-state")).to_have_text("Critical")
    assert await places_of(page) == places, "the card moves nothing"
    await page.get_by_test_id("show-figures").click()
    await expect(page.locator(".hm-note")).to_be_visible()
    assert await places_of(page) == places


async def places_of(page: Page) -> list[float]:
    """Where the heatmap and the outages begin, and where the former ends."""
    found: list[float] = await page.evaluate(
        "['.heatmap', '.outages-section'].map((name) => document.querySelector(name))"
        ".flatMap((node) => [node.getBoundingClientRect().top, node.offsetHeight])"
    )
    return found


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
    for wrong in ("2024-02-30", "1999-12-31", "10/29/2026"):
        await start.fill(wrong)
        await expect(page.get_by_test_id("day-wrong")).to_contain_text("Write a day as YYYY-MM-DD")
        await expect(first).to_have_attribute("aria-label", "2024-02-29")
    await start.press("Escape")
    await expect(page.get_by_test_id("day-wrong")).to_have_count(0)
    await start.press("ArrowUp")
    await expect(first).to_have_attribute("aria-label", "2024-03-01")
    await expect(start).to_have_value("2024-03-01")


async def test_days_without_data_do_not_count_as_days_without_outages(
    context: BrowserContext, comm_site: Site
) -> None:
    page = await opened(context, comm_site, "tags=GOOD,HOLES&start=2024-02-29", "GOOD")
    silent, none = page.get_by_test_id("outages-unknown"), page.get_by_test_id("no-outages")
    await expect(silent).to_have_text(
        [re.compile(rf"^{tag}: No data in these 30 days; first") for tag in ("GOOD", "HOLES")]
    )
    await expect(none).to_have_count(0)
    await expect(page.get_by_test_id("outage-count")).to_have_text("–")
    await expect(page.get_by_test_id("outage-number")).to_have_text(["–", "–"])
    page = await opened(context, comm_site, "tags=GOOD", "GOOD")
    await expect(page.get_by_test_id("no-outages")).to_have_text("No outage in these 30 days.")
    await expect(page.get_by_test_id("outage-number")).to_have_text("0")


async def test_several_tags_share_one_scale_and_can_show_figures(
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
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_test_id("show-colors").click()
    await page.get_by_test_id("show-figures").click()
    grid = page.get_by_test_id("map-GOOD")

    async def at_the_newest_day() -> bool:
        return bool(
            await grid.evaluate(
                "({ parentElement: box }) => box.scrollWidth > box.clientWidth"
                " && box.scrollLeft + box.clientWidth >= box.scrollWidth - 1"
                " && box.querySelector('.hm-hour').getBoundingClientRect().left"
                " >= box.getBoundingClientRect().left"
            )
        )

    await until(at_the_newest_day)
    await page.get_by_test_id("tags-picker").click()
    await expect(page.get_by_test_id("tags-options")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_cells_and_outages_are_saved_as_files(page: Page) -> None:
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
    longest = page.get_by_role("columnheader", name="Longest")
    await longest.get_by_role("button").press("Enter")
    await expect(longest).to_have_attribute("aria-sort", "descending")
    await expect(rows.first.get_by_test_id("now")).to_have_text(
        re.compile(r"^(OK|Late|No signal)\d+ ")
    )
    await expect(rows.nth(1)).to_have_attribute("data-testid", "overview-HOLES")
    await expect(rows.nth(1).get_by_test_id("overview-longest")).to_have_text("26 h")
    await expect(page).to_have_url(re.compile("sort=-longest"))
    await longest.get_by_role("button").click()
    await expect(rows.last).to_have_attribute("data-testid", "overview-DEAD")
    await page.get_by_test_id("overview-worst").click()
    await expect(rows.first).to_have_attribute("data-testid", "overview-DEAD")
    await expect(longest).to_have_attribute("aria-sort", "none")
    await page.get_by_test_id("tag-filter").fill("o d")
    await expect(rows).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"view=overview&search=o\+d"))
    await page.get_by_test_id("tag-filter").fill("")
    await expect(rows).to_have_count(6)
    await rows.first.click()
    await page.get_by_test_id("map-DEAD").wait_for()
    await expect(page).to_have_url(re.compile(r"tags=DEAD"))


async def test_an_impossible_address_is_reported_and_retry_leads_out(
    context: BrowserContext, comm_site: Site
) -> None:
    page = await context.new_page()
    await page.goto(f"{comm_site.url}/comm?tags=NOPE")
    await expect(page.get_by_test_id("error-box")).to_have_attribute("data-code", "UNKNOWN_TAG")
    await expect(page).to_have_url(f"{comm_site.url}/comm?tags=NOPE")
    await page.get_by_test_id("way-out").click()
    await page.get_by_test_id("map-DEAD").wait_for()


async def tab_to(page: Page, target: Locator) -> None:
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


async def test_the_page_is_used_without_a_mouse(page: Page) -> None:
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
    await tab_to(page, page.get_by_test_id("prev"))
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("start="))
    await tab_to(page, page.get_by_test_id("recent"))
    await page.keyboard.press("Enter")
    await expect(page).not_to_have_url(re.compile("start="))

    cell = page.get_by_test_id("map-HOLES").locator('[tabindex="0"]')
    await expect(cell).to_have_count(1)
    await tab_to(page, cell)
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
    await expect(here).to_have_attribute(
        "aria-label", re.compile(r"01:00\S*, 100.00 %, Normal, 60 of")
    )
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("card-local")).to_contain_text("01:00")
    await expect(here).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("card-local")).to_have_count(0)

    run = page.get_by_test_id("outage").filter(has_text="26 h").get_by_role("button")
    await tab_to(page, run)
    await expect(page.locator("[data-run]")).to_have_count(26)
    await page.get_by_test_id("choose-overview").focus()
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_role("button", name=re.compile("^DEAD: ")))
    await page.keyboard.press("Enter")
    await page.get_by_test_id("map-DEAD").wait_for()


async def test_every_control_has_a_name_and_the_page_one_heading(page: Page) -> None:
    assert await page.get_by_role("heading", level=1).count() == 1
    nameless = await page.evaluate(
        "[...document.querySelectorAll('button, a[href], input, table, [role=grid], [data-i]')]"
        ".filter(e => !(e.innerText || e.ariaLabel || e.title || e.labels?.length"
        " || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML.slice(0, 120))"
    )
    assert nameless == []


async def test_while_the_database_is_away_the_page_shows_old_cells_as_old(
    page: Page, comm_site: Site
) -> None:
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_have_attribute("data-state", "live")
    await comm_site.databases.stop(comm_site.dsn)
    try:
        await page.get_by_test_id("refresh").click()
        await expect(bar).to_have_attribute("data-state", "stale")
        await expect(page.get_by_test_id("map-HOLES")).to_be_visible()
    finally:
        await comm_site.databases.start(comm_site.dsn)
    await expect(bar).to_have_attribute("data-state", "live")


async def test_on_paper_no_heatmap_overlaps_another(
    context: BrowserContext, comm_site: Site
) -> None:
    page = await opened(context, comm_site, "tags=HOLES,DEAD,FREE")
    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": 718, "height": 1000})
    await expect(page.get_by_test_id("csv-cells")).to_be_hidden()
    boxes = await page.locator(".map, .outages-section, .comm-summary").evaluate_all(
        "(nodes) => nodes.map((node) => node.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) == 5
    for one, other in combinations(boxes, 2):
        beside = one["right"] <= other["left"] or other["right"] <= one["left"]
        assert beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
    assert max(box["right"] for box in boxes) <= 718
    await expect(page.get_by_test_id("paper-head")).to_contain_text("TagsHOLES, DEAD, FREEWindow30")
