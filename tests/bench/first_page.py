"""The dashboard as it opens in a browser: first tile, weight, work, and frames while scrolling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from playwright.async_api import Browser, CDPSession, Page

from tests.bench.figures import figure
from tests.bench.findings import Findings

SECTION, MEASURE = "Browser", "figure"
FIRST_RUNS = 5
SCROLLS = 5
WORKED_S = 10
STATS = "[data-testid=tile-stats]"
SCROLLED = """async () => {
  const wait = () => new Promise((done) => requestAnimationFrame(done));
  scrollTo(0, 0);
  let before = await wait();
  let longest = 0;
  for (let i = 0; i < 120; i += 1) {
    scrollBy(0, 120);
    const now = await wait();
    longest = Math.max(longest, now - before);
    before = now;
  }
  return longest;
}"""
ELEMENTS = "() => document.querySelectorAll('*').length"


async def first(
    browser: Browser, url: str, selector: str, network: Mapping[str, object] | None = None
) -> list[float]:
    """Milliseconds from navigation in a new browser until an element exists."""
    times_ms = []
    for _ in range(FIRST_RUNS):
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        if network is not None:
            session = await context.new_cdp_session(page)
            await session.send("Network.emulateNetworkConditions", dict(network))
        began = time.monotonic()
        await page.goto(url, wait_until="commit")
        await page.wait_for_selector(selector)
        times_ms.append((time.monotonic() - began) * 1000)
        await context.close()
    return times_ms


async def measure(browser: Browser, url: str, found: Findings) -> None:
    """The dashboard as it opens: its weight, its work, its frames."""
    found.say("browser: the dashboard")
    opened = await first(browser, f"{url}/?window=5m", STATS)
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    await page.goto(f"{url}/?window=5m")
    await page.wait_for_selector(STATS)
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    before = await _metric(session, "TaskDuration")
    await asyncio.sleep(WORKED_S)
    worked = (await _metric(session, "TaskDuration") - before) * 1000
    frames = [await page.evaluate(SCROLLED) for _ in range(SCROLLS)]
    await session.send("HeapProfiler.collectGarbage")
    heap = await _metric(session, "JSHeapUsedSize") / 2**20
    for subject, unit, samples in (
        ("/: first tile in a new browser", "ms", opened),
        ("/: elements", "", [await _elements(page)]),
        ("/: heap", "MiB", [heap]),
        (f"/: work of the main thread in {WORKED_S} s", "ms", [worked]),
        ("/: longest frame while scrolling", "ms", frames),
    ):
        found.add(figure(SECTION, subject, MEASURE, unit, samples))
    await page.close()


async def _elements(page: Page) -> float:
    return float(await page.evaluate(ELEMENTS))


async def _metric(session: CDPSession, name: str) -> float:
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == name)
