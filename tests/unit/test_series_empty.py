"""The reason for an empty table, and the advice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ksys_app.models.rows import Tag
from ksys_app.states.series_empty import empty_texts
from ksys_app.texts import say

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


def told(known: Tag | None) -> tuple[str, str]:
    why, do = empty_texts(known, NOW, SEOUL)
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
    why, do = told(Tag("T", NOW - age, NOW - age, has_rule=True))
    assert (why, do) == ("No values of this tag in this window", f"Last value {says}")


def test_no_window_is_proposed_to_a_tag_that_never_reported() -> None:
    why, do = told(Tag("T", None, None, has_rule=True))
    assert why == "No value of this tag has ever been received"
    assert "Choose" not in do


def test_a_window_too_short_for_the_table_s_own_buckets_is_reported_as_such() -> None:
    assert told(None) == (
        "No 5-minute row begins in this window",
        "Choose 5 minutes or longer.",
    )
