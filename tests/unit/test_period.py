"""From the time that a page shows to others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain.period import finer_bucket, up_to_now, window_start, zoom_texts
from ksys_app.domain.ranges import Resolution, parse_range
from ksys_app.domain.windows import WINDOWS, Window, bucket_for, parse_window
from ksys_app.states.captions import range_caption
from ksys_app.texts import LANGUAGES, say
from ksys_app.texts.ranges import QUICK

NOW = datetime(2026, 11, 3, 12, 30, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
DAY_MS = 86_400_000


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.label)
def test_a_window_has_a_text_that_is_read_as_its_start(window: Window) -> None:
    assert parse_range(window_start(window), "now", NOW, SEOUL).duration == window.duration


@given(st.integers(1, 3653 * 86_400))
def test_a_range_up_to_now_is_as_long_as_what_was_shown(seconds: int) -> None:
    found = up_to_now(timedelta(seconds=seconds))
    text = window_start(found) if isinstance(found, Window) else found
    read = parse_range(text, "now", NOW, ZoneInfo("UTC"))
    assert read.duration == timedelta(seconds=seconds)


def test_where_a_window_is_as_long_it_is_that_window() -> None:
    assert up_to_now(timedelta(minutes=60)) == parse_window("60m")
    assert up_to_now(timedelta(minutes=90)) == "now-90m"
    assert up_to_now(timedelta(seconds=29.5)) == "now-30s"


@pytest.mark.parametrize(
    ("days", "bucket", "finer"),
    [(1, "10m", "1m"), (1, "1m", None), (1.01, "10m", None), (14, "1d", "10m"), (1, "raw", None)],
)
def test_a_zoom_has_finer_buckets_where_a_range_as_long_has(
    days: float, bucket: Resolution, finer: str | None
) -> None:
    zoom = [5, 5 + round(days * DAY_MS)]
    assert finer_bucket(zoom, bucket) == finer
    assert finer in (None, bucket_for(timedelta(days=days)))
    assert finer_bucket([], bucket) is None


def test_the_range_of_a_zoom_holds_all_of_it_in_whole_seconds() -> None:
    assert zoom_texts([1_762_173_000_400, 1_762_176_600_001], SEOUL) == (
        "2025-11-03T21:30",
        "2025-11-03T22:30:01",
    )


@pytest.mark.parametrize(
    ("start", "end", "english", "korean"),
    [
        ("now-1d/d", "now/d", "Yesterday, one point per minute", "어제, 1분 간격"),
        ("now-90m", "now", "now-90m – now, one point per minute", "now-90m – now, 1분 간격"),
        # Of what is over, nobody should have to count the days.
        (
            "now-3d/d",
            "now-2d/d",
            "2026-10-31 00:00 – 2026-11-01 00:00, one point per minute",
            "2026-10-31 00:00 – 2026-11-01 00:00, 1분 간격",
        ),
        (
            "2026-11-01T22:00",
            "2026-11-03",
            "2026-11-01 22:00 – 2026-11-03, one point per 10 minutes",
            "2026-11-01 22:00 – 2026-11-03, 10분 간격",
        ),
    ],
)
def test_a_range_is_in_words(start: str, end: str, english: str, korean: str) -> None:
    caption = range_caption(start, end, parse_range(start, end, NOW, SEOUL), SEOUL)
    assert [say(caption, LANGUAGES[language]) for language in ("en", "ko")] == [english, korean]


def test_every_quick_range_is_one_and_has_its_words() -> None:
    for _, start, end in QUICK:
        assert parse_range(start, end, NOW, SEOUL).duration > timedelta()
    names = {f"quick_{key}" for key, *_ in QUICK}
    for words in LANGUAGES.values():
        assert names == {name for name in words["ranges"] if name.startswith("quick_")}
