"""``/trend`` and ``/tech`` as an analyst uses them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ksys_app.db import connect
from tests import plant
from tests.e2e.conftest import SHOWN_MS, Site, policy_watched

UNUSUAL_NAMES = ("50% of 'A'", "유량/배관 1", "x" * 200)
HOLE = (6, 9)


@pytest.fixture(scope="module", autouse=True)
async def samples(site: Site) -> None:
    """A tag with a hole three minutes wide, one without samples, and unusual names."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    first, last = HOLE
    minutes = [m for m in range(1, 15) if not first <= m < last]
    holed = [(now - timedelta(minutes=m), "HOLE", float(m)) for m in minutes]
    unusual = [(now - timedelta(minutes=m), tag, 7.5) for tag in UNUSUAL_NAMES for m in range(1, 4)]
    async with await connect(site.dsn) as conn:
        await plant.insert(conn, [*holed, *unusual])
        await conn.execute("INSERT INTO influx_qc_rule (tag_name, enabled) VALUES ('SILENT', true)")
        await conn.execute(
            "INSERT INTO influx_qc_rule (tag_name, enabled)"
            " SELECT 'PLANT-' || lpad(n::text, 4, '0'), true FROM generate_series(1, 2000) AS n"
        )


@pytest.fixture
async def page(context: BrowserContext, site: Site) -> Page:
    """``/trend`` of D101 with its chart."""
    return await opened(context, site, "/trend?tag=D101&window=60m")


async def opened(context: BrowserContext, site: Site, path: str) -> Page:
    tab = await context.new_page()
    await tab.goto(site.url + path)
    await drawn(tab)
    return tab


