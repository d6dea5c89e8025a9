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
from tests.comm import month
from tests.conftest import Plant
from tests.database import TestDatabases
from tests.states.page_query import WithQuery, with_query


@pytest.fixture(scope="module", autouse=True)
def opened_on_the_month(plant_db: Plant) -> None:
    """Each test reads that database, also one that does not ask for it."""


@pytest.fixture(scope="module")
async def plant_dsn(databases: TestDatabases) -> str:
    return await month(databases)


class State(WithQuery, CommState):
    """With the URL that a test sets."""


def state(**query: str) -> Any:
    return with_query(State, **query)


async def show(made: Any) -> Any:
    await CommState.event_handlers["show"].fn(made)
    return made


async def opened(**query: str) -> Any:
    made = state(**query)
    assert made.load() is not None, made.problem
    return await show(made)


def unfolded(text: str) -> list[str]:
    parts = [part.partition("*") for part in text.split(",")]
    return [value for value, _, count in parts for _ in range(int(count or 1))]


async def test_without_a_choice_the_worst_tag_of_the_recent_30_days_is_shown() -> None:
    rows = (await opened(view="overview")).rows
    worst = next(row.tag for row in rows if row.success_30d.endswith("%"))
    made = await opened()
    assert made.phase == "loaded"
    assert made.tag_names == [worst]
    days, _now = await runtime.current().comm.calendar(None)
    assert made.start_date == made.last_start == days.start.isoformat()
    assert made.link == f"/comm?tags={worst}"
    assert [row.tag for row in made.summaries] == [worst]


async def test_a_browser_keeps_the_tag_that_it_chose_and_not_the_one_that_it_was_shown() -> None:
    made = await opened()
    (worst,) = made.tag_names
    assert (worst == "BORN", made.saved_tag) == (False, "")
    await show(made)
    assert made.saved_tag == "", "shown again"
    made.set_tags(["BORN"])
    await show(made)
    assert made.saved_tag == "BORN"
    made.set_tags([worst])
    await show(made)
    assert made.saved_tag == worst
    made = state()
    made.saved_tag = "BORN"
    assert made.load() is not None
    await show(made)
    assert made.tag_names == ["BORN"]


async def test_cells_are_the_grid_in_columns_and_outages_the_runs_of_it() -> None:
    made = await opened(tags="HOLES")
    days, _now = await runtime.current().comm.calendar(None)
    report = await runtime.current().comm.report("HOLES", days)
    (cells,) = made.cells
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
    assert sum(len(day.hours) for day in made.calendar.days) == len(report.cells)
    assert made.outage_count == len(made.outages) == len(report.outages)
    for run in made.outages:
        assert set(unfolded(cells.state)[run.first : run.last + 1]) == {"c"}
        assert run.last - run.first + 1 == run.hours


async def test_the_outages_add_up_in_minutes_and_say_what_was_received() -> None:
    made = await opened(tags="HOLES,DEAD")
    holes, dead = made.summaries
    assert (holes.total_min, holes.longest_min, holes.since_ms) == (33 * 60, 26 * 60, 0)
    assert (dead.total_min, dead.longest_min) == (0, 0)
    assert dead.since_ms == epoch_ms(comm.minute(made._reports["DEAD"].row.last_ts))
    assert [run.since_ms for run in made.outages if run.ongoing] == [dead.since_ms]
    assert {run.received_s for run in made.outages} == {"", "88.33 %"}


async def test_what_nobody_has_stated_is_marked_as_assumed_in_both_views() -> None:
    made = await opened(tags="FREE,HOLES")
    assert [row.assumed for row in made.summaries] == [True, False]
    made = await opened(view="overview")
    assert "FREE" in {row.tag for row in made.rows if row.assumed}
    assert not {"HOLES", "GOOD"} & {row.tag for row in made.rows if row.assumed}


