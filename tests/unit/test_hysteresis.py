"""``deadband_pct``: a broken limit stays broken until the value is well back (PRD decision 10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.quality import Reading, held_limits, judge
from ksys_app.models.rows import QcRule
from ksys_app.models.tiles import Reason, Violation
from ksys_app.texts.alarm import alarm

NOW = datetime(2025, 8, 15, 7, 26, 7, tzinfo=UTC)
# The band is 1 % of 0..200, so 2.0.
LIMITS = QcRule(
    "D100",
    min_val=0,
    max_val=200,
    warn_min=20,
    warn_max=180,
    crit_min=10,
    crit_max=190,
    deadband_pct=1,
)
# The last value at which a held limit stays, and one just further back.
EDGES: dict[Reason, list[tuple[float, float]]] = {
    "HH": [(188, 187.999)],
    "H": [(178, 177.999)],
    "L": [(22, 22.001)],
    "LL": [(12, 12.001)],
    "RANGE": [(198, 197.999), (2, 2.001)],
}


def at(value: float) -> Reading:
    return Reading(NOW, value, NOW - timedelta(seconds=1))


def only(reason: Reason) -> QcRule:
    """The range and the one limit of ``reason``."""
    name = {"HH": "crit_max", "H": "warn_max", "LL": "crit_min", "L": "warn_min"}.get(reason)
    limit = {} if name is None else {name: getattr(LIMITS, name)}
    return QcRule("D100", min_val=0, max_val=200, deadband_pct=1, **limit)


@pytest.mark.parametrize("reason", EDGES)
def test_a_held_limit_is_released_beyond_the_band(reason: Reason) -> None:
    for inside, outside in EDGES[reason]:
        (still,) = judge(only(reason), at(inside), frozenset({reason}))
        assert still.reason == reason
        assert judge(only(reason), at(outside), frozenset({reason})) == ()


@pytest.mark.parametrize("reason", EDGES)
def test_the_band_does_not_raise_what_was_not_held(reason: Reason) -> None:
    for inside, _ in EDGES[reason]:
        assert judge(only(reason), at(inside)) == ()


@pytest.mark.parametrize("reason", EDGES)
def test_a_label_inside_the_band_says_so(reason: Reason) -> None:
    for inside, _ in EDGES[reason]:
        (still,) = judge(only(reason), at(inside), frozenset({reason}))
        assert still.held
        assert " in the deadband of " in alarm([still])


def test_the_band_is_a_part_of_the_range_wherever_that_lies() -> None:
    rule = QcRule("D302", min_val=-20, max_val=40, warn_max=20, deadband_pct=1)
    assert held_limits(judge(rule, at(19.5), frozenset({"H"}))) == {"H"}
    assert judge(rule, at(19.3), frozenset({"H"})) == ()
    assert held_limits(judge(rule, at(39.5), frozenset({"RANGE"}))) >= {"RANGE"}


def test_without_a_deadband_or_a_range_the_limit_itself_releases() -> None:
    for rule in (replace(LIMITS, deadband_pct=None), replace(LIMITS, max_val=None)):
        assert judge(rule, at(179.999), frozenset({"H"})) == ()
    for pct in (None, 0):
        rule = QcRule("D100", min_val=0, max_val=200, deadband_pct=pct)
        assert judge(rule, at(200), frozenset({"RANGE"})) == ()


def test_a_negative_deadband_counts_as_none() -> None:
    rule = replace(LIMITS, deadband_pct=-5)
    assert held_limits(judge(rule, at(181), frozenset({"H"}))) == {"H"}
    assert judge(rule, at(179.999), frozenset({"H"})) == ()


def test_only_limits_are_held() -> None:
    rule = replace(LIMITS, max_step=1, max_gap_seconds=0, spike_zscore=1, allow_negative=False)
    before = NOW - timedelta(seconds=6)
    found = judge(rule, replace(at(-3), prev_value=9, prev_ts=before, recent_mean=9, recent_std=1))
    assert len(found) == 7
    assert held_limits(found) == {"RANGE", "LL", "L"}
    assert held_limits((Violation("crit", "BAD"),)) == frozenset()


@given(st.floats(-50, 250), st.frozensets(st.sampled_from(sorted(EDGES))), st.floats(0, 100))
@settings(deadline=None)
def test_judging_the_same_reading_twice_changes_nothing(
    value: float, held: frozenset[Reason], deadband: float
) -> None:
    rule = replace(LIMITS, deadband_pct=deadband)
    first = judge(rule, at(value), held)
    assert judge(rule, at(value), held_limits(first)) == first
