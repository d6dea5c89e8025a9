"""Shifts by the local clock (PRD §33.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ksys_app.domain.shifts import EXAMPLE, Shift, parse_shifts, shift_spans

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
THREE = parse_shifts(EXAMPLE)


def test_shifts_are_read_in_any_order_and_language() -> None:
    assert parse_shifts("야간 22:00-06:00, 주간 조 06:00 - 14:00 ,evening 14:00-22:00") == (
        Shift("주간 조", 360, 840),
        Shift("evening", 840, 1320),
        Shift("야간", 1320, 1800),
    )
    assert parse_shifts("all 06:00-06:00") == (Shift("all", 360, 1800),)
    assert parse_shifts("late 16:00-24:00") == (Shift("late", 960, 1440),)
    assert parse_shifts(" , ") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day 6-14", "'day 6-14', which is no shift; an example is day 06:00-14:00"),
        ("06:00-14:00", "which is no shift"),
        ("day 06:00-25:00", "which is no shift"),
        ("a 06:00-14:00,b 13:59-22:00", "two shifts at once: 'a' and 'b'"),
        ("night 22:00-06:01,day 06:00-14:00", "two shifts at once: 'night' and 'day'"),
        ("a 06:00-06:00,b 06:00-07:00", "two shifts at once"),
        (f"{'x' * 41} 06:00-14:00", "a name of more than 40 characters"),
        (",".join(f"s {h:02}:00-{h:02}:30" for h in range(13)), "has 13 shifts; at most 12"),
    ],
)
def test_wrong_shifts_are_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        parse_shifts(text)


def hours(zone: ZoneInfo, day: datetime, days: int = 1) -> list[tuple[str, float]]:
    start = day.replace(tzinfo=zone).astimezone(UTC)
    end = (day + timedelta(days=days)).replace(tzinfo=zone).astimezone(UTC)
    found = shift_spans(THREE, start, end, zone, 100)
    assert found is not None
    assert all(one.end == after.start for one, after in pairwise(found)), "no hole"
    assert all(one.shaded != after.shaded for one, after in pairwise(found)), "they alternate"
    assert (found[0].start <= start, found[-1].end >= end) == (True, True)
    return [(one.name, (one.end - one.start) / timedelta(hours=1)) for one in found]


def test_they_work_by_the_local_clock() -> None:
    assert hours(SEOUL, datetime(2026, 11, 3)) == [
        *(("night", 8), ("day", 8), ("evening", 8), ("night", 8)),
    ]
    assert hours(BERLIN, datetime(2026, 3, 29))[0] == ("night", 7), "a day of 23 hours"
    assert hours(BERLIN, datetime(2026, 10, 25))[0] == ("night", 9), "a day of 25 hours"


def test_one_that_the_clocks_jump_over_does_not_take_place() -> None:
    shifts = parse_shifts("early 01:00-02:00,lost 02:00-03:00,late 03:00-04:00")
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    found = shift_spans(shifts, start, start + timedelta(hours=6), BERLIN, 100)
    assert found is not None
    assert [one.name for one in found] == ["early", "late"]


def test_time_between_shifts_has_none_and_a_long_range_is_left_out() -> None:
    day = parse_shifts("day 08:00-16:00")
    start = datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert shift_spans(day, start, start + timedelta(hours=9), SEOUL, 100) == []
    assert shift_spans(THREE, start, start + timedelta(days=3650), SEOUL, 200) is None
    assert shift_spans(THREE, start, start + timedelta(days=66), SEOUL, 200) is not None
    # The same shift of the same day is shaded in every range.
    for days in (1, 2, 5):
        other = start - timedelta(days=days)
        found = shift_spans(THREE, other, start + timedelta(days=1), SEOUL, 100)
        assert found is not None
        assert [one.shaded for one in found if one.start > start][:3] == [True, False, True]