async def test_success_says_of_how_many_days_it_is_and_hours_to_come_are_no_holes() -> None:
    made = await opened(tags="BORN,HOLES")
    born, holes = made.summaries
    assert born.judged in (15, 16)
    assert holes.judged in (0, 29), "of today no minute may be judged yet"
    report = made._reports["BORN"]
    for cell, code in zip(report.cells, unfolded(made.cells[0].state), strict=True):
        assert (code == "f") is comm.not_yet(cell.bucket, report.row.now)
    made.select_cell(report.cells[0].bucket.isoformat())
    assert made.card.state == "no_data"
    ahead = await opened(tags="BORN", start=made.today)
    ahead.select_cell(ahead._reports["BORN"].cells[-1].bucket.isoformat())
    assert ahead.card.state == "not_yet"
    assert views.judged(1) == 1


async def test_a_steady_tag_takes_little_of_the_page_state() -> None:
    made = await opened(tags="GOOD,HOLES,DEAD")
    sizes = [sum(map(len, (c.rate, c.recv, c.exp, c.seen, c.state))) for c in made.cells]
    assert max(sizes) < 1500


async def test_days_are_walked_up_to_today_and_back_to_the_recent_ones() -> None:
    made = await opened(tags="GOOD")
    recent = date.fromisoformat(made.start_date)
    assert made.next_day() is None, "nothing lies behind today"
    made.prev_day()
    await show(made)
    assert made.start_date == str(recent - timedelta(days=1))
    assert made.calendar.days[0].day == made.start_date
    assert f"start={made.start_date}" in made.link
    made.next_day()
    await show(made)
    assert made.start_date == str(recent)
    made.prev_day()
    made.prev_day()
    made.recent_30d()
    await show(made)
    assert made.start_date == str(recent)
    assert "start" not in made.link


async def test_no_day_before_2000_is_reached() -> None:
    made = await opened(tags="GOOD", start="2000-01-01")
    made.prev_day()
    await show(made)
    assert made.start_date == "2000-01-01"


@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31"])
async def test_a_day_that_no_calendar_has_a_day_beside_is_like_the_nearest_one(start: str) -> None:
    made = await opened(tags="GOOD")
    made.set_start(start)
    made.prev_day()
    made.set_start(start)
    made.next_day()
    await show(made)
    assert made.phase == "loaded"


async def test_tags_that_are_dropped_while_they_are_read_are_no_error() -> None:
    made = await opened(tags="GOOD")
    source = runtime.current().comm
    days, _ = await source.calendar(None)
    page = await source.hours(["GOOD"], days, fresh=False)
    made.tag_names = []
    made._show(page)
    assert made.phase == "loaded"


async def test_a_selected_cell_is_a_card_and_stays_while_its_hour_is_shown() -> None:
    made = await opened(tags="HOLES,GOOD")
    run = next(run for run in made.outages if run.hours == 3)
    bucket = made._reports["HOLES"].cells[run.first].bucket
    made.select_cell(bucket.isoformat())
    assert (made.card.tag, made.card.state) == ("HOLES", "crit")
    assert (made.card.rate_s, made.card.received_s, made.card.missing_s) == (
        "0.00 %",
        "0 / 60",
        "60",
    )
    assert made.card.utc_s.startswith(f"{bucket:%Y-%m-%d %H:%M}")
    assert made.link.endswith(f"cell=HOLES@{bucket:%Y-%m-%dT%H:%MZ}")
    made.prev_day()
    await show(made)
    assert made.card.utc_s.startswith(f"{bucket:%Y-%m-%d %H:%M}")
    made.set_start("2024-02-29")
    await show(made)
    assert made.card.cell == -1, "the hour is not among these days"
    assert "cell" not in made.link


