"""``/`` as an operator uses it."""

from __future__ import annotations

import re

from playwright.async_api import BrowserContext, Page, expect

from ksys_app.db import connect
from ksys_app.ops.demo.plant.simulator import TAGS
from tests.e2e.conftest import Site, opened

# Pixels between the edges of A4 upright.
PAPER = 718
# `rest()` acts as a minute without a movement: the clock goes on by a minute, and the timers of
# about a minute are run.
REST = """
  const [wait, waiting] = [window.setTimeout, []];
  const now = performance.now.bind(performance);
  let ahead = 0;
  performance.now = () => now() + ahead;
  window.setTimeout = (act, ms, ...more) => {
    if (ms > 50000 && ms <= 60000) waiting.push(act);
    return wait(act, ms, ...more);
  };
  window.rest = () => {
    ahead += 60000;
    waiting.splice(0).forEach((act) => act());
  };
"""


async def test_every_tag_has_a_tile_and_a_row(page: Page) -> None:
    for tag in TAGS:
        await expect(page.get_by_test_id(f"tile-{tag}")).to_be_visible()
        await expect(page.get_by_test_id(f"row-{tag}")).to_be_attached()
    headers = page.get_by_test_id("snapshot-table").get_by_role("columnheader")
    await expect(headers).to_have_text(
        ["TAG", "Time Stamp", "Value", "Comm.", "Alarm."], use_inner_text=True
    )


async def test_tiles_update_by_themselves(page: Page) -> None:
    stamp = page.get_by_test_id("tile-D101").get_by_test_id("tile-ts")
    await expect(stamp).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"))
    first = await stamp.inner_text()
    await expect(stamp).not_to_have_text(first)


async def test_choosing_a_window_changes_tiles_and_url(page: Page, site: Site) -> None:
    tile = page.get_by_test_id("tile-D100")
    await expect(tile).to_contain_text("vs the minute before")
    await page.get_by_test_id("window-menu").click()
    await page.get_by_test_id("window-7d").click()
    await expect(page).to_have_url(re.compile(r"window=7d"))
    await expect(tile).to_contain_text("vs the 10 minutes before")
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


async def test_the_page_says_that_all_is_normal_and_a_count_filters_its_tags(
    page: Page, site: Site
) -> None:
    count, critical = page.get_by_test_id("tag-count"), page.get_by_test_id("only-crit")
    rows = page.locator("[data-testid^=row-D]")
    await expect(count).to_have_text("9 tags, all normal")
    await page.get_by_test_id("tag-filter").fill("d20")
    await expect(count).to_have_text("3 of 9 tags, all normal")
    await page.get_by_test_id("tag-filter").fill("")
    limits = "UPDATE influx_qc_rule SET warn_max = %s, crit_max = %s WHERE tag_name = 'D302'"
    async with await connect(site.dsn) as conn:
        await conn.execute(limits, (-9, -8))
        await expect(critical).to_have_text("1 critical")
        await expect(count).to_have_text("9 tags")
        await critical.focus()
        await page.keyboard.press("Enter")
        await expect(critical).to_have_attribute("aria-pressed", "true")
        await expect(rows).to_have_count(1)
        await expect(count).to_have_text("1 of 9 tags")
        await conn.execute(limits, (20, 25))
    await expect(page.get_by_test_id("none-left-box")).to_be_visible()
    await expect(critical).to_have_text("0 critical")
    await page.get_by_test_id("only-clear").click()
    await expect(rows).to_have_count(9)
    await expect(count).to_have_text("9 tags, all normal")
    await page.get_by_test_id("live-toggle").click()
    await expect(count).to_have_text(re.compile(r"^9 tags, all normal as of \d\d:\d\d:\d\d$"))


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


async def test_a_paused_page_shows_no_new_figures_and_says_so(
    page: Page, context: BrowserContext, site: Site
) -> None:
    live = await opened(context, site)
    await page.get_by_test_id("live-toggle").click()
    bar = page.get_by_test_id("status-bar")
    await expect(bar).to_contain_text("Paused")
    # What was under way when the button was clicked has arrived after two ticks of another tab.
    await ticks(live, 2)
    stamp = page.get_by_test_id("tile-D100").get_by_test_id("tile-ts")
    before = await stamp.inner_text()
    await ticks(live, 2)
    assert await stamp.inner_text() == before
    age = page.get_by_test_id("tile-D100").get_by_test_id("tile-age")
    await expect(age).to_have_text(re.compile(r"^as of \d\d:\d\d:\d\d$"))
    await page.get_by_test_id("live-toggle").click()
    await expect(stamp).not_to_have_text(before)


