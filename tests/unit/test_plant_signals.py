"""The plant's signals depend only on tag, time and seed."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.quality import Reading, judge
from ksys_app.ops.demo.plant import noise
from ksys_app.ops.demo.plant.signals import DAY, LOCAL_MONDAY, PERIOD_S, SIGNALS, TAGS, Tide, load
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.masterdata import qc, qc_csv
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES

RULE = {rule.tag_name: rule for rule in qc_csv.read(qc.RULES_CSV, RULES)}
PLANT = Plant()
KNOWN = [190.0, 190.66, 34.95, 50.58, 5.592, 12855.0, 113.98, 88.57, 7.56]
YEARS = st.integers(LOCAL_MONDAY // 5, LOCAL_MONDAY // 5 + 10 * 365 * DAY // 5).map(lambda n: 5 * n)


@given(YEARS, st.integers(0, 2**63))
def test_a_plant_created_again_reports_the_same(t: int, seed: int) -> None:
    assert Plant(seed).tick(t) == Plant(seed).tick(t)


@given(YEARS, st.integers(0, 10_000))
def test_a_tick_does_not_depend_on_earlier_calls(t: int, other: int) -> None:
    plant = Plant()
    plant.tick(other)
    assert plant.tick(t) == PLANT.tick(t)


def test_two_seeds_make_two_plants() -> None:
    times = range(LOCAL_MONDAY, LOCAL_MONDAY + 600, 5)
    assert [Plant(1).tick(t) for t in times] != [Plant(2).tick(t) for t in times]


def test_a_known_moment_keeps_its_values_on_every_machine() -> None:
    at = int(datetime(2026, 8, 14, 6, 0, tzinfo=UTC).timestamp())
    assert PLANT.tick(at) == KNOWN


@given(YEARS)
def test_a_sample_is_the_tick_of_its_tag(t: int) -> None:
    ts = datetime.fromtimestamp(t, UTC)
    assert [PLANT.sample(tag, ts) for tag in TAGS] == PLANT.tick(t)


@given(YEARS)
def test_the_setpoint_holds_190(t: int) -> None:
    assert PLANT.healthy(t)[0] == 190.0


@settings(deadline=None)
@given(YEARS)
def test_a_healthy_plant_breaks_none_of_its_rules(t: int) -> None:
    ts = datetime.fromtimestamp(t, UTC)
    ticks = [PLANT.healthy(t - PERIOD_S * back) for back in range(20)]
    for index, tag in enumerate(TAGS):
        newest, *recent = (tick[index] for tick in ticks)
        reading = Reading(
            now=ts,
            value=newest,
            ts=ts,
            prev_value=recent[0],
            prev_ts=ts - timedelta(seconds=PERIOD_S),
            recent_mean=statistics.mean(recent),
            recent_std=statistics.stdev(recent),
        )
        assert judge(RULE[tag], reading) == ()


def test_the_signals_of_a_healthy_plant_move() -> None:
    ticks = [PLANT.healthy(t) for t in range(LOCAL_MONDAY, LOCAL_MONDAY + DAY, 300)]
    for index, signal in enumerate(SIGNALS[1:], start=1):
        values = {tick[index] for tick in ticks}
        assert len(values) > len(ticks) / 3, signal.tag_name


def test_the_weekday_shift_draws_more_than_the_night() -> None:
    noon, night = LOCAL_MONDAY + 12 * 3600, LOCAL_MONDAY + 3 * 3600
    assert load(noon) == pytest.approx(1.0)
    assert load(night) == pytest.approx(0.55, abs=1e-3)
    assert PLANT.healthy(noon)[5] > PLANT.healthy(night)[5] + 2000


@given(st.integers(0, 8 * DAY))
def test_the_load_has_no_jump(second: int) -> None:
    t = LOCAL_MONDAY + second
    assert abs(load(t + 1) - load(t)) < 0.001


@given(st.floats(0, 1e6), st.integers(60, 10_000))
def test_a_tide_stays_between_its_marks(t: float, period: int) -> None:
    assert 10.0 <= Tide(10.0, 20.0, period).at(t) <= 20.0 + 1e-9


@given(st.integers(0, 2**64 - 1), st.integers(-(2**40), 2**40))
def test_noise_is_bounded(stream: int, t: int) -> None:
    assert 0 <= noise.uniform(stream, t) < 1
    assert -1 <= noise.triangular(stream, t) < 1


def test_noise_is_spread_evenly_and_has_no_memory() -> None:
    stream = noise.key(1, "D100", "noise")
    drawn = [noise.uniform(stream, 5 * n) for n in range(20_000)]
    assert statistics.mean(drawn) == pytest.approx(0.5, abs=0.01)
    assert statistics.pvariance(drawn) == pytest.approx(1 / 12, abs=0.002)
    assert abs(statistics.correlation(drawn, drawn[1:] + drawn[:1])) < 0.03


def test_every_tag_has_a_rule_with_a_unit_and_a_title() -> None:
    assert list(RULE) == list(TAGS)
    for rule in RULE.values():
        assert rule.unit
        assert rule.meta["title"]
        assert rule.enabled


def test_every_tag_is_expected_at_the_rate_it_is_written() -> None:
    rows = qc_csv.read(qc.EXPECTATIONS_CSV, EXPECTATIONS)
    assert {row.tag_name: row.exp_per_min for row in rows} == dict.fromkeys(TAGS, 60 // PERIOD_S)


def test_the_ranges_of_the_specification_are_there() -> None:
    assert (RULE["D100"].min_val, RULE["D100"].max_val) == (0.0, 200.0)
    assert (0.0, 20_000.0) in {(rule.min_val, rule.max_val) for rule in RULE.values()}
