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
from tests.cached import forget_answers
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


@pytest.fixture(autouse=True)
async def sending(plant_db: Plant) -> None:
    """The tags have sent until now, so that none is late, and nothing is cached.

    Two samples are of the current five minutes, so that these have a deviation.
    """
    now = await plant.clock(plant_db.conn)
    five_minutes = now - timedelta(seconds=now.timestamp() % 300)
    rows = [(ts, tag, 0.0) for ts in (five_minutes, now) for tag in "ABC"]
    await plant.insert(plant_db.conn, rows)
    forget_answers()


class State(WithQuery, DashboardState):
    """With the URL that a test sets."""


class Trend(WithQuery, TrendState):
    """With the URL that a test sets."""


def state(**query: str) -> Any:
    return with_query(State, **query)


async def load(tab: Any) -> list[Any]:
    return [event async for event in DashboardState.event_handlers["load"].fn(tab)]


async def follow(tab: Any) -> None:
    async for _event in DashboardState.event_handlers["follow_feed"].fn(tab):
        pass


async def test_load_shows_every_tag_and_follows() -> None:
    tab = state(window="5m", sort="name")
    events = await load(tab)
    assert tab.phase == "loaded"
    assert [row.title for row in tab.kpi_rows] == ["A", "B", "C"]
    assert tab.tile_order == tab.table_order == [0, 1, 2]
    assert tab.updated_ms > 0
    assert tab.is_loading is False
    assert "follow_feed" in str(events)


async def test_many_tiles_are_fetched_and_the_state_holds_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ksys_app.states.dashboard.MOST_IN_STATE", 2)
    tab = state(window="5m", sort="name")
    await load(tab)
    assert (tab.phase, tab.tile_order, tab.tally.tags) == ("loaded", [0, 1, 2], 3)
    assert (tab.kpi_rows, tab.titles) == ([], [])
    assert tab.tiles_url == "/api/v1/kpi?fields=about,group,shown&format=columns&window=5m"
    snapshot = await runtime.current().feed.now(tab._tile_set.selection)
    assert (snapshot.seq, snapshot.tile_set) == (tab.tiles_seq, tab._tile_set), "what was just read"
    tab.toggle_pin("C")
    assert tab.tile_order == [2, 0, 1]
    before = tab.tiles_seq
    following = asyncio.create_task(follow(tab))
    await until(lambda: _true(tab.tiles_seq > before))
    tab.stop_realtime()
    following.cancel()
    monkeypatch.setattr("ksys_app.states.dashboard.MOST_IN_STATE", 3)
    await load(tab)
    assert (tab.tiles_url, tab.tiles_seq, len(tab.kpi_rows)) == ("", 0, 3)


async def _true(condition: bool) -> bool:
    return condition


async def test_an_incomplete_address_is_completed() -> None:
    tab = state(tag="b")
    await load(tab)
    assert tab.phase == "loaded"
    assert tab.link == "/?window=5m&tag=b&sort=name"


async def test_a_chosen_window_is_in_the_link_and_loaded() -> None:
    tab = state(window="5m", sort="name")
    await load(tab)
    events = tab.set_window_filter("7d")
    assert tab.link == "/?window=7d&sort=name"
    assert say(tab.delta_caption) == "vs the 10 minutes before"
    assert [event.fn.__name__ for event in events] == ["refresh", "follow_feed"]


async def test_worst_first_puts_the_critical_tag_in_front() -> None:
    tab = state(window="5m", sort="worst")
    await load(tab)
    assert tab.kpi_rows[tab.tile_order[0]].title == "B"
    assert tab.table_order == [0, 1, 2], "the table has an order of its own"


async def test_a_count_shows_its_tags_alone_and_pressed_again_all() -> None:
    tab = state(window="5m", sort="name")
    await load(tab)
    assert (tab.tally.tags, tab.tally.every, tab.tally.kinds) == (3, 3, {"crit": 1})
    tab.show_only("crit")
    assert (tab.tile_order, tab.table_order, tab.tally.shown) == ([1], [1], 1)
    tab.show_only("no such kind")
    assert tab.only == "crit"
    tab.show_only("crit")
    assert (tab.only, tab.tile_order) == ("", [0, 1, 2])
    tab.set_tag_filter("a")
    assert (tab.tally.tags, tab.tally.every) == (1, 3)
    assert (tab.tally.kinds, tab.tally.outside) == ({}, 1)


