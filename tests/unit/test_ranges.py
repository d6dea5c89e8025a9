"""Any range from two texts, its neighbours, and its buckets (PRD §33.1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from ksys_app.domain.range_moves import range_text, shifted, zoomed_out
from ksys_app.domain.ranges import (
    EARLIEST,
    LONGEST,
    MOST_BUCKETS,
    Range,
    Resolution,
    WrongRange,
    axis,
    finest,
    parse_range,
    with_bucket,
)
from ksys_app.domain.windows import BUCKET_WIDTH, BucketName, first_bucket
from ksys_app.texts import say

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 4, 3, 7, 9, tzinfo=UTC)
"""12:07:09 in Seoul, a Wednesday."""
LATE = datetime(2027, 6, 1, tzinfo=UTC)
# Days on which the clocks of a zone change: by an hour, by half an hour, at midnight, by a day.
CHANGES = [
    *(("Europe/Berlin", date(2026, 3, 29)), ("Europe/Berlin", date(2026, 10, 25))),
    *(("America/New_York", date(2026, 3, 8)), ("America/New_York", date(2026, 11, 1))),
    *(("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4))),
    *(("Africa/Cairo", date(2026, 4, 24)), ("Africa/Cairo", date(2026, 10, 30))),
    *(("America/Havana", date(2026, 3, 8)), ("America/Havana", date(2026, 11, 1))),
    *(("Pacific/Apia", date(2011, 12, 30)), ("Asia/Seoul", date(2026, 5, 1))),
]
changes = st.sampled_from(CHANGES)
minutes = st.integers(-24 * 60, 48 * 60)


def at(text: str, zone: ZoneInfo = SEOUL, now: datetime = NOW) -> datetime:
    """The moment of a text, read as the start of a range."""
    return parse_range(text, "now", now, zone).start


def late(change: tuple[str, date]) -> datetime:
    """Some weeks after a change of the clocks."""
    return datetime.combine(change[1], time(), UTC) + 60 * DAY


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """The time that the clocks of the zone show."""
    return moment.astimezone(zone).replace(tzinfo=None)


def first_shown(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first minute at which the clocks show this time or later, by looking at each."""
    begin = wall.replace(tzinfo=UTC) - 26 * HOUR
    tried = (begin + i * MINUTE for i in range(65 * 60))
    return next(one for one in tried if shown(one, zone) >= wall)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-03T22:00", "2026-11-03T13:00:00"),
        ("2026-11-03 22:00", "2026-11-03T13:00:00"),
        ("2026-11-03", "2026-11-02T15:00:00"),
        ("2026-11-03T22:00:30.5", "2026-11-03T13:00:30.500000"),
        ("2026-11-03T22:00+01:00", "2026-11-03T21:00:00"),
        ("2026-11-03T22:00:00Z", "2026-11-03T22:00:00"),
        (" now-6h ", "2026-11-03T21:07:09"),
        ("now-90s", "2026-11-04T03:05:39"),
        ("now-7d", "2026-10-28T03:07:09"),
        ("now-2w", "2026-10-21T03:07:09"),
        ("now-1M", "2026-10-04T03:07:09"),
        ("now-1y", "2025-11-04T03:07:09"),
        ("now/h", "2026-11-04T03:00:00"),
        ("now/d", "2026-11-03T15:00:00"),
        ("now-1d/d", "2026-11-02T15:00:00"),
        ("now/w", "2026-11-01T15:00:00"),
        ("now-1M/M", "2026-09-30T15:00:00"),
    ],
)
def test_a_text_is_a_moment(text: str, moment: str) -> None:
    assert at(text) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "text", "moment"),
    [
        ("2026-03-31T10:00", "now-1M", "2026-02-28T10:00"),
        ("2028-02-29T10:00", "now-1y", "2027-02-28T10:00"),
        ("2026-03-29T10:00", "now-1d", "2026-03-28T10:00"),
        ("2026-03-29T10:00", "now-24h", "2026-03-28T09:00"),
    ],
)
def test_days_and_months_follow_the_local_calendar(now: str, text: str, moment: str) -> None:
    local = [datetime.fromisoformat(one).replace(tzinfo=BERLIN) for one in (now, moment)]
    assert at(text, BERLIN, local[0].astimezone(UTC)) == local[1].astimezone(UTC)


@given(changes, minutes)
@settings(deadline=None, max_examples=40)
def test_a_local_time_is_the_first_moment_at_which_the_clocks_show_it_or_later(
    change: tuple[str, date], minute: int
) -> None:
    zone, wall = ZoneInfo(change[0]), datetime.combine(change[1], time()) + minute * MINUTE
    assert at(wall.isoformat(), zone, late(change)) == first_shown(wall, zone)


