"""Choices on pages with the demo's nine tags: how long until each is painted."""

from __future__ import annotations

from playwright.async_api import Browser, Page

from tests.bench.figures import figure
from tests.bench.findings import Findings
from tests.bench.first_page import MEASURE, SECTION, STATS, first

RUNS = 10
# "Fast 4G" of Chromium's developer tools: 8.1 Mbit/s down, 165 ms round trip.
MOBILE = {
    "offline": False,
    "latency": 165,
    "downloadThroughput": 1_012_500,
    "uploadThroughput": 168_750,
}
DRAWN = "[data-testid=chart][data-state=drawn]"
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


async def measure(browser: Browser, url: str, found: Findings) -> None:
    """Add the first chart, choices on the pages, and the frames of a chart that is moved."""
    chart = f"{url}/trend?tag=D200&window=24h"
    drawn = await first(browser, chart, DRAWN)
    _add(found, "/trend: chart of 24h in a new browser", drawn)
    drawn = await first(browser, chart, DRAWN, MOBILE)
    _add(found, "/trend: chart of 24h in a new browser, 4G", drawn)
    await _on_dashboard(browser, url, found)
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await page.goto(f"{url}/tech?tag=D200&window=24h")
    await page.wait_for_selector(DRAWN)
    switched = [await page.evaluate(SWITCHED, "sma_10") for _ in range(RUNS)]
    _add(found, "/tech: a series off or on", switched)
    await page.goto(f"{url}/trend?tag=D102&window=5m")
    await page.wait_for_selector(DRAWN)
    chosen = [await _chosen(page) for _ in range(RUNS)]
    _add(found, "/trend: 24h chosen, 5 x 1,440 points", chosen)
    await page.evaluate(CHOSEN, ["24h", 1000])
    frames = [await page.evaluate(FRAMES, KEYS) for _ in range(RUNS)]
    _add(found, "/trend: longest frame of zooming and panning 1,440 points", frames)
    await page.close()


async def _on_dashboard(browser: Browser, url: str, found: Findings) -> None:
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await page.goto(f"{url}/?window=24h")
    await page.wait_for_selector(STATS)
    of_d200 = f"[data-testid=tile-D200] {STATS}"
    turned = [await page.evaluate(TURNED, [label, of_d200]) for label in ("30d", "24h") * RUNS]
    _add(found, "/: 24h to 30d or back", turned)
    options = (["D1", 3], ["", 9]) * RUNS
    filtered = [await page.evaluate(FILTERED, option) for option in options]
    _add(found, "/: the filter, with the 300 ms that typing rests", filtered)
    await page.close()


async def _chosen(page: Page) -> float:
    milliseconds: float = await page.evaluate(CHOSEN, ["24h", 1000])
    await page.evaluate(CHOSEN, ["5m", 1])
    await page.wait_for_function("() => document.querySelector('[data-points]').dataset.points < 9")
    return milliseconds


def _add(found: Findings, subject: str, ms: list[float]) -> None:
    found.say(f"browser: {subject}")
    found.add(figure(SECTION, subject, MEASURE, "ms", ms))
