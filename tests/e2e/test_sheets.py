"""Executes ``tests/sheets/*.md``: compares pages with the raw rows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator

from ksys_app.db import connect
from ksys_app.domain.windows import parse_window
from ksys_app.states.captions import delta_caption
from ksys_app.texts import say
from tests import plant
from tests.database import TestDatabases
from tests.e2e.conftest import SHOWN_MS, Site, opened, seed, start_site, stop_site
from tests.waiting import until

SHEETS = Path(__file__).parents[1] / "sheets"
TITLE = re.compile(r"^## \[TestCase\] KPI tile – (\S+) – (\w+) – (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One case of a sheet: the tile, and for each figure the tolerance, None for equal."""

    tag: str
    window: str
    bucket: str
    tolerances: dict[str, float | None]


def read(sheet: Path) -> list[Case]:
    """The cases of a sheet."""
    parts = TITLE.split(sheet.read_text("utf-8"))[1:]
    return [Case(*parts[i : i + 3], _tolerances(parts[i + 3])) for i in range(0, len(parts), 4)]


def _tolerances(text: str) -> dict[str, float | None]:
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
SELECT min_val, max_val, warn_min, warn_max, crit_min, crit_max, max_gap_seconds,
       (SELECT extract(epoch FROM now() - max(ts))::float8 FROM public.influx_hist
        WHERE tag_name = r.tag_name)
FROM public.influx_qc_rule AS r WHERE tag_name = %s
"""
LEVELS = ("ok", "warn", "crit")
# The colour of an element, and the colour of a variable of the product.
COLOUR = """(arc, name) => {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  arc.ownerDocument.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return [getComputedStyle(arc).stroke, colour];
}"""


async def expected(dsn: str, tag: str) -> dict[str, float | int | str]:
    """The figures of a tile, from raw rows and rule alone."""
    async with await connect(dsn) as conn:
        lasts = [value for (value,) in await (await conn.execute(TWO_LASTS, [tag])).fetchall()]
        rule = await (await conn.execute(RULE, [tag])).fetchone()
    assert rule is not None
    low, high, warn_min, warn_max, crit_min, crit_max, gap, age = rule
    value, prev = lasts
    broken = [
        (value >= crit_max, f"crit HH {value:.7g} ≥ {crit_max:g}"),
        (value <= crit_min, f"crit LL {value:.7g} ≤ {crit_min:g}"),
        (value >= warn_max, f"warn H {value:.7g} ≥ {warn_max:g}"),
        (value <= warn_min, f"warn L {value:.7g} ≤ {warn_min:g}"),
    ]
    alarm = next((text for is_broken, text in broken if is_broken), "-")
    if alarm == "-" and age > gap:
        alarm = "warn GAP"
    level = 2 if alarm.startswith("crit") or not low <= value <= high else 0
    level = level or int(alarm[5:6] in ("H", "L"))
    comm = "ok" if age <= gap else "late" if age <= 10 * gap else "lost"
    return {
        "delta_pct": (value - prev) / abs(prev) * 100,
        "gauge_pct": (value - low) / (high - low) * 100,
        "status_level": level,
        "range_label": f"{low:.1f} ~ {high:.1f}",
        "value": value,
        "comm": comm,
        "alarm": alarm,
        "gauge_colour": LEVELS[level] if comm == "ok" else "stale",
    }


async def observed(tile: Locator) -> dict[str, float | int | str]:
    """The same figures as the tile shows them."""
    gauge = tile.get_by_test_id("tile-gauge")
    arc = gauge.locator(".gauge-arc")
    colours = {name: await arc.evaluate(COLOUR, name) for name in (*LEVELS, "stale")}
    assert len({colour for _, colour in colours.values()}) == 4
    alarm = await tile.get_by_test_id("tile-alarm").get_attribute("data-alarm") or ""
    return {
        "delta_pct": float((await tile.get_by_test_id("tile-delta").inner_text()).rstrip("%")),
        "gauge_pct": float(await gauge.get_attribute("data-pct") or "nan"),
        "status_level": int(await gauge.get_attribute("data-level") or "-1"),
        "range_label": await tile.get_by_test_id("tile-range").inner_text(),
        "value": float(await tile.get_by_test_id("tile-value").inner_text()),
        "comm": await tile.get_by_test_id("tile-comm").get_attribute("data-comm") or "",
        # A gap goes on growing while it is read.
        "alarm": re.sub("(warn GAP).*", r"\1", alarm),
        "gauge_colour": next(name for name, (shown, colour) in colours.items() if shown == colour),
    }


@pytest.fixture(scope="module")
async def still(databases: TestDatabases) -> AsyncIterator[Site]:
    """A plant without new samples; D200 is over crit_max, D300 over warn_max."""
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
    assert all(len(case.tolerances) == 8 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.tag}-{case.window}")
async def test_the_page_says_what_the_sheet_expects(
    still: Site, context: BrowserContext, case: Case
) -> None:
    page = await opened(context, still, f"/?window={case.window}&sort=name")
    tile = page.get_by_test_id(f"tile-{case.tag}")
    window = parse_window(case.window)
    assert window.bucket == case.bucket
    await tile.get_by_text(say(delta_caption(window))).wait_for()
    wrong: list[tuple[str, object, object]] = []

    # When the age of a sample passes a limit, the page says so at its next tick.
    async def agrees() -> bool:
        shown, right = await observed(tile), await expected(still.dsn, case.tag)
        wrong[:] = [
            (name, shown[name], right[name])
            for name in case.tolerances
            if not _agree(case, name, shown, right)
        ]
        return not wrong

    with suppress(TimeoutError):
        await until(agrees, SHOWN_MS / 1000)
    assert wrong == []


def _agree(
    case: Case,
    name: str,
    shown: dict[str, float | int | str],
    right: dict[str, float | int | str],
) -> bool:
    tolerance = case.tolerances[name]
    if tolerance is None and name != "value":
        return shown[name] == right[name]
    # The tile rounds its value to a thousandth of the range.
    width = float(str(right["range_label"]).split(" ~ ")[1])
    return bool(shown[name] == pytest.approx(right[name], abs=tolerance or width / 1000))
