"""The state of ``/`` without a browser, on a real database."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ksys_app.domain.timefmt import epoch_ms
from ksys_app.errors import DatabaseUnreachable, KsysError, SchemaDrift
from ksys_app.models.views import TileView
from ksys_app.services import runtime
from ksys_app.services.live import Snapshot
from ksys_app.states.dashboard import DashboardState
from ksys_app.states.trend import TrendState
from ksys_app.texts import say
from ksys_app.utils import request
from tests import plant
from tests.conftest import Plant
from tests.states.page_query import WithQuery, with_query
from tests.waiting import until


@pytest.fixture(scope="module", autouse=True)
async def samples(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(seconds=5 * i), tag, float(i)) for i in range(30) for tag in "ABC"]
    await plant.insert(plant_db.conn, rows)
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, crit_max, enabled)"
        " VALUES ('B', -1, 100, 0, true)"
    )


class State(WithQuery, DashboardState):
    """With the URL that a test sets."""


class Trend(WithQuery, TrendState):
    """With the URL that a test sets."""


def state(**query: str) -> Any:
    return with_query(State, **query)


async def load(made: Any) -> list[Any]:
    return [event async for event in DashboardState.event_handlers["load"].fn(made)]


async def follow(made: Any) -> None:
    async for _event in DashboardState.event_handlers["follow_feed"].fn(made):
        pass


async def test_load_shows_every_tag_and_follows() -> None:
    made = state(window="5m", sort="name")
    events = await load(made)
    assert made.phase == "loaded"
    assert [row.title for row in made.kpi_rows] == ["A", "B", "C"]
    assert made.tile_order == made.table_order == [0, 1, 2]
    assert made.updated_ms > 0
    assert made.is_loading is False
    assert "follow_feed" in str(events)


async def test_many_tiles_are_fetched_and_the_state_holds_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ksys_app.states.dashboard.MOST_IN_STATE", 2)
    made = state(window="5m", sort="name")
    await load(made)
    assert (made.phase, made.tile_order, made.tally.tags) == ("loaded", [0, 1, 2], 3)
    assert (made.kpi_rows, made.titles) == ([], [])
    assert made.tiles_url == "/api/v1/kpi?fields=about,group,shown&format=columns&window=5m"
    whole = await runtime.current().feed.now(made._tile_set.selection)
    assert (whole.seq, whole.tile_set) == (made.tiles_seq, made._tile_set), "what was just read"
    made.toggle_pin("C")
    assert made.tile_order == [2, 0, 1]
    before = made.tiles_seq
    following = asyncio.create_task(follow(made))
    await until(lambda: _true(made.tiles_seq > before))
    made.stop_realtime()
    following.cancel()
    monkeypatch.setattr("ksys_app.states.dashboard.MOST_IN_STATE", 3)
    await load(made)
    assert (made.tiles_url, made.tiles_seq, len(made.kpi_rows)) == ("", 0, 3)


async def _true(condition: bool) -> bool:
    return condition


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
    assert say(made.delta_caption) == "vs the 10 minutes before"
    assert [event.fn.__name__ for event in events] == ["refresh", "follow_feed"]


async def test_worst_first_puts_the_critical_tag_in_front() -> None:
    made = state(window="5m", sort="worst")
    await load(made)
    assert made.kpi_rows[made.tile_order[0]].title == "B"
    assert made.table_order == [0, 1, 2], "the table has an order of its own"


async def test_a_count_shows_its_tags_alone_and_pressed_again_all() -> None:
    made = state(window="5m", sort="name")
    await load(made)
    assert (made.tally.tags, made.tally.every, made.tally.kinds) == (3, 3, {"crit": 1})
    made.show_only("crit")
    assert (made.tile_order, made.table_order, made.tally.shown) == ([1], [1], 1)
    made.show_only("no such kind")
    assert made.only == "crit"
    made.show_only("crit")
    assert (made.only, made.tile_order) == ("", [0, 1, 2])
    made.set_tag_filter("a")
    assert (made.tally.tags, made.tally.every) == (1, 3)
    assert (made.tally.kinds, made.tally.outside) == ({}, 1)


async def test_a_tag_that_is_normal_again_stays_under_the_pointer() -> None:
    made = state(window="5m", sort="name")
    await load(made)
    made.show_only("crit")
    made.hold("tiles", True)
    healed = [replace(one, status_level=0, violations=()) for one in made._tile_set.tiles]
    made._show(replace(made._tile_set, tiles=tuple(healed)))
    assert (made.tile_order, made.tiles_moved) == ([1], 1)
    assert (made.table_order, made.tally.kinds) == ([], {})
    made.reorder("tiles")
    assert (made.tile_order, made.tiles_moved) == ([], 0)


async def test_the_order_is_kept_like_the_window_and_the_window_of_a_trend_apart() -> None:
    made = state(window="60m", sort="worst")
    await load(made)
    assert (made.saved_window, made.saved_sort) == ("60m", "worst")
    trend = with_query(Trend, window="7d", tag="A")
    trend._read_selection()
    assert trend.saved_span == "7d"
    made.query_parameters = {}
    made.saved_span = trend.saved_span
    await load(made)
    assert (made.window, made.tile_sort) == ("60m", "worst")


async def test_an_unknown_window_in_the_url_is_an_error_and_retry_leads_out() -> None:
    made = state(window="10m")
    await load(made)
    made.query_parameters = {"window": "3x", "tag": "B"}
    assert await load(made) == []
    assert made.phase == "error"
    assert made.problem.code == "BAD_PARAMETER"
    assert "1m 5m 10m" in say(made.problem.message)
    assert made.link == "", "the address keeps what was asked for until somebody decides"
    made.retry()
    assert made.link == "/?window=10m&tag=B&sort=name"


async def test_a_problem_is_logged_once_under_the_reference_that_the_page_shows(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = state(window="10m")
    await load(made)

    def fail(number: int, error: type[KsysError], *words: str) -> str:
        with caplog.at_level(logging.INFO, "ksys"), request.named(f"0000-000{number}"):
            made._fail(error(*words))
        return str(made.problem.request_id)

    assert fail(1, DatabaseUnreachable, "no answer for 1 s") == "0000-0001"
    assert fail(2, DatabaseUnreachable, "no answer for 2 s") == "0000-0001"
    assert fail(3, SchemaDrift, "no view") == "0000-0003"
    assert fail(4, SchemaDrift, "no view") == "0000-0003"
    assert fail(5, SchemaDrift, "no table") == "0000-0005"
    made._succeed(empty=False)
    assert made.problem.request_id == ""
    assert fail(6, SchemaDrift, "no table") == "0000-0006"
    told = [one.getMessage() for one in caplog.records if "page_problem" in one.getMessage()]
    assert [line.rpartition("request_id=")[2][-1] for line in told] == ["1", "3", "5", "6"]
    assert 'code=SCHEMA_DRIFT page=/ error="no view" unlogged=0' in told[1]


async def test_a_window_that_cannot_be_loaded_shows_no_tiles_of_the_former_one() -> None:
    made = state(window="5m")
    await load(made)
    made._fail(DatabaseUnreachable())
    assert (made.phase, len(made.kpi_rows)) == ("stale", 3)
    made.set_window_filter("7d")
    made._fail(DatabaseUnreachable(), retry_in_s=2)
    assert (made.phase, made.kpi_rows) == ("retrying", [])


@pytest.mark.parametrize("label", ["3x", "", "5M", "5m\0", "x" * 9999])
def test_a_browser_cannot_set_a_window_that_does_not_exist(label: str) -> None:
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


@pytest.mark.parametrize(
    "stored",
    ["not json", "{}", "null", '["C", 7]', pytest.param("[" * 100_000, id="deep")],
)
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


async def test_a_tick_sends_only_the_vars_that_have_changed() -> None:
    made = state(window="5m")
    await load(made)
    made._clean()
    made._follow(Snapshot(made._seq + 1, made._tile_set))
    assert made.dirty_vars <= {"updated_ms", "db_now_ms", "_tile_set", "_seq"}


def undrawn(row: Any) -> TileView:
    """A tile without its sparkline, which its detail does not show."""
    empty = {"spark": "", "warn_y": [], "crit_y": [], "far_above": "", "far_below": ""}
    return replace(row, **empty, far_level=0)


async def open_detail(made: Any, tag: str) -> None:
    if made.open_detail(tag) is not None:
        await DashboardState.event_handlers["read_detail"].fn(made)


async def test_the_detail_holds_limits_samples_and_nothing_of_an_unknown_tag() -> None:
    made = state(window="5m")
    await load(made)
    await open_detail(made, "nope")
    assert made.detail_open is False
    await open_detail(made, "B")
    assert made.detail.title == "B"
    assert [limit.name for limit in made.detail.limits] == ["min_val", "crit_max", "max_val"]
    assert made.detail.samples[0].value_s == "0.0"
    # The 5-minute row begins at a fifth minute; without one nothing is said of it.
    assert (made.detail.since_s != "") == (made.detail.features != [])
    assert re.fullmatch(r"(|[\d-]+ \d\d:\d[05]:00)", made.detail.since_s)
    assert made.detail_loading is False


async def test_the_detail_stands_as_its_tile_does_and_says_since_when(plant_db: Plant) -> None:
    made = state(window="5m")
    await load(made)
    await open_detail(made, "B")
    (now,) = made.standing
    assert now.tile == undrawn(made.kpi_rows[1])
    # All of its samples are at or past the limit, and nothing older is stored.
    first = await plant_db.conn.execute("SELECT min(ts) FROM influx_hist WHERE tag_name = 'B'")
    (oldest,) = await first.fetchone() or (None,)
    assert (now.level, now.at_least) == (2, True)
    assert 0 <= epoch_ms(oldest) - now.since_ms < 60_000, "to the minute at least"
    assert say(now.scale.says) == "0.0 among the limits Range low -1, HH 0, Range high 100"
    await open_detail(made, "A")
    assert [one.level for one in made.standing] == [-1], "no rule judges it"
    made.close_detail()
    assert made.standing == []


async def test_the_detail_follows_its_tile_and_reads_on_with_each_snapshot(
    monkeypatch: pytest.MonkeyPatch, plant_db: Plant
) -> None:
    monkeypatch.setattr(State, "_open_in", lambda self, path: True)
    made = state(window="5m")
    await load(made)
    await open_detail(made, "C")
    before = made.standing[0].tile.ts_ms
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "C", 7.0)])
    following = DashboardState.event_handlers["follow_feed"].fn(made)
    event = await anext(following)
    await following.aclose()
    assert made.standing[0].tile.ts_ms > before
    assert made.standing[0].tile == undrawn(made.kpi_rows[2])
    assert "read_detail" in str(event)
    await DashboardState.event_handlers["read_detail"].fn(made)
    assert made.detail.samples[0].value_s == made.standing[0].tile.value_s == "7.00"


async def test_realtime_follows_the_feed_and_leaves_it_when_paused(plant_db: Plant) -> None:
    made = state(window="5m", sort="name")
    await load(made)
    made.updated_ms = 0
    following = asyncio.create_task(follow(made))

    async def follows() -> bool:
        return made.updated_ms > 0

    await until(follows)
    assert runtime.current().feed.subscribers == 1
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


async def test_favourites_are_the_pins_and_their_address_is_the_set() -> None:
    made = state(window="5m", sort="name")
    await load(made)
    made.toggle_pin("C")
    assert made.link == "/?window=5m&sort=name"
    made.show_only("pinned")
    assert (made.tile_order, made.table_order) == ([2], [2])
    assert (made.tally.pinned, made.tally.shown) == (1, 1)
    assert made.link == "/?window=5m&sort=name&only=pinned&pins=C"
    made.toggle_pin("C")
    assert (made.tile_order, made.link) == ([], "/?window=5m&sort=name&only=pinned")


async def test_the_pins_of_a_link_are_shown_and_replace_those_of_the_browser_when_kept() -> None:
    made = state(window="5m", sort="name", only="pinned", pins="B,A,GONE,%00")
    made.saved_pins = '["C"]'
    await load(made)
    assert (made.tile_order, made.saved_pins) == ([0, 1], '["C"]')
    made.toggle_pin("C")
    assert made.linked_pins == '["B", "A", "GONE", "C"]'
    assert "pins=B,A,GONE,C" in made.link
    made.own_pins()
    assert (made.linked_pins, made.tile_order) == ("", [2])
    await load(made)
    made.keep_pins()
    assert (made.linked_pins, made.saved_pins) == ("", '["B", "A", "GONE"]')
    assert made.tile_order == [0, 1]
    await load(made)
    assert made.linked_pins == "", "the pins of the link are those of the browser now"


async def test_a_selected_count_is_in_the_address() -> None:
    made = state(window="5m", sort="name", only="crit")
    await load(made)
    assert (made.only, made.tile_order) == ("crit", [1])
    made.show_only("")
    assert made.link == "/?window=5m&sort=name"
    made = state(window="5m", sort="name", only="no such kind")
    await load(made)
    assert made.only == ""