async def test_a_tag_that_is_normal_again_stays_under_the_pointer() -> None:
    tab = state(window="5m", sort="name")
    await load(tab)
    tab.show_only("crit")
    tab.hold("tiles", True)
    healed = [replace(one, status_level=0, violations=()) for one in tab._tile_set.tiles]
    tab._show(replace(tab._tile_set, tiles=tuple(healed)))
    assert (tab.tile_order, tab.tiles_moved) == ([1], 1)
    assert (tab.table_order, tab.tally.kinds) == ([], {})
    tab.reorder("tiles")
    assert (tab.tile_order, tab.tiles_moved) == ([], 0)


async def test_order_and_window_are_saved_apart_from_the_window_of_a_trend() -> None:
    tab = state(window="60m", sort="worst")
    await load(tab)
    assert (tab.saved_window, tab.saved_sort) == ("60m", "worst")
    trend = with_query(Trend, window="7d", tag="A")
    trend._read_selection()
    assert trend.saved_span == "7d"
    tab.query_parameters = {}
    tab.saved_span = trend.saved_span
    await load(tab)
    assert (tab.window, tab.tile_sort) == ("60m", "worst")


async def test_an_unknown_window_in_the_url_is_an_error_and_retry_removes_it() -> None:
    tab = state(window="10m")
    await load(tab)
    tab.query_parameters = {"window": "3x", "tag": "B"}
    assert await load(tab) == []
    assert tab.phase == "error"
    assert tab.problem.code == "BAD_PARAMETER"
    assert "1m 5m 10m" in say(tab.problem.message)
    assert tab.link == "", "the address keeps its parameters until somebody selects others"
    tab.retry()
    assert tab.link == "/?window=10m&tag=B&sort=name"


