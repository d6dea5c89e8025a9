"""How far a command refreshes an aggregate, and in which ranges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain import upkeep
from ksys_app.domain.buckets import FINER, GRAINS, Span, bucket_end, bucket_start, split_span
from ksys_app.models.rows import Mark
from ksys_app.ops.schema.watermark import Piece, Reach, joined, line, pieces, reaches

KST = ZoneInfo("Asia/Seoul")
ZONES = ["Asia/Seoul", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"]
NOW = datetime(2026, 8, 14, 3, 7, 11, tzinfo=UTC)
YESTERDAY = datetime(2026, 8, 12, 15, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
VIEWS = st.sampled_from(sorted(GRAINS))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "stored_to", "end_offset", "wanted"),
    [
        ("2026-08-14T03:07:11", "Asia/Seoul", None, HOUR, "2026-08-12T15:00"),
        ("2026-08-14T14:59:59", "Asia/Seoul", None, HOUR, "2026-08-12T15:00"),
        ("2026-08-14T15:00:00", "Asia/Seoul", None, HOUR, "2026-08-13T15:00"),
        # The day before 27 October has 24 hours, that day 25, so that yesterday began 25 ago.
        ("2024-10-27T23:00:00", "Europe/Berlin", None, HOUR, "2024-10-26T22:00"),
        # 31 March has 23: its policy would stop before yesterday began.
        ("2024-03-31T22:10:00", "Europe/Berlin", None, DAY, "2024-03-30T22:10"),
        ("2024-03-31T22:10:00", "Europe/Berlin", None, HOUR, "2024-03-30T23:00"),
        # A policy that stops earlier than the start of yesterday.
        ("2026-08-14T03:07:11", "Asia/Seoul", None, 5 * DAY, "2026-08-09T03:07:11"),
        # What is stored is refreshed, however far it goes, and not beyond.
        ("2026-08-14T03:07:11", "Asia/Seoul", "2026-08-14T03:06", HOUR, "2026-08-14T03:06"),
        ("2026-08-14T03:07:11", "Asia/Seoul", "2026-08-01T00:00", HOUR, "2026-08-12T15:00"),
    ],
)
def test_the_line(
    now: str, zone: str, stored_to: str | None, end_offset: timedelta, wanted: str
) -> None:
    stored = None if stored_to is None else utc(stored_to)
    assert line(utc(now), ZoneInfo(zone), stored, end_offset) == utc(wanted)


@given(MOMENTS, st.sampled_from(ZONES))
def test_today_and_yesterday_stay_real_time(now: datetime, zone: str) -> None:
    for refresh in upkeep.REFRESH.values():
        found = line(now, ZoneInfo(zone), None, refresh.end)
        today, day = (ts.astimezone(ZoneInfo(zone)).date() for ts in (now, found))
        assert (today - day).days >= 1
        assert found <= now - refresh.end


def test_what_is_stored_past_a_finer_level_is_created_again() -> None:
    """The finer level is real time there, so that no change of it is logged."""
    marks = [
        Mark("influx_agg_1m", None, timedelta(minutes=1)),
        Mark("influx_agg_10m", NOW - HOUR, timedelta(minutes=10)),
        Mark("influx_agg_1h", NOW - 2 * HOUR, HOUR),
        Mark("features_5m", NOW - HOUR, timedelta(minutes=5)),
    ]
    # Only these four: the others are not finer than any of them.
    found = reaches(marks, NOW, KST)
    assert found["influx_agg_1m"] == Reach(None, YESTERDAY, None)
    assert found["influx_agg_10m"] == Reach(NOW - HOUR, NOW - HOUR, YESTERDAY)
    assert found["influx_agg_1h"] == Reach(NOW - 2 * HOUR, NOW - 2 * HOUR, YESTERDAY)
    assert found["features_5m"] == Reach(NOW - HOUR, NOW - HOUR, None)


def test_the_levels_below_are_refreshed_before_the_levels_above() -> None:
    order = list(upkeep.REFRESH)
    assert set(FINER) == set(GRAINS) == set(order)
    assert all(order.index(finer) < order.index(view) for view in FINER for finer in FINER[view])


def pieces_of(view: str, wanted: list[Span], reach: Reach) -> list[Piece]:
    return list(pieces(view, wanted, reach, NOW - 300 * DAY, KST))


def test_a_first_refresh_begins_with_the_oldest_sample_and_ends_at_the_line() -> None:
    reach = Reach(None, YESTERDAY, YESTERDAY)
    found = pieces_of("influx_agg_1h", [(NOW - 10 * DAY, NOW)], reach)
    assert found[0].start == bucket_start("influx_agg_1h", NOW - 300 * DAY, KST)
    assert found[-1].end == YESTERDAY
    assert not any(piece.anew for piece in found)


def test_a_range_past_the_watermark_leaves_no_hole_behind_it() -> None:
    stored_to = NOW - 20 * DAY
    reach = Reach(stored_to, YESTERDAY, YESTERDAY)
    assert pieces_of("influx_agg_1h", [(NOW - 5 * DAY, NOW - 4 * DAY)], reach) == [
        Piece(stored_to, NOW - 4 * DAY)
    ]
    assert pieces_of("influx_agg_1h", [(NOW - 30 * DAY, NOW - 25 * DAY)], reach) == [
        Piece(NOW - 30 * DAY, NOW - 25 * DAY)
    ]
    assert pieces_of("influx_agg_1h", [(NOW - 30 * DAY, NOW - 15 * DAY)], reach) == [
        Piece(NOW - 30 * DAY, NOW - 15 * DAY)
    ]


def test_what_is_stored_beyond_the_line_is_refreshed_to_the_watermark() -> None:
    stored_to = NOW - timedelta(minutes=7, seconds=11)
    reach = Reach(stored_to, stored_to, YESTERDAY)
    assert pieces_of("influx_agg_1h", [(NOW - 5 * DAY, NOW)], reach) == [
        Piece(NOW - 5 * DAY, YESTERDAY),
        Piece(YESTERDAY, stored_to, anew=True),
    ]


@given(
    view=VIEWS,
    wanted=st.lists(st.integers(-400, 2), min_size=2, max_size=8, unique=True).map(sorted),
    stored=st.none() | st.integers(0, 24 * 200),
    live=st.none() | st.integers(0, 24 * 5),
)
def test_pieces_cover_what_is_wanted_as_far_as_the_line_and_leave_no_hole(
    view: str, wanted: list[int], stored: int | None, live: int | None
) -> None:
    stored_to = None if stored is None else bucket_start(view, NOW - stored * HOUR, KST)
    reach = Reach(
        stored_to,
        line(NOW, KST, stored_to, upkeep.REFRESH[view].end),
        None if live is None else NOW - live * HOUR,
    )
    spans = [(NOW + a * DAY, NOW + b * DAY) for a, b in zip(*[iter(wanted)] * 2, strict=False)]
    found = pieces_of(view, spans, reach)
    assert all(piece.start < piece.end <= reach.line for piece in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    begin = stored_to or bucket_start(view, NOW - 300 * DAY, KST)
    beyond = [piece for piece in found if piece.end > begin]
    assert all(before.end == after.start for before, after in pairwise(beyond))
    assert not beyond or beyond[0].start <= begin
    for start, end in spans:
        for ts in (start, start + (end - start) / 2, end - HOUR / 60):
            if begin <= ts < reach.line or ts < min(begin, reach.line):
                covered = any(piece.start <= ts < piece.end for piece in found)
                assert covered or ts < NOW - 300 * DAY
    for piece in found:
        late = reach.live_from is not None and piece.end > reach.live_from
        assert not late or piece.anew


@given(view=VIEWS, ts=MOMENTS, zone=st.sampled_from(ZONES))
def test_a_bucket_holds_its_moment_and_touches_the_next(view: str, ts: datetime, zone: str) -> None:
    start, end = (edge(view, ts, ZoneInfo(zone)) for edge in (bucket_start, bucket_end))
    assert start <= ts < end
    assert bucket_start(view, end, ZoneInfo(zone)) == end
    if view == "influx_agg_1d":
        local = start.astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute, local.second) == (0, 0, 0)
    else:
        assert end - start == GRAINS[view].width
        assert start.timestamp() % GRAINS[view].width.total_seconds() == 0


@given(view=VIEWS, end=MOMENTS, length=st.timedeltas(HOUR, upkeep.RETENTION))
def test_slices_join_and_end_where_buckets_end(view: str, end: datetime, length: timedelta) -> None:
    found = list(split_span(view, (end - length, end)))
    assert (found[0][0], found[-1][1]) == (end - length, end)
    assert all(left[1] == right[0] for left, right in pairwise(found))
    inner = [span[1] for span in found[:-1]]
    assert all(at.timestamp() % 86_400 == 0 for at in inner)
    assert all(at - start >= GRAINS[view].width for start, at in found[:-1])
    assert view != "influx_agg_1d" or not inner


def week(number: int, anew: bool = False) -> Piece:
    return Piece(NOW + 7 * number * DAY, NOW + 7 * (number + 1) * DAY, anew)


@given(st.sets(st.integers(0, 20)), st.integers(0, 20))
def test_neighbours_without_samples_are_one_piece_and_no_other(held: set[int], turn: int) -> None:
    parts = [week(n, anew=n >= turn) for n in range(21)]
    joined_parts = list(joined(parts, [week(n)[:2] for n in sorted(held)]))
    assert [part.start for part in joined_parts[1:]] == [part.end for part in joined_parts[:-1]]
    assert (joined_parts[0].start, joined_parts[-1].end) == (parts[0].start, parts[-1].end)
    assert [part for part in joined_parts if part in parts and week_of(part) in held] == [
        parts[n] for n in sorted(held)
    ]
    empty = [part for part in joined_parts if week_of(part) not in held]
    for one, other in pairwise(empty):
        assert one.end < other.start or one.anew != other.anew


def week_of(part: Piece) -> int:
    return (part.start - NOW) // (7 * DAY)
