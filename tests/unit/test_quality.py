"""Comm and Alarm of a tag (PRD decisions 9 and 10)."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.quality import (
    Reading,
    allowed_gap,
    comm_state,
    judge,
)
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.texts.alarm import alarm

NOW = datetime(2025, 8, 15, 7, 26, 7, tzinfo=UTC)
S, TICK = timedelta(seconds=1), timedelta(microseconds=1)
LIMITS = QcRule(
    "D100",
    min_val=0,
    max_val=200,
    warn_min=20,
    warn_max=180,
    crit_min=10,
    crit_max=190,
)


def at(value: float | None, age_s: float = 1, **before: float | None) -> Reading:
    """A reading of ``value``, ``age_s`` old; ``before`` describes what came before it."""
    ts = NOW - timedelta(seconds=age_s)
    step_s = before.pop("step_s", None)
    prev_ts = None if step_s is None else ts - timedelta(seconds=step_s)
    return Reading(NOW, value, ts, prev_ts=prev_ts, **before)


def reasons(rule: QcRule | None, reading: Reading) -> list[str]:
    return [f"{v.level} {v.reason}" for v in judge(rule, reading)]


class TestComm:
    """The age of the newest sample against what is allowed."""

    @pytest.mark.parametrize(
        ("rule", "expectation", "seconds"),
        [
            pytest.param(QcRule("D", max_gap_seconds=120), None, 120, id="the rule's gap"),
            pytest.param(
                QcRule("D", max_gap_seconds=120), Expectation("D", 60), 120, id="rule first"
            ),
            pytest.param(QcRule("D", max_gap_seconds=5), None, 60, id="never below a minute"),
            pytest.param(QcRule("D", max_gap_seconds=0), None, 60, id="a gap of zero"),
            pytest.param(
                QcRule("D", max_gap_seconds=300, enabled=False),
                Expectation("D", 12),
                60,
                id="a disabled rule has no say",
            ),
            pytest.param(QcRule("D"), Expectation("D", 1), 120, id="twice the period: 1 a minute"),
            pytest.param(None, Expectation("D", 2), 60, id="twice the period: 2 a minute"),
            pytest.param(None, Expectation("D", 12), 60, id="12 a minute, never below a minute"),
            pytest.param(None, Expectation("D", 0), 120, id="an expectation of none"),
            pytest.param(None, None, 120, id="no expectation: 1 a minute"),
        ],
    )
    def test_allowed_age(
        self, rule: QcRule | None, expectation: Expectation | None, seconds: int
    ) -> None:
        assert allowed_gap(rule, expectation) == timedelta(seconds=seconds)

    @pytest.mark.parametrize(
        ("age", "state"),
        [
            pytest.param(None, "never", id="no sample"),
            pytest.param(0 * S, "ok", id="now"),
            pytest.param(60 * S, "ok", id="as old as allowed"),
            pytest.param(60 * S + TICK, "late", id="a moment older"),
            pytest.param(600 * S, "late", id="ten times as old"),
            pytest.param(600 * S + TICK, "lost", id="a moment older than ten times"),
            pytest.param(timedelta(days=400), "lost", id="a year old"),
            pytest.param(-60 * S, "ok", id="a clock slightly ahead"),
            pytest.param(-60 * S - TICK, "late", id="a clock too far ahead"),
            pytest.param(-600 * S - TICK, "lost", id="a clock far ahead"),
        ],
    )
    def test_state(self, age: timedelta | None, state: str) -> None:
        assert comm_state(age, 60 * S) == state

    @given(st.timedeltas(0 * S, 9000 * S), st.timedeltas(0 * S, 9000 * S))
    @settings(deadline=None)
    def test_an_older_sample_is_never_better(self, one: timedelta, other: timedelta) -> None:
        order = ("ok", "late", "lost")
        young, old = sorted((one, other))
        assert order.index(comm_state(young, 90 * S)) <= order.index(comm_state(old, 90 * S))


class TestReasons:
    """The violations of each rule, and the values at which they begin."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(100, [], id="normal"),
            pytest.param(20.001, [], id="above L"),
            pytest.param(20, ["warn L"], id="on L"),
            pytest.param(10, ["crit LL", "warn L"], id="on LL"),
            pytest.param(0, ["crit LL", "warn L"], id="lower end of the range"),
            pytest.param(-0.001, ["crit RANGE", "crit LL", "warn L"], id="below the range"),
            pytest.param(179.999, [], id="below H"),
            pytest.param(180, ["warn H"], id="on H"),
            pytest.param(190, ["crit HH", "warn H"], id="on HH"),
            pytest.param(200, ["crit HH", "warn H"], id="upper end of the range"),
            pytest.param(200.001, ["crit RANGE", "crit HH", "warn H"], id="above the range"),
            pytest.param(math.nan, ["crit BAD"], id="not a number"),
            pytest.param(math.inf, ["crit BAD"], id="infinite"),
            pytest.param(None, ["crit BAD"], id="no value"),
        ],
    )
    def test_limits(self, value: float | None, expected: list[str]) -> None:
        assert reasons(LIMITS, at(value)) == expected

    @pytest.mark.parametrize(
        ("allowed", "value", "expected"),
        [
            (False, -0.001, ["crit NEGATIVE"]),
            (False, 0.0, []),
            (False, -0.0, []),
            (True, -5.0, []),
            (None, -5.0, []),
        ],
    )
    def test_negative_where_not_allowed(
        self, allowed: bool | None, value: float, expected: list[str]
    ) -> None:
        assert reasons(QcRule("D", allow_negative=allowed), at(value)) == expected

    @pytest.mark.parametrize(
        ("value", "prev", "step_s", "expected"),
        [
            pytest.param(15, 10, 5, [], id="as far as allowed"),
            pytest.param(15.001, 10, 5, ["warn STEP"], id="further up"),
            pytest.param(4.999, 10, 5, ["warn STEP"], id="further down"),
            pytest.param(99, None, None, [], id="nothing before"),
            pytest.param(99, math.nan, 5, [], id="not a number before"),
        ],
    )
    def test_step(
        self, value: float, prev: float | None, step_s: float | None, expected: list[str]
    ) -> None:
        reading = at(value, prev_value=prev, step_s=step_s)
        assert reasons(QcRule("D", max_step=5), reading) == expected

    @pytest.mark.parametrize(
        ("value", "step_s", "expected"),
        [
            pytest.param(12, 12, [], id="10 a minute"),
            pytest.param(12.01, 12, ["warn RATE"], id="just faster"),
            pytest.param(7.99, 12, ["warn RATE"], id="just faster, falling"),
            pytest.param(12.01, 60, [], id="the same change over a minute"),
            pytest.param(99, 0, [], id="two samples at one time have no rate"),
        ],
    )
    def test_rate(self, value: float, step_s: float, expected: list[str]) -> None:
        reading = at(value, prev_value=10, step_s=step_s)
        assert reasons(QcRule("D", roc_max_per_min=10), reading) == expected

    @pytest.mark.parametrize(
        ("value", "std", "expected"),
        [
            pytest.param(56, 2, [], id="as far as allowed"),
            pytest.param(56.01, 2, ["warn SPIKE"], id="further up"),
            pytest.param(43.99, 2, ["warn SPIKE"], id="further down"),
            pytest.param(99, 0, [], id="no spread to compare with"),
            pytest.param(99, None, [], id="too few samples"),
            pytest.param(99, math.nan, [], id="a spread that is not a number"),
        ],
    )
    def test_spike(self, value: float, std: float | None, expected: list[str]) -> None:
        reading = at(value, recent_mean=50, recent_std=std)
        assert reasons(QcRule("D", spike_zscore=3), reading) == expected

    @pytest.mark.parametrize(
        ("age_s", "expected"),
        [(30, []), (30.001, ["warn GAP"]), (90_000, ["warn GAP"]), (-500, [])],
    )
    def test_gap(self, age_s: float, expected: list[str]) -> None:
        assert reasons(QcRule("D", max_gap_seconds=30), at(5, age_s)) == expected

    def test_a_bad_value_can_be_old_as_well(self) -> None:
        rule = replace(LIMITS, max_gap_seconds=30, max_step=1, spike_zscore=1)
        reading = at(math.nan, 99, prev_value=5, step_s=5, recent_mean=5, recent_std=1)
        assert reasons(rule, reading) == ["crit BAD", "warn GAP"]

    @pytest.mark.parametrize(
        "rule", [None, QcRule("D"), replace(LIMITS, enabled=False)], ids=["none", "empty", "off"]
    )
    def test_without_a_rule_in_force_nothing_is_broken(self, rule: QcRule | None) -> None:
        assert reasons(rule, at(-1e6, 1e6, prev_value=0, step_s=5)) == []

    @pytest.mark.parametrize("rule", [None, replace(LIMITS, enabled=False), LIMITS])
    @pytest.mark.parametrize(
        ("value", "reason", "text"),
        [
            (2e200, "MAGNITUDE", "BAD MAGNITUDE 2e+200, 3 in 5 min"),
            (math.nan, "NOT_FINITE", "BAD NOT_FINITE nan, 3 in 5 min"),
            (5, "AHEAD", "BAD AHEAD 5, 3 in 5 min"),
            (None, "NO_VALUE", "BAD NO_VALUE, 3 in 5 min"),
        ],
    )
    def test_refused_samples_are_bad_quality_with_any_rule_or_none(
        self, rule: QcRule | None, value: float | None, reason: str, text: str
    ) -> None:
        refused = {"refused": 3, "refused_value": value, "refused_reason": reason}
        after = replace(at(50, 4), **refused, refused_at=NOW - timedelta(seconds=2))
        assert alarm(judge(rule, after)) == f"crit {text}"
        before = replace(at(50, 4), **refused, refused_at=NOW - timedelta(seconds=9))
        assert alarm(judge(rule, before)) == f"warn {text}"
        never = Reading(NOW, None, None, **refused, refused_at=NOW)
        assert alarm(judge(rule, never)) == f"crit {text}"

    def test_a_tag_never_seen_breaks_nothing(self) -> None:
        assert judge(LIMITS, Reading(NOW, None, None)) == ()


