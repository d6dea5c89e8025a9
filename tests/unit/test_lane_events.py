"""Alarms, outages and changes of tags as spans beside a chart (PRD §33.7)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from ksys_app.domain.events import (
    alarm_spans,
    change_spans,
    dense_spans,
    hours_around,
    merged,
    outage_spans,
)
from ksys_app.models.events import DenseRow, EpisodeRow, GapRow, Span
from ksys_app.models.limits import RecordedChange

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return NOW + hours * HOUR


def row(ts: float, event: str, raised: float, **more: Any) -> EpisodeRow:
    values: dict[str, Any] = {"condition": "HIGH", "level": "H", "priority": 3, "value": 96.0}
    values |= {"limit_value": 95.0, "tag_name": "D100"} | more
    return EpisodeRow(ts=at(ts), event=event, raised_at=at(raised), **values)


def times(spans: list[Span]) -> list[tuple[float, float | None]]:
    hours = [(one.start - NOW) / HOUR for one in spans]
    ends = [None if one.end is None else (one.end - NOW) / HOUR for one in spans]
    return list(zip(hours, ends, strict=True))


class TestAlarms:
    def test_an_alarm_lasts_from_its_raise_to_its_clear(self) -> None:
        rows = [row(-2, "RAISE", -2), row(-1, "CLEAR", -2, value=90.0), row(-0.5, "RAISE", -0.5)]
        rows += [row(-0.5, "STANDS", -0.5)]
        found = alarm_spans(rows, at(-3), NOW)
        assert times(found) == [(-2, -1), (-0.5, None)]
        assert [one.ongoing for one in found] == [False, True]
        assert found[0].values == {"condition": "HIGH", "value": 96.0, "limit_value": 95.0}

    def test_one_that_began_before_or_ended_after_the_range_has_its_own_times(self) -> None:
        rows = [row(2, "CLEAR", -9)]
        assert times(alarm_spans(rows, at(-3), NOW)) == [(-9, 2)]
        assert alarm_spans(rows, at(-3), NOW)[0].values["value"] is None, "what was back again"
        over = [row(-2, "RAISE", -2), row(2, "CLEAR", -2)]
        assert times(alarm_spans(over, at(-3), NOW)) == [(-2, 2)]
        assert alarm_spans([row(-4, "CLEAR", -5)], at(-3), NOW) == []

    def test_it_has_the_most_urgent_level_that_it_had(self) -> None:
        rows = [row(-2, "RAISE", -2)]
        rows.append(row(-1, "ESCALATE", -2, level="HH", priority=1, value=99.0, limit_value=98.0))
        rows.append(row(0, "CLEAR", -2, level="H", value=94.0))
        (found,) = alarm_spans(rows, at(-3), NOW)
        assert (found.level, found.priority, found.key) == ("HH", 1, "alarms.what_HH")
        assert (found.values["value"], found.values["limit_value"]) == (99.0, 98.0)

    def test_the_end_may_be_unknown(self) -> None:
        (found,) = alarm_spans([row(-2, "RAISE", -2)], at(-3), NOW)
        assert (found.end, found.ongoing) == (None, False)

    def test_what_is_only_recorded_is_none(self) -> None:
        assert alarm_spans([row(-2, "RAISE", -2, priority=4)], at(-3), NOW) == []


def test_outages_are_of_whole_hours_and_an_ongoing_one_begins_with_the_newest_sample() -> None:
    first, last = hours_around(NOW - timedelta(hours=5, minutes=7), NOW + timedelta(minutes=20))
    assert (first, last) == (at(-6), at(1))

    def gap(begin: float, end: float, newest: bool = False) -> GapRow:
        clock, newest_sample = NOW + timedelta(minutes=20), NOW - timedelta(hours=1, minutes=30)
        return GapRow("D100", clock, at(-900), newest_sample, at(begin), at(end), newest)

    found = outage_spans([gap(-6, -6), gap(-4, -3), gap(-1, 0, True)], first, last)
    assert times(found) == [(-6, -5), (-4, -2), (-1.5, None)]
    assert [one.clipped for one in found] == [True, False, False]
    assert [one.ongoing for one in found] == [False, False, True]
    past = outage_spans([gap(-4, -3, True)], at(-6), at(-2))
    assert (times(past), past[0].clipped) == ([(-4, -2)], True)


def change(second: float, **more: Any) -> RecordedChange:
    values: dict[str, Any] = {"id": 1, "tag_name": "D100", "version": 3, "op": "UPDATE"}
    values |= {"relation": "influx_qc_rule", "condition": "", "actor": "Kim", "reason": "pump"}
    values |= {"old": {"tag_name": "D100", "crit_max": 95}, "new": {"crit_max": 100}}
    return RecordedChange(at=NOW + timedelta(seconds=second), source="page", **values | more)


def test_rows_that_were_saved_together_are_one_change() -> None:
    settings = {"condition": "HIGH", "on_delay_s": 5, "latch": True, "version": 2}
    more: dict[str, Any] = {"relation": "alarm_rule", "condition": "HIGH", "old": None}
    rows = [
        change(0),
        change(0.01, id=2, version=4, new=settings, **more),
        change(0.02, id=3, tag_name="D200"),
        change(60, id=4, version=5),
    ]
    first, other, later = change_spans(rows)
    assert (first.tag_name, first.values["version"], first.end) == ("D100", 4, rows[1].at)
    assert first.values["cells"] == [
        {"column": "crit_max", "old": "95", "new": "100"},
        {"column": "HIGH.on_delay_s", "old": None, "new": "5"},
        {"column": "HIGH.latch", "old": None, "new": "true"},
    ]
    assert (first.values["actor"], first.values["reason"]) == ("Kim", "pump")
    assert [other.tag_name, later.values["version"]] == ["D200", 5]


def some(seed: int, count: int) -> list[Span]:
    chance = random.Random(seed)
    spans = []
    for _ in range(count):
        start = at(chance.uniform(-24, 0))
        end = start + timedelta(hours=chance.choice([0, 0, 0.01, 3]))
        spans.append(Span("alarm", chance.choice("ABC"), start, end, "", priority=2))
    return spans


@given(seed=st.integers(0, 1000), count=st.integers(0, 400), most=st.integers(2, 60))
def test_many_are_merged_and_none_is_lost(seed: int, count: int, most: int) -> None:
    spans = some(seed, count)
    found = merged(spans, at(-24), NOW, most)
    assert len(found) <= most
    assert sum(one.count for one in found) == count
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert {one.start for one in found} <= {one.start for one in spans}
    if count <= most:
        assert sorted(map(id, found)) == sorted(map(id, spans))
    for one in found:
        if one.count > 1:
            assert one.values["n"] == one.count
            assert (one.tag_name is None) == (len(one.values["tags"]) > 1)


def test_a_long_one_stays_itself_among_many() -> None:
    long = Span("alarm", "A", at(-20), at(-2), "", priority=1)
    found = merged([*some(1, 300), long], at(-24), NOW, 40)
    assert long in found


def test_the_most_urgent_one_decides_and_one_that_goes_on_keeps_it_open() -> None:
    short = timedelta(minutes=1)
    spans = [Span("alarm", "A", at(-1) + n * short, at(-1) + n * short, "") for n in range(9)]
    spans.append(Span("alarm", "A", at(-0.9), None, "", ongoing=True, level="HH", priority=1))
    found = merged(spans, at(-100), NOW, 2)
    assert [(one.priority, one.level, one.ongoing, one.end) for one in found if one.count > 1] == [
        (1, "HH", True, None)
    ]


def test_too_many_to_be_read_are_counted_by_parts() -> None:
    rows = [DenseRow("A", 1, 7000, at(-9), at(-8), 2), DenseRow("B", 1, 1, at(-9), at(-9), 3)]
    spans = dense_spans("alarm", rows)
    assert [(one.count, one.values["n"]) for one in spans] == [(7000, 7000), (1, 1)]
    (found,) = [one for one in merged([*spans, *spans], at(-10), NOW, 2) if one.count > 1]
    assert (found.count, found.values["tags"], found.priority) == (14002, ["A", "B"], 2)
