"""The states of ``/trend`` and ``/tech`` without a browser, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ksys_app.errors import DatabaseUnreachable
from ksys_app.states.tech import TechState
from ksys_app.states.trend import TrendState
from tests import plant
from tests.conftest import Plant
from tests.states.asked import Asked, asking
from tests.waiting import until

MINUTES = 120


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    now = (await plant.clock(plant_db.conn)).replace(second=0, microsecond=0)
    rows = [(now - timedelta(minutes=m), "A", float(m)) for m in range(MINUTES)]
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, warn_max, crit_max, enabled)"
        " VALUES ('A', 0, 200, 100, NULL, true), ('B', 0, 1, NULL, NULL, true)"
    )


class Trend(Asked, TrendState):
    """With the URL that a test sets."""


class Tech(Asked, TechState):
    """With the URL that a test sets."""


async def load(state: Any) -> list[Any]:
    kind = TrendState if isinstance(state, TrendState) else TechState
    name = "load_trend_data" if kind is TrendState else "load_indicators_data"
    return [event async for event in kind.event_handlers[name].fn(state)]


async def call(state: Any, name: str, *arguments: Any) -> list[Any]:
    made = TrendState.event_handlers[name].fn(state, *arguments)
    if hasattr(made, "__aiter__"):
        return [event async for event in made]
    await made
    return []


async def becomes(check: Callable[[], bool]) -> None:
    async def holds() -> bool:
        return check()

    await until(holds, 20)


async def test_load_shows_the_newest_page_and_follows() -> None:
    state = asking(Trend, tag="A", window="12h")
    events = await load(state)
    assert (state.phase, state.total, state.page, state.pages) == ("loaded", MINUTES, 1, 3)
    assert [row.num for row in state.rows] == list(range(1, 51))
    assert state.rows[0].cells == ["0.00"] * 5 + ["1"]
    assert state.rows[0].ms > state.rows[1].ms
    assert state.limits == {"min_val": 0, "warn_max": 100, "max_val": 200}
    assert "follow" in str(events)


async def test_the_chart_the_file_and_the_link_name_the_same() -> None:
    state = asking(Trend, tag="A", window="24h", series="avg,max", zoom="5-9", page="2")
    await load(state)
    asked = parse_qs(urlsplit(state.url).query)
    assert asked["tag"] == ["A"]
    assert asked["window"] == ["24h"]
    assert asked["format"] == ["columns"]
    assert parse_qs(urlsplit(state.csv_url).query) == {
        "tag": ["A"],
        "window": ["24h"],
        "kind": ["buckets"],
    }
    assert state.link == "/trend?tag=A&window=24h&series=avg%2Cmax&zoom=5-9&page=2"
    assert state.rows[0].num == 51


async def test_without_a_tag_the_first_one_is_shown_and_kept() -> None:
    state = asking(Trend)
    await load(state)
    assert (state.tag, state.saved_tag, state.window) == ("A", "A", "5m")


async def test_a_tag_without_data_is_loaded_and_empty() -> None:
    state = asking(Trend, tag="B", window="5m")
    await load(state)
    assert (state.phase, state.total, state.rows) == ("loaded", 0, [])


@pytest.mark.parametrize(
    ("query", "code"),
    [({"tag": "nope"}, "UNKNOWN_TAG"), ({"tag": "A", "window": "3x"}, "BAD_PARAMETER")],
)
async def test_what_does_not_exist_is_an_error(query: dict[str, str], code: str) -> None:
    state = asking(Trend, **query)
    await load(state)
    assert (state.phase, state.problem.code, state.rows) == ("error", code, [])


async def test_another_tag_begins_at_its_first_page_without_zoom() -> None:
    state = asking(Trend, tag="A", window="24h", page="3", zoom="5-9")
    await load(state)
    events = state.choose_tag("B")
    assert (state.tag, state.saved_tag, state.page, state.zoom) == ("B", "B", 1, [])
    assert "tag=B" in state.url
    assert "show" in str(events)
    assert state.choose_tag("B") is None
    assert state.choose_tag("") is None


async def test_rows_of_another_selection_are_not_kept_when_the_database_fails() -> None:
    state = asking(Trend, tag="A", window="12h")
    await load(state)
    state._fail(DatabaseUnreachable())
    assert (state.phase, len(state.rows)) == ("stale", 50)
    state.set_window_filter("7d")
    state._fail(DatabaseUnreachable(), retry_in_s=1)
    assert (state.phase, state.rows, state.total) == ("retrying", [], 0)


async def test_series_are_switched_in_their_order() -> None:
    state = asking(Trend, tag="A")
    await load(state)
    state.toggle_series("avg")
    state.toggle_series("max")
    state.toggle_series("avg")
    assert state.shown == ["avg", "min", "last", "first"]
    assert state.saved_series == "avg,min,last,first"
    state.toggle_series("no such column")
    assert state.shown == ["avg", "min", "last", "first"]


async def test_a_time_is_found_on_its_page() -> None:
    state = asking(Trend, tag="A", window="12h")
    await load(state)
    newest = state.rows[0].ms
    await call(state, "find_row", newest - 60 * 60_000)
    assert state.page == 2
    assert state.found_ms in [row.ms for row in state.rows]
    await call(state, "find_row", "x")
    assert state.page == 2


async def test_a_page_beyond_the_last_is_the_last() -> None:
    state = asking(Trend, tag="A", window="12h")
    await load(state)
    state.go_to(99)
    await call(state, "show")
    assert (state.page, len(state.rows)) == (3, MINUTES - 100)
    assert state.go_to("x") is None
    assert state.page == 3


async def test_features_have_their_own_table_and_file() -> None:
    state = asking(Trend, tag="A", window="60m")
    await load(state)
    state.choose_table("features")
    await call(state, "refresh")
    assert len(state.rows[0].cells) == 7
    assert "kind=features" in state.csv_url
    assert state.link.endswith("&table=features")
    assert "timeseries" in state.url
    assert state.choose_table("nope") is None


async def test_bands_of_bollinger_are_asked_for_everywhere() -> None:
    state = asking(Tech, tag="A", window="60m")
    await load(state)
    plant_top = state.rows[0].cells[3]
    state.choose_band("bollinger")
    assert state.saved_band == "bollinger"
    await call(state, "refresh")
    assert state.rows[0].cells[3] != plant_top
    for told in (state.url, state.csv_url, state.link):
        assert "band=bollinger" in told
    assert state.choose_band("nope") is None


async def test_the_chart_is_told_of_each_new_answer_and_of_no_other() -> None:
    state = asking(Trend, tag="A", window="48h")
    await load(state)
    before = state.revision
    await call(state, "show")
    assert state.revision == before, "the same answer from the cache"
    await call(state, "refresh")
    assert state.revision == before + 1, "asked for now"


async def test_following_asks_again_and_not_while_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    state = asking(Trend, tag="A", window="10m")
    await load(state)
    state.updated_ms = 0
    monkeypatch.setattr(Trend, "_open_in", lambda self, path: True)
    following = asyncio.create_task(call(state, "follow"))
    await becomes(lambda: state.updated_ms > 0)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    state.stop_realtime()
    await asyncio.wait_for(call(state, "follow"), 1)


async def test_a_failing_page_says_when_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    state = asking(Trend, tag="A", window="10m")
    await load(state)
    state._fail(DatabaseUnreachable())
    state.stop_realtime()
    monkeypatch.setattr(Trend, "_open_in", lambda self, path: True)
    following = asyncio.create_task(call(state, "follow"))
    await becomes(lambda: state.problem.retry_in == 1)
    await becomes(lambda: state.problem.code == "")
    await asyncio.wait_for(following, 5)
    assert state.phase == "loaded", "paused, and still tried until it worked"


@pytest.mark.parametrize("zoom", [None, "x", [1], [2, 1], [1, 2, 3]])
async def test_a_zoom_that_is_none_shows_all(zoom: Any) -> None:
    state = asking(Trend, tag="A", window="5m", zoom="5-9")
    await load(state)
    state.set_zoom(zoom)
    assert state.zoom == []
    assert "zoom" not in state.link