@given(changes, minutes, st.integers(1, 40))
@settings(deadline=None, max_examples=40)
def test_days_back_rounded_down_is_the_start_of_that_day(
    change: tuple[str, date], minute: int, days: int
) -> None:
    zone = ZoneInfo(change[0])
    now = datetime.combine(change[1], time(), UTC) + minute * MINUTE
    day = shown(now, zone).date() - timedelta(days=days)
    assume(change[1] != day or change[0] != "Pacific/Apia")  # the day that Samoa left out
    wanted = first_shown(datetime.combine(day, time()), zone)
    assert at(f"now-{days}d/d", zone, now) == wanted


@given(changes, st.integers(-86_400, 2 * 86_400))
@settings(deadline=None)
def test_the_text_of_a_moment_is_read_as_that_moment(change: tuple[str, date], second: int) -> None:
    zone = ZoneInfo(change[0])
    moment = datetime.combine(change[1], time(), UTC) + timedelta(seconds=second)
    assert at(range_text(moment, zone), zone, late(change)) == moment


def test_an_end_is_now_unless_it_is_given_and_is_cut_there() -> None:
    open_end, given_end, tomorrow = (
        parse_range("now-6h", end, NOW, SEOUL) for end in ("", "now-1h", "2026-11-05")
    )
    assert (open_end.end, open_end.ends_now, open_end.duration) == (NOW, True, 6 * HOUR)
    assert (given_end.end, given_end.ends_now) == (NOW - HOUR, False)
    assert (tomorrow.end, tomorrow.ends_now) == (NOW, False)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("", "", "from '' is not a time; use 2026-11-03T22:00, now, now-6h or now-1d/d"),
        ("tuesday", "", "from 'tuesday' is not a time"),
        ("now+1h", "", "from 'now+1h' is not a time"),
        ("now-6", "", "from 'now-6' is not a time"),
        ("now-0h", "", "from 'now-0h' is not a time"),
        ("now-1d/y", "", "from 'now-1d/y' is not a time"),
        ("2026-02-30", "", "from '2026-02-30' is not a time"),
        ("2026-11-03T24:00", "", "from '2026-11-03T24:00' is not a time"),
        ("2026-11-03T2", "", "from '2026-11-03T2' is not a time"),
        ("20261103", "", "from '20261103' is not a time"),
        ("２０２６-11-03", "", "from '２０２６-11-03' is not a time"),
        ("now-1h", "soon", "to 'soon' is not a time"),
        ("1999-12-31", "", "from '1999-12-31' is before the year 2000"),
        ("now-999999d", "", "from 'now-999999d' is before the year 2000"),
        ("now-999999y", "", "from 'now-999999y' is before the year 2000"),
        ("0999-05-01T10:00", "", "from '0999-05-01T10:00' is before the year 2000"),
        ("0001-01-01T00:00+14:00", "", "from '0001-01-01T00:00+14:00' is before the year 2000"),
        ("now-1h", "3000-01-01", "to '3000-01-01' is after the year 2099"),
        ("now-1h", "9999-12-31T23:59-14:00", "to '9999-12-31T23:59-14:00' is after the year 2099"),
        ("now-1h", "now-1h", "from 'now-1h' must be before to 'now-1h'"),
        ("now-1h", "now-2h", "from 'now-1h' must be before to 'now-2h'"),
        ("2026-11-05", "2026-11-06", "from '2026-11-05' is after now; a range ends now at the"),
        ("2026-11-05", "", "from '2026-11-05' is after now"),
        ("2026-11-05", "now-2h", "from '2026-11-05' is after now"),
        ("now", "", "from 'now' must be before to 'now'"),
        ("now-11y", "", "a range has at most 10 years"),
        ("x" * 5000, "", f"from '{'x' * 40}' is not a time"),
    ],
)
def test_what_is_no_range_is_named(start: str, end: str, message: str) -> None:
    with pytest.raises(WrongRange) as refused:
        parse_range(start, end, NOW, SEOUL)
    assert say(refused.value.sentence).startswith(message)


texts = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"\A ?now(-[0-9]{1,7}[smhdwMy])?(/[hdwM])? ?\Z"),
    st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:00)?)?\Z"),
    st.sampled_from(["9999-12-31", "2999-12-31T23:59", "0001-01-01T00:00+14:00", "now-999999s"]),
)


@given(texts, texts, st.sampled_from([zone for zone, _ in CHANGES]))
@settings(deadline=None, max_examples=40)
def test_any_two_texts_are_a_range_or_refused(start: str, end: str, name: str) -> None:
    zone = ZoneInfo(name)
    found, message = None, ""
    try:
        found = parse_range(start, end, NOW, zone)
    except WrongRange as error:
        message = say(error.sentence)
    assert (found is None) == (0 < len(message) < 300)
    if found is None:
        return
    assert EARLIEST <= found.start < found.end <= NOW
    assert found.duration <= LONGEST
    assert found.duration / found.width <= MOST_BUCKETS
    for halves in (-2, -1, 1, 2):
        parse_range(*shifted(start, end, halves, NOW, zone), NOW, zone)
    parse_range(*zoomed_out(start, end, NOW, zone), NOW, zone)