async def drawn(tab: Page) -> None:
    await expect(tab.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")


async def as_many_rows_as_points(tab: Page) -> None:
    """Wait until they are equal: a new bucket comes to chart and table one after the other."""
    await tab.wait_for_function(
        "() => { const of = (id) => document.querySelector(`[data-testid=${id}]`).dataset;"
        " return of('row-count').rows > 0 && of('row-count').rows === of('chart').points }"
    )


async def test_the_table_has_a_row_for_each_point(page: Page) -> None:
    headers = page.get_by_test_id("series-table").get_by_role("columnheader")
    # The chart has its own way to the server and may be drawn before the table is there.
    await expect(headers).to_have_text(
        ["Num.", "TAG", "Time Stamp", "avg", "min", "max", "last", "first", "n"],
        use_inner_text=True,
    )
    await as_many_rows_as_points(page)
    cells = page.get_by_test_id("series-table").locator("tbody tr").first.locator("td")
    await expect(cells.nth(0)).to_have_text("1")
    await expect(cells.nth(1)).to_have_text("D101")
    await expect(cells.nth(2)).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:00\+09:00$"))


async def test_the_table_shows_the_figures_of_the_http_api(page: Page, site: Site) -> None:
    await page.get_by_test_id("live-toggle").click()
    await as_many_rows_as_points(page)
    lines = (
        await page.get_by_test_id("series-table")
        .locator("tbody tr")
        .evaluate_all(
            "(lines) => lines.map((line) => [...line.cells].map((cell) => cell.innerText))"
        )
    )
    shown = {ts: [float(cell) for cell in cells] for _, _, ts, *cells in lines}
    answer = await page.request.get(f"{site.url}/api/v1/timeseries?tag=D101&window=60m")
    rows: list[dict[str, Any]] = (await answer.json())["rows"]
    names = ("avg", "min", "max", "last", "first", "n")
    answered = {row["bucket"].replace("T", " "): [row[name] for name in names] for row in rows}
    # The newest bucket of either went on, and the one before may have got a late sample.
    complete = sorted(shown.keys() & answered.keys())[:-2]
    assert len(complete) > 15
    for ts in complete:
        assert shown[ts] == pytest.approx(answered[ts], abs=0.051), ts


async def test_checkbox_and_legend_agree(page: Page) -> None:
    check, legend = page.get_by_test_id("check-max"), page.get_by_test_id("legend-max")
    await check.click()
    await expect(legend).to_have_attribute("aria-pressed", "false")
    await expect(page).to_have_url(re.compile(r"series=avg,min,last,first"))
    await legend.click()
    await expect(check).to_be_checked()
    await expect(page).not_to_have_url(re.compile(r"series="))


async def test_choosing_a_tag_and_a_window_changes_chart_table_and_link(page: Page) -> None:
    picker = page.get_by_test_id("tag-picker")
    await picker.click()
    await page.keyboard.type("d30")
    await expect(page.locator("[data-testid^=tag-option-]")).to_have_count(3)
    await picker.press("ArrowDown")
    await picker.press("Enter")
    await expect(page.get_by_test_id("series-tag")).to_contain_text("D301")
    await expect(page).to_have_url(re.compile(r"tag=D301&window=60m"))
    await expect(page.get_by_test_id("standing-value")).to_have_text(re.compile(r"^\d+\.\d"))
    await expect(page.get_by_test_id("standing-state")).to_contain_text(re.compile("Normal.*for"))
    await expect(page.get_by_test_id("series-about")).not_to_be_empty()
    await page.get_by_test_id("window-menu").click()
    await page.get_by_test_id("window-24h").click()
    await expect(page).to_have_url(re.compile(r"tag=D301&window=24h"))
    await drawn(page)


async def test_enter_without_typing_leaves_the_tag(page: Page) -> None:
    picker = page.get_by_test_id("tag-picker")
    await picker.click()
    current = page.get_by_test_id("tag-option-D101")
    await expect(page.get_by_test_id("tag-options").locator("[data-highlighted]")).to_have_count(1)
    await expect(page.locator("[data-testid^=tag-option-]")).to_have_count(50)
    await expect(current).to_have_attribute("data-highlighted", "true")
    await expect(picker).to_have_attribute("aria-activedescendant", re.compile("."))
    await picker.press("Enter")
    await expect(page.get_by_test_id("tag-options")).to_be_hidden()
    await expect(picker).to_have_value("D101")
    await picker.click()
    await picker.press("ArrowDown")
    await picker.press("Enter")
    await expect(page.get_by_test_id("series-tag")).to_contain_text("D102")


async def test_a_tag_is_found_among_two_thousand(page: Page) -> None:
    picker = page.get_by_test_id("tag-picker")
    await picker.click()
    await expect(page.get_by_test_id("tag-options")).to_contain_text("more; type to narrow")
    await expect(page.locator("[data-testid^=tag-option-]")).to_have_count(50)
    await picker.fill("1999 plant")
    await expect(page.locator("[data-testid^=tag-option-]")).to_have_count(1)
    await picker.press("Enter")
    await expect(page.get_by_test_id("series-tag")).to_contain_text("PLANT-1999")
    await expect(page.get_by_test_id("chart-empty")).to_be_visible()


async def test_the_slash_key_opens_the_picker_and_escape_leaves_the_tag(page: Page) -> None:
    await page.get_by_test_id("chart-box").focus()
    await page.keyboard.press("/")
    picker = page.get_by_test_id("tag-picker")
    await expect(picker).to_be_focused()
    await picker.fill("nothing like it")
    await expect(page.get_by_test_id("tag-options")).to_contain_text("No tag matches")
    await picker.press("Escape")
    await expect(picker).to_have_value("D101")


async def test_zoom_by_keys_is_in_the_link_and_zero_undoes_it(page: Page) -> None:
    chart = page.get_by_test_id("chart")
    await page.get_by_test_id("chart-box").focus()
    await page.keyboard.press("+")
    await expect(page).to_have_url(re.compile(r"zoom=\d+-\d+"))
    await expect(chart).to_have_attribute("data-zoomed", "true")
    range_text, rows = page.get_by_test_id("seen"), page.get_by_test_id("row-count")
    await expect(range_text).to_have_text(re.compile(r"^zoomed to .* – .*, part of 60 minutes, "))
    await expect(rows).to_have_text(re.compile(r"^\d+ rows in the full window$"))
    await page.keyboard.press("0")
    await expect(page).not_to_have_url(re.compile(r"zoom="))
    await expect(chart).to_have_attribute("data-zoomed", "false")
    await expect(range_text).to_have_text(re.compile(r"^60 minutes, "))
    await expect(rows).to_have_text(re.compile(r"^\d+ rows$"))


async def test_a_drag_zooms_and_a_double_click_shows_all(page: Page) -> None:
    box = await page.get_by_test_id("chart-box").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] * 0.4
    await page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=4)
    await page.mouse.up()
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-zoomed", "true")
    await page.mouse.dblclick(box["x"] + box["width"] * 0.5, middle)
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-zoomed", "false")


