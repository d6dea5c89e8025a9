"""Measures pages in a real Chromium: ``python -m tests.bench.pages http://localhost:13000``.

Run it against ``make demo``. The first tile and a chart in a new browser, by wire and by 4G;
what a choice on a page takes until it is painted; the longest frame of a zoom and of a pan.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import time
from collections.abc import Mapping

from playwright.async_api import Browser, Page, async_playwright

from tests.e2e.conftest import CHROMIUM, FLAGS

RUNS = 10
FIRST_RUNS = 5
# "Fast 4G" of Chromium's developer tools: 8.1 Mbit/s down, 165 ms round trip.
MOBILE = {
    "offline": False,
    "latency": 165,
    "downloadThroughput": 1_012_500,
    "uploadThroughput": 168_750,
}
DRAWN = "[data-testid=chart][data-state=drawn]"
STATS = "[data-testid=tile-D200] [data-testid=tile-stats]"
KEYS = ["+", "+", "SArrowLeft", "SArrowLeft", "SArrowRight", "-", "+", "0"]
CHOSEN = """async ([label, points]) => {
  const menu = document.querySelector('[data-testid=window-menu]');
  menu.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, button: 0 }));
  const wait = () => new Promise((done) => requestAnimationFrame(done));
  const item = () => document.querySelector(`[data-testid=window-${label}]`);
  while (!item()) await wait();
  const chart = document.querySelector('[data-testid=chart]');
  const began = performance.now();
  item().click();
  while (chart.dataset.state === 'drawn' && chart.dataset.points < points) await wait();
  while (chart.dataset.state !== 'drawn') await wait();
  await wait();
  await wait();
  return performance.now() - began;
}"""
# Waits until a tile shows the figures of another window.
TURNED = """async ([label, stats]) => {
  const menu = document.querySelector('[data-testid=window-menu]');
  menu.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, button: 0 }));
  const wait = () => new Promise((done) => requestAnimationFrame(done));
  const item = () => document.querySelector(`[data-testid=window-${label}]`);
  while (!item()) await wait();
  const figures = () => document.querySelector(stats).innerText;
  const before = figures();
  const began = performance.now();
  item().click();
  while (figures() === before) await wait();
  await wait();
  return performance.now() - began;
}"""
FILTERED = """async ([text, tiles]) => {
  const box = document.querySelector('[data-testid=tag-filter]');
  const wait = () => new Promise((done) => requestAnimationFrame(done));
  const began = performance.now();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(box, text);
  box.dispatchEvent(new Event('input', { bubbles: true }));
  while (document.querySelectorAll('article.tile').length !== tiles) await wait();
  return performance.now() - began;
}"""
SWITCHED = """async (key) => {
  const box = document.querySelector(`[data-testid=check-${key}]`);
  const pressed = () => document.querySelector(`[data-testid=legend-${key}]`).ariaPressed;
  const wait = () => new Promise((done) => requestAnimationFrame(done));
  const wanted = String(!box.checked);
  const began = performance.now();
  box.click();
  while (pressed() !== wanted) await wait();
  await wait();
  return performance.now() - began;
}"""
FRAMES = """async (keys) => {
  const box = document.querySelector('[data-testid=chart-box]');
  let longest = 0;
  let before = performance.now();
  for (const key of keys) {
    const [name, shiftKey] = key.startsWith('S') ? [key.slice(1), true] : [key, false];
    box.dispatchEvent(new KeyboardEvent('keydown', { key: name, shiftKey, bubbles: true }));
    for (let i = 0; i < 4; i += 1) {
      const now = await new Promise((done) => requestAnimationFrame(done));
      longest = Math.max(longest, now - before);
      before = now;
    }
  }
  return longest;
}"""


async def main(url: str) -> None:
    """Measure and print."""
    path = next(filter(None, map(shutil.which, CHROMIUM)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        _say("the first tile in a new browser, wire", await _first(browser, url, STATS))
        chart = f"{url}/trend?tag=D200&window=24h"
        _say("a chart of 24h in a new browser, wire", await _first(browser, chart, DRAWN))
        _say("the same, 4G", await _first(browser, chart, DRAWN, MOBILE))
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(f"{url}/?window=24h")
        await page.wait_for_selector(STATS)
        turned = [await page.evaluate(TURNED, [label, STATS]) for label in ("30d", "24h") * RUNS]
        _say("24h to 30d and back on /", turned)
        chosen = [await page.evaluate(FILTERED, choice) for choice in (["D1", 3], ["", 9]) * RUNS]
        _say("the filter on /, with the 300 ms that typing rests", chosen)
        await page.goto(f"{url}/tech?tag=D200&window=24h")
        await page.wait_for_selector(DRAWN)
        switched = [await page.evaluate(SWITCHED, "sma_10") for _ in range(RUNS)]
        _say("a series of /tech off and on", switched)
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(f"{url}/trend?tag=D102&window=5m")
        await page.wait_for_selector(DRAWN)
        chosen = [await _chosen(page) for _ in range(RUNS)]
        await page.evaluate(CHOSEN, ["24h", 1000])
        frames = [await page.evaluate(FRAMES, KEYS) for _ in range(RUNS)]
        await browser.close()
    _say("choosing 24h to 5 x 1,440 points painted", chosen)
    _say("longest frame of zooming and panning 1,440 points", frames)


async def _first(
    browser: Browser, url: str, there: str, network: Mapping[str, object] | None = None
) -> list[float]:
    taken = []
    for _ in range(FIRST_RUNS):
        context = await browser.new_context(viewport={"width": 1920, "height": 1080})
        page = await context.new_page()
        if network is not None:
            session = await context.new_cdp_session(page)
            await session.send("Network.emulateNetworkConditions", dict(network))
        began = time.monotonic()
        await page.goto(url, wait_until="commit")
        await page.wait_for_selector(there)
        taken.append((time.monotonic() - began) * 1000)
        await context.close()
    return taken


async def _chosen(page: Page) -> float:
    taken: float = await page.evaluate(CHOSEN, ["24h", 1000])
    await page.evaluate(CHOSEN, ["5m", 1])
    await page.wait_for_function("() => document.querySelector('[data-points]').dataset.points < 9")
    return taken


def _say(what: str, taken: list[float]) -> None:
    print(f"{what}: median {statistics.median(taken):.0f} ms, longest {max(taken):.0f} ms")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:13000"))