@pytest.mark.parametrize(
    ("start", "end", "bucket"),
    [
        ("now-24h", "now", "1m"),
        ("2026-10-25", "2026-10-26", "1m"),  # 25 hours in Berlin
        ("now-25h", "now", "10m"),
        ("now-14d", "now", "10m"),
        ("now-15d", "now", "1h"),
        ("now-90d", "now", "1h"),
        ("now-91d", "now", "1d"),
        ("now-10y", "now", "1d"),
    ],
)
def test_the_bucket_follows_the_length(start: str, end: str, bucket: str) -> None:
    # Between this time and 91 days before it, the clocks of Berlin do not change.
    found = parse_range(start, end, NOW.replace(year=2027, month=1, day=30), BERLIN)
    assert found.bucket == bucket
    assert found.view == f"influx_agg_{bucket}"


@given(st.timedeltas(min_value=MINUTE, max_value=LONGEST))
@settings(deadline=None)
@example(2 * HOUR)
@example(10_000 * MINUTE)
@example(10_000 * MINUTE + timedelta(seconds=1))
def test_a_bucket_may_be_as_fine_as_ten_thousand_of_them(length: timedelta) -> None:
    span = Range(NOW - length, NOW, False, "1d")
    allowed: set[str] = {
        name for name, width in BUCKET_WIDTH.items() if ceil(length / width) <= 10_000
    }
    allowed |= {"raw"} if length <= 2 * HOUR else set()
    names: list[Resolution] = ["raw", *BUCKET_WIDTH]
    assert finest(span) == next(name for name in names if name in allowed)
    for name in names:
        if name in allowed:
            assert with_bucket(span, name).bucket == name
            continue
        with pytest.raises(WrongRange) as refused:
            with_bucket(span, name)
        message = f"bucket {name} is too fine for this range; the finest is {finest(span)}"
        assert say(refused.value.sentence) == message


@pytest.mark.parametrize(
    ("start", "end", "halves", "wanted"),
    [
        ("now-6h", "now", -2, ("2026-11-04T00:07:09", "2026-11-04T06:07:09")),
        ("now-6h", "now", -1, ("2026-11-04T03:07:09", "2026-11-04T09:07:09")),
        ("now-1d/d", "now/d", -2, ("2026-11-02T00:00", "2026-11-03T00:00")),
        ("2026-10-01", "2026-11-01", -2, ("2026-09-01T00:00", "2026-10-01T00:00")),
        ("2026-02-01", "2026-03-01", 2, ("2026-03-01T00:00", "2026-04-01T00:00")),
        ("now/d", "2026-11-05", -2, ("2026-11-03T00:00", "2026-11-04T00:00")),
        ("2026-11-03", "2026-11-04", 2, ("2026-11-04T00:00", "2026-11-05T00:00")),
        ("2026-11-03T22:00", "2026-11-03T23:00", 1, ("2026-11-03T22:30", "2026-11-03T23:30")),
        ("now-6h", "now", 2, ("2026-11-04T06:07:09", "2026-11-04T12:07:09")),
        ("2000-01-02", "2000-01-05", -2, ("2000-01-01T09:00", "2000-01-04T09:00")),
    ],
)
def test_beside_a_range_is_one_of_its_length(
    start: str, end: str, halves: int, wanted: tuple[str, str]
) -> None:
    assert shifted(start, end, halves, NOW, SEOUL) == wanted


def test_a_day_beside_a_day_is_a_day_whatever_its_hours() -> None:
    now = datetime(2026, 10, 28, tzinfo=UTC)
    before = shifted("2026-10-26", "2026-10-27", -2, now, BERLIN)
    assert before == ("2026-10-25T00:00", "2026-10-26T00:00")
    assert parse_range(*before, now, BERLIN).duration == 25 * HOUR


