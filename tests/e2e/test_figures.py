"""Figures with many and with few digits, on the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ksys_app.db import connect
from tests import plant
from tests.e2e.conftest import Site

SERIES = {
    "COUNTER": [123456791.0 + n for n in range(58)],
    "BIG": [3234567890.0 + n for n in range(58)],
    "TOTAL": [1252524523898.18 + 17.03 * n for n in range(58)],
    "TINY": [3.79e-6 + 1e-8 * n for n in range(58)],
}


@pytest.fixture(scope="module", autouse=True)
async def samples(site: Site) -> None:
    """A value a minute for an hour; TINY alone has a rule."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=58)
    async with await connect(site.dsn) as conn:
        await conn.execute(
            "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, enabled)"
            " VALUES ('TINY', 1e-9, 1e-5, true)"
        )
        for tag, series in SERIES.items():
            rows = [(start + timedelta(minutes=n), tag, value) for n, value in enumerate(series)]
            await plant.insert(conn, rows)
        long_ago = datetime.now(UTC) - timedelta(minutes=90)
        await plant.insert(conn, [(long_ago, "SILENT", 50.0)])
        await conn.execute(
            "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, enabled)"
            " VALUES ('NEVER', 0, 100, true)"
        )
        await plant.refresh_minutes(conn)


async def tile(page: Page, tag: str) -> dict[str, str]:
    """The figures of a tile by their names, its value, and its tooltip."""
    box = page.get_by_test_id(f"tile-{tag}")
    value = box.get_by_test_id("tile-value")
    stats = box.get_by_test_id("tile-stats")
    names = await stats.locator("dt").all_inner_texts()
    values = await stats.locator("dd").all_inner_texts()
    return {
        **dict(zip(names, values, strict=True)),
        "value": await value.inner_text(),
        "tooltip": await value.get_attribute("title") or "",
    }


async def test_a_tile_shows_enough_digits_and_its_tooltip_has_all(
    context: BrowserContext, site: Site
) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/?window=60m")
    await page.get_by_test_id("tile-TOTAL").wait_for()
    for tag, series in SERIES.items():
        figures = await tile(page, tag)
        assert figures["First"] != figures["Last"] == figures["value"] == figures["Max"]
        assert float(figures["tooltip"]) == series[-1]
    assert (await tile(page, "COUNTER"))["value"] == "123456848.00"
    assert (await tile(page, "BIG"))["Last"] == "3.23456794700e9"
    assert (await tile(page, "TINY"))["value"] == "4.360e-6"


async def test_thousands_are_separated_by_space_and_no_character(
    context: BrowserContext, site: Site
) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/?window=60m&tag=COUNTER")
    value = page.get_by_test_id("tile-COUNTER").get_by_test_id("tile-value")
    await expect(value.locator(".digits")).to_have_text(["123", "456", "848.00"])
    await expect(value).to_have_text("123456848.00")


@pytest.mark.parametrize(
    ("tag", "change", "gauge"),
    [
        ("D100", r"[+-]\d+\.\d%", r"\d+%of range"),
        ("COUNTER", r"\+0\.0%", "–No value, or no range is set for this tag"),
        ("SILENT", "–", "–No value, or no range is set for this tag"),
        ("NEVER", "–", "–No value, or no range is set for this tag"),
    ],
)
async def test_a_dash_is_shown_without_a_comparison_or_a_range(
    context: BrowserContext, site: Site, tag: str, change: str, gauge: str
) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/?window=60m&tag={tag}")
    box = page.get_by_test_id(f"tile-{tag}")
    await expect(box.get_by_test_id("tile-delta")).to_have_text(re.compile(f"^{change}$"))
    ring = box.get_by_test_id("tile-gauge")
    await expect(ring).to_have_text(re.compile(f"^{gauge}$"))
    filled = ring.locator(".gauge-arc")
    await (expect(filled).to_be_visible() if "%" in gauge else expect(filled).to_be_hidden())


@pytest.mark.parametrize("tag", SERIES)
async def test_legend_table_and_tile_show_the_same_figures(
    context: BrowserContext, site: Site, tag: str
) -> None:
    page = await context.new_page()
    await page.goto(f"{site.url}/trend?tag={tag}&window=60m")
    await expect(page.get_by_test_id("chart")).to_have_attribute("data-state", "drawn")
    row = page.get_by_test_id("series-table").locator("tbody tr").first
    await expect(row.locator("td")).to_have_count(9)
    cells = (await row.locator("td").all_inner_texts())[3:]
    for at, key in enumerate(("avg", "min", "max", "last", "first")):
        legend = page.get_by_test_id(f"legend-{key}").locator("output")
        await expect(legend).to_have_text(cells[at])
    await page.goto(f"{site.url}/?window=60m&tag={tag}")
    value = page.get_by_test_id(f"tile-{tag}").get_by_test_id("tile-value")
    await expect(value).to_have_text(cells[3])


@pytest.mark.parametrize("width", [390, 1280, 1920])
async def test_long_figures_break_no_layout(
    context: BrowserContext, site: Site, width: int
) -> None:
    page = await context.new_page()
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(f"{site.url}/?window=60m")
    await page.get_by_test_id("tile-TOTAL").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    heights = set()
    for tag in ("D100", "TOTAL"):
        box = page.get_by_test_id(f"tile-{tag}")
        # A tile that is not on the screen has only the size that is expected of it.
        await box.scroll_into_view_if_needed()
        await expect(box.locator(".spark")).to_be_in_viewport()
        heights.add(await box.evaluate("(node) => node.getBoundingClientRect().height"))
    assert len(heights) == 1
    cut = """(nodes) => nodes.filter((node) => node.scrollWidth > node.clientWidth)
      .map((node) => `${node.textContent}: ${node.scrollWidth} in ${node.clientWidth}`)"""
    assert await page.locator(".col-value, .tile-stats dd").evaluate_all(cut) == []
