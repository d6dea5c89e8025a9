"""The state of ``/`` without a browser, on a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ksys_app import runtime
from ksys_app.errors import DatabaseUnreachable
from ksys_app.states.dashboard import DashboardState
from tests import plant
from tests.conftest import Plant
from tests.states.asked import Asked, asking


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(seconds=5 * i), tag, float(i)) for i in range(30) for tag in "ABC"]
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, crit_max, enabled)"
        " VALUES ('B', 0, 100, 0, true)"
    )


class State(Asked, DashboardState):
    """With the URL that a test sets."""


def state(**query: str) -> Any:
    return asking(State, **query)


async def load(made: Any) -> list[Any]:
    return [event async for event in DashboardState.event_handlers["load"].fn(made)]


async def test_load_shows_every_tag_and_follows() -> None:
    made = state(window="5m", sort="name")
    events = await load(made)
    assert made.phase == "loaded"
    assert [row.title for row in made.kpi_rows] == ["A", "B", "C"]
    assert made.tile_order == made.table_order == [0, 1, 2]
    assert made.updated_ms > 0
    assert made.is_loading is False
    assert "follow_feed" in str(events)


async def test_an_incomplete_address_is_completed() -> None:
    made = state(tag="b")
    await load(made)
    assert made.phase == "loaded"
    assert made.link == "/?window=5m&tag=b&sort=name"


async def test_a_chosen_window_is_in_the_link_and_loaded() -> None:
    made = state(window="5m", sort="name")
    await load(made)
    events = made.set_window_filter("7d")
    assert made.link == "/?window=7d&sort=name"
    assert made.delta_caption == "vs previous 10 min bucket"
    assert [event.fn.__name__ for event in events] == ["refresh", "follow_feed"]


async def test_worst_first_puts_the_critical_tag_in_front() -> None:
    made = state(window="5m", sort="worst")
    await load(made)
    assert made.kpi_rows[made.tile_order[0]].title == "B"
    assert made.table_order == [0, 1, 2], "the table has an order of its own"


async def test_an_unknown_window_in_the_url_is_an_error_and_retry_leads_out() -> None:
    made = state(window="3x")
    assert await load(made) == []
    assert made.phase == "error"
    assert made.problem.code == "BAD_PARAMETER"
    assert "1m 5m 10m" in made.problem.message
    assert made.link == "", "the address keeps what was asked for until somebody decides"
    made.retry()
    assert made.link == "/?window=5m&sort=name"


async def test_a_window_that_cannot_be_loaded_shows_no_tiles_of_the_former_one() -> None:
    made = state(window="5m")
    await load(made)
    made._fail(DatabaseUnreachable())
    assert (made.phase, len(made.kpi_rows)) == ("stale", 3)
    made.set_window_filter("7d")
    made._fail(DatabaseUnreachable(), retry_in_s=2)
    assert (made.phase, made.kpi_rows) == ("retrying", [])


@pytest.mark.parametrize("label", ["3x", "", "5M", None, 7, {"a": 1}])
def test_a_browser_cannot_set_a_window_that_does_not_exist(label: object) -> None:
    made = state()
    assert made.set_window_filter(label) is None
    assert made.window == "5m"


async def test_the_filter_is_cleaned_and_bounded() -> None:
    made = state(window="5m")
    await load(made)
    made.set_tag_filter("b\x00 " + "x" * 500)
    assert len(made.tag_filter) <= 200
    assert made.tile_order == []
    made.set_tag_filter(" B ")
    assert made.tile_order == [1]


async def test_pins_come_first_and_only_known_tags_are_kept() -> None:
    made = state(window="5m")
    await load(made)
    made.toggle_pin("C")
    made.toggle_pin("no such tag")
    assert made.saved_pins == '["C"]'
    assert made.tile_order == [2, 0, 1]
    made.toggle_pin("C")
    assert made.tile_order == [0, 1, 2]


@pytest.mark.parametrize("stored", ["not json", "{}", "null", '["C", 7]'])
async def test_what_the_browser_stored_is_not_trusted(stored: str) -> None:
    made = state(window="5m")
    made.saved_pins = stored
    made.saved_window, made.saved_sort = "nonsense", "nonsense"
    await load(made)
    assert made.phase == "loaded"
    assert (made.window, made.tile_sort) == ("5m", "name")


async def test_sorting_by_an_unknown_column_changes_nothing() -> None:
    made = state()
    made.sort_table("no such column")
    assert (made.table_sort, made.table_desc) == ("tag", False)
    made.sort_table("tag")
    assert made.table_desc is True


async def test_the_detail_holds_limits_samples_and_nothing_of_an_unknown_tag() -> None:
    made = state(window="5m")
    await load(made)
    await DashboardState.event_handlers["open_detail"].fn(made, "nope")
    assert made.detail_open is False
    await DashboardState.event_handlers["open_detail"].fn(made, "B")
    assert made.detail.title == "B"
    assert [limit.name for limit in made.detail.limits] == ["min_val", "crit_max", "max_val"]
    assert made.detail.samples[0].value_s == "0.0"
    assert made.detail_loading is False


async def test_realtime_follows_the_feed_and_leaves_it_when_paused(plant_db: Plant) -> None:
    made = state(window="5m", sort="name")
    await load(made)
    following = asyncio.create_task(DashboardState.event_handlers["follow_feed"].fn(made))
    await asyncio.sleep(0.5)
    assert runtime.current().feed.subscribers == 1
    assert made.updated_ms > 0
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert runtime.current().feed.subscribers == 0
    made.stop_realtime()
    assert made.realtime_mode is False


async def test_every_public_method_is_an_event_of_the_contract() -> None:
    names = {name for name in DashboardState.event_handlers if not name.startswith("_")}
    assert {
        *("load", "start_realtime", "stop_realtime", "set_tag_filter", "set_window_filter"),
    } <= names