async def test_a_click_on_a_zoomed_chart_leads_to_its_row(
    context: BrowserContext, site: Site
) -> None:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    zoom = f"zoom={now_ms - 1_200_000}-{now_ms}"
    page = await opened(context, site, f"/trend?tag=D101&window=60m&{zoom}")
    await page.set_viewport_size({"width": 1280, "height": 560})
    box = await page.get_by_test_id("chart-box").bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 80)
    await expect(page.locator("tr[data-found=true]")).to_be_in_viewport()
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-zoomed", "true")


# The hint is there for a moment only, and a busy machine may look too late.
RECORD_HINTS = """() => {
  window.hints = new Set();
  new MutationObserver(() => {
    const hint = document.querySelector('[data-testid=chart-hint]');
    if (hint) hints.add(hint.textContent.trim());
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


async def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl(page: Page) -> None:
    chart, hint = page.get_by_test_id("chart"), page.get_by_test_id("chart-hint")
    box = await page.get_by_test_id("chart-box").bounding_box()
    assert box is not None
    await page.set_viewport_size({"width": 1280, "height": 600})
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    await page.evaluate(RECORD_HINTS)
    await page.mouse.wheel(0, 60)
    await page.wait_for_function("() => window.scrollY >= 50")
    await page.wait_for_function("() => hints.has('Ctrl + wheel zooms')")
    await expect(hint).to_have_count(0)
    await expect(chart).to_have_attribute("data-zoomed", "false")
    await page.keyboard.down("Control")
    await page.mouse.wheel(0, -400)
    await page.keyboard.up("Control")
    await expect(chart).to_have_attribute("data-zoomed", "true")


async def test_after_a_drag_the_time_is_the_pointer_s_and_a_shift_drag_picks_no_row(
    context: BrowserContext, site: Site
) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    async with await connect(site.dsn) as conn:
        rows = [(now - timedelta(minutes=m), "DRAGGED", float(m)) for m in range(1, 15)]
        await plant.insert(conn, rows)
    page = await opened(context, site, "/trend?tag=DRAGGED&window=60m")
    await page.get_by_test_id("live-toggle").click()
    box = await page.get_by_test_id("chart-box").bounding_box()
    assert box is not None
    middle, right = box["y"] + box["height"] * 0.4, box["x"] + box["width"] - 70
    # All buckets are of the last quarter of an hour.
    await page.mouse.move(right - box["width"] * 0.25, middle)
    await page.mouse.down()
    await page.mouse.move(right, middle, steps=4)
    await page.mouse.up()
    await expect(page).to_have_url(re.compile(r"zoom=\d+-\d+"))
    # Far to the left of it is an older bucket than where the drag ended.
    time = page.locator(".chart-time")
    ended = await time.inner_text()
    await page.mouse.move(box["x"] + 80, middle)
    await expect(time).not_to_have_text(ended)
    left = await time.inner_text()
    await page.mouse.move(box["x"] + 80, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    await page.mouse.up()
    await expect(time).not_to_have_text(left)
    shown = await time.inner_text()
    await expect(page.locator(".chart-tip")).to_contain_text(shown)
    await page.mouse.move(box["x"] + box["width"] * 0.5 + 1, middle)
    await expect(time).to_have_text(shown)
    zoomed = page.url
    await page.keyboard.down("Shift")
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.4, middle, steps=4)
    await page.mouse.up()
    await page.keyboard.up("Shift")
    await expect(page).not_to_have_url(zoomed)
    await expect(page.locator("tr[data-found=true]")).to_have_count(0)


async def test_pointing_at_a_row_reads_its_time_on_the_chart(page: Page) -> None:
    # A new bucket would put another row at this place.
    await page.get_by_test_id("live-toggle").click()
    await as_many_rows_as_points(page)
    row = page.get_by_test_id("series-table").locator("tbody tr").nth(3)
    stamp = await row.locator("td").nth(2).inner_text()
    await row.hover()
    await expect(page.locator(".chart-time")).to_have_text(stamp)
    await expect(page.locator(".chart-tip")).to_contain_text(stamp)


async def test_arrows_move_the_cursor_and_enter_finds_its_row(page: Page) -> None:
    await page.get_by_test_id("live-toggle").click()
    await page.get_by_test_id("chart-box").focus()
    time = page.locator(".chart-time")
    # Without a cursor it is that of the newest point.
    await expect(time).to_have_text(re.compile(r"^\d{4}-"))
    newest = await time.inner_text()
    await page.keyboard.press("Home")
    await expect(time).not_to_have_text(newest)
    first = await time.inner_text()
    await page.keyboard.press("ArrowRight")
    await expect(time).not_to_have_text(first)
    at = await time.inner_text()
    await expect(page.locator("[role=status]").filter(has_text=at)).to_have_count(1)
    await page.keyboard.press("Enter")
    found = page.locator("tr[data-found=true]")
    await expect(found).to_contain_text(at)


async def test_clicking_a_point_turns_to_the_page_of_its_row(
    context: BrowserContext, site: Site
) -> None:
    page = await opened(context, site, "/trend?tag=D100&window=60m&table=features")
    await expect(page.get_by_test_id("series-table")).to_contain_text("p90_5m")
    await page.get_by_test_id("choose-history").click()
    await expect(page.get_by_test_id("series-table")).to_contain_text("first")
    box = await page.get_by_test_id("chart-box").bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.4)
    found = page.locator("tr[data-found=true]")
    await expect(found).to_be_in_viewport()
    # It comes back into view when its point is clicked once more.
    await page.evaluate("document.querySelector('.series-rows .grid-scroll').scrollTop = 0")
    await page.evaluate("window.scrollTo(0, 0)")
    await expect(found).not_to_be_in_viewport()
    await page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.4)
    await expect(found).to_be_in_viewport()


async def test_back_undoes_the_zoom_and_then_returns_to_the_window_and_the_tag_before(
    page: Page,
) -> None:
    picker, tag = page.get_by_test_id("tag-picker"), page.get_by_test_id("series-tag")
    await picker.click()
    await page.get_by_test_id("tag-option-D300").click()
    await expect(tag).to_contain_text("D300")
    await page.get_by_test_id("window-menu").click()
    await page.get_by_test_id("window-10m").click()
    await expect(page).to_have_url(re.compile(r"tag=D300&window=10m"))
    await drawn(page)
    await page.get_by_test_id("zoom-in").click()
    await expect(page).to_have_url(re.compile(r"window=10m.*zoom="))
    await page.go_back()
    await expect(page).to_have_url(re.compile(r"tag=D300&window=10m$"))
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-zoomed", "false")
    await page.go_back()
    await expect(page).to_have_url(re.compile(r"tag=D300&window=60m"))
    await expect(page.get_by_test_id("window-menu")).to_have_attribute("data-window", "60m")
    await expect(tag).to_contain_text("D300")
    await page.go_back()
    await expect(tag).to_contain_text("D101")
    await page.go_forward()
    await expect(tag).to_contain_text("D300")
    await page.go_forward()
    await expect(page).to_have_url(re.compile(r"tag=D300&window=10m$"))
    await page.go_forward()
    await expect(page).to_have_url(re.compile(r"tag=D300&window=10m.*zoom="))
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-zoomed", "true")


async def test_a_range_is_typed_stored_and_picked_in_the_calendar_by_keyboard(page: Page) -> None:
    button, panel = page.get_by_test_id("range"), page.get_by_test_id("range-panel")
    await button.click()
    start = page.get_by_test_id("range-from")
    await expect(start).to_be_focused()
    await start.fill("last tuesday")
    await start.press("Enter")
    await expect(page.get_by_test_id("range-wrong")).to_contain_text("'last tuesday'")
    await start.fill("now-15m")
    await start.press("Enter")
    await expect(panel).to_be_hidden()
    await expect(button.locator(".range-name")).to_have_text("now-15m – now")
    await expect(page).to_have_url(re.compile(r"tag=D101&from=now-15m&to=now$"))
    # From 6 to 16 points.
    await expect(page.get_by_test_id("chart")).to_have_attribute(
        "data-points", re.compile(r"^([6-9]|1[0-6])$")
    )
    await expect(page.get_by_test_id("live-toggle")).to_be_visible()
    await button.click()
    await expect(page.get_by_test_id("range-recent")).to_have_text(re.compile("now-15m – now$"))
    # The calendar opens on today; its first day of the week and today are a range up to now.
    await panel.locator("[aria-current=date]").focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await panel.locator("[aria-current=date]").click()
    await expect(start).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d$"))
    await expect(page.get_by_test_id("range-to")).to_have_value("now")
    await page.get_by_test_id("range-show").click()
    await expect(panel).to_be_hidden()
    await expect(page).to_have_url(re.compile(r"from=\d{4}-\d\d-\d\d&to=now$"))


async def test_brackets_and_buttons_lead_to_the_time_beside_and_back_to_now(page: Page) -> None:
    button, later = page.get_by_test_id("range"), page.get_by_test_id("range-later")
    await expect(later).to_be_disabled()
    await page.keyboard.press("[")
    await expect(page).to_have_url(re.compile(r"from=[\d-]+T[\d:]+&to="))
    await expect(page.get_by_test_id("status-bar")).to_have_attribute("data-state", "past")
    await expect(page.get_by_test_id("live-toggle")).to_have_count(0)
    # The samples of the tag are of the last twenty minutes.
    await expect(page.get_by_test_id("series-empty")).to_contain_text("Its first value came at")
    before = await button.get_attribute("data-to")
    await later.click(modifiers=["Shift"])
    await expect(button).not_to_have_attribute("data-to", str(before))
    await page.get_by_test_id("return-to-now").click()
    await expect(page).to_have_url(re.compile(r"tag=D101&window=60m$"))
    await expect(page.get_by_test_id("live-toggle")).to_be_visible()
    await drawn(page)
    await page.get_by_test_id("zoom-out").click()
    await expect(page).to_have_url(re.compile(r"from=now-120m&to=now$"))


async def test_a_pasted_link_opens_the_same_view(context: BrowserContext, site: Site) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    zoom = f"{now - 900_000}-{now - 300_000}"
    link = f"/tech?tag=D102&window=60m&band=bollinger&series=avg%2Csma_60&zoom={zoom}"
    page = await opened(context, site, link)
    await expect(page.get_by_test_id("choose-bollinger")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_test_id("check-sma_10")).not_to_be_checked()
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-zoomed", "true")
    await expect(page).to_have_url(re.compile(f"zoom={zoom}"))


async def test_the_last_tag_is_kept_for_the_other_page_and_the_next_visit(
    page: Page, context: BrowserContext, site: Site
) -> None:
    await page.get_by_role("link", name="Indicators").first.click()
    await expect(page).to_have_url(re.compile(r"/tech\?tag=D101&window=60m"))
    await drawn(page)
    again = await opened(context, site, "/trend")
    await expect(again).to_have_url(re.compile(r"tag=D101&window=60m"))


async def test_indicators_have_their_columns_and_band(context: BrowserContext, site: Site) -> None:
    page = await opened(context, site, "/tech?tag=D300&window=60m")
    await expect(page).to_have_title("Technical Indicators · Ksys")
    caption = page.get_by_role("heading", name="Indicators (moving averages & bands)", exact=True)
    await expect(caption).to_be_visible()
    headers = page.get_by_test_id("series-table").get_by_role("columnheader")
    await expect(headers).to_have_text(
        [
            *("Num.", "TAG", "Time Stamp"),
            *("avg", "sma_10", "sma_60", "bb_top", "bb_bot", "slope_60"),
        ],
        use_inner_text=True,
    )
    await as_many_rows_as_points(page)
    before = await page.get_by_test_id("legend-bb_top").inner_text()
    await page.get_by_test_id("choose-bollinger").click()
    await expect(page.get_by_test_id("legend-bb_top")).not_to_have_text(before)


async def test_a_hole_in_the_data_breaks_the_line(context: BrowserContext, site: Site) -> None:
    page = await opened(context, site, "/trend?tag=HOLE&window=60m&series=avg")
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-points", "11")
    answer = await page.request.get(
        f"{site.url}/api/v1/timeseries?tag=HOLE&window=60m&format=columns"
    )
    at = (await answer.json())["columns"]["bucket"]
    steps = [round((b - a) / 60_000) for a, b in pairwise(at)]
    assert sorted(steps)[-2:] == [1, 4]
    # The average's colour is nowhere between the two buckets beside the hole.
    assert await painted(page, (at[steps.index(4)] + at[steps.index(4) + 1]) / 2) == 0
    assert await painted(page, (at[1] + at[2]) / 2) > 0


async def painted(page: Page, ms: float) -> int:
    """How many pixels of the average's colour are above the axis at a time."""
    return await page.evaluate(
        """([ms, span]) => {
          const canvas = document.querySelector('.chart-canvas canvas');
          const ratio = canvas.width / canvas.clientWidth;
          const [left, right, top, bottom] = [60, 58, 14, 70];
          const width = canvas.clientWidth - left - right;
          const x = Math.round((left + width * (ms - span[0]) / (span[1] - span[0])) * ratio);
          const height = Math.round((canvas.clientHeight - top - bottom) * ratio);
          const { data } = canvas.getContext('2d').getImageData(x, top * ratio, 1, height);
          const paint = getComputedStyle(document.documentElement).getPropertyValue('--series-1');
          const [r, g, b] = [1, 3, 5].map((i) => parseInt(paint.trim().slice(i, i + 2), 16));
          let found = 0;
          for (let i = 0; i < data.length; i += 4) {
            const apart = [r, g, b].map((part, k) => Math.abs(data[i + k] - part));
            if (apart.reduce((sum, part) => sum + part) < 60) found += 1;
          }
          return found;
        }""",
        [ms, await span(page)],
    )


