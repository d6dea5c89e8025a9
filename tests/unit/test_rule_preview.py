"""The alarms that limits would have raised, from minutes and from samples (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ksys_app.domain.alarms.times import SECOND
from ksys_app.domain.rule_preview import end, feed, from_minutes, judge, not_in_minutes, summary
from ksys_app.models.limits import AlarmRule, Limits
from ksys_app.models.rows import QcRule
from ksys_app.models.rule_preview import Episode, Minutes, Samples, Summary

NOON = 1_800_000_000
RULE = QcRule(
    "T",
    0.0,
    100.0,
    max_gap_seconds=600,
    warn_min=10.0,
    warn_max=80.0,
    crit_max=90.0,
    deadband_pct=2,
)


def limits(rule: QcRule = RULE, **settings: AlarmRule) -> Limits:
    return Limits(rule, 1, True, settings)  # type: ignore[arg-type]


def minutes(low: Sequence[float], high: Sequence[float]) -> Minutes:
    return Minutes([NOON + 60 * i for i in range(len(low))], low, high)


def short(found: Sequence[Episode]) -> list[tuple[str, str, int, int | None]]:
    """Condition, level, and begin and end in minutes."""
    return [
        (
            one.condition,
            one.level,
            (one.raised_us // SECOND - NOON) // 60,
            None if one.cleared_us is None else (one.cleared_us // SECOND - NOON) // 60,
        )
        for one in found
    ]


def test_minutes_are_judged_by_their_largest_and_smallest_values() -> None:
    low, high = [50.0] * 30, [60.0] * 30
    high[5:8] = [85.0] * 3
    high[12] = 95.0
    low[20:22] = [5.0] * 2
    found = from_minutes(limits(), minutes(low, high), (NOON + 1800) * SECOND)
    assert [one.priority for one in found] == [3, 2, 3]
    assert short(found) == [("HIGH", "H", 5, 8), ("HIGH", "H", 12, 13), ("LOW", "L", 20, 22)]


def test_a_value_within_the_deadband_keeps_an_alarm_of_minutes() -> None:
    high = [60.0, 85.0, 79.0, 79.0, 77.0, 60.0]
    found = from_minutes(limits(), minutes([50.0] * 6, high), (NOON + 360) * SECOND)
    assert short(found) == [("HIGH", "H", 1, 4)]


def test_a_broken_end_of_the_range_is_counted_once() -> None:
    low, high = [50.0, -5.0, 50.0, 50.0, 50.0], [60.0, -1.0, 60.0, 101.0, 60.0]
    found = from_minutes(limits(), minutes(low, high), (NOON + 300) * SECOND)
    instr = [one for one in short(found) if one[0] == "INSTR"]
    assert instr == [("INSTR", "RANGE", 1, 2), ("INSTR", "RANGE", 3, 4)]


def test_a_hole_is_a_gap_and_short_gaps_are_not_in_minutes() -> None:
    at = [NOON, NOON + 60, NOON + 1260, NOON + 1320]
    found = Minutes(at, [50.0] * 4, [60.0] * 4)
    assert short(from_minutes(limits(), found, (NOON + 1380) * SECOND)) == [("GAP", "", 11, 21)]
    fast = QcRule("T", max_gap_seconds=30, max_step=1.0, spike_zscore=3.0)
    assert from_minutes(limits(fast), found, (NOON + 1380) * SECOND) == []
    assert not_in_minutes(fast) == ("GAP", "STEP", "SPIKE")
    assert not_in_minutes(RULE) == ()


def test_settings_count() -> None:
    high = [60.0, 85.0, 60.0, 85.0, 85.0, 85.0, 85.0, 60.0]
    slow = limits(HIGH=AlarmRule(priority=1, on_delay_s=120, off_delay_s=0))
    found = from_minutes(slow, minutes([50.0] * 8, high), (NOON + 480) * SECOND)
    assert short(found) == [("HIGH", "H", 5, 7)]
    assert found[0].priority == 1


def test_batches_of_samples_give_the_same_episodes() -> None:
    values = [85.0 if i % 50 < 25 else 60.0 for i in range(400)]
    at = [(NOON + i) * SECOND for i in range(400)]
    one, many = judge(limits()), judge(limits())
    feed(one, Samples(at, values, [0] * 400))
    for i in range(0, 400, 7):
        feed(many, Samples(at[i : i + 7], values[i : i + 7], [0] * len(at[i : i + 7])))
        end(many, at[min(i + 6, 399)])
    for judged in (one, many):
        end(judged, (NOON + 460) * SECOND)
    assert one.episodes == many.episodes
    assert [one.condition for one in many.episodes] == ["HIGH"]


def episode(begin: int, until: int | None, condition: str = "HIGH", priority: int = 3) -> Episode:
    return Episode(
        condition,  # type: ignore[arg-type]
        "H",
        priority,
        80.0,
        (NOON + begin) * SECOND,
        None if until is None else (NOON + until) * SECOND,
    )


def test_the_figures_of_a_span() -> None:
    found = [
        episode(0, 10),
        episode(20, 25),
        episode(40, 41),
        episode(1000, 1001, "STEP", 4),
        episode(43_200, None),
    ]
    assert summary(found, NOON * SECOND, (NOON + 86_400) * SECOND) == Summary(
        raises=4,
        per_day=4.0,
        events=1,
        longest_s=43_200.0,
        in_alarm_s=43_216.0,
        chatter=3,
        by_condition={"HIGH": 4, "STEP": 1},
        active={"HIGH": "H"},
    )


@pytest.mark.parametrize(
    ("begins", "chatter"),
    [((0, 30, 61), 0), ((0, 30, 60), 3), ((0, 30, 60, 90, 400), 4), ((0, 30), 0)],
)
def test_three_alarms_within_a_minute_chatter(begins: tuple[int, ...], chatter: int) -> None:
    found = [episode(begin, begin + 1) for begin in begins]
    assert summary(found, NOON * SECOND, (NOON + 86_400) * SECOND).chatter == chatter