async def test_a_problem_is_logged_once_with_the_reference_on_the_page(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tab = state(window="10m")
    await load(tab)

    def fail(number: int, error: type[KsysError], *words: str) -> str:
        with caplog.at_level(logging.INFO, "ksys"), request.with_id(f"0000-000{number}"):
            tab._fail(error(*words))
        return str(tab.problem.request_id)

    assert fail(1, DatabaseUnreachable, "no answer for 1 s") == "0000-0001"
    assert fail(2, DatabaseUnreachable, "no answer for 2 s") == "0000-0001"
    assert fail(3, SchemaDrift, "no view") == "0000-0003"
    assert fail(4, SchemaDrift, "no view") == "0000-0003"
    assert fail(5, SchemaDrift, "no table") == "0000-0005"
    tab._succeed(empty=False)
    assert tab.problem.request_id == ""
    assert fail(6, SchemaDrift, "no table") == "0000-0006"
    lines = [one.getMessage() for one in caplog.records if "page_problem" in one.getMessage()]
    assert [line.rpartition("request_id=")[2][-1] for line in lines] == ["1", "3", "5", "6"]
    assert 'code=SCHEMA_DRIFT page=/ error="no view" unlogged=0' in lines[1]


async def test_a_window_that_cannot_be_loaded_shows_no_tiles_of_the_former_one() -> None:
    tab = state(window="5m")
    await load(tab)
    tab._fail(DatabaseUnreachable())
    assert (tab.phase, len(tab.kpi_rows)) == ("stale", 3)
    tab.set_window_filter("7d")
    tab._fail(DatabaseUnreachable(), retry_in_s=2)
    assert (tab.phase, tab.kpi_rows) == ("retrying", [])


@pytest.mark.parametrize("label", ["3x", "", "5M", "5m\0", "x" * 9999])
def test_a_browser_cannot_set_a_window_that_does_not_exist(label: str) -> None:
    tab = state()
    assert tab.set_window_filter(label) is None
    assert tab.window == "5m"


async def test_the_filter_is_cleaned_and_bounded() -> None:
    tab = state(window="5m")
    await load(tab)
    tab.set_tag_filter("b\x00 " + "x" * 500)
    assert len(tab.tag_filter) <= 200
    assert tab.tile_order == []
    tab.set_tag_filter(" B ")
    assert tab.tile_order == [1]


async def test_pins_come_first_and_only_existing_tags_are_saved() -> None:
    tab = state(window="5m")
    await load(tab)
    tab.toggle_pin("C")
    tab.toggle_pin("no such tag")
    assert tab.saved_pins == '["C"]'
    assert tab.tile_order == [2, 0, 1]
    tab.toggle_pin("C")
    assert tab.tile_order == [0, 1, 2]


@pytest.mark.parametrize(
    "stored",
    ["not json", "{}", "null", '["C", 7]', pytest.param("[" * 100_000, id="deep")],
)
async def test_what_the_browser_stored_is_not_trusted(stored: str) -> None:
    tab = state(window="5m")
    tab.saved_pins = stored
    tab.saved_window, tab.saved_sort = "nonsense", "nonsense"
    await load(tab)
    assert tab.phase == "loaded"
    assert (tab.window, tab.tile_sort) == ("5m", "name")


async def test_sorting_by_an_unknown_column_changes_nothing() -> None:
    tab = state()
    tab.sort_table("no such column")
    assert (tab.table_sort, tab.table_desc) == ("tag", False)
    tab.sort_table("tag")
    assert tab.table_desc is True


async def test_a_tick_sends_only_the_vars_that_have_changed() -> None:
    tab = state(window="5m")
    await load(tab)
    tab._clean()
    tab._show_snapshot(Snapshot(tab._seq + 1, tab._tile_set))
    assert tab.dirty_vars <= {"updated_ms", "db_now_ms", "_tile_set", "_seq"}


def undrawn(row: Any) -> TileView:
    """A tile without its sparkline, which its detail does not show."""
    empty = {"spark": "", "warn_y": [], "crit_y": [], "far_above": "", "far_below": ""}
    return replace(row, **empty, far_level=0)


async def open_detail(tab: Any, tag: str) -> None:
    if tab.open_detail(tag) is not None:
        await DashboardState.event_handlers["read_detail"].fn(tab)


async def test_the_detail_holds_limits_samples_and_nothing_of_an_unknown_tag() -> None:
    tab = state(window="5m")
    await load(tab)
    await open_detail(tab, "nope")
    assert tab.detail_open is False
    await open_detail(tab, "B")
    assert tab.detail.title == "B"
    assert [limit.name for limit in tab.detail.limits] == ["min_val", "crit_max", "max_val"]
    assert tab.detail.samples[0].value_s == "0.0"
    # The 5-minute row begins at a fifth minute; without a row there is no text.
    assert (tab.detail.since_s != "") == (tab.detail.features != [])
    assert re.fullmatch(r"(|[\d-]+ \d\d:\d[05]:00)", tab.detail.since_s)
    assert tab.detail_loading is False


async def test_the_detail_of_a_calculated_tag_has_the_features_of_its_values(
    plant_db: Plant,
) -> None:
    conn = plant_db.conn
    await conn.execute(
        "INSERT INTO expression (name, text, version, author)"
        " VALUES ('SAME', 'B', 1, 'ann'), ('SLOW', 'avg_1h(B)', 1, 'ann')"
    )
    try:
        details = []
        for tag in ("B", "SAME", "SLOW"):
            tab = state(window="5m")
            await load(tab)
            await open_detail(tab, tag)
            assert tab.detail.title == tag
            details.append(tab.detail)
    finally:
        await conn.execute("DELETE FROM expression WHERE name IN ('SAME', 'SLOW')")
    own, same, slow = details
    figures, wanted = [
        {one.name: float(one.value) for one in detail.features} for detail in (same, own)
    ]
    # A calculated tag has decimals of its own: the range of B's rule is not that of SAME.
    assert figures == pytest.approx(wanted, abs=0.06)
    assert wanted
    assert slow.features == []


async def test_the_detail_has_the_state_of_its_tile_and_since_when(plant_db: Plant) -> None:
    tab = state(window="5m")
    await load(tab)
    await open_detail(tab, "B")
    (now,) = tab.standing
    assert now.tile == undrawn(tab.kpi_rows[1])
    # All of its samples are at or past the limit, and nothing older is stored.
    first = await plant_db.conn.execute("SELECT min(ts) FROM influx_hist WHERE tag_name = 'B'")
    (oldest,) = await first.fetchone() or (None,)
    assert (now.level, now.at_least) == (2, True)
    assert 0 <= epoch_ms(oldest) - now.since_ms < 60_000, "to the minute at least"
    assert say(now.scale.says) == "0.0 among the limits Range low -1, HH 0, Range high 100"
    await open_detail(tab, "A")
    assert [one.level for one in tab.standing] == [-1], "no rule judges this tag"
    tab.close_detail()
    assert tab.standing == []


async def test_the_detail_follows_its_tile_and_is_read_again_with_each_snapshot(
    monkeypatch: pytest.MonkeyPatch, plant_db: Plant
) -> None:
    monkeypatch.setattr(State, "_is_open", lambda self, path: True)
    tab = state(window="5m")
    await load(tab)
    await open_detail(tab, "C")
    before = tab.standing[0].tile.ts_ms
    await plant.insert(plant_db.conn, [(await plant.clock(plant_db.conn), "C", 7.0)])
    following = DashboardState.event_handlers["follow_feed"].fn(tab)
    event = await anext(following)
    await following.aclose()
    assert tab.standing[0].tile.ts_ms > before
    assert tab.standing[0].tile == undrawn(tab.kpi_rows[2])
    assert "read_detail" in str(event)
    await DashboardState.event_handlers["read_detail"].fn(tab)
    assert tab.detail.samples[0].value_s == tab.standing[0].tile.value_s == "7.00"


async def test_realtime_follows_the_feed_and_leaves_it_when_paused(plant_db: Plant) -> None:
    tab = state(window="5m", sort="name")
    await load(tab)
    tab.updated_ms = 0
    following = asyncio.create_task(follow(tab))

    async def follows() -> bool:
        return tab.updated_ms > 0

    await until(follows)
    assert runtime.current().feed.subscribers == 1
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert runtime.current().feed.subscribers == 0
    tab.stop_realtime()
    assert tab.realtime_mode is False


async def test_every_public_method_is_an_event_of_the_contract() -> None:
    names = {name for name in DashboardState.event_handlers if not name.startswith("_")}
    assert {
        *("load", "start_realtime", "stop_realtime", "set_tag_filter", "set_window_filter"),
    } <= names


async def test_favourites_are_the_pins_and_their_address_is_the_set() -> None:
    tab = state(window="5m", sort="name")
    await load(tab)
    tab.toggle_pin("C")
    assert tab.link == "/?window=5m&sort=name"
    tab.show_only("pinned")
    assert (tab.tile_order, tab.table_order) == ([2], [2])
    assert (tab.tally.pinned, tab.tally.shown) == (1, 1)
    assert tab.link == "/?window=5m&sort=name&only=pinned&pins=C"
    tab.toggle_pin("C")
    assert (tab.tile_order, tab.link) == ([], "/?window=5m&sort=name&only=pinned")


async def test_the_pins_of_a_link_are_shown_and_can_replace_those_of_the_browser() -> None:
    tab = state(window="5m", sort="name", only="pinned", pins="B,A,GONE,%00")
    tab.saved_pins = '["C"]'
    await load(tab)
    assert (tab.tile_order, tab.saved_pins) == ([0, 1], '["C"]')
    tab.toggle_pin("C")
    assert tab.linked_pins == '["B", "A", "GONE", "C"]'
    assert "pins=B,A,GONE,C" in tab.link
    tab.own_pins()
    assert (tab.linked_pins, tab.tile_order) == ("", [2])
    await load(tab)
    tab.keep_pins()
    assert (tab.linked_pins, tab.saved_pins) == ("", '["B", "A", "GONE"]')
    assert tab.tile_order == [0, 1]
    await load(tab)
    assert tab.linked_pins == "", "the pins of the link are those of the browser now"


async def test_a_selected_count_is_in_the_address() -> None:
    tab = state(window="5m", sort="name", only="crit")
    await load(tab)
    assert (tab.only, tab.tile_order) == ("crit", [1])
    tab.show_only("")
    assert tab.link == "/?window=5m&sort=name"
    tab = state(window="5m", sort="name", only="no such kind")
    await load(tab)
    assert tab.only == ""