async def span(page: Page) -> list[int]:
    """From when to when the chart is drawn."""
    url = "/api/v1/timeseries?tag=HOLE&window=60m&format=columns"
    return await page.evaluate(
        "async (url) => { const body = await (await fetch(url)).json();"
        " return [body.from_ms, body.to_ms] }",
        url,
    )


@pytest.mark.parametrize("tag", UNUSUAL_NAMES)
async def test_a_tag_may_have_any_name(context: BrowserContext, site: Site, tag: str) -> None:
    page = await opened(context, site, "/trend?window=60m")
    picker = page.get_by_test_id("tag-picker")
    await picker.click()
    await picker.fill(tag)
    await page.get_by_test_id(f"tag-option-{tag}").wait_for()
    await picker.press("Enter")
    await expect(page.get_by_test_id("series-tag")).to_contain_text(tag)
    await expect(page.get_by_test_id("row-count")).to_have_attribute("data-rows", "3")
    await page.reload()
    await drawn(page)
    await expect(page.get_by_test_id("series-tag")).to_contain_text(tag)
    async with page.expect_download() as started:
        await page.get_by_test_id("csv").click()
    path = await (await started.value).path()
    assert path.read_text("utf-8-sig").count("7.5") >= 3


async def test_an_unknown_tag_is_one_clear_sentence(context: BrowserContext, site: Site) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/trend?tag=D999&window=5m")
    await expect(page.get_by_test_id("error-box")).to_contain_text("No tag is named 'D999'")
    await expect(page).to_have_url(f"{site.url}/trend?tag=D999&window=5m")
    await page.get_by_test_id("choose-tag").click()
    picker = page.get_by_test_id("tag-picker")
    await expect(picker).to_be_focused()
    await page.get_by_test_id("tag-option-D100").wait_for()
    await picker.fill("D100")
    await picker.press("Enter")
    await drawn(page)


