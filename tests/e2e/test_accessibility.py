"""axe-core finds no problem on any page, in any state, theme, width and language (PRD §14)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, expect

from ksys_app.db import connect
from tests.database import TestDatabases
from tests.e2e.conftest import Site, new_context, policy_watched, seed, start_site, stop_site
from tests.e2e.korean import allowed_on, allowed_words, english_left, english_on

AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
# Theme, width and the rules to try. To compare colours takes most of the time, and only they differ
# between themes: the states of a page take turns with the themes.
Rules = Literal["all", "but contrast"]
Look = tuple[Literal["light", "dark"], int, Rules]
LOOKS: Final[tuple[tuple[Look, ...], ...]] = (
    (("light", 1280, "all"), ("dark", 390, "but contrast")),
    (("dark", 1280, "all"), ("light", 390, "but contrast")),
)
IS_THEME: Final = "(theme) => document.documentElement.classList.contains(theme)"
# The looks by language. Korean words are other words in the same places: the narrowest look is
# where they could be cut. There, contrast is tried with them.
LANGUAGES: Final[Mapping[str, Sequence[Sequence[Look]]]] = {
    "en-US": LOOKS,
    "ko-KR": ((("dark", 390, "all"),), (("light", 390, "all"),)),
}
OPTIONS: Final[dict[Rules, dict[str, Any]]] = {
    "all": {},
    "but contrast": {"rules": {"color-contrast": {"enabled": False}}},
}
RUN: Final = """async (options) =>
  (await axe.run(document, {resultTypes: ['violations'], ...options})).violations"""

# Name, address, and a part that the page has in this state. The samples stay in a window of a day,
# also in a slow run.
STATES: Final = (
    ("dashboard", "/", "tile-D100"),
    ("dashboard of a day", "/?window=24h&sort=status", "tile-D100"),
    ("nothing found", "/?tag=NOPE", "no-match-box"),
    ("wrong window", "/?window=9y", "error-box"),
    ("trend", "/trend?tag=D100&window=24h", "series-table"),
    ("trend of an unknown tag", "/trend?tag=NOPE", "error-box"),
    ("features", "/trend?tag=D100&window=24h&table=features", "series-table"),
    ("indicators", "/tech?tag=D100&window=24h", "series-table"),
    ("indicators of an unknown tag", "/tech?tag=NOPE", "error-box"),
    ("explore", "/explore?tags=D100,D101&window=24h", "stat-source"),
    ("relations", "/explore?tags=D100,D101&window=24h&tool=relations", "relation-n"),
    ("annotations", "/explore?tags=D100,D101&window=24h&tool=events", "note-search"),
    ("communication", "/comm?tags=D100,D200", "map-D100"),
    ("overview", "/comm?view=overview", "overview"),
    ("communication of an unknown tag", "/comm?tags=NOPE", "error-box"),
    ("alarms", "/alarms?by=group", "alarm-D100"),
    ("no alarm of the filter", "/alarms?tag=NOPE", "alarm-none"),
    ("journal of alarms", "/alarms/journal?flat=1", "journal-count"),
    ("figures of alarms", "/alarms/kpi", "kpi-figures"),
    ("limits of a tag", "/limits?tag=D100", "preview-raises"),
    ("limits", "/limits", "limits-table"),
)
GROUP_TAG: Final = ("반응기", "D100")
ALARMS: Final = """INSERT INTO alarm_state
  (tag_name, condition, level, priority, process, ack, raised_at, value, limit_value, quality)
  SELECT tag, condition, level, priority, 'act', ack, now() - interval '5 min', 12, 10, 'good'
  FROM (VALUES ('D100', 'HIGH', 'HH', 1, 'unacked'), ('D101', 'HIGH', 'HH', 2, 'acked'),
               ('반응기', 'SOURCE_LOST', '', 2, 'unacked'))
    AS a (tag, condition, level, priority, ack)"""


@pytest.fixture(scope="module")
async def plain(databases: TestDatabases) -> AsyncIterator[Site]:
    """The app over the demo's nine tags."""
    dsn = await databases.fresh()
    await seed(dsn)
    async with await connect(dsn) as conn:
        await conn.execute(ALARMS)
    site = await start_site(databases, dsn)
    yield site
    await stop_site(site)
    await databases.drop(dsn)


