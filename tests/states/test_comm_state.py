"""The state of ``/comm`` without a browser, on the synthetic month."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from ksys_app.domain import comm
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.services import runtime
from ksys_app.states import comm_address as address, comm_views as views
from ksys_app.states.comm import CommState
from ksys_app.texts import say
from tests import plant
from tests.cached import forget_answers
from tests.comm import continue_month, month
from tests.conftest import Plant
from tests.database import TestDatabases
from tests.states.page_query import WithQuery, with_query


@pytest.fixture(autouse=True)
async def month_until_now(plant_db: Plant) -> None:
    """The tags have sent until now, and nothing is cached, so that nothing expires in a test."""
    await continue_month(plant_db.conn)
    forget_answers()


@pytest.fixture(scope="module")
async def plant_dsn(databases: TestDatabases) -> str:
    return await month(databases)


class State(WithQuery, CommState):
    """With the URL that a test sets."""


def state(**query: str) -> Any:
    return with_query(State, **query)


async def show(tab: Any) -> Any:
    await CommState.event_handlers["show"].fn(tab)
    return tab


async def opened(**query: str) -> Any:
    tab = state(**query)
    assert tab.load() is not None, tab.problem
    return await show(tab)


def unfolded(text: str) -> list[str]:
    parts = [part.partition("*") for part in text.split(",")]
    return [value for value, _, count in parts for _ in range(int(count or 1))]


async def test_without_a_choice_the_worst_tag_of_the_recent_30_days_is_shown() -> None:
    rows = (await opened(view="overview")).rows
    worst = next(row.tag for row in rows if row.success_30d.endswith("%"))
    tab = await opened()
    assert tab.phase == "loaded"
    assert tab.tag_names == [worst]
    days, _now = await runtime.current().comm.calendar(None)
    assert tab.start_date == tab.last_start == days.start.isoformat()
    assert tab.link == f"/comm?tags={worst}"
    assert [row.tag for row in tab.summaries] == [worst]


async def test_a_browser_saves_the_tag_that_somebody_chose_and_not_the_default_one() -> None:
    tab = await opened()
    (worst,) = tab.tag_names
    assert (worst == "BORN", tab.saved_tag) == (False, "")
    await show(tab)
    assert tab.saved_tag == "", "shown again"
    tab.set_tags(["BORN"])
    await show(tab)
    assert tab.saved_tag == "BORN"
    tab.set_tags([worst])
    await show(tab)
    assert tab.saved_tag == worst
    tab = state()
    tab.saved_tag = "BORN"
    assert tab.load() is not None
    await show(tab)
    assert tab.tag_names == ["BORN"]


async def test_cells_are_the_grid_in_columns_and_outages_are_its_runs() -> None:
    tab = await opened(tags="HOLES")
    days, _now = await runtime.current().comm.calendar(None)
    report = await runtime.current().comm.report("HOLES", days)
    (cells,) = tab.cells
    assert [int(one) for one in unfolded(cells.recv)] == [one.recv_msgs for one in report.cells]
    assert [int(one) for one in unfolded(cells.exp)] == [one.exp_msgs for one in report.cells]
    assert [int(one) for one in unfolded(cells.rate)] == [
        -1 if one.success_rate is None else int(one.success_rate * 10_000 + 1e-9)
        for one in report.cells
    ]
    codes = {"ok": "o", "warn": "w", "crit": "c"}
    assert [code if code in "owc" else None for code in unfolded(cells.state)] == [
        codes.get(one.state) for one in report.cells
    ]
    assert sum(len(day.hours) for day in tab.calendar.days) == len(report.cells)
    assert tab.outage_count == len(tab.outages) == len(report.outages)
    for run in tab.outages:
        assert set(unfolded(cells.state)[run.first : run.last + 1]) == {"c"}
        assert run.last - run.first + 1 == run.hours


async def test_outages_are_summed_in_minutes_and_show_what_was_received() -> None:
    tab = await opened(tags="HOLES,DEAD")
    holes, dead = tab.summaries
    assert (holes.total_min, holes.longest_min, holes.since_ms) == (33 * 60, 26 * 60, 0)
    assert (dead.total_min, dead.longest_min) == (0, 0)
    assert dead.since_ms == epoch_ms(comm.minute(tab._reports["DEAD"].row.last_ts))
    assert [run.since_ms for run in tab.outages if run.ongoing] == [dead.since_ms]
    assert {run.received_s for run in tab.outages} == {"", "88.33 %"}


async def test_a_missing_expectation_is_marked_as_assumed_in_both_views() -> None:
    tab = await opened(tags="FREE,HOLES")
    assert [row.assumed for row in tab.summaries] == [True, False]
    tab = await opened(view="overview")
    assert "FREE" in {row.tag for row in tab.rows if row.assumed}
    assert not {"HOLES", "GOOD"} & {row.tag for row in tab.rows if row.assumed}


async def test_success_has_its_number_of_days_and_future_hours_are_no_gaps() -> None:
    tab = await opened(tags="BORN,HOLES")
    born, holes = tab.summaries
    assert born.judged in (15, 16)
    assert holes.judged in (0, 29), "of today no minute may be judged yet"
    report = tab._reports["BORN"]
    for cell, code in zip(report.cells, unfolded(tab.cells[0].state), strict=True):
        assert (code == "f") is comm.not_yet(cell.bucket, report.row.now)
    tab.select_cell(report.cells[0].bucket.isoformat())
    assert tab.card.state == "no_data"
    ahead = await opened(tags="BORN", start=tab.today)
    ahead.select_cell(ahead._reports["BORN"].cells[-1].bucket.isoformat())
    assert ahead.card.state == "not_yet"
    assert views.judged(1) == 1


async def test_a_steady_tag_takes_little_of_the_page_state() -> None:
    tab = await opened(tags="GOOD,HOLES,DEAD")
    sizes = [sum(map(len, (c.rate, c.recv, c.exp, c.seen, c.state))) for c in tab.cells]
    assert max(sizes) < 1500


async def test_the_days_can_be_moved_back_and_forth_up_to_today() -> None:
    tab = await opened(tags="GOOD")
    recent = date.fromisoformat(tab.start_date)
    assert tab.next_day() is None, "there is no day after today"
    tab.prev_day()
    await show(tab)
    assert tab.start_date == str(recent - timedelta(days=1))
    assert tab.calendar.days[0].day == tab.start_date
    assert f"start={tab.start_date}" in tab.link
    tab.next_day()
    await show(tab)
    assert tab.start_date == str(recent)
    tab.prev_day()
    tab.prev_day()
    tab.recent_30d()
    await show(tab)
    assert tab.start_date == str(recent)
    assert "start" not in tab.link


async def test_no_day_before_2000_is_reached() -> None:
    tab = await opened(tags="GOOD", start="2000-01-01")
    tab.prev_day()
    await show(tab)
    assert tab.start_date == "2000-01-01"


@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31"])
async def test_the_first_and_last_date_of_python_are_like_the_nearest_day(start: str) -> None:
    tab = await opened(tags="GOOD")
    tab.set_start(start)
    tab.prev_day()
    tab.set_start(start)
    tab.next_day()
    await show(tab)
    assert tab.phase == "loaded"


async def test_tags_that_are_removed_while_they_are_read_are_no_error() -> None:
    tab = await opened(tags="GOOD")
    source = runtime.current().comm
    days, _ = await source.calendar(None)
    page = await source.hours(["GOOD"], days, fresh=False)
    tab.tag_names = []
    tab._show(page)
    assert tab.phase == "loaded"


async def test_a_selected_cell_is_a_card_and_stays_while_its_hour_is_shown() -> None:
    tab = await opened(tags="HOLES,GOOD")
    run = next(run for run in tab.outages if run.hours == 3)
    bucket = tab._reports["HOLES"].cells[run.first].bucket
    tab.select_cell(bucket.isoformat())
    assert (tab.card.tag, tab.card.state) == ("HOLES", "crit")
    assert (tab.card.rate_s, tab.card.received_s, tab.card.missing_s) == (
        "0.00 %",
        "0 / 60",
        "60",
    )
    assert tab.card.utc_s.startswith(f"{bucket:%Y-%m-%d %H:%M}")
    assert tab.link.endswith(f"cell=HOLES@{bucket:%Y-%m-%dT%H:%MZ}")
    tab.prev_day()
    await show(tab)
    assert tab.card.utc_s.startswith(f"{bucket:%Y-%m-%d %H:%M}")
    tab.set_start("2024-02-29")
    await show(tab)
    assert tab.card.cell == -1, "the hour is not among these days"
    assert "cell" not in tab.link


async def test_a_link_opens_tags_start_and_cell_again() -> None:
    tab = await opened(tags="HOLES,GOOD")
    bucket = tab._reports["GOOD"].cells[100].bucket
    tab.select_cell(bucket.isoformat(), "GOOD")
    tab.prev_day()
    await show(tab)
    query = dict(pair.split("=") for pair in tab.link.partition("?")[2].split("&"))
    again = await opened(**query)
    for name in ("tag_names", "start_date", "card", "link", "cells", "calendar"):
        assert getattr(again, name) == getattr(tab, name), name


@pytest.mark.parametrize("tags", [("A,B",), ("50 %", "x@y", "a&b=c"), ("유량 계",), ("%2C",)])
def test_any_tag_name_survives_the_address(tags: tuple[str, ...]) -> None:
    bucket = address.parse_hour("2026-03-01T04:00Z")
    chosen = address.Selection(
        tags, date(2026, 2, 28), "overview", tags[0], bucket, "a b", "longest", True
    )
    query = dict(parse_qsl(address.link(chosen).partition("?")[2]))
    assert address.parse_selection(query) == chosen


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"start": "2026-02-30"}, "YYYY-MM-DD"),
        ({"start": "yesterday"}, "YYYY-MM-DD"),
        ({"view": "all"}, "hours, overview"),
        ({"sort": "-name"}, "one of tag, now"),
        ({"tags": ",".join("ABCDEFGHIJ")}, "9 tags"),
    ],
)
def test_an_impossible_address_is_one_sentence_and_retry_opens_the_page(
    query: dict[str, str], says: str
) -> None:
    tab = state(**query)
    assert tab.load() is None
    assert tab.phase == "error"
    assert says in say(tab.problem.message)
    assert tab.link == "", "the address keeps its parameters until somebody selects others"
    tab.retry()
    assert (tab.view, tab._recent, tab.tag_names) == ("hours", True, [])


async def test_an_unknown_tag_is_an_error_and_retry_shows_the_worst_one() -> None:
    tab = await opened(tags="NOPE")
    assert (tab.phase, tab.problem.code) == ("error", "UNKNOWN_TAG")
    assert "tag is named 'NOPE'" in say(tab.problem.message)
    tab.retry()
    await show(tab)
    assert (tab.phase, tab.tag_names) == ("loaded", (await opened()).tag_names)


@pytest.mark.parametrize("value", ["", "x" * 999, "\0", "2026-02-30", "2026-01-01T00:00"])
async def test_invalid_values_of_a_browser_change_nothing(value: str) -> None:
    tab = await opened(tags="HOLES")
    before = tab.link
    tab.select_cell(value)
    tab.select_cell("2026-01-01T00:00Z", value)
    tab.set_start(value)
    tab.set_view(value)
    tab.set_tags([])
    tab.set_tags([""])
    for page in (-(2**53), 0, 2**53):
        tab.set_page(page)
    assert (tab.link, tab.card.cell, tab.tag_names) == (before, -1, ["HOLES"])


async def test_at_most_nine_tags_stand_beside_each_other() -> None:
    tab = await opened(tags="GOOD")
    tab.set_tags([f"T{n}" for n in range(20)])
    assert len(tab.tag_names) == 9


async def test_the_current_state_is_read_apart_from_the_counts_and_judged_as_on_a_tile(
    plant_db: Plant,
) -> None:
    tab = await opened(tags="BACK,GOOD")
    assert tab.phase == "error", "BACK does not exist yet"
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now - timedelta(minutes=3), "BACK", 1.0)])
    tab = await opened(tags="BACK,GOOD")
    counted = tab.updated_ms
    assert tab.summaries[0].comm == "late", "two minutes are allowed"
    await plant.insert(plant_db.conn, [(now, "BACK", 1.0)])
    assert await tab._read_alive()
    back, _good = tab.summaries
    assert (back.comm, back.ts_ms, back.allowed_s) == ("ok", epoch_ms(now), 120)
    assert tab.updated_ms == counted, "the hours are those that were counted"
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, max_gap_seconds, enabled) VALUES ('BACK', 600, true)"
    )
    assert await tab._read_alive()
    assert tab.summaries[0].allowed_s == 600
    for table in ("influx_hist", "tag_latest", "influx_qc_rule"):
        await plant_db.conn.execute(f"DELETE FROM {table} WHERE tag_name = 'BACK'")


async def test_an_unchanged_value_is_marked_as_on_its_tile(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    await plant.insert(
        plant_db.conn, [(now - timedelta(minutes=n), "STILL", 7.5) for n in range(90)]
    )
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, enabled, meta)"
        " VALUES ('STILL', true, '{\"stuck_s\": 1800}')"
    )
    tab = await opened(tags="STILL,GOOD")
    forget_answers()
    still, good = tab.summaries
    assert 3600 < still.still_s <= 91 * 60
    assert good.still_s == 0, "it has no such rule"
    tab = await opened(view="overview")
    at = [row.tag for row in tab.rows].index("STILL")
    assert tab.nows[at].still_s >= still.still_s
    await plant.insert(plant_db.conn, [(now + timedelta(seconds=1), "STILL", 7.6)])
    assert await tab._read_alive()
    assert tab.nows[at].still_s == 0
    for table in ("influx_hist", "tag_latest", "influx_qc_rule"):
        await plant_db.conn.execute(f"DELETE FROM {table} WHERE tag_name = 'STILL'")
    forget_answers()


async def test_the_overview_is_searched_and_paged_worst_first(plant_db: Plant) -> None:
    await plant_db.conn.execute(
        "INSERT INTO public.influx_qc_rule (tag_name) SELECT 'X' || n FROM generate_series(1, 60) n"
    )
    forget_answers()
    tab = await opened(view="overview")
    assert (tab.row_count, tab.page, tab.pages, len(tab.rows)) == (66, 1, 2, 50)
    assert tab.rows[0].tag == "DEAD"
    assert (tab.nows[0].comm, tab.nows[1].comm) == ("lost", "never")
    assert len(unfolded(tab.rows[0].rate)) == comm.DAYS
    tab.set_page(2)
    assert (len(tab.rows), tab.rows[-1].tag, tab.rows[0].success_30d) == (16, "RAISED", "–")
    tab.set_search("ho")
    assert ([row.tag for row in tab.rows], tab.page) == (["HOLES"], 1)
    assert tab.link.endswith("view=overview&search=ho")
    tab.set_tags(["HOLES"])
    await show(tab)
    assert (tab.view, tab.cells[0].tag) == ("hours", "HOLES")


async def test_all_tags_are_ordered_by_a_column_and_not_the_page_alone() -> None:
    tab = await opened(view="overview", sort="-longest")
    (holes,) = [row for row in tab.rows if row.tag == "HOLES"]
    assert (holes.longest_min, holes.since_ms) == (26 * 60, 0)
    dead = tab._alive["DEAD"].ts
    assert tab.rows[0].since_ms == epoch_ms(comm.minute(dead)), "as long as Now says"
    assert [row.tag for row in tab.rows[:2]] == ["DEAD", "HOLES"]
    assert (tab.sort, tab.descending) == ("longest", True)
    tab.set_sort("longest")
    assert (tab.rows[5].tag, tab.descending) == ("DEAD", False)
    assert tab.link.endswith("view=overview&sort=longest")
    tab.set_sort("outages")
    assert (tab.rows[0].tag, tab.descending) == ("HOLES", True), "the worst comes first"
    for nonsense in ("", "-tag", "worst first", "_held", "0" * 999):
        tab.set_sort(nonsense)
    assert tab.sort == "outages"
    tab.set_sort("worst")
    assert tab.rows[0].tag == "DEAD"
    assert tab.link.endswith("view=overview")


async def test_a_tag_that_sends_again_moves_only_when_nobody_points_at_the_rows(
    plant_db: Plant,
) -> None:
    tab = await opened(view="overview")
    before = [row.tag for row in tab.rows]
    assert before[0] == "DEAD"
    tab.hold(True)
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "DEAD", 1.0)])
    assert await tab._read_alive()
    assert [row.tag for row in tab.rows] == before
    assert (tab.nows[0].comm, tab.nows[0].ts_ms) == ("ok", epoch_ms(now))
    tab.reorder()
    again = [row.tag for row in tab.rows]
    tab.hold(False)
    assert [row.tag for row in tab.rows] == again
    await plant_db.conn.execute(
        "DELETE FROM influx_hist WHERE tag_name = 'DEAD' AND ts > now() - interval '1 day'"
    )


async def test_every_name_of_the_contract_is_there_and_no_helper_is_an_event() -> None:
    fields = {"start_date", "tag_names", "cells", "outages", "is_loading", "color_scale"}
    assert fields <= set(CommState.vars)
    assert set(CommState.event_handlers) - {"setvar"} == {
        *(
            "load",
            "show",
            "follow",
            "refresh",
            "retry",
            "prev_day",
            "next_day",
            "recent_30d",
            "set_start",
        ),
        *("set_tags", "set_view", "select_cell", "clear_cell", "set_search", "set_page"),
        *("set_sort", "hold", "reorder"),
    }


def test_a_day_of_23_or_25_hours_is_reported_with_its_hours() -> None:
    zone = ZoneInfo("Europe/Berlin")
    for start, changed, hours in (
        (date(2026, 3, 15), "2026-03-29", [0, 1, *range(3, 24)]),
        (date(2025, 10, 12), "2025-10-26", [0, 1, 2, 2, *range(3, 24)]),
    ):
        now = datetime(2026, 11, 1, tzinfo=UTC)
        view = views.calendar_view(comm.calendar(start, zone), now)
        assert [say(odd) for odd in view.odd] == [
            f"{changed} has {len(hours)} hours: clocks are changed."
        ]
        assert [day.hours for day in view.days if day.day == changed] == [hours]
        assert view.today == ""


def test_figures_are_rounded_down_so_that_100_percent_misses_nothing() -> None:
    assert views.percent(1 - 1 / 518_400) == "99.99 %"
    assert views.percent(0.98) == "98.00 %"
    assert views.percent(1.0) == "100.00 %"
    assert views.percent(None) == "–"
    assert views.run_lengths([1, 1, 2, -1, -1, -1]) == "1*2,2,-1*3"
    assert re.fullmatch(r"[\d*,]+", views.run_lengths(range(3)))