async def test_an_unknown_window_is_one_clear_sentence(context: BrowserContext, site: Site) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/tech?tag=D101&window=10m")
    await drawn(page)
    wrong = f"{site.url}/tech?tag=D100&window=3x"
    await page.goto(wrong)
    await expect(page.get_by_test_id("error-box")).to_contain_text("Window '3x' is unknown")
    await expect(page).to_have_url(wrong)
    await page.get_by_test_id("way-out").click()
    await drawn(page)
    await expect(page).to_have_url(f"{site.url}/tech?tag=D100&window=10m")


async def test_a_tag_without_data_says_so(context: BrowserContext, site: Site) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/trend?tag=SILENT&window=5m")
    await expect(page.get_by_test_id("chart-empty")).to_be_visible()
    await expect(page.get_by_test_id("series-empty")).to_contain_text(
        "No value of this tag has ever been received"
    )


async def test_a_panel_whose_series_are_hidden_says_so_in_place_of_an_empty_scale(
    context: BrowserContext, site: Site
) -> None:
    page = await context.new_page()
    lack = page.get_by_test_id("chart-lack")
    await page.goto(f"{site.url}/trend?tag=D100&window=60m&series=avg")
    await drawn(page)
    await expect(lack).to_have_count(0)
    await page.get_by_test_id("legend-avg").click()
    await expect(lack).to_have_text("No series is switched on here. Choose one above.")
    await page.get_by_test_id("legend-max").click()
    await expect(lack).to_have_count(0)
    await page.goto(f"{site.url}/tech?tag=D100&window=60m&series=slope_60")
    await drawn(page)
    await expect(lack.first).to_have_text("No series is switched on here. Choose one above.")
    await expect(lack.first).to_have_attribute("data-panel", "1/2")
    # A slope reaches back over an hour, and there are twenty minutes.
    await expect(lack.nth(1)).to_have_text("No values in this window.")


