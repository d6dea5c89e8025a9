"""A window is made of pieces: coarse buckets where they fit, its own buckets at both ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain.buckets import bucket_start
from ksys_app.domain.jobs import Job, judge
from ksys_app.domain.pieces import ARRIVED, LEEWAY, SETTLED_IN, past, pieces, settled
from ksys_app.domain.upkeep import REFRESH
from ksys_app.domain.windows import (
    BUCKET_WIDTH,
    VIEW,
    WINDOWS,
    BucketName,
    Window,
    parse_window,
)
from ksys_app.models.rows import Mark

ZONES = ["Asia/Seoul", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
DELAYS = st.timedeltas(timedelta(), timedelta(days=5))
NOW = datetime(2026, 11, 28, 2, 34, 12, tzinfo=UTC)
SETTLED: dict[BucketName, datetime] = {
    "10m": datetime(2026, 11, 28, 2, 20, tzinfo=UTC),
    "1h": datetime(2026, 11, 28, 1, tzinfo=UTC),
    "1d": datetime(2026, 11, 26, 15, tzinfo=UTC),
}


def planned(label: str, zone: str = "Asia/Seoul") -> list[str]:
    found = pieces(parse_window(label), NOW, SETTLED, ZoneInfo(zone))
    cuts = ["", *(f" {piece.start:%d %H:%M} " for piece in found[1:])]
    return [f"{split_span}{piece.bucket}" for split_span, piece in zip(cuts, found, strict=True)]


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        ("10m", "1m"),
        ("60m", "1m 28 01:40 10m 28 02:20 1m 28 02:29 1m"),
        ("24h", "1m 27 03:00 1h 28 01:00 10m 28 02:20 1m 28 02:29 1m"),
        ("48h", "10m 26 03:00 1h 28 01:00 10m 28 01:40 10m"),
        ("7d", "10m 21 03:00 1h 21 15:00 1d 26 15:00 1h 28 01:00 10m 28 01:40 10m"),
        ("30d", "1h 29 15:00 1d 26 15:00 1h 27 21:00 1h"),
        ("12m", "1d 22 15:00 1d"),
    ],
)
def test_coarse_buckets_fill_what_finer_ones_need_not(label: str, wanted: str) -> None:
    assert "".join(planned(label)) == wanted


def test_days_that_begin_within_an_hour_are_no_part_of_a_window_of_hours() -> None:
    assert "".join(planned("30d", "Asia/Kathmandu")) == "1h 27 21:00 1h"


def test_nothing_coarser_is_used_where_nothing_is_settled() -> None:
    for window in WINDOWS:
        found = pieces(window, NOW, {}, ZoneInfo("UTC"))
        assert {piece.bucket for piece in found} == {window.bucket}


@given(
    MOMENTS,
    st.sampled_from(WINDOWS),
    st.sampled_from(ZONES),
    st.fixed_dictionaries({}, optional={"10m": DELAYS, "1h": DELAYS, "1d": DELAYS}),
)
def test_pieces_meet_at_ends_of_their_buckets_and_leave_both_ends_to_the_database(
    now: datetime,
    window: Window,
    zone_name: str,
    delays: dict[BucketName, timedelta],
) -> None:
    zone = ZoneInfo(zone_name)
    settled = {name: now - delay for name, delay in delays.items()}
    found = pieces(window, now, settled, zone)
    assert found[0].start is None
    assert found[-1].end is None
    assert {found[0].bucket, found[-1].bucket} == {window.bucket}
    for one, following in pairwise(found):
        assert one.end is not None
        assert one.end == following.start
        assert one.start is None or one.start < one.end
        assert now + LEEWAY - window.duration <= one.end <= now
        for name in (one.bucket, following.bucket, window.bucket):
            assert bucket_start(VIEW[name], one.end, zone) == one.end
        if one.bucket != window.bucket:
            assert BUCKET_WIDTH[one.bucket] > window.width
            assert one.end <= settled[one.bucket]


@given(MOMENTS, st.sampled_from(WINDOWS), st.sampled_from(ZONES))
def test_the_past_of_a_window_changes_only_with_its_buckets(
    now: datetime, window: Window, zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    found = past(window, now, {}, zone)
    if window.bucket == "1m":
        assert found is None
        return
    assert found is not None
    for end in (found.start, found.end):
        assert bucket_start(window.view, end, zone) == end
    assert timedelta() <= found.start - (now - window.duration) <= window.width * 1.05
    assert ARRIVED <= now - found.end <= window.width * 1.05 + ARRIVED
    again = past(window, now + timedelta(seconds=1), {}, zone)
    assert again == found or now.second in (0, 59)
    assert (found.pieces[0].start, found.pieces[-1].end) == (None, None)


class Stats(NamedTuple):
    """The statistics of a bucket."""

    n: int
    total: float
    low: float
    high: float
    first: float
    last: float


def together(parts: list[Stats]) -> Stats:
    """A bucket of buckets, which are in order of time."""
    n, total, low, high, _, _ = zip(*parts, strict=True)
    return Stats(sum(n), sum(total), min(low), max(high), parts[0].first, parts[-1].last)


def coarser(
    buckets: dict[datetime, Stats], name: BucketName, zone: ZoneInfo
) -> dict[datetime, Stats]:
    groups: dict[datetime, list[Stats]] = {}
    for start in sorted(buckets):
        groups.setdefault(bucket_start(VIEW[name], start, zone), []).append(buckets[start])
    return {start: together(parts) for start, parts in groups.items()}


AGES = st.lists(
    st.floats(0, 1).map(lambda part: part**3) | st.floats(0, 1), min_size=1, max_size=150
)


@given(
    MOMENTS,
    st.sampled_from([window for window in WINDOWS if window.duration >= timedelta(hours=1)]),
    st.sampled_from(ZONES),
    st.fixed_dictionaries({}, optional={"10m": DELAYS, "1h": DELAYS, "1d": DELAYS}),
    AGES,
    st.randoms(use_true_random=False),
)
def test_statistics_of_the_pieces_are_those_of_the_minutes(
    now: datetime,
    window: Window,
    zone_name: str,
    delays: dict[BucketName, timedelta],
    ages: list[float],
    chance: object,
) -> None:
    zone, start = ZoneInfo(zone_name), now - window.duration
    minutes: dict[datetime, Stats] = {}
    for age in ages:
        at = bucket_start(VIEW["1m"], now - age * (window.duration + timedelta(days=1)), zone)
        value = chance.gauss(0, 1e3)  # type: ignore[attr-defined]
        minutes[at] = Stats(1, value, value, value, value, value)
    levels: dict[BucketName, dict[datetime, Stats]] = {"1m": minutes}
    for finer, name in pairwise(BUCKET_WIDTH):
        source = minutes if zone_name == "Asia/Kathmandu" and name == "1d" else levels[finer]
        levels[name] = coarser(source, name, zone)

    by_pieces = [
        bucket
        for piece in pieces(window, now, {name: now - by for name, by in delays.items()}, zone)
        for at, bucket in sorted(levels[piece.bucket].items())
        if at >= (piece.start or start) and (at < piece.end if piece.end else at <= now)
    ]
    by_minutes = [
        bucket
        for at, bucket in sorted(minutes.items())
        if start <= bucket_start(window.view, at, zone) <= now
    ]
    if not by_minutes:
        assert by_pieces == []
        return
    one, other = together(by_pieces), together(by_minutes)
    assert one._replace(total=0) == other._replace(total=0)
    assert one.total == pytest.approx(other.total, rel=1e-12, abs=1e-9)


def job(name: BucketName) -> Job:
    empty = dict.fromkeys(Job.__slots__)
    refresh = REFRESH[VIEW[name]]
    return Job(
        **empty
        | {  # type: ignore[arg-type]
            "job_id": 1000 + list(VIEW).index(name),
            "proc_name": "policy_refresh_continuous_aggregate",
            "proc_schema": "_timescaledb_functions",
            "relation_schema": "public",
            "relation": VIEW[name],
            "every": refresh.every,
            "scheduled": True,
            "calls": [],
            "start_offset": refresh.start,
            "end_offset": refresh.end,
            "batch": refresh.batch,
            "known_since": NOW,
            "now": NOW,
        }
    )


def usable(**changed: object) -> list[BucketName]:
    """The widths that are used if the job of the hours is changed."""
    jobs = [job("1m"), job("10m"), replace(job("1h"), **changed), job("1d")]  # type: ignore[arg-type]
    marks = [Mark(VIEW[name], stored_to, timedelta()) for name, stored_to in SETTLED.items()]
    return list(settled(marks, judge(jobs)))


def test_a_width_is_used_while_its_refresh_job_is_in_order() -> None:
    assert usable() == ["10m", "1h", "1d"]
    assert usable(scheduled=False) == ["10m"]
    assert usable(server_started=NOW, server_ok=False) == ["10m"]
    assert usable(known_since=NOW - timedelta(hours=1)) == ["10m"]
    assert usable(every=timedelta(hours=1)) == ["10m"]
    assert list(settled([], judge([job("10m")]))) == []


def test_the_products_own_refreshes_carry_a_late_sample_to_the_days_in_time() -> None:
    intervals = sum((REFRESH[view].every for view in VIEW.values()), timedelta())
    assert intervals <= SETTLED_IN
