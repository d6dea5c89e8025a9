"""The 13 windows and their buckets (PRD decision 3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given, settings, strategies as st

from ksys_app.domain.windows import (
    BUCKET_WIDTH,
    DEFAULT_WINDOW,
    LABELS,
    VIEW,
    WINDOWS,
    UnknownWindow,
    Window,
    bucket_for,
    parse_window,
    reaching,
    spark_bucket,
)
from ksys_app.texts import ENGLISH, say

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)
EXPECTED = {
    # label: duration, bucket, menu group
    "1m": (MINUTE, "1m", "minutes"),
    "5m": (5 * MINUTE, "1m", "minutes"),
    "10m": (10 * MINUTE, "1m", "minutes"),
    "60m": (60 * MINUTE, "1m", "minutes"),
    "12h": (12 * HOUR, "1m", "hours"),
    "24h": (24 * HOUR, "1m", "hours"),
    "48h": (48 * HOUR, "10m", "hours"),
    "7d": (7 * DAY, "10m", "days"),
    "14d": (14 * DAY, "10m", "days"),
    "30d": (30 * DAY, "1h", "days"),
    "3m": (90 * DAY, "1h", "months"),
    "6m": (180 * DAY, "1d", "months"),
    "12m": (365 * DAY, "1d", "months"),
}
WIDTH_S = {"1m": 60, "10m": 600, "1h": 3600, "1d": 86_400}


def test_there_are_thirteen_labels_in_the_order_of_the_menu() -> None:
    assert tuple(EXPECTED) == LABELS
    assert tuple(window.label for window in WINDOWS) == LABELS


def test_five_minutes_is_the_default() -> None:
    assert DEFAULT_WINDOW == "5m"
    assert DEFAULT_WINDOW in LABELS


@pytest.mark.parametrize("label", EXPECTED)
def test_a_label_has_its_duration_bucket_and_group(label: str) -> None:
    window = parse_window(label)
    assert (window.duration, window.bucket, window.group) == EXPECTED[label]


@pytest.mark.parametrize("label", EXPECTED)
def test_width_and_view_follow_the_bucket(label: str) -> None:
    window = parse_window(label)
    assert window.width == timedelta(seconds=WIDTH_S[window.bucket])
    assert window.view == f"influx_agg_{window.bucket}"


def test_every_bucket_has_a_width_and_a_view() -> None:
    assert {name: width.total_seconds() for name, width in BUCKET_WIDTH.items()} == WIDTH_S
    assert VIEW.keys() == WIDTH_S.keys()


@pytest.mark.parametrize(
    ("edge", "within", "beyond"),
    [(24 * HOUR, "1m", "10m"), (14 * DAY, "10m", "1h"), (90 * DAY, "1h", "1d")],
    ids=["24 h", "14 d", "90 d"],
)
def test_the_edge_of_a_mapping_belongs_to_the_finer_bucket(
    edge: timedelta, within: str, beyond: str
) -> None:
    assert bucket_for(edge - TICK) == within
    assert bucket_for(edge) == within
    assert bucket_for(edge + TICK) == beyond


@given(
    st.timedeltas(min_value=timedelta(0), max_value=400 * DAY),
    st.timedeltas(min_value=timedelta(0), max_value=400 * DAY),
)
@settings(deadline=None)
def test_a_longer_window_never_has_finer_buckets(one: timedelta, other: timedelta) -> None:
    short, long = sorted((one, other))
    assert BUCKET_WIDTH[bucket_for(short)] <= BUCKET_WIDTH[bucket_for(long)]


@given(st.sampled_from(LABELS), st.sampled_from(LABELS))
@settings(deadline=None)
@example("1m", "12m").via("one label ends with the other")
@example("3m", "1m").via("months that look like minutes")
def test_the_bucket_follows_the_duration_and_not_the_label(label: str, other: str) -> None:
    renamed = Window(other, parse_window(label).duration, "days")
    assert renamed.bucket == EXPECTED[label][1]


def test_months_are_spelt_out_so_that_3m_is_not_read_as_minutes() -> None:
    titles = ENGLISH["windows"]
    assert tuple(titles) == LABELS
    assert [titles[label] for label in ("3m", "6m", "12m")] == ["3 months", "6 months", "12 months"]
    assert titles["1m"] == "1 minute"
    assert len(set(titles.values())) == len(titles)


@pytest.mark.parametrize(
    "label", ["", "5 m", " 5m", "5M", "05m", "2h", "1y", "24H", "5m;--", "m", "1", "60"]
)
def test_an_unknown_label_is_refused_with_a_list_of_all(label: str) -> None:
    with pytest.raises(UnknownWindow) as refused:
        parse_window(label)
    message = say(refused.value.sentence)
    assert message == f"window {label!r} is unknown; use one of {' '.join(LABELS)}"


def test_a_very_long_label_is_not_repeated_in_full() -> None:
    with pytest.raises(UnknownWindow) as refused:
        parse_window("x" * 5000)
    assert len(say(refused.value.sentence)) < 200


@given(st.text())
@settings(deadline=None)
def test_only_the_thirteen_labels_are_windows(text: str) -> None:
    if text in LABELS:
        assert parse_window(text).label == text
    else:
        with pytest.raises(UnknownWindow):
            parse_window(text)


class TestSparkline:
    """The bucket its points are read from: the fewest rows that still make a series."""

    @pytest.mark.parametrize(
        ("label", "bucket"),
        [
            *(("5m", "1m"), ("60m", "1m"), ("12h", "10m"), ("24h", "10m"), ("48h", "1h")),
            *(("14d", "1h"), ("30d", "1h"), ("3m", "1d"), ("12m", "1d")),
        ],
    )
    def test_the_coarsest_that_gives_48_points(self, label: str, bucket: str) -> None:
        assert spark_bucket(parse_window(label), 48) == bucket

    @given(st.sampled_from(WINDOWS), st.integers(1, 500))
    @settings(deadline=None)
    def test_it_gives_the_points_or_is_the_window_s_own(self, window: Window, points: int) -> None:
        width = BUCKET_WIDTH[spark_bucket(window, points)]
        assert width >= window.width
        assert window.duration / width >= points or width == window.width
        coarser = [w for w in BUCKET_WIDTH.values() if w > width]
        assert all(window.duration / w < points for w in coarser)


@pytest.mark.parametrize(
    ("age", "width", "label"),
    [
        (timedelta(0), timedelta(0), "1m"),
        (timedelta(seconds=30), timedelta(0), "5m"),
        (timedelta(minutes=4), timedelta(0), "5m"),
        (timedelta(minutes=4, seconds=1), timedelta(0), "10m"),
        (timedelta(0), timedelta(minutes=5), "5m"),
        (timedelta(days=13.999), timedelta(0), "30d"),
        (timedelta(days=364), timedelta(0), "12m"),
        (timedelta(days=364.5), timedelta(0), None),
    ],
)
def test_the_window_that_reaches_a_sample(
    age: timedelta, width: timedelta, label: str | None
) -> None:
    found = reaching(age, width)
    assert (found and found.label) == label
