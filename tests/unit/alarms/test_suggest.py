"""The limits that ``ksys alarms suggest`` proposes from a history (PRD §32.2)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.alarms.suggest import proposals
from ksys_app.domain.alarms.times import SECOND
from ksys_app.domain.rule_edit import rule_problems
from ksys_app.models.alarm_history import AlarmHistory
from ksys_app.models.limits import AlarmRule, Limits
from ksys_app.models.rows import QcRule
from tests.unit.alarms.machine_run import START

QUIET = [(START * SECOND + n * 5 * SECOND, 50.0, 0) for n in range(200)]
# Usually 40 to 60, with 35 to 65 at most.
HISTORY = AlarmHistory("T", 43_200, 30.0, 35.0, 40.0, 60.0, 65.0, 0.72, QUIET)
NEW = Limits(QcRule("T"), 0, False)


def proposed(limits: Limits, history: AlarmHistory = HISTORY) -> dict[str, float]:
    return {one.column: one.value for one in proposals(limits, history)[0]}


def test_limits_lie_beyond_what_the_minutes_usually_reach() -> None:
    assert proposed(NEW) == {
        "warn_max": 66,
        "crit_max": 71,
        "warn_min": 34,
        "crit_min": 29,
        "max_gap_seconds": 60,
    }


def test_what_somebody_chose_stays() -> None:
    chosen = QcRule("T", warn_max=50, crit_max=80, warn_min=1, crit_min=0, max_gap_seconds=900)
    assert proposed(Limits(chosen, 3, True)) == {}
    _, after = proposals(Limits(replace(chosen, warn_min=None), 3, True), HISTORY)
    assert (after.rule.warn_max, after.rule.warn_min, after.version) == (50, 34, 3)


def test_a_limit_that_contradicts_another_one_is_left_out() -> None:
    assert "warn_max" not in proposed(Limits(QcRule("T", crit_max=60), 1, True))
    assert proposed(Limits(QcRule("T", max_val=68), 1, True)).keys() >= {"warn_max"}
    assert "crit_max" not in proposed(Limits(QcRule("T", max_val=68), 1, True))


def test_a_deadband_is_as_wide_as_the_noise_and_needs_a_range() -> None:
    ranged = Limits(QcRule("T", min_val=0, max_val=100), 1, True)
    assert proposed(ranged)["deadband_pct"] == 0.8
    assert proposed(ranged, replace(HISTORY, noise=0.0))["deadband_pct"] == 0.1
    assert proposed(ranged, replace(HISTORY, noise=50.0))["deadband_pct"] == 5.0
    assert "deadband_pct" not in proposed(NEW)


def test_what_is_never_negative_has_no_limit_below_zero() -> None:
    flow = replace(HISTORY, lowest=0.0, low=0.0, usual_low=0.5)
    assert not {"warn_min", "crit_min"} & proposed(NEW, flow).keys()
    assert proposed(NEW, replace(flow, lowest=-0.1))["crit_min"] < 0


def test_a_constant_has_no_limits() -> None:
    still = replace(HISTORY, low=50.0, usual_low=50.0, usual_high=50.0, high=50.0)
    assert proposed(NEW, still) == {"max_gap_seconds": 60}


@pytest.mark.parametrize(("period", "gap"), [(5, 60), (30, 120), (60, 180), (600, 1800)])
def test_an_allowed_gap_is_three_times_what_samples_are_apart(period: int, gap: int) -> None:
    samples = [(START * SECOND + n * period * SECOND, 50.0, 0) for n in range(200)]
    assert proposed(NEW, replace(HISTORY, samples=samples))["max_gap_seconds"] == gap


def test_one_sample_of_a_slow_tag_raises_nothing_alone() -> None:
    slow = [(START * SECOND + n * 60 * SECOND, 50.0, 0) for n in range(200)]
    found = proposed(NEW, replace(HISTORY, samples=slow))
    assert found["HIGH.on_delay_s"] == found["LOW.on_delay_s"] == 120
    chosen = Limits(QcRule("T"), 1, True, {"HIGH": AlarmRule(on_delay_s=5, message="hot")})
    _, after = proposals(chosen, replace(HISTORY, samples=slow))
    assert after.settings["HIGH"] == AlarmRule(on_delay_s=5, message="hot")
    assert after.settings["LOW"].on_delay_s == 120


def test_an_alarm_that_comes_back_at_once_gets_a_longer_off_delay() -> None:
    # Above the limit for 20 s, below it for 45 s, again and again.
    samples, second = [], START
    while len(samples) < 2000:
        for seconds, value in ((20, 90.0), (45, 50.0)):
            for _ in range(seconds // 5):
                samples.append((second * SECOND, value, 0))
                second += 5
    found, _ = proposals(NEW, replace(HISTORY, samples=samples))
    off = next(one for one in found if one.column == "HIGH.off_delay_s")
    assert off.value == 60
    assert "with this delay 0 times" in off.why
    assert "LOW.off_delay_s" not in {one.column for one in found}


def test_a_short_history_and_a_rule_that_is_off_get_nothing() -> None:
    assert proposed(NEW, replace(HISTORY, minutes=59)) == {}
    assert proposed(Limits(QcRule("T", enabled=False), 1, True)) == {}
    assert proposed(Limits(QcRule("T", enabled=None), 1, True)) == {}


@given(st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_a_proposed_rule_can_always_be_saved(seed: int) -> None:
    chance = Random(seed)
    scale = 10 ** chance.uniform(-6, 9)
    edges = sorted(chance.gauss(0, scale) for _ in range(5))
    history = AlarmHistory("T", 9999, *edges, abs(chance.gauss(0, scale)), QUIET)
    rule = QcRule("T")
    if chance.random() < 0.5:
        rule = replace(rule, min_val=edges[0] - scale, max_val=edges[4] + scale)
    found, after = proposals(Limits(rule, 0, True), history)
    assert rule_problems(after.rule) == ()
    for one in found:
        if "." not in one.column:
            assert getattr(after.rule, one.column) == one.value
