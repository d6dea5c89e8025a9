"""Since when a value has been in its state (PRD §5.8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ksys_app.domain.spell import Spell, spell, stretches
from ksys_app.models.rows import QcRule, Sample
from ksys_app.models.series import Bucket

NOW = datetime(2025, 8, 15, 7, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALLOWED = timedelta(seconds=60)
RULE = QcRule("A", min_val=0, max_val=200, warn_max=180, crit_max=195, deadband_pct=1)


def ago(minutes: float) -> datetime:
    return NOW - minutes * MINUTE


def samples(*values: float) -> list[Sample]:
    """One a minute, the last one a minute ago."""
    return [Sample(ago(len(values) - at), value) for at, value in enumerate(values)]


def minute(minutes: float, low: float, high: float, last: float | None = None) -> Bucket:
    last = high if last is None else last
    return Bucket(ago(minutes), 2, low, low + high, low, high, last, low, last - low, NOW)


def found(*values: float, rule: QcRule | None = RULE, now: datetime = NOW) -> Spell | None:
    return spell(stretches((), samples(*values)), rule, ALLOWED, now)


def expected(
    level: int, minutes: float, *, at_least: bool = False, by_minute: bool = False
) -> Spell:
    return Spell(level, ago(minutes), at_least, by_minute)  # type: ignore[arg-type]


def test_a_state_began_with_the_first_sample_in_it() -> None:
    assert found(100, 190, 196, 197, 199) == expected(2, 3)
    assert found(100, 190, 185) == expected(1, 2)
    assert found(196, 100, 101) == expected(0, 2)


def test_where_nothing_older_is_known_it_is_reported() -> None:
    assert found(196, 197) == expected(2, 2, at_least=True)
    assert found(100) == expected(0, 1, at_least=True)


def test_a_limit_is_held_in_its_deadband_as_the_alarm_is() -> None:
    assert found(100, 196, 193.5, 194) == expected(2, 3)
    assert found(100, 193.5, 194) == expected(1, 2), "not held before it was broken"
    assert found(100, 196, 192, 194) == expected(1, 2)


def test_the_other_side_of_the_same_state_continues_with_it() -> None:
    low = replace(RULE, crit_min=10)
    assert found(100, 5, 196, rule=low) == expected(2, 2)


def test_nobody_saw_the_values_in_a_silence() -> None:
    series = [Sample(ago(30), 100.0), Sample(ago(29), 196.0), Sample(ago(3), 196.0)]
    assert spell(stretches((), series), RULE, ALLOWED, NOW) == expected(2, 3, at_least=True)
    assert spell(stretches((), series), RULE, 3 * MINUTE, NOW) == expected(2, 29)


def test_what_is_ahead_of_the_clock_is_ignored() -> None:
    assert found(196, 100, 101, now=ago(2.5)) == expected(2, 3, at_least=True)


@pytest.mark.parametrize("rule", [None, replace(RULE, enabled=False)])
def test_without_a_rule_there_is_no_state(rule: QcRule | None) -> None:
    assert found(100, rule=rule) is None
    assert found() is None


def test_minutes_tell_what_is_older_than_the_samples() -> None:
    minutes = [minute(6, 100, 120), minute(5, 100, 190), minute(4, 182, 190), minute(3, 182, 190)]
    series = list(stretches(minutes, samples(185, 186)))
    assert spell(series, RULE, ALLOWED, NOW) == expected(1, 4, by_minute=True)
    inside = [minute(5, 183, 190), *minutes[2:]]
    assert spell(stretches(inside, samples(185, 186)), RULE, ALLOWED, NOW) == expected(
        1, 5, at_least=True, by_minute=True
    )


def test_a_minute_whose_ends_differ_is_in_the_state_of_its_last_value() -> None:
    minutes = [minute(4, 182, 190), minute(3, 100, 196, last=100)]
    assert spell(stretches(minutes, samples(100, 101)), RULE, ALLOWED, NOW) == expected(
        0, 2, by_minute=True
    )
    # Critical on both sides: what lies between is not.
    both = replace(RULE, crit_min=10)
    series = stretches([minute(3, 5, 196)], samples(196, 197))
    assert spell(series, both, ALLOWED, NOW) == expected(2, 2, by_minute=True)


def test_a_minute_that_the_samples_hold_is_not_counted_twice() -> None:
    series = samples(100, 196)
    both = list(stretches([minute(2, 100, 196), minute(1, 100, 196)], series))
    assert both == list(stretches((), series))
