"""How long a chart takes in a real Chromium: ``python -m tests.bench_pages http://localhost:13000``.

Run it against ``make demo``. From choosing a window to the painted chart, and the longest frame of
a zoom and of a pan, ten times each.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys

from playwright.async_api import Page, async_playwright

from tests.e2e.conftest import CHROMIUM, FLAGS

RUNS = 10
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
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(f"{url}/trend?tag=D102&window=5m")
        await page.wait_for_selector("[data-testid=chart][data-state=drawn]")
        chosen = [await _chosen(page) for _ in range(RUNS)]
        await page.evaluate(CHOSEN, ["24h", 1000])
        frames = [await page.evaluate(FRAMES, KEYS) for _ in range(RUNS)]
        await browser.close()
    _say("choosing 24h to 5 x 1,440 points painted", chosen)
    _say("longest frame of zooming and panning 1,440 points", frames)


async def _chosen(page: Page) -> float:
    taken: float = await page.evaluate(CHOSEN, ["24h", 1000])
    await page.evaluate(CHOSEN, ["5m", 1])
    await page.wait_for_function("() => document.querySelector('[data-points]').dataset.points < 9")
    return taken


def _say(what: str, taken: list[float]) -> None:
    print(f"{what}: median {statistics.median(taken):.0f} ms, longest {max(taken):.0f} ms")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:13000"))
