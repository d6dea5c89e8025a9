"""A value that stays the same for longer than its rule allows (PRD §5.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ksys_app.domain.meta import meta_fault
from ksys_app.domain.ordering import kinds, severity
from ksys_app.domain.still import Unchanged, look_back, suspects, unchanged
from ksys_app.models.rows import QcRule, Run, TileRow
from ksys_app.texts import say
from tests.unit.test_ordering import tile

NOW = datetime(2025, 8, 15, 7, 26, 7, tzinfo=UTC)
RULE = QcRule("D100", meta={"stuck_s": 1800})
ROW = TileRow(
    tag_name="D100",
    now=NOW,
    value=7.5,
    ts=NOW,
    count=1,
    min=7.5,
    max=7.5,
    first=7.5,
    last=7.5,
    prev_last=7.5,
    prev_value=7.5,
    prev_ts=NOW - timedelta(seconds=5),
    recent_mean=None,
    recent_std=None,
    exp_per_min=None,
)


def run(minutes: float, value: float = 7.5, *, longer: bool = False) -> Run:
    return Run("D100", value, NOW - timedelta(minutes=minutes), longer)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (run(45), Unchanged(2700, False)),
        (run(30), Unchanged(1800, False)),
        (run(363, longer=True), Unchanged(6 * 3600, True)),
        (run(29.9), None),
        (run(45, value=7.4), None),
        (None, None),
    ],
)
def test_it_is_reported_from_what_the_rule_allows_on(
    found: Run | None, expected: Unchanged | None
) -> None:
    assert unchanged(ROW, RULE, "ok", found) == expected


def test_a_tag_that_does_not_send_and_a_rule_that_is_off_are_not_judged() -> None:
    assert unchanged(ROW, RULE, "late", run(45)) is None
    assert unchanged(ROW, replace(RULE, enabled=False), "ok", run(45)) is None
    assert unchanged(ROW, replace(RULE, meta={}), "ok", run(45)) is None
    assert unchanged(ROW, None, "ok", run(45)) is None


def test_the_database_is_asked_only_of_tags_with_the_rule_that_may_stand_still() -> None:
    rules = {"D100": RULE}
    (one,) = suspects([ROW], rules)
    assert (one.tag_name, one.value, one.look_s) == ("D100", 7.5, 6 * 3600)
    assert suspects([ROW], {}) == []
    assert suspects([replace(ROW, prev_value=7.4)], rules) == []
    assert suspects([replace(ROW, value=float("nan"))], rules) == []
    assert suspects([ROW], {"D100": replace(RULE, enabled=False)}) == []


def test_it_is_looked_for_twice_as_long_as_allowed_and_six_hours_at_least() -> None:
    assert [look_back(s) for s in (60, 10_800, 86_400)] == [21_600, 21_600, 172_800]


@pytest.mark.parametrize("stuck_s", [1, 0.5, 86_400, None])
def test_seconds_that_can_be_used(stuck_s: object) -> None:
    assert meta_fault({"stuck_s": stuck_s}) is None


@pytest.mark.parametrize(
    "stuck_s", [0, -1, "900", True, [], 86_401, float("nan"), float("inf"), 10**400]
)
def test_seconds_that_cannot_be_used_are_reported_and_not_judged(stuck_s: object) -> None:
    assert "stuck_s must be a number of seconds" in say(meta_fault({"stuck_s": stuck_s}))
    assert QcRule("D100", meta={"stuck_s": stuck_s}).stuck_s is None


def test_it_is_a_kind_of_trouble_of_its_own() -> None:
    still = replace(tile("D100"), unchanged_s=2700.0)
    assert kinds(still) == ("still",)
    assert severity(tile("A", comm="late")) < severity(still) < severity(tile("B"))