async def violations(page: Page, rules: Rules = "all") -> list[str]:
    """What axe-core finds, a line each: the rule and the first element that breaks it."""
    if not await page.evaluate("'axe' in window"):
        # Evaluated, not added as a script: the page's security policy stays in force.
        await page.evaluate(AXE)
    found: list[dict[str, Any]] = await page.evaluate(RUN, OPTIONS[rules])
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in found]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_axe_finds_nothing_and_skip_links_have_targets(
    browser: Browser, plain: Site, language: str
) -> None:
    context = await new_context(browser, locale=language)
    violated = await policy_watched(context)
    page = await context.new_page()
    wrong = []
    allowed = await allowed_on(page, plain.url)
    shown: set[str] = set()
    for number, (name, path, part) in enumerate(STATES):
        await page.goto(plain.url + path)
        await page.get_by_test_id(part).first.wait_for()
        await check_skip_links(page)
        if name == "alarms":  # a group has no trend
            links = [page.get_by_test_id(f"alarm-{tag}").get_by_role("link") for tag in GROUP_TAG]
            for link, count in zip(links, (0, 1), strict=True):
                await expect(link).to_have_count(count)
        if language == "ko-KR":
            wrong += [f"{name}, English: {text}" for text in await english_left(page, allowed)]
            # The parts of a page are those of its other states, which English has shown.
            if (base := path.partition("?")[0]) in shown:
                continue
            shown.add(base)
        for theme, width, rules in LANGUAGES[language][number % 2]:
            await page.emulate_media(color_scheme=theme)
            await page.wait_for_function(IS_THEME, arg=theme)
            await page.set_viewport_size({"width": width, "height": 900})
            look = f"{name}, {theme}, {width} px"
            wrong += [f"{look}: {found}" for found in await violations(page, rules)]
    await context.close()
    assert wrong == []
    assert violated == []


async def test_the_button_in_the_header_switches_the_language_without_a_reload(
    browser: Browser, plain: Site
) -> None:
    context = await new_context(browser, locale="de-DE")
    page, other = await context.new_page(), await context.new_page()
    for tab in (page, other):
        await tab.goto(f"{plain.url}/?window=24h")
        await expect(tab.get_by_role("heading", level=1)).to_have_text("Dashboard")
    assert len(await english_on(page, allowed_words(set()))) > 20, "the search finds English"
    await page.evaluate("window.sameDocument = true")
    toggle = page.get_by_test_id("language-toggle")
    await expect(toggle).to_have_accessible_name("한국어로 보기")
    await toggle.click()
    for tab in (page, other):
        await expect(tab.get_by_role("heading", level=1)).to_have_text("대시보드")
        await expect(tab.locator("html")).to_have_attribute("lang", "ko")
        await expect(tab).to_have_title("대시보드 · Ksys")
    await expect(page.get_by_test_id("status-bar")).to_contain_text("최근 24시간, 1분 간격")
    assert await page.evaluate("window.sameDocument")
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("대시보드")
    await page.get_by_test_id("language-toggle").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await context.close()


async def test_dialogs_menus_and_cards_are_in_korean(browser: Browser, plain: Site) -> None:
    context = await new_context(browser, locale="ko")
    violated = await policy_watched(context)
    page = await context.new_page()
    allowed = await allowed_on(page, plain.url)
    left: dict[str, set[str]] = {}
    await page.goto(f"{plain.url}/?window=24h")
    await page.get_by_test_id("tile-D100").get_by_test_id("tile-open").click()
    await page.get_by_test_id("detail-samples").wait_for()
    left["detail"] = await english_left(page, allowed)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("?")
    await page.get_by_role("dialog").wait_for()
    left["keys"] = await english_left(page, allowed)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_test_id("window-menu").click()
    await page.get_by_test_id("window-options").wait_for()
    left["windows"] = await english_left(page, allowed)
    await page.keyboard.press("Escape")
    await page.get_by_test_id("live-toggle").click()
    await page.get_by_test_id("tile-D100").get_by_test_id("tile-comm").click()
    await expect(page.get_by_test_id("status-bar")).to_have_attribute("data-state", "paused")
    left["paused"] = await english_left(page, allowed)
    await page.goto(f"{plain.url}/comm?tags=D100,D200")
    await page.get_by_test_id("map-D100").locator("[data-i]").last.click()
    await page.get_by_test_id("card-state").wait_for()
    left["card"] = await english_left(page, allowed)
    await context.close()
    assert violated == []
    assert {where: texts for where, texts in left.items() if texts} == {}


async def check_skip_links(page: Page) -> None:
    """Fail unless every skip link of the page leads to an element of it."""
    targets = await page.locator(".skip-link").evaluate_all(
        "(links) => links.map((link) => link.getAttribute('href').slice(1))"
    )
    assert targets
    for target in targets:
        await expect(page.locator(f"#{target}")).to_have_count(1)


async def test_axe_finds_nothing_on_stale_pages(browser: Browser, plain: Site) -> None:
    context = await new_context(browser, viewport={"width": 1280, "height": 900})
    tabs = []
    for _, path, part in (STATES[0], STATES[4], STATES[7], STATES[9]):
        page = await context.new_page()
        await page.goto(plain.url + path)
        await page.get_by_test_id(part).first.wait_for()
        tabs.append(page)
    await plain.databases.stop(plain.dsn)
    try:
        for page in tabs:
            bar = page.get_by_test_id("status-bar")
            await expect(bar).to_contain_text("Values below are old")
            assert await violations(page) == []
    finally:
        await plain.databases.start(plain.dsn)
        await context.close()
