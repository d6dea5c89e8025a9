"""Days and ranges in the browser, run by Node."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from hypothesis import given, settings, strategies as st

from ksys_app.texts import ENGLISH
from ksys_app.texts.ranges import QUICK
from tests.node import run

KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown")


def moved(day: date, key: str) -> date:
    """The expected day, computed by the calendar of Python."""
    if key.startswith("Page"):
        month = day.year * 12 + day.month - 1 + (1 if key == "PageDown" else -1)
        last = calendar.monthrange(month // 12, month % 12 + 1)[1]
        return date(month // 12, month % 12 + 1, min(day.day, last))
    monday = day - timedelta(days=day.weekday())
    if key in ("Home", "End"):
        return monday + timedelta(days=6 if key == "End" else 0)
    steps = {"ArrowLeft": -1, "ArrowRight": 1, "ArrowUp": -7, "ArrowDown": 7}
    return day + timedelta(days=steps[key])


@settings(max_examples=2)
@given(st.lists(st.dates(date(2000, 2, 1), date(2099, 1, 1)), min_size=30))
def test_keys_move_by_days_weeks_and_months_and_a_month_has_whole_weeks(days: list[date]) -> None:
    days = [*days, date(2024, 1, 31), date(2024, 2, 29), date(2026, 12, 31)]
    expression = (
        "given[0].map((day) => [given[1].map((key) => m.moved(day, key)),"
        " m.moved(day, 'x'), m.weeksOf(day)])"
    )
    found = run("range/days.js", expression, [str(day) for day in days], KEYS)
    weeks = calendar.Calendar()
    for day, (by_key, other, month) in zip(days, found, strict=True):
        assert by_key == [str(moved(day, key)) for key in KEYS]
        assert other is None
        assert month == [
            [str(one) for one in week] for week in weeks.monthdatescalendar(day.year, day.month)
        ]


def test_a_range_is_named_and_shown_in_the_calendar() -> None:
    ranges = [
        ["now-1d/d", "now/d"],
        ["2026-11-03T22:00", "2026-11-05"],
        ["2026-11-03", "2026-11-05T06:00"],
        ["now-6h", "2026-11-05T00:00"],
        ["2026-99-99", "garbage"],
    ]
    expression = "given[0].map((r) => [m.rangeText(r, given[1], given[2]), m.spanOfDays(...r)])"
    assert run("range/ranges.js", expression, ranges, QUICK, dict(ENGLISH["ranges"])) == [
        ["Yesterday", [None, None]],
        ["2026-11-03 22:00 – 2026-11-05", ["2026-11-03", "2026-11-04"]],
        ["2026-11-03 – 2026-11-05 06:00", ["2026-11-03", "2026-11-05"]],
        ["now-6h – 2026-11-05 00:00", [None, "2026-11-04"]],
        ["2026-99-99 – garbage", [None, None]],
    ]


def test_the_last_ten_ranges_are_stored_each_once_whatever_the_browser_had_stored() -> None:
    held = [[f"now-{n}h", "now"] for n in range(1, 11)]
    expression = (
        "[m.added(given[0], ['now-3h', 'now']), m.added(given[0], ['now-99h', 'now']),"
        " given[1].map((text) => m.valid(text))]"
    )
    texts = [None, "x", "{}", '[1, ["a"], ["now-1h", 5], ["now-1h", "now"]]']
    again, more, read = run("range/recent.js", expression, held, texts)
    assert again == [held[2], *held[:2], *held[3:]]
    assert more == [["now-99h", "now"], *held[:9]]
    assert read == [[], [], [], [["now-1h", "now"]]]
