"""The states of ``/trend`` and ``/tech`` without a browser, on a real database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ksys_app.domain.timefmt import epoch_ms
from ksys_app.errors import DatabaseUnreachable
from ksys_app.services.series import SeriesQuery, TagSeries, read_tag
from ksys_app.states.comm import CommState
from ksys_app.states.tech import TechState
from ksys_app.states.trend import TrendState
from ksys_app.texts import say
from tests import plant
from tests.conftest import Plant
from tests.states.page_query import WithQuery, with_query
from tests.visiting import contract_api
from tests.waiting import HANGS_S, until

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


class Trend(WithQuery, TrendState):
    """With the URL that a test sets."""


class Tech(WithQuery, TechState):
    """With the URL that a test sets."""


class Comm(WithQuery, CommState):
    """With the URL that a test sets."""


async def load(state: Any) -> list[Any]:
    kind = TrendState if isinstance(state, TrendState) else TechState
    name = "load_trend_data" if kind is TrendState else "load_indicators_data"
    return [event async for event in kind.event_handlers[name].fn(state)]


async def call(state: Any, name: str, *arguments: Any) -> list[Any]:
    events = TrendState.event_handlers[name].fn(state, *arguments)
    if hasattr(events, "__aiter__"):
        return [event async for event in events]
    await events
    return []


async def becomes(check: Callable[[], bool]) -> None:
    async def holds() -> bool:
        return check()

    await until(holds)


async def test_load_shows_the_newest_page_and_follows() -> None:
    state = with_query(Trend, tag="A", window="12h")
    events = await load(state)
    assert (state.phase, state.total, state.page, state.pages) == ("loaded", MINUTES, 1, 3)
    assert [row.num for row in state.rows] == list(range(1, 51))
    assert state.rows[0].cells == ["0.0"] * 5 + ["1"]
    assert state.rows[0].ms > state.rows[1].ms
    assert state.limits == {"min_val": 0, "warn_max": 100, "max_val": 200}
    assert "follow" in str(events)


@pytest.mark.parametrize("kind", [Trend, Tech])
async def test_the_page_shows_the_state_of_its_tag_and_none_of_a_tag_just_chosen(
    kind: Any,
) -> None:
    state = with_query(kind, tag="A", window="12h")
    await load(state)
    (now,) = state.standing
    assert (now.tile.title, now.tile.value_s, now.level) == ("A", "0.0", 0)
    # The value was 100, its warning limit, a hundred minutes ago.
    newest = state.rows[0].ms
    assert (newest - now.since_ms, now.by_minute, now.at_least) == (99 * 60_000, True, False)
    state.choose_tag("B")
    assert state.standing == []
    state = with_query(kind, tag="B", window="12h")
    await load(state)
    assert [(one.tile.value_s, one.level) for one in state.standing] == [("–", -1)]


async def test_the_chart_the_file_and_the_link_name_the_same() -> None:
    state = with_query(Trend, tag="A", window="24h", series="avg,max", zoom="5-9", page="2")
    await load(state)
    query = parse_qs(urlsplit(state.url).query)
    assert query["tag"] == ["A"]
    assert query["window"] == ["24h"]
    assert query["format"] == ["columns"]
    assert parse_qs(urlsplit(state.csv_url).query) == {
        "tag": ["A"],
        "window": ["24h"],
        "kind": ["buckets"],
    }
    assert state.link == "/trend?tag=A&window=24h&series=avg,max&zoom=5-9&page=2"
    assert state.explore_url == "/explore?tags=A&zoom=5-9&window=24h"
    assert state.rows[0].num == 51


async def test_a_zoom_has_a_file_of_its_own() -> None:
    state = with_query(Trend, tag="A", window="24h", table="features")
    await load(state)
    assert state.csv_zoom_url == ""
    state.set_zoom([1_756_214_780_000, 1_756_218_380_000])
    query = parse_qs(urlsplit(state.csv_zoom_url).query)
    assert query["from"] == ["2025-08-26T13:26:20+00:00"]
    assert query["to"] == ["2025-08-26T14:26:20+00:00"]
    assert {key: query[key] for key in ("tag", "window", "kind")} == parse_qs(
        urlsplit(state.csv_url).query
    )
    state.set_zoom([])
    assert state.csv_zoom_url == ""


async def test_the_first_tag_is_the_default_and_only_a_requested_tag_is_saved() -> None:
    state = with_query(Trend)
    await load(state)
    assert (state.tag, state.saved_tag, state.window) == ("A", "", "5m")
    state = with_query(Trend, tag="A")
    await load(state)
    assert state.saved_tag == "A"


async def test_a_tag_without_data_is_loaded_and_empty() -> None:
    state = with_query(Trend, tag="B", window="5m")
    await load(state)
    assert (state.phase, state.total, state.rows) == ("loaded", 0, [])
    assert say(state.empty_why) == "No value of this tag has ever been received"


async def test_a_window_that_reaches_no_sample_names_one_that_does(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now - timedelta(minutes=50), "OLD", 1.0)])
    state = with_query(Trend, tag="OLD", window="5m")
    await load(state)
    assert say(state.empty_why) == "No values of this tag in this window"
    assert re.fullmatch(
        r"Last value [\d-]+ [\d:]+\+09:00\. Choose 60 minutes or longer\.",
        say(state.empty_do),
    )
    await plant.refresh_minutes(plant_db.conn)
    state = with_query(Trend, tag="OLD", window="60m")
    await load(state)
    assert (state.total, say(state.empty_why), say(state.empty_do)) == (1, "", "")


@pytest.mark.parametrize(
    ("query", "code"),
    [({"tag": "nope"}, "UNKNOWN_TAG"), ({"tag": "A", "window": "3x"}, "BAD_PARAMETER")],
)
async def test_what_does_not_exist_is_an_error(query: dict[str, str], code: str) -> None:
    state = with_query(Trend, **query)
    await load(state)
    assert (state.phase, state.problem.code, state.rows) == ("error", code, [])


async def test_an_unknown_tag_has_the_same_error_on_every_page_and_over_http() -> None:
    pages = [
        with_query(Trend, tag="nope"),
        with_query(Tech, tag="nope"),
        with_query(Comm, tags="nope"),
    ]
    for page in pages[:2]:
        await load(page)
    assert pages[2].load() is not None
    await CommState.event_handlers["show"].fn(pages[2])
    transport = httpx.ASGITransport(contract_api())
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as http:
        paths = ("timeseries", "kpi", "latest", "export.csv", "comm/heatmap")
        answers = [(await http.get(f"/api/v1/{path}?tag=nope")).json()["error"] for path in paths]
    messages = {(page.problem.code, say(page.problem.message)) for page in pages}
    messages |= {(error["code"], error["message"]) for error in answers}
    assert messages == {("UNKNOWN_TAG", "no tag is named 'nope'; choose another one")}


async def test_another_tag_begins_at_its_first_page_without_zoom() -> None:
    state = with_query(Trend, tag="A", window="24h", page="3", zoom="5-9")
    await load(state)
    events = state.choose_tag("B")
    assert (state.tag, state.saved_tag, state.page, state.zoom) == ("B", "B", 1, [])
    assert "tag=B" in state.url
    assert "show" in str(events)
    assert state.choose_tag("B") is None
    assert state.choose_tag("") is None


async def test_rows_of_another_selection_are_not_shown_when_the_database_fails() -> None:
    state = with_query(Trend, tag="A", window="12h")
    await load(state)
    state._fail(DatabaseUnreachable())
    assert (state.phase, len(state.rows)) == ("stale", 50)
    state.set_window_filter("7d")
    state._fail(DatabaseUnreachable(), retry_in_s=1)
    assert (state.phase, state.rows, state.total) == ("retrying", [], 0)


async def test_series_are_switched_in_their_order() -> None:
    state = with_query(Trend, tag="A")
    await load(state)
    state.toggle_series("avg")
    state.toggle_series("max")
    state.toggle_series("avg")
    assert state.shown == ["avg", "min", "last", "first"]
    assert state.saved_series == "avg,min,last,first"
    state.toggle_series("no such column")
    assert state.shown == ["avg", "min", "last", "first"]


async def test_a_time_is_found_on_its_page() -> None:
    state = with_query(Trend, tag="A", window="12h")
    await load(state)
    newest = state.rows[0].ms
    await call(state, "find_row", newest - 60 * 60_000)
    assert state.page == 2
    assert state.found_ms in [row.ms for row in state.rows]
    for nowhere in (0, -1, 2**53):
        await call(state, "find_row", nowhere)
        assert state.page == 2


class Arriving(Trend):
    """Of the buckets of the database, some have not come yet."""

    to_come: int = 0

    def _show(self, series: TagSeries, *, find: bool) -> None:
        table = series.table
        rows = table.rows[: len(table.rows) - self.to_come]
        super()._show(replace(series, table=replace(table, rows=rows)), find=find)


async def test_a_page_after_the_first_does_not_move_while_buckets_come() -> None:
    state = with_query(Arriving, tag="A", window="12h", page="2")
    state.to_come = 2
    await load(state)
    before = [row.ts_s for row in state.rows]
    assert (state.total, len(before), state.rows[0].num) == (MINUTES - 2, 50, 51)
    state.to_come = 1
    await call(state, "refresh")
    assert state.total == MINUTES - 1
    assert [row.ts_s for row in state.rows] == before
    state.go_to(1)
    await call(state, "show")
    assert float(state.rows[0].cells[0]) == 1.0, "the first page shows what has come"
    # A time that came meanwhile is on the first page, which counts it again.
    state.go_to(2)
    await call(state, "show")
    newest = state._until_ms + 60_000
    state.to_come = 0
    await call(state, "find_row", newest)
    assert (state.page, state.rows[0].ms) == (1, newest)


async def test_a_page_beyond_the_last_is_the_last() -> None:
    state = with_query(Trend, tag="A", window="12h")
    await load(state)
    state.go_to(99)
    await call(state, "show")
    assert (state.page, len(state.rows)) == (3, MINUTES - 100)
    state.go_to(-7)
    assert state.page == 1


async def test_features_have_their_own_table_and_file() -> None:
    state = with_query(Trend, tag="A", window="60m")
    await load(state)
    state.choose_table("features")
    await call(state, "refresh")
    assert len(state.rows[0].cells) == 7
    assert "kind=features" in state.csv_url
    assert state.link.endswith("&table=features")
    assert "timeseries" in state.url
    assert state.choose_table("nope") is None


async def test_bands_of_bollinger_are_requested_everywhere() -> None:
    state = with_query(Tech, tag="A", window="60m")
    await load(state)
    plant_top = state.rows[0].cells[3]
    state.choose_band("bollinger")
    assert state.saved_band == "bollinger"
    await call(state, "refresh")
    assert state.rows[0].cells[3] != plant_top
    for address in (state.url, state.csv_url, state.link):
        assert "band=bollinger" in address
    assert state.choose_band("nope") is None


async def test_the_chart_gets_each_new_answer_and_no_other(nothing_expires: None) -> None:
    state = with_query(Trend, tag="A", window="48h")
    await load(state)
    before = state.revision
    await call(state, "show")
    assert state.revision == before, "the same answer from the cache"
    await call(state, "refresh")
    assert state.revision == before + 1, "read again"


async def test_following_asks_again_and_not_while_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    state = with_query(Trend, tag="A", window="10m")
    await load(state)
    state.updated_ms = 0
    monkeypatch.setattr(Trend, "_is_open", lambda self, path: True)
    following = asyncio.create_task(call(state, "follow"))
    await becomes(lambda: state.updated_ms > 0)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    state.stop_realtime()
    await asyncio.wait_for(call(state, "follow"), HANGS_S)


async def test_a_paused_page_stays_paused_in_another_process() -> None:
    state = with_query(Trend, tag="A", window="10m")
    await load(state)
    state.stop_realtime()
    other = with_query(Trend, tag="A", window="10m")
    other.saved_pause = state.saved_pause
    await load(other)
    assert (other.phase, other.realtime_mode) == ("loaded", False)
    other.start_realtime()
    await load(other)
    assert other.realtime_mode


async def test_a_failing_page_says_when_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    state = with_query(Trend, tag="A", window="10m")
    await load(state)
    state._fail(DatabaseUnreachable())
    state.stop_realtime()
    monkeypatch.setattr(Trend, "_is_open", lambda self, path: True)
    following = asyncio.create_task(call(state, "follow"))
    await becomes(lambda: state.problem.retry_in == 1)
    await becomes(lambda: state.problem.code == "")
    await asyncio.wait_for(following, HANGS_S)
    assert state.phase == "loaded", "paused, and still tried until it worked"


@pytest.mark.parametrize("zoom", [[], [1], [2, 1], [1, 2, 3]])
async def test_a_zoom_that_is_none_shows_all(zoom: list[int]) -> None:
    state = with_query(Trend, tag="A", window="5m", zoom="5-9")
    await load(state)
    state.set_zoom(zoom)
    assert state.zoom == []
    assert "zoom" not in state.link


async def test_a_range_is_in_every_address_and_saved_for_this_tab(plant_db: Plant) -> None:
    state = with_query(Trend, **{"tag": "A", "from": "now-90m", "to": "now"})
    await load(state)
    assert (state.phase, state.past, state.url) == (
        "loaded",
        False,
        "/api/v1/timeseries?tag=A&from=now-90m&to=now&format=columns",
    )
    found = await plant_db.conn.execute(
        "SELECT count(*) FROM influx_hist WHERE tag_name = 'A'"
        " AND ts >= to_timestamp(%s / 1000.0) AND ts < to_timestamp(%s / 1000.0)",
        state.ends,
    )
    assert await found.fetchone() == (state.total,), "one sample a minute"
    assert state.total > 30
    assert state.link == "/trend?tag=A&from=now-90m&to=now"
    assert parse_qs(urlsplit(state.csv_url).query)["from"] == ["now-90m"]
    assert say(state.window_caption) == "now-90m – now, one point per minute"
    assert state.ends[1] - state.ends[0] == 90 * 60_000
    other = with_query(Tech)
    other.saved_range, other.saved_tag = state.saved_range, "A"
    await load(other)
    assert other.link == "/tech?tag=A&from=now-90m&to=now"
    # A link to a window means it.
    other = with_query(Tech, tag="A", window="60m")
    other.saved_range = state.saved_range
    await load(other)
    assert (other.start, other.ends, other.saved_range) == ("", [], "")
    other = with_query(Tech, tag="A")
    other.saved_range = "no|range"
    await load(other)
    assert (other.phase, other.start) == ("loaded", "")


async def test_the_past_does_not_update_and_one_step_leads_back_to_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Trend, "_is_open", lambda self, path: True)
    state = with_query(Trend, tag="A", window="60m")
    await load(state)
    assert state.return_to_now() is None
    state.shift_range(-2)
    assert state.past
    first = state.ends
    assert first[1] - first[0] == 60 * 60_000
    assert "T" in state.start
    await call(state, "refresh")
    assert (state.phase, 59 <= state.total <= 60) == ("loaded", True)
    await asyncio.wait_for(call(state, "follow"), HANGS_S)
    state.shift_range(-1)
    assert state.ends == [at - 30 * 60_000 for at in first]
    state.shift_range(1)
    assert state.ends == first
    assert state.shift_range(7) is None
    state.return_to_now()
    assert (state.window, state.start, state.past) == ("60m", "", False)
    state.set_range("now-2h", "now-30m")
    state.stop_realtime()
    state.return_to_now()
    assert (state.start, state.end, state.realtime_mode) == ("now-90m", "now", True)


async def test_the_state_of_a_tag_beside_older_rows_of_the_past_has_its_own_time() -> None:
    state = with_query(Trend, tag="A", window="60m")
    await load(state)
    state.shift_range(-1)
    query = SeriesQuery("buckets", state._period(), "A")
    series = await read_tag(query, query, "A")
    assert series.now is not None
    read, fetched = series.table.rows[0].now, series.chart.answer.fetched_ms
    series = replace(series, now=replace(series.now, at=read + timedelta(seconds=33)))
    state._set_clock(series)
    assert state.db_now_ms == epoch_ms(read) + 33_000
    assert state.updated_ms == fetched + 33_000
    state.return_to_now()
    state._set_clock(series)
    assert (state.db_now_ms, state.updated_ms) == (epoch_ms(read), fetched)


async def test_wider_is_twice_the_time_and_a_zoom_can_be_loaded_finer() -> None:
    state = with_query(Trend, tag="A", window="24h")
    await load(state)
    state.widen()
    assert (state.start, state.end, state.past) == ("now-48h", "now", False)
    await call(state, "refresh")
    assert state.finer == ""
    start, end = state.ends
    state.set_zoom([end - 3_600_000, end])
    assert state.finer == "1m"
    assert "bucket=10m" in state.csv_zoom_url
    state.load_zoom()
    assert (state.zoom, state.finer, state.past) == ([], "", True)
    assert abs(state.ends[0] - (end - 3_600_000)) <= 1000
    assert state.load_zoom() is None
    assert start < state.ends[0]


async def test_an_invalid_range_is_an_error_beside_its_fields_and_changes_nothing() -> None:
    state = with_query(Trend, tag="A", window="24h")
    await load(state)
    link = state.link
    assert state.set_range("yesterday", "now") is None
    assert "'yesterday'" in say(state.range_problem)
    assert (state.link, state.start, state.phase) == (link, "", "loaded")
    state.set_range("now-1h", "")
    assert (say(state.range_problem), state.start, state.end) == ("", "now-1h", "now")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"from": "gestern"}, "'gestern'"),
        ({"from": "now", "to": "now-1h"}, "must be before"),
        ({"to": "now"}, "''"),
        ({"from": "2199-01-01"}, "'2199-01-01'"),
        ({"from": "now-1h", "window": "5m"}, "use one of them"),
    ],
)
async def test_a_link_without_a_range_is_one_clear_sentence(
    query: dict[str, str], text: str
) -> None:
    state = with_query(Trend, tag="A", **query)
    await load(state)
    assert (state.phase, state.problem.code, state.problem.way) == (
        "error",
        "BAD_PARAMETER",
        "open",
    )
    assert text in say(state.problem.message)


async def test_a_range_before_the_first_value_says_from_when_there_are_some() -> None:
    state = with_query(Trend, **{"tag": "A", "from": "2001-01-01", "to": "2001-01-02"})
    await load(state)
    assert (state.phase, state.total) == ("loaded", 0)
    assert re.match(r"Its first value came at \d{4}-", say(state.empty_do))


async def save(plant_db: Plant, **texts: str) -> None:
    for name, text in texts.items():
        await plant_db.conn.execute(
            "INSERT INTO expression (name, text, version, author) VALUES (%s, %s, 1, 'ann')",
            (name, text),
        )


async def test_a_calculated_tag_has_indicators_and_features_as_its_tag(plant_db: Plant) -> None:
    await save(plant_db, SAME="A")
    for kind, query in ((Tech, {}), (Trend, {"table": "features"})):
        own, same = [with_query(kind, tag=tag, window="12h", **query) for tag in ("A", "SAME")]
        await load(own)
        await load(same)
        assert same.phase == "loaded"
        assert same.total == own.total > 20
        assert [(row.ms, row.cells) for row in same.rows] == [
            (row.ms, row.cells) for row in own.rows
        ]


async def test_the_table_of_a_calculated_tag_has_no_columns_that_need_its_own_samples(
    plant_db: Plant,
) -> None:
    await save(plant_db, TWICE="A * 2")
    state = with_query(Trend, tag="TWICE", window="12h")
    await load(state)
    assert state.means_only
    assert {len(row.cells) for row in state.rows} == {2}
    assert not any("–" in row.cells for row in state.rows)
    state = with_query(Trend, tag="A", window="12h")
    await load(state)
    assert not state.means_only
    assert {len(row.cells) for row in state.rows} == {6}


async def test_where_a_calculated_tag_has_no_features_the_chart_stays_and_the_table_says_why(
    plant_db: Plant,
) -> None:
    await save(plant_db, MOVING="avg_1h(A)")
    state = with_query(Trend, tag="MOVING", window="12h", table="features")
    await load(state)
    assert (state.phase, state.total) == ("loaded", 0)
    assert "'MOVING' uses a function over time" in say(state.empty_why)
    # The clock of an empty table is that of the chart.
    assert state.db_now_ms > 0
    assert say(state.empty_do) == ""
    state = with_query(Trend, tag="MOVING", window="12h")
    await load(state)
    assert state.total > 60


async def test_a_calculated_tag_without_values_says_what_it_needs(plant_db: Plant) -> None:
    await save(plant_db, NOTHING="A + B")
    for kind in (Trend, Tech):
        state = with_query(kind, tag="NOTHING", window="12h")
        await load(state)
        assert (state.phase, state.total) == ("loaded", 0)
        assert say(state.empty_why) == "No value of this calculated tag in this time"
        assert say(state.empty_do).endswith("A + B")
