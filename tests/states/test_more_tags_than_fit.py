"""More tags than a page shows: filter, search and pins cover all of them, and the page says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from ksys_app.services import runtime
from ksys_app.states.comm import CommState
from ksys_app.states.dashboard import DashboardState
from tests import plant
from tests.conftest import Plant
from tests.states.page_query import WithQuery, with_query
from tests.waiting import until

MOST = 5
NAMES = [f"T{n:02}" for n in range(1, 21)]


@pytest.fixture(scope="module", autouse=True)
async def small_pages(plant_db: Plant) -> AsyncIterator[None]:
    """Twenty tags, pages of five."""
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(seconds=5 * i), tag, float(i)) for i in range(3) for tag in NAMES]
    await plant.insert(plant_db.conn, rows)
    few = plant_db.settings.model_copy(update={"max_tags": MOST, "tick_seconds": 1.0})
    async with runtime.opened(few):
        yield


class Board(WithQuery, DashboardState):
    """With the URL that a test sets."""


class Comm(WithQuery, CommState):
    """With the URL that a test sets."""


async def call(tab: Any, name: str) -> None:
    done = DashboardState.event_handlers[name].fn(tab)
    if hasattr(done, "__aiter__"):
        async for _ in done:
            pass
    else:
        await done


async def board(**query: str) -> Any:
    tab = with_query(Board, window="5m", sort="name", **query)
    await call(tab, "load")
    return tab


def shown(tab: Any) -> list[str]:
    return [tab.kpi_rows[index].title for index in tab.tile_order]


def listed(tab: Any) -> list[str]:
    return [tab.kpi_rows[index].title for index in tab.table_order]


async def filtered(tab: Any, text: str) -> None:
    """Type a filter, and run the events that it returns."""
    events = tab.set_tag_filter(text) or []
    assert [event.fn.__name__ for event in events] in ([], ["refresh", "follow_feed"])
    if events:
        await call(tab, "refresh")


async def test_the_first_by_name_are_shown_and_the_page_says_so() -> None:
    tab = await board()
    assert (tab.phase, tab.more, shown(tab)) == ("loaded", 15, NAMES[:MOST])


async def test_the_filter_finds_tags_beyond_those_shown() -> None:
    tab = await board()
    await filtered(tab, "t18")
    assert (shown(tab), listed(tab)) == (["T18"], ["T18"])
    assert (tab.phase, tab.searched, tab.more) == ("loaded", True, 0)


async def test_a_filter_in_the_address_finds_them_too() -> None:
    tab = await board(tag="t1")
    assert shown(tab) == NAMES[9:14]
    assert tab.more == 5, "ten tags match, five are shown"
    assert tab.link == "/?window=5m&tag=t1&sort=name"


async def test_nothing_is_reported_as_missing_before_all_tags_were_searched() -> None:
    tab = await board()
    events = tab.set_tag_filter("18")
    assert shown(tab) == []
    assert (tab.searched, tab.is_loading) == (False, True)
    assert events is not None
    await call(tab, "refresh")
    assert (tab.searched, shown(tab)) == (True, ["T18"])


async def test_a_filter_without_a_match_is_no_empty_plant() -> None:
    tab = await board()
    await filtered(tab, "nothing like it")
    assert (tab.phase, tab.searched, tab.kpi_rows) == ("loaded", True, [])
    await filtered(tab, "")
    assert shown(tab) == NAMES[:MOST]


async def test_an_answer_to_an_earlier_filter_is_not_shown() -> None:
    tab = await board()
    tab.set_tag_filter("t18")
    refreshing = asyncio.create_task(call(tab, "refresh"))
    await asyncio.sleep(0)
    tab.tag_filter = "t19"
    await refreshing
    assert (tab.searched, shown(tab)) == (False, [])


async def test_a_pin_beyond_those_shown_stays_in_front() -> None:
    tab = await board()
    await filtered(tab, "t18")
    tab.toggle_pin("T18")
    await filtered(tab, "")
    assert shown(tab) == ["T18", *NAMES[: MOST - 1]]
    again = with_query(Board, window="5m", sort="name")
    again.saved_pins = tab.saved_pins
    await call(again, "load")
    assert shown(again) == ["T18", *NAMES[: MOST - 1]]


async def test_more_tiles_than_the_state_has_are_fetched_with_filter_and_pins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ksys_app.states.dashboard.MOST_IN_STATE", 2)
    tab = with_query(Board, window="5m", sort="name", tag="t1", pins="T18,T20")
    await call(tab, "load")
    assert tab.tiles_url.endswith("&window=5m&part=true&search=t1&pin=T18&pin=T20")
    assert (tab.kpi_rows, len(tab.tile_order), tab.more) == ([], MOST, 5)
    titles = [tab._tiles[index].title for index in tab.tile_order]
    assert titles == ["T18", *NAMES[9 : 9 + MOST - 1]]
    await filtered(tab, "")
    assert tab.tiles_url.endswith("&window=5m&part=true&search=&pin=T18&pin=T20")
    assert tab.more == 15


async def test_the_feed_continues_with_what_the_filter_found(
    monkeypatch: pytest.MonkeyPatch, plant_db: Plant
) -> None:
    monkeypatch.setattr(Board, "_is_open", lambda self, path: True)
    tab = await board(tag="t18")
    following = asyncio.create_task(call(tab, "follow_feed"))
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "T18", 77.0)])
    await _becomes(lambda: tab.kpi_rows[0].value_s == "77.00")
    assert shown(tab) == ["T18"]
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_all_tags_are_filtered_when_a_plant_outgrows_its_page(
    monkeypatch: pytest.MonkeyPatch, plant_db: Plant
) -> None:
    monkeypatch.setattr(Board, "_is_open", lambda self, path: True)
    tiles = runtime.current().tiles
    monkeypatch.setattr(tiles.source, "_max_tags", len(NAMES))
    tab = await board(tag="u")
    assert shown(tab) == []
    following = asyncio.create_task(call(tab, "follow_feed"))
    await _becomes(lambda: runtime.current().feed.subscribers == 1)
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "U1", 1.0)])
    try:
        await _becomes(lambda: shown(tab) == ["U1"])
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        for table in ("influx_hist", "tag_latest"):
            await plant_db.conn.execute(f"DELETE FROM {table} WHERE tag_name = 'U1'")


async def overview(**query: str) -> Any:
    tab = with_query(Comm, view="overview", **query)
    assert tab.load() is not None
    await CommState.event_handlers["show"].fn(tab)
    return tab


def rows(tab: Any) -> list[str]:
    return sorted(row.tag for row in tab.rows)


async def test_the_overview_of_communication_searches_all_tags() -> None:
    tab = await overview()
    assert (rows(tab), tab.truncated) == (NAMES[:MOST], True)
    assert tab.set_search("t18") is not None
    assert (tab.searched, rows(tab)) == (False, [])
    await CommState.event_handlers["show"].fn(tab)
    assert (tab.searched, rows(tab), tab.truncated) == (True, ["T18"], False)
    tab.set_search("nothing like it")
    await CommState.event_handlers["show"].fn(tab)
    assert (tab.phase, tab.searched, tab.row_count) == ("loaded", True, 0)
    again = await overview(search="t19")
    assert rows(again) == ["T19"]


async def test_a_new_tag_exists_at_once_on_the_page_of_communication(
    plant_db: Plant,
) -> None:
    await overview()
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "NEW", 1.0)])
    tab = with_query(Comm, tags="NEW")
    tab.load()
    await CommState.event_handlers["show"].fn(tab)
    assert (tab.phase, tab.tag_names) == ("loaded", ["NEW"])


async def _becomes(check: Any) -> None:
    async def holds() -> bool:
        return bool(check())

    await until(holds)