async def test_a_link_opens_tags_start_and_cell_again() -> None:
    made = await opened(tags="HOLES,GOOD")
    bucket = made._reports["GOOD"].cells[100].bucket
    made.select_cell(bucket.isoformat(), "GOOD")
    made.prev_day()
    await show(made)
    query = dict(pair.split("=") for pair in made.link.partition("?")[2].split("&"))
    again = await opened(**query)
    for name in ("tag_names", "start_date", "card", "link", "cells", "calendar"):
        assert getattr(again, name) == getattr(made, name), name


@pytest.mark.parametrize("tags", [("A,B",), ("50 %", "x@y", "a&b=c"), ("유량 계",), ("%2C",)])
def test_any_tag_name_survives_the_address(tags: tuple[str, ...]) -> None:
    bucket = address.hour("2026-03-01T04:00Z")
    chosen = address.Selection(
        tags, date(2026, 2, 28), "overview", tags[0], bucket, "a b", "longest", True
    )
    query = dict(parse_qsl(address.link(chosen).partition("?")[2]))
    assert address.read(query) == chosen


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
def test_an_impossible_address_is_one_sentence_and_retry_leads_out(
    query: dict[str, str], says: str
) -> None:
    made = state(**query)
    assert made.load() is None
    assert made.phase == "error"
    assert says in say(made.problem.message)
    assert made.link == "", "the address keeps what was asked for until somebody decides"
    made.retry()
    assert (made.view, made._recent, made.tag_names) == ("hours", True, [])


async def test_an_unknown_tag_is_an_error_and_retry_shows_the_worst_one() -> None:
    made = await opened(tags="NOPE")
    assert (made.phase, made.problem.code) == ("error", "UNKNOWN_TAG")
    assert "tag is named 'NOPE'" in say(made.problem.message)
    made.retry()
    await show(made)
    assert (made.phase, made.tag_names) == ("loaded", (await opened()).tag_names)


@pytest.mark.parametrize("value", ["", "x" * 999, "\0", "2026-02-30", "2026-01-01T00:00"])
async def test_what_any_browser_may_send_changes_nothing(value: str) -> None:
    made = await opened(tags="HOLES")
    before = made.link
    made.select_cell(value)
    made.select_cell("2026-01-01T00:00Z", value)
    made.set_start(value)
    made.set_view(value)
    made.set_tags([])
    made.set_tags([""])
    for page in (-(2**53), 0, 2**53):
        made.set_page(page)
    assert (made.link, made.card.cell, made.tag_names) == (before, -1, ["HOLES"])


async def test_at_most_nine_tags_stand_beside_each_other() -> None:
    made = await opened(tags="GOOD")
    made.set_tags([f"T{n}" for n in range(20)])
    assert len(made.tag_names) == 9


async def test_now_is_requested_apart_from_the_counts_and_judged_as_on_a_tile(
    plant_db: Plant,
) -> None:
    made = await opened(tags="BACK,GOOD")
    assert made.phase == "error", "BACK is not known yet"
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now - timedelta(minutes=3), "BACK", 1.0)])
    made = await opened(tags="BACK,GOOD")
    counted = made.updated_ms
    assert made.summaries[0].comm == "late", "two minutes are allowed"
    await plant.insert(plant_db.conn, [(now, "BACK", 1.0)])
    assert await made._look()
    back, _good = made.summaries
    assert (back.comm, back.ts_ms, back.allowed_s) == ("ok", epoch_ms(now), 120)
    assert made.updated_ms == counted, "the hours are those that were counted"
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, max_gap_seconds, enabled) VALUES ('BACK', 600, true)"
    )
    assert await made._look()
    assert made.summaries[0].allowed_s == 600
    for table in ("influx_hist", "tag_latest", "influx_qc_rule"):
        await plant_db.conn.execute(f"DELETE FROM {table} WHERE tag_name = 'BACK'")