class TestLabel:
    def test_worst_first_whatever_was_found_first(self) -> None:
        rule = replace(LIMITS, max_step=5, max_gap_seconds=30, allow_negative=False)
        found = judge(rule, at(-3, 99, prev_value=50, step_s=5))
        assert [v.reason for v in found] == ["NEGATIVE", "RANGE", "LL", "L", "STEP", "GAP"]
        assert [v.level for v in found] == ["crit"] * 3 + ["warn"] * 3

    @pytest.mark.parametrize(
        ("rule", "reading", "label"),
        [
            (LIMITS, at(196.2), "crit HH 196.2 ≥ 190"),
            (LIMITS, at(10), "crit LL 10 ≤ 10"),
            (LIMITS, at(181), "warn H 181 ≥ 180"),
            (LIMITS, at(250), "crit RANGE 250 outside 0..200"),
            (QcRule("D", max_val=5), at(6), "crit RANGE 6 outside ..5"),
            (LIMITS, at(math.nan), "crit BAD not a number"),
            (QcRule("D", allow_negative=False), at(-5), "crit NEGATIVE -5 < 0"),
            (QcRule("D", max_step=5), at(9, prev_value=1, step_s=5), "warn STEP 8 > 5"),
            (
                QcRule("D", roc_max_per_min=10),
                at(9, prev_value=1, step_s=6),
                "warn RATE 80/min > 10/min",
            ),
            (
                QcRule("D", spike_zscore=3),
                at(60, recent_mean=50, recent_std=2),
                "warn SPIKE z 5.0 > 3",
            ),
            (QcRule("D", max_gap_seconds=30), at(1, 90), "warn GAP 90 s > 30 s"),
            (LIMITS, at(100), "-"),
        ],
    )
    def test_it_names_level_reason_and_figures(
        self, rule: QcRule, reading: Reading, label: str
    ) -> None:
        assert alarm(judge(rule, reading)) == label


