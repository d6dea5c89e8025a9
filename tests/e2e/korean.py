"""Finds English that is left on a page in Korean."""

from __future__ import annotations

import re
from typing import Final

from playwright.async_api import Page, TimeoutError

from ksys_app.domain.windows import LABELS
from ksys_app.ops.demo.plant.signals import TAGS
from ksys_app.texts import LANGUAGES

WORD: Final = re.compile(r"[A-Za-z]{2,}")
# All texts of elements, and of attributes that are read aloud, with a word that is not allowed.
ENGLISH: Final = """(allowed) => {
  const found = [];
  const data = 'script, style, button[lang], .about, [data-stored], [data-testid^=footer]';
  const skipped = (node) => node.closest(data);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { parentElement: parent, textContent: text } = walk.currentNode;
    if (text.trim() && !skipped(parent)) found.push(text);
  }
  for (const node of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
    if (skipped(node)) continue;
    for (const name of ['aria-label', 'title', 'placeholder']) {
      if (node.getAttribute(name)) found.push(node.getAttribute(name));
    }
  }
  const words = new Set(allowed);
  const isEnglish = (text) => (text.match(/[A-Za-z]{2,}/g) ?? []).some((word) => !words.has(word));
  return [document.title, ...found].filter(isEnglish);
}"""
# Names of the specification, codes, keys and units, which no language translates.
NAMES: Final = {
    *(
        "TAG",
        "NOPE",
        "BAD",
        "PARAMETER",
        "UNKNOWN",
        "Asia",
        "Seoul",
        "KST",
        "Space",
        "bar",
        "avg",
        "max",
    ),
    *("min", "last", "first", "sma", "bb", "top", "bot", "slope", "mean", "std", "Shift", "HH"),
    *("hours", "overview", "LL", "GAP", "SPIKE", "STEP", "RATE", "RANGE"),
    *("SOURCE", "LOST", "warn", "crit", "val", "MIN", "MAX"),
    *("step", "roc", "per", "spike", "zscore", "deadband", "pct", "gap", "seconds", "stuck"),
}


def allowed_words(titles: set[str]) -> set[str]:
    """Latin words that a Korean page may have; ``titles`` are those of the plant's tags."""
    korean = " ".join(text for texts in LANGUAGES["ko"].values() for text in texts.values())
    data = " ".join([*titles, *TAGS, *LABELS])
    placeholders = re.compile(r"\{\w+\}")
    return {*NAMES, *WORD.findall(placeholders.sub("", korean)), *WORD.findall(data)}


async def allowed_on(page: Page, url: str) -> set[str]:
    """:func:`allowed_words` for the tags of the site at ``url``."""
    tags = await page.request.get(f"{url}/api/v1/tags")
    return allowed_words({tag["title"] for tag in await tags.json()})


async def english_on(page: Page, allowed: set[str]) -> set[str]:
    """Texts of the page with a word that is neither Korean nor allowed."""
    return set(await page.evaluate(ENGLISH, sorted(allowed)))


async def english_left(page: Page, allowed: set[str]) -> set[str]:
    """The texts of :func:`english_on` that do not disappear.

    The build renders pages in English. If the code of a part is loaded later, React first keeps
    that text, and then renders the part in Korean.
    """
    none = f"(allowed) => ({ENGLISH})(allowed).length === 0"
    try:
        await page.wait_for_function(none, arg=sorted(allowed))
    except TimeoutError:
        return await english_on(page, allowed)
    return set()