@given(changes, minutes, st.integers(1, 50 * 60))
@settings(deadline=None)
def test_the_range_before_ends_where_this_one_begins(
    change: tuple[str, date], minute: int, length: int
) -> None:
    zone = ZoneInfo(change[0])
    start = datetime.combine(change[1], time(), UTC) + minute * MINUTE
    texts = [range_text(one, zone) for one in (start, start + length * MINUTE)]
    before = parse_range(*shifted(*texts, -2, LATE, zone), LATE, zone)
    assert before.end == start
    after = shifted(*texts, 2, LATE, zone)
    assert parse_range(*after, LATE, zone).start == start + length * MINUTE


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        ("now-6h", "now", ("now-12h", "now")),
        ("now-1d", "", ("now-2d", "now")),
        ("now/d", "now", ("2026-11-03T11:52:51", "now")),
        ("2026-11-03", "2026-11-04", ("2026-11-02T12:00", "2026-11-04T12:00")),
        ("2026-11-03T10:00", "2026-11-04T12:00", ("2026-11-02T08:07:09", "2026-11-04T12:07:09")),
    ],
)
def test_zoomed_out_is_twice_as_long(start: str, end: str, wanted: tuple[str, str]) -> None:
    assert zoomed_out(start, end, NOW, SEOUL) == wanted


@given(
    changes,
    minutes,
    st.integers(1, 40 * 24 * 60),
    st.sampled_from(list(BUCKET_WIDTH)),
    st.integers(-3, 3),
)
@settings(deadline=None)
def test_the_times_an_answer_is_found_by_select_the_same_buckets(
    change: tuple[str, date], minute: int, length: int, bucket: BucketName, near: int
) -> None:
    zone, width = ZoneInfo(change[0]), BUCKET_WIDTH[bucket]
    start = datetime.combine(change[1], time(), UTC) + minute * MINUTE
    span = Range(start, start + length * MINUTE, False, bucket)
    low, high = span.bounds(width)
    assert high is not None
    for end in (span.start, span.end):
        begin = first_bucket(end + near * width, width, zone)
        assert (span.start <= begin < span.end) == (low <= begin < high)


@pytest.mark.parametrize(
    ("texts", "width", "wanted"),
    [
        (("now-1h", "now"), MINUTE, ("02:08", "03:08")),
        (("2026-11-04T11:00", "2026-11-04T11:30:30"), MINUTE, ("02:00", "02:31")),
        (("2026-11-04T11:00", "2026-11-04T11:30:30"), timedelta(0), ("02:00", "02:30:30")),
        (("2026-11-04T11:03", "2026-11-04T11:30"), 10 * MINUTE, ("02:10", "02:30")),
    ],
)
def test_an_axis_goes_from_the_first_bucket_to_the_end_of_the_last_one(
    texts: tuple[str, str], width: timedelta, wanted: tuple[str, str]
) -> None:
    ends = axis(parse_range(*texts, NOW, SEOUL), width, NOW, SEOUL)
    assert ends == tuple(
        datetime.combine(NOW.date(), time.fromisoformat(one), UTC) for one in wanted
    )


def test_a_range_that_ends_now_has_no_other_end() -> None:
    assert parse_range("now-6h", "now", NOW, SEOUL).bounds(MINUTE)[1] is None
    cut = parse_range("now/d", "2026-11-05", NOW, SEOUL)
    assert cut.bounds(MINUTE)[1] == NOW.replace(minute=8, second=0)


@pytest.mark.parametrize("bucket", ["raw", *BUCKET_WIDTH])
def test_width_and_view_follow_the_bucket(bucket: Resolution) -> None:
    span = Range(NOW - HOUR, NOW, True, bucket)
    assert span.width == BUCKET_WIDTH.get(bucket, timedelta(0))  # type: ignore[call-overload]
    assert span.view == ("influx_hist" if bucket == "raw" else f"influx_agg_{bucket}")


@pytest.mark.parametrize(
    ("start", "end", "slides"),
    [
        *(("now-6h", "", True), ("now-1d", "now", True), (" now-2M ", "now", True)),
        *(("now-1d/d", "now", False), ("2026-11-01", "now", False)),
        *(("now-3h", "now-2h", True), ("now-1d", "now-1h/h", False)),
        *(("now-1d", "2026-11-04", False), ("2026-11-01", "now-2h", False)),
    ],
)
def test_a_range_slides_if_both_of_its_ends_move_with_time(
    start: str, end: str, slides: bool
) -> None:
    found = parse_range(start, end, NOW, SEOUL)
    assert bool(found.slides) == slides
    assert (found.slides == parse_range(start, end, NOW + HOUR, SEOUL).slides) or not slides


def test_ranges_of_one_length_with_different_ends_slide_differently() -> None:
    ends = ("now", "now-1h", "now-2h")
    spans = [parse_range(f"now-{3 + back}h", end, NOW, SEOUL) for back, end in enumerate(ends)]
    assert {span.duration for span in spans} == {3 * HOUR}
    assert len({span.slides for span in spans}) == 3


def test_ranges_of_one_length_slide_alike_whatever_their_texts() -> None:
    texts = ("now-24h", "now-86400s", "now-1d")
    assert len({parse_range(text, "", NOW, SEOUL).slides for text in texts}) == 1