@pytest.mark.parametrize(
    ("limits", "value", "text"),
    [
        ({"crit_max": 123456790.0}, 123456791.0, "crit HH 123456791 ≥ 123456790"),
        (
            {"min_val": 0.0, "max_val": 200.0},
            200.00000004,
            "crit RANGE 200.00000004 outside 0..200",
        ),
        ({"warn_max": 3.7e-6}, 3.79e-6, "warn H 3.79e-6 ≥ 3.7e-6"),
        ({"warn_max": 3234567890.0}, 3234567891.0, "warn H 3.234567891e9 ≥ 3.23456789e9"),
        ({"crit_max": 195.0}, 196.249992370605, "crit HH 196.25 ≥ 195"),
        ({"min_val": -1e300, "max_val": 0.0}, 5.0, "crit RANGE 5 outside -1e300..0"),
    ],
)
def test_the_figures_of_an_alarm_tell_the_value_from_its_limit(
    limits: dict[str, float], value: float, text: str
) -> None:
    rule = QcRule("D100", **limits)  # type: ignore[arg-type]
    assert alarm(judge(rule, Reading(NOW, value, NOW))) == text


def test_a_spike_over_a_series_that_stood_still_is_reported_in_a_few_signs() -> None:
    rule = QcRule("D100", spike_zscore=3)
    reading = Reading(NOW, 1e50, NOW, recent_mean=0.0, recent_std=1e-50)
    assert alarm(judge(rule, reading)) == "warn SPIKE z 10e99 > 3"