async def ticks(page: Page, count: int) -> None:
    """Wait until a page has shown so many further ticks."""
    stamp = page.get_by_test_id("tile-D100").get_by_test_id("tile-ts")
    for _ in range(count):
        await expect(stamp).not_to_have_text(await stamp.inner_text())


async def test_a_new_limit_raises_an_alarm_on_an_open_page(page: Page, site: Site) -> None:
    tile = page.get_by_test_id("tile-D302")
    await expect(tile.get_by_test_id("tile-alarm")).to_have_attribute("data-level", "0")
    async with await connect(site.dsn) as conn:
        await conn.execute(
            "UPDATE influx_qc_rule SET warn_max = -9, crit_max = -8 WHERE tag_name = 'D302'"
        )
    await expect(tile).to_have_attribute("data-level", "2")
    await expect(tile.get_by_test_id("tile-alarm")).to_contain_text("HH")


async def test_without_an_evaluation_tiles_and_table_say_since_when(page: Page, site: Site) -> None:
    alarm = page.get_by_test_id("tile-D100").get_by_test_id("tile-alarm")
    not_evaluated = re.compile(r"not evaluated since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
    async with await connect(site.dsn) as conn:
        away = "UPDATE alarm_lease SET evaluated_to = now() - interval '1 hour'"
        await conn.execute(away)
        try:
            await expect(alarm).to_have_attribute("data-alarm", not_evaluated)
            await expect(alarm).to_have_attribute("data-level", "0")
            await expect(page.locator("td.col-alarm").first).to_have_text(not_evaluated)
        finally:
            await conn.execute("UPDATE alarm_lease SET evaluated_to = NULL")
    await expect(alarm).to_have_attribute("data-alarm", "-")


async def test_the_detail_shows_rule_samples_and_features(page: Page) -> None:
    tile = page.get_by_test_id("tile-D101")
    await expect(tile.locator(".gauge-warn, .gauge-crit")).to_have_count(4)
    await tile.get_by_test_id("tile-open").click()
    detail = page.get_by_test_id("detail")
    # The detail shows the state of its tile, and updates with it.
    value = detail.get_by_test_id("standing-value")
    first = await value.inner_text()
    await expect(value).not_to_have_text(first)
    await page.wait_for_function(
        """() => {
          const text = (id) => document.querySelector(`[data-testid=${id}]`)?.innerText ?? '';
          const value = text('standing-value');
          return value !== '' && value === text('tile-D101').match(/[\\d.]+(?=\\s*°C)/)?.[0]
            && text('detail-samples').includes(value);
        }"""
    )
    await expect(detail.get_by_test_id("standing-state")).to_contain_text("Normalfor at least")
    await expect(detail.get_by_test_id("standing-comm")).to_contain_text("OK")
    await expect(detail.get_by_test_id("standing-scale")).to_have_attribute(
        "aria-label", re.compile(r"^[\d.]+ °C among the limits Range low 0, LL 170, L 180, ")
    )
    await expect(detail).to_contain_text("max_val")
    await expect(detail).to_contain_text("mean_5m")
    await expect(detail.get_by_test_id("detail-samples")).to_contain_text("+09:00")
    await expect(detail.get_by_role("link", name="Trend")).to_have_attribute(
        "href", re.compile(r"/trend\?.*tag=D101")
    )


async def test_a_sparkline_leads_to_the_trend_of_its_tag(page: Page) -> None:
    await page.get_by_test_id("tile-D102").get_by_test_id("tile-trend").click()
    await expect(page).to_have_url(re.compile(r"/trend\?tag=D102&window=5m"))
    await expect(page.get_by_test_id("series-tag")).to_contain_text("D102")


async def test_the_chosen_theme_is_kept(page: Page) -> None:
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
    await expect(box).to_contain_text("Window '3x' is unknown; use one of 1m 5m 10m 60m")
    await expect(box).to_contain_text("This link cannot be shown")
    await expect(page.get_by_test_id("retry")).to_have_count(0)
    await page.get_by_test_id("way-out").click()
    await page.get_by_test_id("tile-D100").wait_for()


async def test_a_skeleton_says_what_it_waits_for(context: BrowserContext, site: Site) -> None:
    page = await context.new_page()
    await page.route_web_socket("**/_event/**", lambda _silent: None)
    await page.goto(site.url)
    await expect(page.get_by_test_id("tiles-skeleton")).to_be_visible()
    await expect(page.get_by_test_id("waiting")).to_have_text("Waiting for the database")
    await expect(page.get_by_test_id("live-word")).to_have_text("Waiting")


async def test_the_order_worst_first_waits_while_the_page_is_used(
    context: BrowserContext, site: Site
) -> None:
    await context.add_init_script(REST)
    page = await opened(context, site, "/?sort=worst")
    tiles = page.locator("[data-testid^=tile-D]")
    limits = "UPDATE influx_qc_rule SET crit_max = %s WHERE tag_name = 'D302'"
    async with await connect(site.dsn) as conn:
        await conn.execute("UPDATE influx_qc_rule SET warn_max = NULL, crit_max = NULL")
        await expect(tiles.first).to_have_attribute("data-testid", "tile-D100")
        await tiles.first.get_by_test_id("tile-value").hover()
        await conn.execute(limits, (-8,))
    reorder = page.get_by_test_id("reorder")
    await expect(reorder).to_have_text("1 changed: reorder")
    await expect(tiles.first).to_have_attribute("data-testid", "tile-D100")
    await reorder.click()
    await expect(reorder).to_have_count(0)
    await expect(tiles.first).to_have_attribute("data-testid", "tile-D302")
    # The focus also keeps the order. Without pointer and focus, the order changes by itself.
    await page.get_by_test_id("tile-sort-worst").focus()
    await page.mouse.move(2, 2)
    for _ in range(2):
        await page.keyboard.press("Tab")
    await expect(tiles.first.get_by_test_id("tile-open")).to_be_focused()
    async with await connect(site.dsn) as conn:
        await conn.execute(limits, (None,))
    await expect(reorder).to_be_visible()
    await expect(tiles.first).to_have_attribute("data-testid", "tile-D302")
    await page.get_by_test_id("refresh").focus()
    await expect(tiles.first).to_have_attribute("data-testid", "tile-D100")
    await expect(reorder).to_have_count(0)
    # A pointer that does not move keeps the order for a minute.
    await tiles.first.get_by_test_id("tile-value").hover()
    async with await connect(site.dsn) as conn:
        await conn.execute(limits, (-8,))
    await expect(reorder).to_be_visible()
    await page.evaluate("rest()")
    await expect(tiles.first).to_have_attribute("data-testid", "tile-D302")


async def test_the_countdown_does_not_change_the_width_of_the_header(
    context: BrowserContext, site: Site
) -> None:
    page = await opened(context, site)
    word = page.get_by_test_id("next-tick")
    await expect(word).to_have_text(re.compile(r"\d s"))
    widths = await word.evaluate(
        """(node) => ['10 s', '9 s', '0 s', ''].map((text) => {
          node.dataset.room = '10 s';
          node.textContent = text;
          return node.parentElement.getBoundingClientRect().width;
        })"""
    )
    assert len(set(widths)) == 1


async def test_on_paper_critical_is_the_strongest_and_the_head_has_the_time(
    context: BrowserContext, site: Site
) -> None:
    async with await connect(site.dsn) as conn:
        await conn.execute(
            "UPDATE influx_qc_rule SET warn_max = -9, crit_max = -8 WHERE tag_name = 'D302'"
        )
        await conn.execute(
            "UPDATE influx_qc_rule SET crit_min = NULL, warn_min = NULL, warn_max = 1"
            " WHERE tag_name = 'D201'"
        )
    page = await opened(context, site, "/?tag=D")
    critical, warning = (page.get_by_test_id(f"tile-{tag}") for tag in ("D302", "D201"))
    await expect(critical).to_have_attribute("data-level", "2")
    await expect(warning).to_have_attribute("data-level", "1")
    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": PAPER, "height": 1000})
    frame = """(node) => {
      const { borderRightWidth, fontWeight, backgroundColor } = getComputedStyle(node);
      return [parseFloat(borderRightWidth), Number(fontWeight), backgroundColor];
    }"""
    strong, weak = [
        await one.get_by_test_id("tile-alarm").evaluate(frame) for one in (critical, warning)
    ]
    assert strong[0] > weak[0] > 0
    assert strong[1] > weak[1]
    assert strong[2] == weak[2] == "rgba(0, 0, 0, 0)", "a browser may leave out backgrounds"
    assert (await critical.evaluate(frame))[0] > (await warning.evaluate(frame))[0]
    await expect(page.get_by_test_id("paper-head")).to_have_text(
        re.compile(
            r"^FilterDWindow5 minutes, .*Period(\S+ \S+\+09:00) to (\S+ \S+\+09:00)"
            r"Data of\S+ \S+\+09:00Time zoneAsia/Seoul$"
        )
    )
    for gone in ("refresh", "window-menu", "live-toggle", "theme-toggle", "status-bar"):
        await expect(page.get_by_test_id(gone)).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PAPER
