"""axe-core finds nothing on any page, in any state, theme and width (PRD §14)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, expect

from tests.database import TestDatabases
from tests.e2e.conftest import Site, seed, start_site, stop_site

AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
THEMES: Final = ("light", "dark")
WIDTHS: Final = (1280, 390)
# The languages that a page can be read in.
LANGUAGES: Final = ("en",)
RUN: Final = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
BUDGET_MS: Final = 30_000

# Name, address, and what is there when the state is reached. The samples stay in a window of a day
# however late the suite comes to them.
STATES: Final = (
    ("dashboard", "/", "tile-D100"),
    ("dashboard of a day", "/?window=24h&sort=status", "tile-D100"),
    ("nothing found", "/?tag=NOPE", "no-match-box"),
    ("wrong window", "/?window=9y", "error-box"),
    ("trend", "/trend?tag=D100&window=24h", "course-table"),
    ("trend of an unknown tag", "/trend?tag=NOPE", "error-box"),
    ("features", "/trend?tag=D100&window=24h&table=features", "course-table"),
    ("indicators", "/tech?tag=D100&window=24h", "course-table"),
    ("indicators of an unknown tag", "/tech?tag=NOPE", "error-box"),
    ("communication", "/comm?tags=D100,D200", "map-D100"),
    ("overview", "/comm?view=overview", "overview"),
    ("communication of an unknown tag", "/comm?tags=NOPE", "error-box"),
)


@pytest.fixture(scope="module")
async def plain(databases: TestDatabases) -> AsyncIterator[Site]:
    """The app over the demo's nine tags."""
    dsn = await databases.fresh()
    await seed(dsn)
    site = await start_site(databases, dsn)
    yield site
    await stop_site(site)
    await databases.drop(dsn)


async def violations(page: Page) -> list[str]:
    """What axe-core finds, a line each: the rule and the first element that breaks it."""
    # Evaluated, not added as a script: the page's security policy stays in force.
    await page.evaluate(AXE)
    found: list[dict[str, Any]] = await page.evaluate(RUN)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
async def test_axe_finds_nothing(
    browser: Browser, plain: Site, theme: Any, width: int, language: str
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, locale=language
    )
    page = await context.new_page()
    wrong = []
    for name, path, there in STATES:
        await page.goto(plain.url + path)
        await page.get_by_test_id(there).first.wait_for(timeout=BUDGET_MS)
        wrong += [f"{name}: {found}" for found in await violations(page)]
    await context.close()
    assert wrong == []


async def test_axe_finds_nothing_on_stale_pages(browser: Browser, plain: Site) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    tabs = []
    for _, path, there in (STATES[0], STATES[4], STATES[7], STATES[9]):
        page = await context.new_page()
        await page.goto(plain.url + path)
        await page.get_by_test_id(there).first.wait_for(timeout=BUDGET_MS)
        tabs.append(page)
    await plain.databases.stop(plain.dsn)
    try:
        for page in tabs:
            bar = page.get_by_test_id("status-bar")
            await expect(bar).to_contain_text("Values below are old", timeout=BUDGET_MS)
            assert await violations(page) == []
    finally:
        await plain.databases.start(plain.dsn)
        await context.close()


async def test_a_skip_link_has_its_target(browser: Browser, plain: Site) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    for _, path, there in STATES:
        await page.goto(plain.url + path)
        await page.get_by_test_id(there).first.wait_for(timeout=BUDGET_MS)
        targets = await page.locator(".skip-link").evaluate_all(
            "(links) => links.map((link) => link.getAttribute('href').slice(1))"
        )
        assert targets
        for target in targets:
            await expect(page.locator(f"#{target}")).to_have_count(1)
    await context.close()
