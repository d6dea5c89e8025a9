"""``/`` and the chart of ``/explore`` with the keyboard only."""

from __future__ import annotations

import re

from playwright.async_api import BrowserContext, Page, expect

from tests.e2e.conftest import Site


async def test_slash_goes_to_the_filter(page: Page) -> None:
    await page.keyboard.press("/")
    await expect(page.get_by_test_id("tag-filter")).to_be_focused()
    assert await page.get_by_test_id("tag-filter").input_value() == ""


async def test_g_and_a_letter_switches_pages(page: Page) -> None:
    pages = (
        ("t", "/trend", "Trend"),
        ("i", "/tech", "Technical Indicators"),
        ("x", "/explore", "Explore"),
        ("c", "/comm", "Communication"),
        ("a", "/alarms", "Alarms"),
        ("l", "/limits", "Limits"),
        ("d", "/", "Dashboard"),
    )
    for letter, path, title in pages:
        await page.keyboard.type(f"g{letter}")
        await expect(page).to_have_url(re.compile(rf"{path}(\?.*)?$"))
        await expect(page.get_by_role("heading", level=1)).to_have_text(title)


async def test_question_mark_lists_the_shortcuts(page: Page) -> None:
    await page.keyboard.press("?")
    await expect(page.get_by_test_id("help")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("help")).to_be_hidden()


async def test_enter_opens_a_tile_escape_closes_and_focus_returns(page: Page) -> None:
    button = page.get_by_test_id("tile-D101").get_by_test_id("tile-open")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("detail")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("detail")).to_be_hidden()
    await expect(button).to_be_focused()


async def test_the_window_menu_works_with_arrows(page: Page) -> None:
    await page.get_by_test_id("window-menu").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("window-5m")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("window-10m")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("window-menu")).to_have_attribute("data-window", "10m")


async def test_every_element_shows_that_it_has_the_focus(page: Page) -> None:
    elements: set[str] = set()
    for _ in range(40):
        await page.keyboard.press("Tab")
        outline = await page.evaluate(
            "(() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.outerHTML.slice(0, 80),"
            " parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none'] })()"
        )
        elements.add(outline[0])
        assert outline[1], outline[0]
    assert len(elements) > 20


async def test_the_page_has_landmarks_one_heading_and_names(page: Page) -> None:
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert await page.get_by_role(role).count() >= 1, role
    assert await page.get_by_role("heading", level=1).count() == 1
    nameless = await page.evaluate(
        "[...document.querySelectorAll('button, a[href], input')]"
        ".filter(e => !(e.innerText || e.ariaLabel || e.title || e.labels?.length"
        " || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML.slice(0, 120))"
    )
    assert nameless == []


async def test_the_chart_of_several_tags_is_used_with_keys(
    context: BrowserContext, site: Site
) -> None:
    page = await context.new_page()
    await page.goto(site.url + "/explore?tags=D100,D200,D300&window=60m")
    plot, box = page.get_by_test_id("explore-plot"), page.get_by_test_id("explore-box")
    await expect(plot).to_have_attribute("data-state", "drawn")
    await box.focus()
    for key in ("End", "Enter", "PageUp", "Enter"):
        await page.keyboard.press(key)
    await expect(page).to_have_url(re.compile(r"&part=\d+-\d+"))
    edges = page.get_by_role("slider")
    await expect(edges).to_have_count(2)
    (start, end) = [
        int(await edge.get_attribute("aria-valuenow") or 0) for edge in await edges.all()
    ]
    assert end - start >= 600_000
    await edges.first.focus()
    await page.keyboard.press("Shift+ArrowLeft")
    await expect(page).to_have_url(re.compile(rf"&part=(?!{start})\d+-{end}"))
    await box.focus()
    await page.keyboard.press("+")
    await expect(plot).to_have_attribute("data-zoomed", "true")
    await page.keyboard.press("0")
    await expect(plot).to_have_attribute("data-zoomed", "false")
    await page.keyboard.press("Escape")
    await expect(plot).to_have_attribute("data-part", "false")

    await page.get_by_role("button", name="Show only D200").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("&hide=D100,D300"))
    await page.emulate_media(media="print")
    await page.wait_for_function(
        """() => {
          const drawn = "[data-testid=chart-paper] path[stroke^='var(--series-']";
          const lines = [...document.querySelectorAll(drawn)];
          return new Set(lines.map((line) => line.getAttribute('stroke'))).size === 1;
        }"""
    )
    await page.emulate_media(media="screen")
    grip = page.get_by_role("button", name="Move D100:")
    await grip.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page).to_have_url(re.compile("tags=D200,D100,D300"))
    await expect(grip).to_be_focused()


async def test_drags_over_the_chart_zoom_and_select_and_a_link_shows_the_same(
    context: BrowserContext, site: Site
) -> None:
    page = await context.new_page()
    await page.goto(site.url + "/explore?tags=D100,D200&window=60m")
    plot = page.get_by_test_id("explore-plot")
    await expect(plot).to_have_attribute("data-state", "drawn")
    place = await page.locator(".explore-plot").bounding_box()
    assert place is not None
    middle = place["y"] + place["height"] / 2
    for keys, name in (([], "zoom"), (["Shift"], "part")):
        for key in keys:
            await page.keyboard.down(key)
        await page.mouse.move(place["x"] + place["width"] * 0.4, middle)
        await page.mouse.down()
        await page.mouse.move(place["x"] + place["width"] * 0.7, middle, steps=3)
        await page.mouse.up()
        for key in keys:
            await page.keyboard.up(key)
        await expect(page).to_have_url(re.compile(rf"&{name}=\d+-\d+"))
        if name == "zoom":
            await expect(plot).to_have_attribute("data-zoomed", "true")
            # Back to the very address that was opened.
            await page.go_back()
            await expect(plot).to_have_attribute("data-zoomed", "false")
            await page.go_forward()
            await expect(plot).to_have_attribute("data-zoomed", "true")
    other = await context.new_page()
    await other.goto(page.url)
    await expect(other.get_by_role("slider")).to_have_count(2)
    for tab in (page, other):
        await expect(tab.get_by_test_id("explore-plot")).to_have_attribute("data-zoomed", "true")
    ends = [
        [
            await edge.get_attribute("aria-valuenow")
            for edge in await tab.get_by_role("slider").all()
        ]
        for tab in (page, other)
    ]
    assert ends[0] == ends[1]