async def test_new_buckets_come_by_themselves_and_the_zoom_stays(page: Page) -> None:
    first = page.get_by_test_id("series-table").locator("tbody tr").first.locator("td").last
    before = await first.inner_text()
    await page.get_by_test_id("chart-box").focus()
    await page.keyboard.press("+")
    await expect(page).to_have_url(re.compile(r"zoom="))
    zoomed = re.search(r"zoom=[\d-]+", page.url)
    assert zoomed is not None
    # The server answers from its cache for 30 s, and two counts may be equal by chance.
    await expect(first).not_to_have_text(before, timeout=3 * SHOWN_MS)
    assert zoomed[0] in page.url


async def test_csv_has_the_rows_of_the_table(page: Page) -> None:
    await as_many_rows_as_points(page)
    rows = int(await page.get_by_test_id("row-count").get_attribute("data-rows") or 0)
    async with page.expect_download() as started:
        await page.get_by_test_id("csv").click()
    path = await (await started.value).path()
    lines = path.read_text("utf-8-sig").splitlines()
    assert rows <= len(lines) - 1 <= rows + 2
    await expect(page.get_by_test_id("csv-zoom")).to_have_count(0)
    await page.get_by_test_id("zoom-in").click()
    async with page.expect_download() as started:
        await page.get_by_test_id("csv-zoom").click()
    part = await started.value
    assert re.search(r"60m from \d{4}-.* to \d{4}-.*\.csv$", part.suggested_filename)
    zoomed = (await part.path()).read_text("utf-8-sig").splitlines()
    assert zoomed[0] == lines[0]
    assert 0 < len(zoomed) - 1 < rows


