"""Where the rows of another time are drawn (PRD §33.2), beside pandas."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.compare import compared
from ksys_app.domain.ranges import WrongRange, parse_range, with_bucket
from ksys_app.texts import say

BERLIN, SEOUL = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 4, 3, 7, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Seoul"]),
    st.dates(date(2026, 2, 1), date(2026, 10, 31)),
    st.integers(1, 4),
    st.sampled_from([("yesterday", 1), ("last_week", 7)]),
)
@settings(deadline=None, max_examples=40)
def test_rows_are_drawn_at_their_time_of_day(
    name: str, day: date, days: int, back: tuple[str, int]
) -> None:
    zone, later = ZoneInfo(name), timedelta(days=back[1])
    texts = [(day + n * DAY).isoformat() for n in (0, days)]
    span = with_bucket(parse_range(*texts, NOW, zone), "1h")
    found = compared(span, back[0], NOW, zone)
    times = pd.date_range(found.period.start, found.period.end, freq="30min", inclusive="left")
    wall = times.tz_convert(zone).tz_localize(None)
    # The first of an hour that comes twice; none for an hour that does not come.
    first = ~pd.Series(wall).duplicated().to_numpy()
    placed = (wall + later).tz_localize(zone, ambiguous=[True] * len(wall), nonexistent="NaT")
    wanted = [
        None if not once or pd.isna(one) else one.tz_convert("UTC").to_pydatetime()
        for once, one in zip(first, placed, strict=True)
    ]
    assert [found.place(one.to_pydatetime()) for one in times] == wanted
    ends = [(day + n * DAY - later).isoformat() for n in (0, days)]
    other = parse_range(*ends, NOW, zone)
    assert (found.period.start, found.period.end) == (other.start, other.end)


@pytest.mark.parametrize(
    ("texts", "other", "start", "end"),
    [
        (("now-6h", "now"), "previous", "2026-11-03T15:08", "2026-11-03T21:08"),
        (("2026-10-01", "2026-11-01"), "previous", "2026-08-31T15:00", "2026-09-30T15:00"),
        (("2026-11-03", "2026-11-04"), "last_month", "2026-10-02T15:00", "2026-10-03T15:00"),
        (("2026-11-03", "2026-11-04"), "2026-09-10", "2026-09-09T15:00", "2026-09-10T15:00"),
        (("2026-11-03", "2026-11-04"), "now-2d/d", "2026-11-01T15:00", "2026-11-02T15:00"),
        (("2026-11-01", "2026-11-02"), "2026-11-04", "2026-11-03T15:00", "2026-11-04T03:07:09"),
        (("2026-11-03T10:03", "2026-11-03T11:00:20"), "previous", "2026-11-03T00:05", None),
    ],
)
def test_a_range_is_compared_with_one_of_its_length(
    texts: tuple[str, str], other: str, start: str, end: str | None
) -> None:
    found = compared(parse_range(*texts, NOW, SEOUL), other, NOW, SEOUL).period
    assert found.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    if end is not None:
        assert found.end == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_the_hour_that_comes_twice_has_one_row_and_the_missing_one_none() -> None:
    autumn = parse_range("2026-10-25", "2026-10-26", NOW, BERLIN)
    assert autumn.duration == 25 * HOUR
    found = compared(autumn, "yesterday", NOW, BERLIN)
    times = [found.period.start + n * HOUR for n in range(24)]
    placed = [found.place(one) for one in times]
    assert len(set(placed)) == 24
    assert set(range(25)) - {(one - autumn.start) // HOUR for one in placed if one} == {3}
    spring = parse_range("2026-03-29", "2026-03-30", NOW, BERLIN)
    found = compared(spring, "yesterday", NOW, BERLIN)
    hours = [found.place(found.period.start + n * HOUR) for n in range(24)]
    assert [n for n, one in enumerate(hours) if one is None] == [2]


def test_days_that_begin_in_a_missing_hour_are_drawn() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    span = with_bucket(parse_range("2026-04-20", "2026-05-20", NOW, cairo), "1d")
    found = compared(span, "last_month", NOW, cairo)
    day = date(2026, 3, 24)  # the one that is drawn on the day whose midnight is left out
    begin = datetime.combine(day, time(), cairo).astimezone(UTC)
    assert found.place(begin) == datetime(2026, 4, 23, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("tomorrow", "compare 'tomorrow' is not a time"),
        ("2026-11-09", "compare '2026-11-09' begins after now"),
        ("1999-01-01", "compare '1999-01-01' is before the year 2000"),
    ],
)
def test_what_a_range_cannot_be_compared_with_is_named(other: str, message: str) -> None:
    with pytest.raises(WrongRange) as refused:
        compared(parse_range("now-1d", "now", NOW, SEOUL), other, NOW, SEOUL)
    assert say(refused.value.sentence).startswith(message)


@pytest.mark.parametrize(
    ("other", "slides"),
    [
        *(("previous", True), ("last_week", True), ("now-3d", True)),
        *(("2026-11-01", False), ("now-3d/d", False)),
    ],
)
def test_what_a_sliding_range_is_compared_with_slides_too(other: str, slides: bool) -> None:
    names = set()
    for now in (NOW, NOW + timedelta(minutes=7, seconds=3)):
        found = compared(parse_range("now-6h", "", now, SEOUL), other, now, SEOUL)
        assert (bool(found.period.slides), found.other) == (slides, other)
        names.add(found.period.slides)
    assert len(names) == 1
    fixed = compared(parse_range("2026-11-03", "2026-11-04", NOW, SEOUL), other, NOW, SEOUL)
    assert fixed.period.slides == ""
