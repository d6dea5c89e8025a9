"""From a row of the live query and a rule to a tile (PRD §5, decisions 1, 2, 9, 10)."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.alarms.badge import TagAlarms
from ksys_app.domain.drawing import Drawer
from ksys_app.domain.quality import held_limits
from ksys_app.domain.tiles import TileMaker, badges, tile
from ksys_app.models.rows import QcRule, Spark, TileRow
from ksys_app.models.tiles import Drawing, Reason, Tile, Violation
from ksys_app.texts.alarm import alarm as alarm_text

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2025, 8, 15, 7, 26, 11, tzinfo=UTC)
ROW = TileRow(
    tag_name="D100",
    now=NOW,
    value=190.0,
    ts=NOW - timedelta(seconds=4),
    count=12,
    min=188.0,
    max=192.0,
    first=189.0,
    last=190.0,
    prev_last=190.0,
    prev_value=190.0,
    prev_ts=NOW - timedelta(seconds=9),
    recent_mean=190.0,
    recent_std=0.5,
    exp_per_min=12,
)
LINE = Spark("D100", [0.0, 0.05, 1.0], [188.0, 190.0, 192.0])
RULE = QcRule(
    "D100",
    min_val=0,
    max_val=200,
    warn_min=180,
    warn_max=195,
    crit_min=170,
    crit_max=198,
    max_gap_seconds=90,
    deadband_pct=1,
    meta={"unit": "°C"},
)
NEVER = replace(
    ROW,
    tag_name="D302",
    value=None,
    ts=None,
    count=0,
    min=None,
    max=None,
    first=None,
    last=None,
    prev_last=None,
    prev_value=None,
    prev_ts=None,
    recent_mean=None,
    recent_std=None,
)
FLOATS = st.none() | st.floats(-1e12, 1e12) | st.sampled_from([math.nan, math.inf, -math.inf])


def tile_of(row: TileRow, rule: QcRule | None = RULE) -> Tile:
    return tile(row, rule, SEOUL, badges(row, rule, frozenset()))


def drawn(
    row: TileRow, rule: QcRule | None = RULE, gap: float = 0.06, line: Spark = LINE
) -> Drawing:
    return Drawer(gap).draw(tile_of(row, rule), rule, line)


def test_the_tile_of_the_spec() -> None:
    assert tile_of(ROW) == Tile(
        title="D100",
        about="",
        unit="°C",
        value=190.0,
        value_s="190.0",
        delta_pct=0.0,
        delta_s="+0.0%",
        change_s="+0.0%",
        change_dir=0,
        gauge_pct=95.0,
        ranged=True,
        status_level=0,
        ts=NOW - timedelta(seconds=4),
        ts_s="2025-08-15 16:26:07",
        range_label="0.0 ~ 200.0",
        count=12,
        min=188.0,
        max=192.0,
        first=189.0,
        last=190.0,
        comm="ok",
        allowed_s=90.0,
        violations=(),
        places=1,
        far_room=12,
        gauge_warn=(90.0, 97.5),
        gauge_crit=(85.0, 99.0),
        group="D",
    )


def test_the_sparkline_of_the_spec() -> None:
    assert drawn(ROW) == Drawing(
        spark="M0 22h.1L5 16.3M100 10.6h.1",
        warn_y=(2.0,),
        crit_y=(),
        far_above="HH 198 ↑",
        far_below="L 180 ↓",
    )


@pytest.mark.parametrize(
    ("rule", "above", "below", "room"),
    [
        ({"warn_max": 80000.0}, "H 80000 ↑", "", 13),
        ({"warn_max": 193.0, "crit_max": 80000.0}, "HH 80000 ↑", "", 14),
        ({"warn_min": 10.0, "crit_min": 5.0}, "", "L 10 ↓", 10),
        ({"warn_max": 193.0}, "", "", 11),
        ({}, "", "", 0),
    ],
)
def test_the_nearest_limits_beyond_the_sparkline_are_named_and_leave_its_room_alone(
    rule: dict[str, float], above: str, below: str, room: int
) -> None:
    ruled = QcRule("D100", **rule)  # type: ignore[arg-type]
    one = drawn(ROW, ruled)
    assert (one.far_above, one.far_below, one.far_level) == (above, below, 0)
    assert tile_of(ROW, ruled).far_room == room
    silent = drawn(replace(ROW, count=0), ruled)
    assert (silent.far_above, silent.far_below) == ("", "")


@pytest.mark.parametrize(
    ("rule", "value", "above", "below", "level"),
    [
        ({"warn_max": 70.0, "crit_max": 75.0}, 190.0, "", "HH 75", -2),
        ({"warn_max": 75.0}, 190.0, "", "H 75", -1),
        ({"crit_min": 250.0, "warn_min": 260.0}, 190.0, "LL 250", "", 2),
        # The newest value is back, the series of the window is not.
        ({"warn_max": 70.0, "crit_max": 75.0}, 60.0, "", "HH 75 ↓", 0),
        ({"warn_max": 75.0, "crit_max": 900.0}, 190.0, "HH 900 ↑", "H 75", -1),
    ],
)
def test_a_limit_that_the_value_breaks_beyond_the_sparkline_is_reported_as_broken(
    rule: dict[str, float], value: float, above: str, below: str, level: int
) -> None:
    one = drawn(replace(ROW, value=value), QcRule("D100", **rule))  # type: ignore[arg-type]
    assert (one.far_above, one.far_below, one.far_level) == (above, below, level)


def test_a_gauge_has_ticks_at_the_limits_inside_of_its_range() -> None:
    assert tile_of(ROW).gauge_warn == (90.0, 97.5)
    assert tile_of(ROW, replace(RULE, warn_min=0, crit_max=200)).gauge_warn == (97.5,)
    assert tile_of(ROW, replace(RULE, max_val=None)).gauge_crit == ()
    assert tile_of(ROW, replace(RULE, enabled=False)).gauge_warn == ()


def test_it_carries_the_contract() -> None:
    names = {field.name for field in fields(Tile)}
    assert names >= {"title", "value_s", "delta_pct", "delta_s", "gauge_pct", "status_level"}
    assert names >= {"value", "ts", "ts_s", "range_label", "count", "min", "max", "first", "last"}
    assert names >= {"comm", "violations"}


def test_the_change_is_that_of_the_two_newest_buckets() -> None:
    changed = tile_of(replace(ROW, last=180.0, prev_last=200.0, value=181.0))
    assert (changed.delta_pct, changed.delta_s) == (-10.0, "-10.0%")


def test_a_tag_never_seen_shows_dashes_and_no_alarm() -> None:
    never = tile_of(NEVER)
    assert (never.value, never.value_s, never.ts, never.ts_s) == (None, "–", None, "–")
    assert (never.comm, never.violations, never.alarm_level) == ("never", (), 0)
    assert (never.count, never.min, never.max, never.first, never.last) == (0, *[None] * 4)
    assert (never.gauge_pct, never.status_level, never.delta_s) == (0.0, 0, "+0.0%")
    assert drawn(NEVER, line=Spark("D302")) == Drawing()
    assert never.range_label == "0.0 ~ 200.0"


@pytest.mark.parametrize(
    ("last", "prev", "change"),
    [
        (190.0, 190.0, "+0.0%"),
        (0.0, 0.0, "+0.0 °C"),
        (None, 190.0, "–"),
        (190.0, None, "–"),
        (5.0, 0.0, "+5.0 °C"),
        (math.nan, 190.0, "–"),
    ],
)
def test_where_nothing_can_be_compared_the_change_is_0_and_the_page_shows_what_it_can(
    last: float | None, prev: float | None, change: str
) -> None:
    one = tile_of(replace(ROW, last=last, prev_last=prev))
    assert (one.change_s, one.delta_pct, one.delta_s) == (change, 0.0, "+0.0%")


def test_what_a_lost_tag_did_before_is_no_change_of_now() -> None:
    for age_s, change in ((90, "-10.0%"), (900, "-10.0%"), (901, "–")):
        one = tile_of(replace(ROW, last=180.0, prev_last=200.0, ts=NOW - timedelta(seconds=age_s)))
        assert (one.change_s, one.delta_pct) == (change, -10.0), age_s


@pytest.mark.parametrize(
    ("rule", "ranged"),
    [
        (RULE, True),
        (None, False),
        (replace(RULE, enabled=False), False),
        (replace(RULE, max_val=None), False),
        (replace(RULE, min_val=5.0, max_val=5.0), False),
    ],
)
def test_only_a_rule_gives_a_range_that_a_gauge_may_fill(rule: QcRule | None, ranged: bool) -> None:
    assert tile_of(ROW, rule).ranged is ranged


def test_beside_a_count_of_0_stands_no_line() -> None:
    earlier = replace(ROW, count=0, min=None, max=None, first=None, last=None)
    assert drawn(earlier) == Drawing()


def test_without_a_rule_the_window_is_the_range() -> None:
    free = tile_of(ROW, None)
    assert (free.range_label, free.gauge_pct, free.unit) == ("188.0 ~ 192.0", 50.0, "")
    assert (free.status_level, free.violations, drawn(ROW, None).warn_y) == (0, (), ())
    assert tile_of(NEVER, None).range_label == "–"


def test_a_disabled_rule_keeps_its_unit_and_nothing_else() -> None:
    off = tile_of(ROW, replace(RULE, enabled=False))
    assert off == replace(tile_of(ROW, None), unit="°C")


@pytest.mark.parametrize(
    ("value", "status", "alarm", "level"),
    [
        (190.0, 0, "-", 0),
        (195.0, 1, "warn H 195 ≥ 195", 1),
        (198.0, 2, "crit HH 198 ≥ 198", 2),
        (201.0, 2, "crit RANGE 201 outside 0..200", 2),
        (180.0, 1, "warn L 180 ≤ 180", 1),
    ],
)
def test_status_and_alarm_agree_on_the_newest_value(
    value: float, status: int, alarm: str, level: int
) -> None:
    one = tile_of(replace(ROW, value=value))
    assert (one.status_level, alarm_text(one.violations), one.alarm_level) == (status, alarm, level)


def test_a_bad_value_shows_a_dash_and_an_alarm() -> None:
    bad = tile_of(replace(ROW, value=math.nan))
    assert (bad.value, bad.value_s, bad.gauge_pct) == (None, "–", 0.0)
    assert (bad.violations, bad.alarm_level) == ((Violation("crit", "BAD"),), 2)


@pytest.mark.parametrize("moving", [False, True])
def test_a_hole_of_a_calculated_tag_is_no_bad_value(moving: bool) -> None:
    hole = replace(ROW, value=None, calculated=True, moving=moving)
    for alarms in (None, TagAlarms({}, None)):
        judged = badges(hole, RULE, frozenset(), None, alarms)
        assert (judged.violations, tile(hole, RULE, SEOUL, judged).value_s) == ((), "–")


def test_old_data_is_late_and_then_lost() -> None:
    ages = {
        s: tile_of(replace(ROW, ts=NOW - timedelta(seconds=s))).comm for s in (90, 91, 900, 901)
    }
    assert ages == {90: "ok", 91: "late", 900: "late", 901: "lost"}


@pytest.mark.parametrize(("exp_per_min", "allowed_s"), [(12, 60), (1, 120), (None, 120)])
def test_without_a_rule_the_expectation_says_how_old_is_too_old(
    exp_per_min: int | None, allowed_s: float
) -> None:
    assert tile_of(replace(ROW, exp_per_min=exp_per_min), None).allowed_s == allowed_s


def test_a_gap_in_the_window_is_a_gap_in_the_sparkline() -> None:
    assert drawn(ROW, gap=0.96).spark.count("M") == 1
    assert drawn(ROW, gap=0.94).spark.count("M") == 2


def test_a_limit_stays_held_from_one_judgement_to_the_next() -> None:
    held: frozenset[Reason] = frozenset()
    levels = []
    for value in (193.5, 195.0, 193.5, 192.5, 193.5):
        row = replace(ROW, value=value)
        judged = badges(row, RULE, held)
        held = judged.held
        levels.append((tile(row, RULE, SEOUL, judged).alarm_level, set(held)))
    assert levels == [(0, set()), (1, {"H"}), (1, {"H"}), (0, set()), (0, set())]


def test_all_tiles_in_the_order_of_the_rows_each_with_its_own_rule_and_memory() -> None:
    rows = [replace(ROW, value=193.5), replace(ROW, tag_name="D101", value=193.5), NEVER]
    rules = {"D100": RULE, "D101": replace(RULE, tag_name="D101"), "D999": RULE}
    maker = TileMaker(SEOUL)
    maker.judge(rows, rules, {"D101": frozenset({"H"})})
    shown = maker.tiles()
    assert [one.title for one in shown] == ["D100", "D101", "D302"]
    assert [one.alarm_level for one in shown] == [0, 1, 0]
    assert [held_limits(one.violations) for one in shown] == [frozenset(), {"H"}, frozenset()]


@given(st.lists(FLOATS, min_size=9, max_size=9), st.booleans(), st.booleans())
@settings(deadline=None)
def test_whatever_the_database_says_a_tile_can_be_shown(
    numbers: list[float | None], seen: bool, ruled: bool
) -> None:
    value, low, high, first, last, prev_last, prev, mean, std = numbers
    row = replace(
        ROW,
        value=value,
        ts=ROW.ts if seen else None,
        min=low,
        max=high,
        first=first,
        last=last,
        prev_last=prev_last,
        prev_value=prev,
        recent_mean=mean,
        recent_std=std,
    )
    ends = [math.nan if one is None else one for one in (low, high)]
    rule = RULE if ruled else None
    one, line = tile_of(row, rule), drawn(row, rule, line=Spark("D100", [0.1, 0.2], ends))
    assert 0 <= one.gauge_pct <= 100
    figures = (one.value, one.delta_pct, one.min, one.max, one.first, one.last)
    assert all(figure is None or math.isfinite(figure) for figure in figures)
    assert "nan" not in f"{one.value_s} {one.delta_s} {one.range_label} {line.spark}"
    assert one.alarm_level >= one.status_level or not seen


def test_a_tag_that_has_not_changed_keeps_its_tile() -> None:
    maker, rules = TileMaker(SEOUL), {"D100": RULE}

    def at(later_s: float, row: TileRow = ROW) -> Tile:
        row = replace(row, now=row.now + timedelta(seconds=later_s))
        maker.judge([row], rules)
        (one,) = maker.tiles()
        assert one == tile_of(row, rules["D100"])
        return one

    first = at(0)
    assert at(10) is first
    assert at(10, replace(ROW, recent_mean=189.9)) is first, "it is part of no figure"
    assert at(200).comm == "late"
    assert at(0, replace(ROW, value=191.0)).value == 191.0
    again = at(10)
    rules["D100"] = replace(RULE, warn_max=150.0)
    assert at(10) != again


AGES = st.sampled_from([-70, -5, 0, 3, 59, 60, 61, 90, 91, 599, 600, 601, 899, 900, 901, 5000])
HELD = st.sampled_from([frozenset(), frozenset({"H"}), frozenset({"H", "HH"})])


@given(st.lists(st.tuples(AGES, st.sampled_from([150.0, 193.5, 199.0]), HELD), max_size=12))
def test_what_a_maker_remembers_never_shows(
    ticks: list[tuple[int, float, frozenset[Reason]]],
) -> None:
    """The tile of a tag depends on its row only."""
    maker = TileMaker(SEOUL)
    for age, value, held in ticks:
        row = replace(ROW, now=NOW + timedelta(seconds=age), value=value)
        maker.judge([row], {"D100": RULE}, {"D100": held})
        assert maker.tiles() == (tile(row, RULE, SEOUL, badges(row, RULE, held)),)


def test_a_line_that_has_not_changed_keeps_its_path() -> None:
    drawer, shown = Drawer(0.06), tile_of(ROW)
    first = drawer.draw(shown, RULE, LINE)
    assert drawer.draw(shown, RULE, replace(LINE)) is first
    broken = drawer.draw(tile_of(replace(ROW, value=199.0)), RULE, LINE)
    assert (broken.spark, broken.far_above) == (first.spark, "HH 198")
    assert drawer.draw(shown, RULE, Spark("D100")) == Drawing()
    moved = replace(LINE, value=[190.0, *LINE.value[1:]])
    assert drawer.draw(shown, RULE, moved) == Drawer(0.06).draw(shown, RULE, moved) != first
    free = replace(RULE, warn_max=None, crit_max=None)
    assert drawer.draw(shown, free, LINE).far_above == ""
