"""The reason for an empty table, and the advice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ksys_app.domain.ranges import Period, parse_range
from ksys_app.domain.windows import parse_window
from ksys_app.models.rows import Tag
from ksys_app.states.series_empty import empty_texts
from ksys_app.texts import say

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


def texts_for(tag: Tag | None, period: Period | None = None) -> tuple[str, str]:
    why, do = empty_texts(tag, period or parse_window("5m"), NOW, SEOUL)
    return say(why), say(do)


@pytest.mark.parametrize(
    ("age", "says"),
    [
        (timedelta(hours=2), "2026-03-01 19:00:00+09:00. Choose 12 hours or longer."),
        (
            timedelta(days=400),
            "2025-01-25 21:00:00+09:00. No window reaches back to it.",
        ),
        # By another clock than the one that gave the sample its time.
        (timedelta(seconds=-5), "2026-03-01 21:00:05+09:00. Choose 1 minute or longer."),
    ],
)
def test_a_tag_that_is_silent_is_reported_with_the_window_that_reaches_back(
    age: timedelta, says: str
) -> None:
    why, do = texts_for(Tag("T", NOW - age, NOW - age, has_rule=True))
    assert (why, do) == ("No values of this tag in this window", f"Last value {says}")


def test_no_window_is_proposed_to_a_tag_that_never_reported() -> None:
    why, do = texts_for(Tag("T", None, None, has_rule=True))
    assert why == "No value of this tag has ever been received"
    assert "Choose" not in do


def test_a_window_too_short_for_the_table_s_own_buckets_is_reported_as_such() -> None:
    assert texts_for(None) == (
        "No 5-minute row begins in this window",
        "Choose 5 minutes or longer.",
    )


@pytest.mark.parametrize(
    ("start", "end", "do"),
    [
        (
            "2026-02-01",
            "2026-02-10",
            "Its first value came at 2026-02-10 09:00:00+09:00. Choose a later range.",
        ),
        (
            "2026-02-21",
            "now",
            "Its last value came at 2026-02-20 09:00:00+09:00. Choose an earlier range.",
        ),
        (
            "2026-02-12",
            "2026-02-13",
            "It has values from 2026-02-10 09:00:00+09:00 to 2026-02-20 09:00:00+09:00,"
            " and none here.",
        ),
    ],
)
def test_a_range_without_values_says_from_when_to_when_there_are_some(
    start: str, end: str, do: str
) -> None:
    first, last = (datetime(2026, 2, day, tzinfo=UTC) for day in (10, 20))
    span = parse_range(start, end, NOW, SEOUL)
    why = "No values of this tag in this time range"
    assert texts_for(Tag("T", first, last, has_rule=True), span) == (why, do)


def test_a_range_says_also_that_a_tag_never_reported() -> None:
    span = parse_range("now-1d", "now", NOW, SEOUL)
    assert texts_for(Tag("T", None, None, has_rule=True), span)[0].endswith(
        "has ever been received"
    )
    assert texts_for(None, span) == ("No 5-minute row begins in this window", "")
