"""``/`` with the keyboard only."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect


async def test_slash_goes_to_the_filter(page: Page) -> None:
    await page.keyboard.press("/")
    await expect(page.get_by_test_id("tag-filter")).to_be_focused()
    assert await page.get_by_test_id("tag-filter").input_value() == ""


async def test_g_and_a_letter_switches_pages(page: Page) -> None:
    pages = (
        ("t", "/trend", "Trend"),
        ("i", "/tech", "Technical Indicators"),
        ("c", "/comm", "Communication"),
        ("a", "/alarms", "Alarms"),
        ("l", "/limits", "Limits"),
        ("d", "/", "Dashboard"),
    )
    for letter, path, title in pages:
        await page.keyboard.press("g")
        await page.keyboard.press(letter)
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


async def test_everything_focused_shows_it(page: Page) -> None:
    seen: set[str] = set()
    for _ in range(40):
        await page.keyboard.press("Tab")
        outline = await page.evaluate(
            "(() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.outerHTML.slice(0, 80),"
            " parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none'] })()"
        )
        seen.add(outline[0])
        assert outline[1], outline[0]
    assert len(seen) > 20


async def test_landmarks_one_heading_and_names(page: Page) -> None:
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert await page.get_by_role(role).count() >= 1, role
    assert await page.get_by_role("heading", level=1).count() == 1
    nameless = await page.evaluate(
        "[...document.querySelectorAll('button, a[href], input')]"
        ".filter(e => !(e.innerText || e.ariaLabel || e.title || e.labels?.length"
        " || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML.slice(0, 120))"
    )
    assert nameless == []