async def test_png_is_a_picture_that_says_what_it_shows(page: Page) -> None:
    await page.evaluate(
        """() => {
          window.written = [];
          const { fillText } = CanvasRenderingContext2D.prototype;
          CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
            window.written.push(text);
            return fillText.call(this, text, ...rest);
          };
        }"""
    )
    async with page.expect_download() as started:
        await page.get_by_test_id("png").click()
    path = await (await started.value).path()
    image = path.read_bytes()
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(image[16:20]) >= 2 * 960
    name = (await started.value).suggested_filename
    assert re.fullmatch(r"D101_\d{4}-\d\d-\d\dT\d{4}_\d{4}-\d\d-\d\dT\d{4}\.png", name), name
    written = await page.evaluate("window.written")
    assert {"D101 [°C]", "Oil temperature", "Average", "Min", "Max", "Last", "First"} <= {*written}
    assert {"H 200 ↑", "HH 210 ↑", "L 180 ↓", "LL 170 ↓"} <= {*written}
    caption = next(text for text in written if "Asia/Seoul" in text)
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+09:00"
    assert re.fullmatch(
        f"{stamp} – {stamp}, Asia/Seoul · 60 minutes, one point per minute", caption
    )
    await drawn(page)


async def test_on_paper_it_is_light_and_as_wide_as_the_paper(page: Page) -> None:
    violated = await policy_watched(page.context)
    await page.reload()
    await drawn(page)
    await page.get_by_test_id("theme-toggle").click()
    await expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b"))
    ink = """getComputedStyle(document.querySelector('.series-page h2')).color"""
    dark = await page.evaluate(ink)
    await page.get_by_test_id("zoom-in").click()
    await expect(page).to_have_url(re.compile(r"zoom="))
    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": 718, "height": 1000})
    await page.wait_for_function(f"() => {ink} !== {dark!r}")
    drawing = page.get_by_test_id("chart-paper").locator("svg")
    box = await drawing.bounding_box()
    assert box is not None
    assert 700 <= box["width"] <= 718
    assert box["x"] + box["width"] <= 718
    assert await page.evaluate("document.documentElement.scrollWidth") <= 718
    # The average, in the colour that is on paper.
    paint = (
        "(svg) => [...svg.querySelectorAll('path')].map((path) => getComputedStyle(path).stroke)"
    )
    assert "rgb(30, 64, 232)" in await drawing.evaluate(paint)
    await expect(page.locator(".chart-canvas")).to_be_hidden()
    await expect(page.get_by_test_id("paper-head")).to_have_text(
        re.compile(
            r"^TagD101Window60 minutes, .*Period.*On the chart.*Data of.*Time zoneAsia/Seoul$"
        )
    )
    for gone in ("refresh", "csv", "png", "tag-picker", "check-avg"):
        await expect(page.get_by_test_id(gone)).to_be_hidden()
    assert violated == []


