"""The same rows over HTTP, on a tile and on a trend give correct and equal figures."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ksys_app.domain import figures
from ksys_app.domain.windows import LABELS
from ksys_app.states.dashboard import DashboardState
from ksys_app.states.trend import TrendState
from tests import plant
from tests.conftest import Plant
from tests.node import run
from tests.states.page_query import WithQuery, with_query

COUNTER = [123456791.0 + n for n in range(58)]
BIG = [3234567890.0 + 100 * n / 57 for n in range(58)]
TINY = [3.79e-6 + 1e-8 * (n % 7) for n in range(58)]
TOTAL = [1252524523898.18 - 17.03 * (57 - n) for n in range(58)]
BAR = [7.77 - 0.001 * ((57 - n) % 11) for n in range(58)]
# Longer than the samples, so that all of them are in it, however late a test runs.
WINDOW = "12h"
SERIES: dict[str, Sequence[float]] = {
    "COUNTER": COUNTER,
    "BIG": BIG,
    "TINY": TINY,
    "TOTAL": TOTAL,
    "BAR": BAR,
    "HUGE": [42.5] * 58,
    "NEGATIVE": [-0.0] * 58,
    "FLOW": [12345.678 + n for n in range(58)],
}


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    """A value a minute for an hour, so that each bucket is its value."""
    now = await plant.clock(plant_db.conn)
    start = now.replace(second=0, microsecond=0) - timedelta(minutes=58)
    for tag, series in SERIES.items():
        rows = [(start + timedelta(minutes=n), tag, value) for n, value in enumerate(series)]
        await plant.insert(plant_db.conn, rows)
    await plant.refresh_minutes(plant_db.conn)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, enabled) VALUES"
        " ('TINY', 1e-9, 1e-5, true), ('BAR', 0, 10, true), ('HUGE', 0, 1e300, true),"
        " ('FLOW', 0, 20000, true)"
    )


async def tile(http: httpx.AsyncClient, tag: str, window: str = WINDOW) -> dict[str, Any]:
    answer = await http.get("/api/v1/kpi", params={"tag": tag, "window": window})
    return answer.json()[0]  # type: ignore[no-any-return]


async def columns(http: httpx.AsyncClient, tag: str) -> dict[str, list[float]]:
    params = {"tag": tag, "window": WINDOW, "format": "columns"}
    answer = await http.get("/api/v1/timeseries", params=params)
    return answer.json()["columns"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("tag", "value_s", "range_label"),
    [
        ("COUNTER", "123456848.00", "123456791.0 ~ 123456848.0"),
        ("BIG", "3.2345679900e9", "3.23456789e9 ~ 3.23456799e9"),
        ("TINY", "3.800e-6", "1e-9 ~ 10e-6"),
        ("TOTAL", "1.2525245238982e12", "1.2525245229275e12 ~ 1.2525245238982e12"),
        ("BAR", "7.77", "0.0 ~ 10.0"),
        ("HUGE", "42.5", "0.0 ~ 1e300"),
        ("NEGATIVE", "0.0", "0.0 ~ 0.0"),
        ("FLOW", "12402.7", "0.0 ~ 20000.0"),
    ],
)
async def test_a_tile_tells_its_value_and_its_range(
    http: httpx.AsyncClient, tag: str, value_s: str, range_label: str
) -> None:
    found = await tile(http, tag)
    assert found["value_s"] == value_s
    assert found["range_label"] == range_label


@pytest.mark.parametrize("tag", ["TINY", "BAR", "HUGE", "FLOW"])
async def test_by_a_rule_the_decimals_are_the_same_in_every_window(
    http: httpx.AsyncClient, tag: str
) -> None:
    texts = {(await tile(http, tag, window))["value_s"] for window in LABELS}
    assert len(texts) == 1


@pytest.mark.parametrize("tag", ["COUNTER", "BIG", "TOTAL"])
async def test_the_columns_of_a_counter_are_neither_flat_nor_in_steps(
    http: httpx.AsyncClient, tag: str
) -> None:
    sent = (await columns(http, tag))["avg"]
    assert len(set(sent)) == len(sent) > 50
    series = list(SERIES[tag])[-len(sent) :]
    span = max(series) - min(series)
    assert sent == pytest.approx(series, abs=span / 1000)


class Dashboard(WithQuery, DashboardState):
    """With the URL that a test sets."""


class Trend(WithQuery, TrendState):
    """With the URL that a test sets."""


async def shown(kind: type, name: str, state: Any) -> Any:
    async for _event in kind.event_handlers[name].fn(state):  # type: ignore[attr-defined]
        pass
    assert state.phase == "loaded", state.problem
    return state


@pytest.mark.parametrize("tag", SERIES)
async def test_tile_table_and_legend_write_one_sample_in_one_way(
    http: httpx.AsyncClient, tag: str
) -> None:
    page = await shown(DashboardState, "load", with_query(Dashboard, window=WINDOW))
    (view,) = [row for row in page.kpi_rows if row.title == tag]
    trend = await shown(TrendState, "load_trend_data", with_query(Trend, tag=tag, window=WINDOW))
    names = ("avg", "min", "max", "last", "first")
    assert trend.rows[0].cells[names.index("last")] == view.value_s == view.last
    assert float(view.value_full) == SERIES[tag][-1]
    sent = await columns(http, tag)
    newest_first = [list(row) for row in zip(*(sent[name] for name in names), strict=True)][::-1]
    shown_rows = newest_first[: len(trend.rows)]
    expression = "given[0].map((row) => row.map((value) => m.figure(value, given[1])))"
    legend = run("lib/figures.js", expression, shown_rows, trend.places)
    assert legend == [row.cells[:-1] for row in trend.rows]


async def test_first_and_last_of_a_large_counter_differ() -> None:
    page = await shown(DashboardState, "load", with_query(Dashboard, window=WINDOW))
    for row in page.kpi_rows:
        if row.title in {"COUNTER", "BIG", "TOTAL"}:
            assert row.first != row.last
            assert row.min != row.max


async def test_files_and_json_have_numbers_in_full_and_none_of_the_blanks(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.get("/api/v1/export.csv", params={"tag": "TOTAL", "window": WINDOW})
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert {float(row["last"]) for row in rows} <= set(TOTAL)
    assert all(re.fullmatch(r"\d+(\.\d+)?", row["last"]) for row in rows)
    text = (await http.get("/api/v1/kpi", params={"window": WINDOW})).text
    assert "\u202f" not in text
    assert figures.full(TOTAL[-1]) == "1252524523898.18"
