"""Tags of a group that fall silent together are one alarm (PRD §32.1, row 18)."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.alarms.response import fold
from ksys_app.domain.alarms.settings import policy
from ksys_app.domain.alarms.source import Source, groups, threshold
from ksys_app.domain.alarms.sources import Sources, journal_order, with_source_rows
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import Event, ProcessEvent
from ksys_app.models.rows import QcRule
from tests.unit.alarms import reference

UNTIL = 10_000 * SECOND
Entry = tuple[float, str, str]
"""Seconds, tag or group, and event."""


def rule(tag: str, group: str = "", gap: int | None = 60, *, on: bool = True) -> QcRule:
    return QcRule(tag, max_gap_seconds=gap, enabled=on, meta={"group": group} if group else {})


def gap(event: Event, second: float, tag: str, since: float | None = None) -> ProcessEvent:
    """A RAISE, or a CLEAR of the episode that began at ``since``."""
    us, quality = round(second * SECOND), "STALE" if event == "RAISE" else "GOOD"
    episode = us if since is None else round(since * SECOND)
    return ProcessEvent(us, tag, "GAP", "", episode, event, 60.0, 60.0, 3, quality)  # type: ignore[arg-type]


def silent(tag: str, begin: float, end: float | None = None) -> list[ProcessEvent]:
    rows = [gap("RAISE", begin, tag)]
    return rows if end is None else [*rows, gap("CLEAR", end, tag, begin)]


def entries(rows: list[ProcessEvent]) -> list[Entry]:
    return [(row.ts_us / SECOND, row.tag_name, row.event) for row in rows]


def new_rows(rows: list[ProcessEvent], rules: list[QcRule]) -> list[ProcessEvent]:
    """The rows that the sources add."""
    rows = sorted(rows, key=journal_order)
    found = list(with_source_rows(rows, Sources(rules), UNTIL))
    assert [row for row in found if row in rows] == rows, "nothing else changes"
    return [row for row in found if row not in rows]


FIVE = [rule(tag, "mill") for tag in "ABCDE"]


@pytest.mark.parametrize(
    ("tags", "least"), [(3, 3), (15, 3), (16, 4), (50, 10), (51, 10), (2000, 10)]
)
def test_a_fifth_of_a_group_is_a_source_but_three_to_ten_tags(tags: int, least: int) -> None:
    assert threshold(tags) == least


def test_a_group_has_the_tags_of_which_a_silence_is_noticed() -> None:
    rules = [*FIVE, rule("F", "mill", None), rule("G", "mill", on=False), rule("H", "pair")]
    rules += [rule("I", "pair"), *(rule(tag) for tag in "XYZ")]
    assert groups(rules) == {"mill": frozenset("ABCDE")}


def test_a_lost_source_is_one_alarm_for_as_long_as_it_is_lost() -> None:
    rows = [
        *silent("A", 100, 500),
        *silent("B", 160, 510),
        *silent("C", 130, 520),
        *silent("D", 200, 505),
    ]
    assert entries(new_rows(rows, FIVE)) == [
        (160, "A", "SUPPRESS"),
        (160, "B", "SUPPRESS"),
        (160, "C", "SUPPRESS"),
        (160, "mill", "RAISE"),
        (200, "D", "SUPPRESS"),
        (500, "A", "RELEASE"),
        (505, "D", "RELEASE"),
        (510, "B", "RELEASE"),
        (520, "C", "RELEASE"),
        (535, "mill", "CLEAR"),
    ]


def test_silences_that_are_more_than_a_minute_apart_are_alarms_of_their_own() -> None:
    rows = [*silent("A", 100), *silent("B", 130), *silent("C", 160.000001)]
    assert new_rows(rows, FIVE) == []


def test_a_tag_that_came_back_does_not_count() -> None:
    assert new_rows([*silent("A", 100, 110), *silent("B", 105), *silent("C", 110)], FIVE) == []


def test_what_was_silent_long_before_stays_an_alarm_of_its_own() -> None:
    rows = [*silent("A", 10), *chain(*(silent(tag, 100, 200) for tag in "BCD"))]
    found = entries(new_rows(rows, FIVE))
    assert "A" not in {tag for _, tag, _ in found}
    assert found[-1] == (230, "mill", "CLEAR")


def test_what_stays_silent_stands_for_itself_when_the_source_is_back() -> None:
    rows = [*silent("A", 100), *silent("B", 100, 200), *silent("C", 100, 200)]
    assert entries(new_rows(rows, FIVE))[-2:] == [(230, "A", "RELEASE"), (230, "mill", "CLEAR")]


def test_a_source_that_is_back_for_less_than_half_a_minute_is_still_lost() -> None:
    rows = [*silent("A", 100), *silent("B", 100), *silent("C", 100, 200), *silent("C", 230, 300)]
    assert [row for row in entries(new_rows(rows, FIVE)) if row[1] == "mill"] == [
        (100, "mill", "RAISE"),
        (330, "mill", "CLEAR"),
    ]


def test_the_alarm_of_the_source_has_how_many_tags_are_silent_and_how_many_are_enough() -> None:
    raised = new_rows([row for tag in "ABCD" for row in silent(tag, 100)], FIVE)[-1]
    assert (raised.condition, raised.level, raised.priority) == ("SOURCE_LOST", "", 2)
    assert (raised.value, raised.limit_value, raised.quality) == (4, 3, "STALE")


def test_nobody_has_to_answer_for_a_tag_that_came_back_with_its_source() -> None:
    rows = [row for tag in "ABC" for row in silent(tag, 100, 200)]
    rows = sorted([*rows, *new_rows(rows, FIVE)], key=journal_order)
    of_a = [row for row in rows if row.tag_name == "A"]
    assert [row.event for row in of_a] == ["RAISE", "SUPPRESS", "CLEAR", "RELEASE"]
    standing = fold(of_a, policy(3, None))
    assert (standing.ack, standing.active, standing.designed) == ("acked", False, False)
    again = fold([*of_a, gap("RAISE", 900, "A")], policy(3, None))
    assert (again.ack, again.count) == ("unacked", 2)
    # The worker may fold the rows of the tag before those of its group: the group is behind.
    late = sorted(of_a, key=lambda row: row.event in ("SUPPRESS", "RELEASE"))
    assert fold(late, policy(3, None)) == standing


@pytest.mark.parametrize("late", [False, True])
def test_a_tag_that_was_still_silent_when_its_source_came_back_has_to_be_answered(
    late: bool,
) -> None:
    rows = [*silent("A", 100, 900), *silent("B", 100, 200), *silent("C", 100, 200)]
    of_a = [
        row
        for row in sorted([*rows, *new_rows(rows, FIVE)], key=journal_order)
        if row.tag_name == "A"
    ]
    assert [row.event for row in of_a] == ["RAISE", "SUPPRESS", "RELEASE", "CLEAR"]
    if late:
        of_a.sort(key=lambda row: row.event in ("SUPPRESS", "RELEASE"))
    assert fold(of_a, policy(3, None)).ack == "unacked"


def test_other_rules_are_judged_from_the_change_on() -> None:
    source = Source("mill", frozenset("ABCDE"))
    for tag in "ABC":
        source.feed(gap("RAISE", 100, tag))
    assert entries(source.run(200 * SECOND))[0] == (100, "mill", "RAISE")
    assert source.change(frozenset("ABCDEF"), 300 * SECOND) == []
    assert entries(source.change(frozenset("BCDE"), 300 * SECOND)) == [(300, "A", "RELEASE")]
    rows = source.change(frozenset("BC"), 310 * SECOND)
    assert entries(rows) == [(310, "mill", "CLEAR"), (310, "B", "RELEASE"), (310, "C", "RELEASE")]
    assert rows[0].reason == "RULE_OFF"
    assert not source.busy


def test_what_comes_too_late_counts_from_then_on() -> None:
    source = Source("mill", frozenset("ABCDE"))
    for tag in "ABC":
        source.feed(gap("RAISE", 100, tag))
    source.run(200 * SECOND)
    source.feed(gap("RAISE", 99, "D"))
    source.feed(gap("CLEAR", 99.5, "D", 99))
    source.feed(gap("CLEAR", 99.9, "A", 100))
    rows = source.run(101 * SECOND)
    assert [(row.ts_us, row.tag_name, row.event) for row in rows] == [
        (100 * SECOND + 1, "A", "RELEASE")
    ]


def random_gaps(seed: int) -> tuple[list[QcRule], list[list[ProcessEvent]]]:
    """Tags of two groups, and their silences; often together, and often at the same moment."""
    chance = Random(seed)
    rules = [rule(f"T{n}", chance.choice(["", "mill"])) for n in range(chance.randrange(3, 40))]
    streams: list[list[ProcessEvent]] = []
    blackouts = [chance.randrange(0, 2_400, 10) for _ in range(4)]
    for one in rules:
        rows: list[ProcessEvent] = []
        at = 0.0
        for _ in range(chance.randrange(6)):
            blackout = chance.choice(blackouts) + chance.choice([0, 0, 5, 30, 60, 61, 90])
            begin = blackout if blackout > at else at + chance.randrange(1, 300)
            end = begin + chance.choice([1, 20, 60, 90, 200])
            rows += silent(one.tag_name, begin, end)
            at = end + 1
        if rows and chance.random() < 0.2:
            rows.pop()
        streams.append(rows)
    return rules, streams


@given(st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_the_rows_are_those_of_a_reference_without_a_state(seed: int) -> None:
    rules, streams = random_gaps(seed)
    found = new_rows([*chain(*streams)], rules)
    expected: list[Entry] = []
    for name, tags in groups(rules).items():
        gaps = []
        for rows in streams:
            ends = {row.raised_at_us: row.ts_us for row in rows if row.event == "CLEAR"}
            gaps += [
                (row.tag_name, row.ts_us, ends.get(row.ts_us))
                for row in rows
                if row.event == "RAISE" and row.tag_name in tags
            ]
        of = reference.lost(gaps, threshold(len(tags)), UNTIL)
        expected += [(ts / SECOND, tag or name, event) for ts, tag, event in of]
    assert sorted(entries(found)) == sorted(expected)
    standing: Counter[str] = Counter()
    for row in found:
        if row.condition == "SOURCE_LOST":
            standing[row.tag_name] += 1 if row.event == "RAISE" else -1
            assert standing[row.tag_name] in (0, 1), "at most one stands"


@pytest.mark.parametrize("batch", [1, 7, 1000])
@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_batches_restarts_and_the_order_of_the_tags_do_not_change_the_rows(
    batch: int, seed: int
) -> None:
    rules, streams = random_gaps(seed)
    expected = sorted(new_rows([*chain(*streams)], rules), key=journal_order)
    chance = Random(seed)
    sources = Sources(rules)
    remaining = [list(rows) for rows in streams]
    found: list[ProcessEvent] = []
    while any(remaining):
        for rows in chance.sample(remaining, len(remaining)):
            if chance.random() < 0.7:
                sources.feed(rows[:batch])
                del rows[:batch]
        # Each group waits for the rows of all its tags.
        found += sources.run(min((rows[0].ts_us for rows in remaining if rows), default=UNTIL))
        memories = {one.name: json.loads(json.dumps(one.memory())) for one in sources}
        sources = Sources(rules, memories)
        assert sources.change(rules, lambda _: UNTIL) == []
    found += sources.run(UNTIL + 1)
    assert sorted(found, key=journal_order) == expected