async def test_nothing_is_wrong_in_the_console(context: BrowserContext, site: Site) -> None:
    page = await context.new_page()
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    for path in ("/trend?tag=D100&window=24h", "/tech?tag=D100&window=7d"):
        await page.goto(site.url + path)
        await drawn(page)
    assert errors == []


async def test_a_page_fits_a_phone(context: BrowserContext, site: Site) -> None:
    page = await opened(context, site, "/tech?tag=D102&window=60m")
    await page.set_viewport_size({"width": 390, "height": 844})
    width = "document.documentElement.scrollWidth"
    await page.wait_for_function(f"() => {width} <= 390")
    table = page.get_by_test_id("series-table")
    for name, shown in (("Num.", False), ("TAG", False), ("Time Stamp", True), ("avg", True)):
        head = table.get_by_text(name, exact=True).first
        await (expect(head).to_be_visible() if shown else expect(head).to_be_hidden())
    # The time stays beside the last figure, and the keyboard enters the table there.
    await table.locator("tbody tr").first.locator("td").last.scroll_into_view_if_needed()
    await expect(table.locator("td.col-series-ts").first).to_be_in_viewport(ratio=1)
    await expect(table.locator("td[tabindex='0']")).to_be_visible()


@pytest.fixture
async def states(context: BrowserContext, site: Site) -> list[int]:
    """Sizes of the frames of the websocket of a tab on ``/trend``."""
    sizes: list[int] = []
    page = await context.new_page()

    def listen(socket: Any) -> None:
        socket.on("framereceived", lambda frame: sizes.append(len(frame)))

    page.on("websocket", listen)
    await page.goto(f"{site.url}/trend?tag=D100&window=24h")
    await drawn(page)
    await expect(page.get_by_test_id("row-count")).not_to_have_attribute("data-rows", "0")
    return sizes


async def test_the_state_of_the_page_is_small(states: list[int]) -> None:
    assert max(states) < 30_000
