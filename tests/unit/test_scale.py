"""The position of a value among the limits of its rule (PRD §5.9)."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain.scale import Scale, Zone, scale
from ksys_app.models.rows import QcRule

RULE = QcRule(
    "D100", min_val=0, max_val=200, warn_min=180, warn_max=195, crit_min=170, crit_max=198
)


def of(value: float | None, rule: QcRule = RULE) -> Scale:
    line = scale(value, rule)
    assert line is not None
    return line


def test_it_goes_from_end_to_end_of_the_range_with_a_state_for_each_part() -> None:
    line = of(190)
    assert (line.low, line.high, line.at, line.off) == (0, 200, 95.0, 0)
    assert line.zones == (
        Zone(0.0, 85.0, 2),
        Zone(85.0, 90.0, 1),
        Zone(90.0, 97.5, 0),
        Zone(97.5, 99.0, 1),
        Zone(99.0, 100.0, 2),
    )
    assert [(mark.label, mark.at) for mark in line.marks] == [
        *(("LL 170", 85.0), ("L 180", 90.0), ("H 195", 97.5), ("HH 198", 99.0)),
    ]


def test_labels_that_would_meet_stand_in_rows_of_their_own() -> None:
    assert [mark.row for mark in of(190).marks] == [0, 1, 2, 3]
    apart = QcRule("A", min_val=0, max_val=100, warn_min=20, warn_max=50, crit_max=80)
    assert [mark.row for mark in of(1, apart).marks] == [0, 0, 0]


@pytest.mark.parametrize(("value", "at", "off"), [(-5.0, 0.0, -1), (300.0, 100.0, 1)])
def test_a_value_beyond_the_range_stands_at_its_end_and_says_so(
    value: float, at: float, off: int
) -> None:
    line = of(value)
    assert (line.at, line.off) == (at, off)


def test_without_a_range_the_line_reaches_over_its_limits_and_the_value_and_names_no_end() -> None:
    line = of(20, QcRule("A", warn_max=80_000))
    assert (line.low, line.high) == (None, None)
    assert line.at is not None
    assert 0 < line.at < line.marks[0].at < 100
    assert [zone.level for zone in line.zones] == [0, 1]


@pytest.mark.parametrize(
    "rule",
    [None, QcRule("A"), QcRule("A", max_val=5), QcRule("A", min_val=0, max_val=9, enabled=False)],
)
def test_without_two_figures_there_is_no_line(rule: QcRule | None) -> None:
    assert scale(None, rule) is None


def test_without_a_value_the_limits_stand_alone() -> None:
    line = of(None)
    assert (line.at, line.off, len(line.marks)) == (None, 0, 4)


LIMITS = st.none() | st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(st.lists(LIMITS, min_size=6, max_size=6), LIMITS)
def test_whatever_the_limits_are_everything_stands_on_the_line(
    limits: list[float | None], value: float | None
) -> None:
    low, crit_low, warn_low, warn_high, crit_high, high = limits
    rule = QcRule(
        "A",
        min_val=low,
        max_val=high,
        crit_min=crit_low,
        warn_min=warn_low,
        warn_max=warn_high,
        crit_max=crit_high,
    )
    line = scale(value, rule)
    if line is None:
        return
    places = [mark.at for mark in line.marks] + [zone.end for zone in line.zones]
    assert all(0 <= place <= 100 for place in places)
    assert line.at is None or 0 <= line.at <= 100
    assert (line.zones[0].start, line.zones[-1].end) == (0, 100)
