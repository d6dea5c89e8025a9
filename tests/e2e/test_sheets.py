"""Executes ``tests/sheets/*.md``: what the page shows against what the raw rows say."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator

from ksys_app.db import connect
from tests import plant
from tests.database import TestDatabases
from tests.e2e.conftest import Site, opened, seed, start_site, stop_site

SHEETS = Path(__file__).parents[1] / "sheets"
TITLE = re.compile(r"^## \[TestCase\] KPI tile – (\S+) – (\w+) – (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One case of a sheet: the tile, and for each figure the tolerance, None for equal."""

    tag: str
    window: str
    bucket: str
    judged: dict[str, float | None]


def read(sheet: Path) -> list[Case]:
    """The cases of a sheet."""
    parts = TITLE.split(sheet.read_text("utf-8"))[1:]
    return [Case(*parts[i : i + 3], _judged(parts[i + 3])) for i in range(0, len(parts), 4)]


def _judged(text: str) -> dict[str, float | None]:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    table = [row for row in rows if len(row) == 3 and row[0] not in ("observed on the tile", "---")]
    return {
        name: float(how.removeprefix("within ")) if how.startswith("within ") else None
        for name, _, how in table
    }


CASES = [case for sheet in sorted(SHEETS.glob("*.md")) for case in read(sheet)]

TWO_LASTS = """
SELECT value FROM (
  SELECT DISTINCT ON (date_trunc('minute', ts)) date_trunc('minute', ts) AS minute, value
  FROM public.influx_hist WHERE tag_name = %s
  ORDER BY 1 DESC, ts DESC
) AS lasts ORDER BY minute DESC LIMIT 2
"""
RULE = """
SELECT min_val, max_val, warn_min, warn_max, crit_min, crit_max
FROM public.influx_qc_rule WHERE tag_name = %s
"""


async def expected(dsn: str, tag: str) -> dict[str, float | int | str]:
    """The figures of a tile, from raw rows and rule alone."""
    async with await connect(dsn) as conn:
        lasts = [value for (value,) in await (await conn.execute(TWO_LASTS, [tag])).fetchall()]
        rule = await (await conn.execute(RULE, [tag])).fetchone()
    assert rule is not None
    low, high, warn_min, warn_max, crit_min, crit_max = rule
    value, prev = lasts
    crit = not low <= value <= high or value <= crit_min or value >= crit_max
    warn = value <= warn_min or value >= warn_max
    return {
        "delta_pct": (value - prev) / abs(prev) * 100,
        "gauge_pct": (value - low) / (high - low) * 100,
        "status_level": 2 if crit else 1 if warn else 0,
        "range_label": f"{low:.1f} ~ {high:.1f}",
        "value": value,
    }


async def observed(tile: Locator) -> dict[str, float | int | str]:
    """The same figures as the tile shows them."""
    gauge = tile.get_by_test_id("tile-gauge")
    return {
        "delta_pct": float((await tile.get_by_test_id("tile-delta").inner_text()).rstrip("%")),
        "gauge_pct": float(await gauge.get_attribute("data-pct") or "nan"),
        "status_level": int(await gauge.get_attribute("data-level") or "-1"),
        "range_label": await tile.get_by_test_id("tile-range").inner_text(),
        "value": float(await tile.get_by_test_id("tile-value").inner_text()),
    }


@pytest.fixture(scope="module")
async def still(databases: TestDatabases) -> AsyncIterator[Site]:
    """A plant that does not move while it is compared; D200 over crit_max, D300 over warn_max."""
    dsn = await databases.fresh()
    await seed(dsn)
    async with await connect(dsn) as conn:
        now = await plant.clock(conn)
        for tag, column, factor in (("D200", "crit_max", 1.001), ("D300", "warn_max", 1.0)):
            cursor = await conn.execute(
                f"SELECT {column} FROM public.influx_qc_rule WHERE tag_name = %s", [tag]
            )
            row = await cursor.fetchone()
            assert row is not None
            await plant.insert(conn, [(now + timedelta(seconds=1), tag, row[0] * factor)])
    site = await start_site(databases, dsn)
    yield site
    await stop_site(site)
    await databases.drop(dsn)


def test_the_sheets_have_the_cases_of_the_specification() -> None:
    assert {case.tag for case in CASES} >= {"D100", "D200", "D300"}
    assert all(len(case.judged) == 5 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.tag}-{case.window}")
async def test_the_page_says_what_the_sheet_expects(
    still: Site, context: BrowserContext, case: Case
) -> None:
    page = await opened(context, still, f"/?window={case.window}&sort=name")
    tile = page.get_by_test_id(f"tile-{case.tag}")
    await tile.get_by_text(f"vs previous {case.bucket.replace('m', ' min')} bucket").wait_for()
    seen, wanted = await observed(tile), await expected(still.dsn, case.tag)
    for name, tolerance in case.judged.items():
        if tolerance is None and name != "value":
            assert seen[name] == wanted[name], name
        else:
            # The tile rounds its value to a thousandth of the range.
            width = float(str(wanted["range_label"]).split(" ~ ")[1])
            assert seen[name] == pytest.approx(wanted[name], abs=tolerance or width / 1000), name
