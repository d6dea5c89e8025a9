"""The first and last bucket of a window, and the slices of a long window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain.windows import WINDOWS, Window, edges, parse_window, slices

SEOUL = ZoneInfo("Asia/Seoul")
DAY = timedelta(days=1)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
windows = st.sampled_from(WINDOWS)
zones = st.sampled_from(["Asia/Seoul", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])


@pytest.mark.parametrize(
    ("label", "now", "first", "end"),
    [
        ("1m", "2025-08-26T13:26:20", "2025-08-26T13:26:00", "2025-08-26T13:27:00"),
        ("5m", "2025-08-26T13:26:00", "2025-08-26T13:21:00", "2025-08-26T13:27:00"),
        ("48h", "2025-08-26T13:26:20", "2025-08-24T13:30:00", "2025-08-26T13:30:00"),
        ("30d", "2025-08-26T13:26:20", "2025-07-27T14:00:00", "2025-08-26T14:00:00"),
        ("6m", "2025-08-26T13:26:20", "2025-02-27T15:00:00", "2025-08-26T15:00:00"),
        ("6m", "2025-08-26T15:00:00", "2025-02-27T15:00:00", "2025-08-27T15:00:00"),
    ],
)
def test_a_bucket_that_began_before_the_window_is_not_in_it(
    label: str, now: str, first: str, end: str
) -> None:
    window = parse_window(label)
    found = edges(window, window.width, _utc(now), SEOUL)
    assert found == (_utc(first), _utc(end))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(windows, moments, zones)
def test_the_edges_hold_the_window_and_are_the_beginnings_of_buckets(
    window: Window, now: datetime, zone: str
) -> None:
    # A day may have 25 hours.
    longest = window.width * 25 / 24 if window.bucket == "1d" else window.width
    first, end = edges(window, window.width, now, ZoneInfo(zone))
    assert now - window.duration <= first < now - window.duration + longest
    assert now < end <= now + longest
    for edge in (first, end):
        if window.bucket == "1d":
            local = edge.astimezone(ZoneInfo(zone))
            assert (local.hour, local.minute, local.second) == (0, 0, 0)
        else:
            assert edge.timestamp() % window.width.total_seconds() == 0


@given(windows, moments)
def test_they_stay_until_a_bucket_ends_or_leaves(window: Window, now: datetime) -> None:
    first, end = edges(window, window.width, now, SEOUL)
    until = max(now, min(end, first + window.duration) - timedelta(microseconds=1))
    assert edges(window, window.width, until, SEOUL) == (first, end)


@given(moments, st.timedeltas(timedelta(0), 365 * DAY), st.integers(1, 40))
def test_stretches_join_and_the_last_has_no_end(
    start: datetime, length: timedelta, days: int
) -> None:
    found = list(slices(start, start + length, days * DAY))
    assert found[0][0] == start
    assert found[-1][1] is None
    assert found[-1][0] <= start + length
    assert all(one[1] == two[0] == one[0] + days * DAY for one, two in pairwise(found))
