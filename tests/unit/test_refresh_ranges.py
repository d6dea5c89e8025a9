"""A backfill refreshes the days of its samples if their raw rows are complete."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, strategies as st

from ksys_app.ops.schema import refresh_ranges

NOW = datetime(2026, 8, 14, 3, 7, 11, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = st.sets(st.dates(date(2025, 6, 1), NOW.date()), max_size=12)


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def test_two_days_to_each_side_hold_every_local_day_of_a_sample() -> None:
    assert refresh_ranges.windows({date(2026, 3, 10)}, set(), NOW) == [
        (at(2026, 3, 8), at(2026, 3, 13))
    ]


def test_days_far_apart_are_ranges_of_their_own_and_the_last_ends_now() -> None:
    touched = {date(2026, 3, 10), date(2026, 3, 14), date(2026, 8, 14)}
    assert refresh_ranges.windows(touched, set(), NOW) == [
        (at(2026, 3, 8), at(2026, 3, 17)),
        (at(2026, 8, 12), NOW),
    ]


def test_a_day_that_is_gone_bounds_the_range_and_one_of_its_own_is_left_alone() -> None:
    touched = {date(2026, 3, 10), date(2026, 5, 1)}
    gone = {date(2026, 3, 9), date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 2)}
    assert refresh_ranges.windows(touched, gone, NOW) == [(at(2026, 3, 10), at(2026, 3, 13))]


@given(touched=DAYS, gone=DAYS)
def test_every_day_that_is_not_gone_is_in_one_range_and_no_other_day_is(
    touched: set[date], gone: set[date]
) -> None:
    found = refresh_ranges.windows(touched, gone, NOW)
    days = [
        start.date() + n * DAY for start, end in found for n in range((end - start) // DAY + 1)
        if start + n * DAY < end
    ]  # fmt: skip
    assert len(days) == len(set(days))
    assert set(days) >= touched - gone
    assert not set(days) & gone
    assert all(end <= NOW for _, end in found)
