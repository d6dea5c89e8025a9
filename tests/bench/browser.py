"""Pages in the machine's own Chromium."""

from __future__ import annotations

import shutil

from playwright.async_api import async_playwright

from tests.bench import choices, first_page
from tests.bench.app import App
from tests.bench.findings import Findings
from tests.bench.profiles import Profile
from tests.e2e.conftest import CHROMIUM, FLAGS


async def measure(profile: Profile, app: App, found: Findings) -> None:
    """Add the figures of the pages; a note if there is no Chromium."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        found.note("no browser figures: there is no Chromium; apt-get install chromium")
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            found.note(f"browser: Chromium {browser.version}, without a graphics card")
            await first_page.measure(browser, app.url, found)
            if profile.chart:
                await choices.measure(browser, app.url, found)
        finally:
            await browser.close()
