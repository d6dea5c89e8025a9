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


async def call(made: Any, name: str) -> None:
    done = DashboardState.event_handlers[name].fn(made)
    if hasattr(done, "__aiter__"):
        async for _ in done:
            pass
    else:
        await done


async def board(**query: str) -> Any:
    made = with_query(Board, window="5m", sort="name", **query)
    await call(made, "load")
    return made


def shown(made: Any) -> list[str]:
    return [made.kpi_rows[index].title for index in made.tile_order]


def listed(made: Any) -> list[str]:
    return [made.kpi_rows[index].title for index in made.table_order]


async def filtered(made: Any, text: str) -> None:
    """Type a filter, and run what the page is told to run then."""
    events = made.set_tag_filter(text) or []
    assert [event.fn.__name__ for event in events] in ([], ["refresh", "follow_feed"])
    if events:
        await call(made, "refresh")


async def test_the_first_by_name_are_shown_and_the_page_says_so() -> None:
    made = await board()
    assert (made.phase, made.more, shown(made)) == ("loaded", 15, NAMES[:MOST])


async def test_the_filter_finds_tags_beyond_those_shown() -> None:
    made = await board()
    await filtered(made, "t18")
    assert (shown(made), listed(made)) == (["T18"], ["T18"])
    assert (made.phase, made.searched, made.more) == ("loaded", True, 0)


async def test_a_filter_in_the_address_finds_them_too() -> None:
    made = await board(tag="t1")
    assert shown(made) == NAMES[9:14]
    assert made.more == 5, "ten tags match, five are shown"
    assert made.link == "/?window=5m&tag=t1&sort=name"


async def test_nothing_is_reported_as_missing_before_all_tags_were_asked() -> None:
    made = await board()
    events = made.set_tag_filter("18")
    assert shown(made) == []
    assert (made.searched, made.is_loading) == (False, True)
    assert events is not None
    await call(made, "refresh")
    assert (made.searched, shown(made)) == (True, ["T18"])


async def test_what_no_tag_holds_is_no_empty_plant() -> None:
    made = await board()
    await filtered(made, "nothing like it")
    assert (made.phase, made.searched, made.kpi_rows) == ("loaded", True, [])
    await filtered(made, "")
    assert shown(made) == NAMES[:MOST]


async def test_an_answer_to_a_former_filter_is_not_shown() -> None:
    made = await board()
    made.set_tag_filter("t18")
    asked = asyncio.create_task(call(made, "refresh"))
    await asyncio.sleep(0)
    made.tag_filter = "t19"
    await asked
    assert (made.searched, shown(made)) == (False, [])


async def test_a_pin_beyond_those_shown_stays_in_front() -> None:
    made = await board()
    await filtered(made, "t18")
    made.toggle_pin("T18")
    await filtered(made, "")
    assert shown(made) == ["T18", *NAMES[: MOST - 1]]
    again = with_query(Board, window="5m", sort="name")
    again.saved_pins = made.saved_pins
    await call(again, "load")
    assert shown(again) == ["T18", *NAMES[: MOST - 1]]


async def test_more_tiles_than_the_state_has_are_fetched_with_filter_and_pins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ksys_app.states.dashboard.MOST_IN_STATE", 2)
    made = with_query(Board, window="5m", sort="name", tag="t1", pins="T18,T20")
    await call(made, "load")
    assert made.tiles_url.endswith("&window=5m&part=true&search=t1&pin=T18&pin=T20")
    assert (made.kpi_rows, len(made.tile_order), made.more) == ([], MOST, 5)
    titles = [made._tiles[index].title for index in made.tile_order]
    assert titles == ["T18", *NAMES[9 : 9 + MOST - 1]]
    await filtered(made, "")
    assert made.tiles_url.endswith("&window=5m&part=true&search=&pin=T18&pin=T20")
    assert made.more == 15


async def test_the_feed_continues_with_what_the_filter_found(
    monkeypatch: pytest.MonkeyPatch, plant_db: Plant
) -> None:
    monkeypatch.setattr(Board, "_open_in", lambda self, path: True)
    made = await board(tag="t18")
    following = asyncio.create_task(call(made, "follow_feed"))
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "T18", 77.0)])
    await _becomes(lambda: made.kpi_rows[0].value_s == "77.00")
    assert shown(made) == ["T18"]
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_plant_that_outgrows_its_page_while_it_is_watched_is_still_filtered_whole(
    monkeypatch: pytest.MonkeyPatch, plant_db: Plant
) -> None:
    monkeypatch.setattr(Board, "_open_in", lambda self, path: True)
    tiles = runtime.current().tiles
    monkeypatch.setattr(tiles.source, "_max_tags", len(NAMES))
    made = await board(tag="u")
    assert shown(made) == []
    following = asyncio.create_task(call(made, "follow_feed"))
    await _becomes(lambda: runtime.current().feed.subscribers == 1)
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "U1", 1.0)])
    try:
        await _becomes(lambda: shown(made) == ["U1"])
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        for table in ("influx_hist", "tag_latest"):
            await plant_db.conn.execute(f"DELETE FROM {table} WHERE tag_name = 'U1'")


async def overview(**query: str) -> Any:
    made = with_query(Comm, view="overview", **query)
    assert made.load() is not None
    await CommState.event_handlers["show"].fn(made)
    return made


def rows(made: Any) -> list[str]:
    return sorted(row.tag for row in made.rows)


async def test_the_overview_of_communication_searches_all_tags() -> None:
    made = await overview()
    assert (rows(made), made.truncated) == (NAMES[:MOST], True)
    assert made.set_search("t18") is not None
    assert (made.searched, rows(made)) == (False, [])
    await CommState.event_handlers["show"].fn(made)
    assert (made.searched, rows(made), made.truncated) == (True, ["T18"], False)
    made.set_search("nothing like it")
    await CommState.event_handlers["show"].fn(made)
    assert (made.phase, made.searched, made.row_count) == ("loaded", True, 0)
    again = await overview(search="t19")
    assert rows(again) == ["T19"]


async def test_a_tag_that_came_a_moment_ago_is_known_on_the_page_of_communication(
    plant_db: Plant,
) -> None:
    await overview()
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "NEW", 1.0)])
    made = with_query(Comm, tags="NEW")
    made.load()
    await CommState.event_handlers["show"].fn(made)
    assert (made.phase, made.tag_names) == ("loaded", ["NEW"])


async def _becomes(check: Any) -> None:
    async def holds() -> bool:
        return bool(check())

    await until(holds, 30)