async def test_a_value_that_stands_still_is_said_as_on_its_tile(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    await plant.insert(
        plant_db.conn, [(now - timedelta(minutes=n), "STILL", 7.5) for n in range(90)]
    )
    await plant_db.conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, enabled, meta)"
        " VALUES ('STILL', true, '{\"stuck_s\": 1800}')"
    )
    made = await opened(tags="STILL,GOOD")
    runtime.current().database.cache._entries.clear()
    still, good = made.summaries
    assert 3600 < still.still_s <= 91 * 60
    assert good.still_s == 0, "it has no such rule"
    made = await opened(view="overview")
    at = [row.tag for row in made.rows].index("STILL")
    assert made.nows[at].still_s >= still.still_s
    await plant.insert(plant_db.conn, [(now + timedelta(seconds=1), "STILL", 7.6)])
    assert await made._look()
    assert made.nows[at].still_s == 0
    for table in ("influx_hist", "tag_latest", "influx_qc_rule"):
        await plant_db.conn.execute(f"DELETE FROM {table} WHERE tag_name = 'STILL'")
    runtime.current().database.cache._entries.clear()


async def test_the_overview_is_searched_and_paged_worst_first(plant_db: Plant) -> None:
    await plant_db.conn.execute(
        "INSERT INTO public.influx_qc_rule (tag_name) SELECT 'X' || n FROM generate_series(1, 60) n"
    )
    runtime.current().database.cache._entries.clear()
    made = await opened(view="overview")
    assert (made.row_count, made.page, made.pages, len(made.rows)) == (66, 1, 2, 50)
    assert made.rows[0].tag == "DEAD"
    assert (made.nows[0].comm, made.nows[1].comm) == ("lost", "never")
    assert len(unfolded(made.rows[0].rate)) == comm.DAYS
    made.set_page(2)
    assert (len(made.rows), made.rows[-1].tag, made.rows[0].success_30d) == (16, "RAISED", "–")
    made.set_search("ho")
    assert ([row.tag for row in made.rows], made.page) == (["HOLES"], 1)
    assert made.link.endswith("view=overview&search=ho")
    made.set_tags(["HOLES"])
    await show(made)
    assert (made.view, made.cells[0].tag) == ("hours", "HOLES")


async def test_all_tags_are_ordered_by_a_column_and_not_the_page_alone() -> None:
    made = await opened(view="overview", sort="-longest")
    (holes,) = [row for row in made.rows if row.tag == "HOLES"]
    assert (holes.longest_min, holes.since_ms) == (26 * 60, 0)
    dead = made._alive["DEAD"].ts
    assert made.rows[0].since_ms == epoch_ms(comm.minute(dead)), "as long as Now says"
    assert [row.tag for row in made.rows[:2]] == ["DEAD", "HOLES"]
    assert (made.sort, made.descending) == ("longest", True)
    made.set_sort("longest")
    assert (made.rows[5].tag, made.descending) == ("DEAD", False)
    assert made.link.endswith("view=overview&sort=longest")
    made.set_sort("outages")
    assert (made.rows[0].tag, made.descending) == ("HOLES", True), "the worst comes first"
    for nonsense in ("", "-tag", "worst first", "_held", "0" * 999):
        made.set_sort(nonsense)
    assert made.sort == "outages"
    made.set_sort("worst")
    assert made.rows[0].tag == "DEAD"
    assert made.link.endswith("view=overview")


async def test_a_tag_that_is_back_ticks_and_moves_once_nobody_points_at_the_rows(
    plant_db: Plant,
) -> None:
    made = await opened(view="overview")
    before = [row.tag for row in made.rows]
    assert before[0] == "DEAD"
    made.hold(True)
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now, "DEAD", 1.0)])
    assert await made._look()
    assert [row.tag for row in made.rows] == before
    assert (made.nows[0].comm, made.nows[0].ts_ms) == ("ok", epoch_ms(now))
    made.reorder()
    again = [row.tag for row in made.rows]
    made.hold(False)
    assert [row.tag for row in made.rows] == again
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
    assert views.folded([1, 1, 2, -1, -1, -1]) == "1*2,2,-1*3"
    assert re.fullmatch(r"[\d*,]+", views.folded(range(3)))
