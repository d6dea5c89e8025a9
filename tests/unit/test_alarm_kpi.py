"""The figures of alarms against a count of every pair of rows (PRD §32.7)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.alarms import rates
from ksys_app.domain.alarms.kpi import DAY, HOUR, figures
from ksys_app.domain.alarms.measures import MEASURES
from ksys_app.domain.alarms.rates import MINUTE, SECOND, TEN_MINUTES
from ksys_app.models.alarm_kpi import ChangedTag, Happening, Key

START = 1_700_000_000 * SECOND
END = START + 3 * DAY
TIMES = st.lists(st.integers(0, 60), max_size=60).map(
    lambda gaps: [START + MINUTE * sum(gaps[: n + 1]) // 4 for n in range(len(gaps))]
)


def row(at: int, event: str, tag: str = "A", **more: Any) -> Happening:
    values = {"condition": "HIGH", "raised_at_us": START + at, "priority": 2} | more
    return Happening(START + at, tag, event=event, **values)


def journal(seed: int) -> list[Happening]:
    """Episodes of a few tags over five days, some of them shelved and some acknowledged."""
    chance = random.Random(seed)
    found: list[Happening] = []
    for tag in "ABCDEF":
        at = -2 * DAY
        while at < 3 * DAY:
            at += int(
                chance.choice([chance.expovariate(1 / 30), chance.expovariate(1 / 40_000)]) * SECOND
            )
            length = int(chance.choice([5, 20, 3_000, 100_000]) * chance.random() * SECOND)
            raised, priority = at, chance.choice([1, 2, 3, 4])
            if chance.random() < 0.2:
                found.append(row(at, "SHELVE", tag))
                found.append(row(at + int(length * chance.choice([0.5, 2])), "UNSHELVE", tag))
            found.append(row(at, "RAISE", tag, priority=priority))
            of = {"priority": priority, "raised_at_us": START + raised}
            if chance.random() < 0.3:
                found.append(row(at + length // 2, "ESCALATE", tag, **of))
            if chance.random() < 0.6:
                found.append(row(at + int(length * 2 * chance.random()), "ACK", tag, **of))
            at += length
            found.append(row(at, "CLEAR", tag, **of))
            at += SECOND
    chance.shuffle(found)
    return found


class Counted:
    """The expected figures: at each moment, all rows are counted."""

    def __init__(self, rows: list[Happening]) -> None:
        self.rows = [one for one in rows if one.ts_us < END]
        wanted = ("RAISE", "ESCALATE", "REALARM")
        self.announced = [one for one in self.rows if one.event in wanted and self.counts(one)]
        self.times = sorted(one.ts_us for one in self.announced)

    def hidden(self, one: Happening) -> bool:
        """Whether the last row that hides or shows the alarm hides it."""
        mine = [r for r in self.rows if r.tag_name == one.tag_name and r.ts_us <= one.ts_us]
        hides = [r.ts_us for r in mine if r.event == "SHELVE"]
        shows = [r.ts_us for r in mine if r.event == "UNSHELVE" and r.ts_us < one.ts_us]
        return bool(hides) and (not shows or max(hides) > max(shows))

    def counts(self, one: Happening) -> bool:
        return one.ts_us >= START and one.priority < 4 and not self.hidden(one)

    def within(self, moment: int) -> int:
        """How many were announced in the ten minutes up to ``moment``."""
        return sum(moment - TEN_MINUTES < ts <= moment for ts in self.times)

    def floods(self) -> Iterator[tuple[int, int]]:
        moments = sorted({*self.times, *(ts + TEN_MINUTES for ts in self.times)})
        start = None
        for moment in moments:
            if start is None and self.within(moment) > 10:
                start = moment
            elif start is not None and self.within(moment) < 5:
                yield start, min(moment, END)
                start = None
        if start is not None:
            yield start, END

    def raises(self) -> list[Happening]:
        return [one for one in self.announced if one.event == "RAISE"]

    def end_of(self, one: Happening, event: str) -> int | None:
        same = ((r.ts_us, r.event) for r in self.rows if r.tag_name == one.tag_name
                and r.raised_at_us == one.ts_us)  # fmt: skip
        return next((ts for ts, found in sorted(same) if found == event), None)


@pytest.mark.parametrize("seed", range(8))
def test_the_figures_are_those_of_a_count(seed: int) -> None:
    rows = journal(seed)
    found, counted = figures(rows, START, END), Counted(rows)
    assert found.announced == len(counted.times) > 0
    assert found.per_day == pytest.approx(len(counted.times) / 3)
    assert found.per_hour == pytest.approx(found.per_day / 24)
    assert found.per_10_min == pytest.approx(found.per_hour / 6)
    assert found.peak_10_min == max(
        sum(one <= ts < one + TEN_MINUTES for ts in counted.times) for one in counted.times
    )
    slots = [
        sum(at <= ts < at + TEN_MINUTES for ts in counted.times)
        for at in range(START, END, TEN_MINUTES)
    ]
    assert list(found.slots) == slots
    assert found.over_10 == sum(one > 10 for one in slots) / len(slots)
    spans = list(counted.floods())
    assert [(one.start_us, one.end_us) for one in found.floods] == spans
    assert found.flood_time == pytest.approx(sum(end - begin for begin, end in spans) / (3 * DAY))
    by_key = Counter(one.tag_name for one in counted.announced)
    assert {one.key.tag_name: one.count for one in found.actors} == by_key
    assert [one.count for one in found.actors] == sorted(by_key.values(), reverse=True)
    mix = Counter(one.priority for one in counted.announced)
    assert found.mix == {one: mix[one] / found.announced for one in (1, 2, 3)}


@pytest.mark.parametrize("seed", range(8))
def test_episodes_are_those_of_a_count(seed: int) -> None:
    rows = journal(seed)
    found, counted = figures(rows, START, END), Counted(rows)
    raises = counted.raises()
    chatter = Counter(
        one.tag_name
        for one in raises
        if any(
            len([r for r in raises if r.tag_name == one.tag_name
                 and first.ts_us <= r.ts_us <= first.ts_us + MINUTE]) >= 3
            for first in raises
            if first.tag_name == one.tag_name and first.ts_us <= one.ts_us <= first.ts_us + MINUTE
        )
    )  # fmt: skip
    assert {one.key.tag_name: one.count for one in found.chattering} == chatter
    fleeting = Counter(
        one.tag_name
        for one in raises
        if (end := counted.end_of(one, "CLEAR")) is not None
        and end - one.ts_us < 10 * SECOND
        and not any(r.tag_name == one.tag_name and 0 < abs(r.ts_us - one.ts_us) <= MINUTE
                    for r in raises)
    )  # fmt: skip
    assert {one.key.tag_name: one.count for one in found.fleeting} == fleeting
    every = [one for one in counted.rows if one.event == "RAISE" and one.priority < 4]
    stale = sorted(
        one.ts_us
        for one in every
        if (counted.end_of(one, "CLEAR") or END) > max(one.ts_us + DAY, START)
    )
    assert sorted(one.since_us or 0 for one in found.stale) == stale
    spent = Counter[str]()
    for one in every:
        end = counted.end_of(one, "CLEAR") or END
        spent[one.tag_name] += max(0, end - max(one.ts_us, START))
    assert {one.key.tag_name: round(one.seconds * SECOND) for one in found.longest} == {
        tag: lasted for tag, lasted in spent.items() if lasted
    }
    for priority in (0, 1, 2, 3):
        mine = [one for one in raises if priority in (0, one.priority)]
        waits = sorted(ack - one.ts_us for one in mine if (ack := counted.end_of(one, "ACK")))
        answering = found.answering[priority]
        assert (answering.raised, answering.acked) == (len(mine), len(waits))
        ended = [one for one in mine if counted.end_of(one, "CLEAR")]
        missed = [
            one
            for one in ended
            if (counted.end_of(one, "ACK") or END) > (counted.end_of(one, "CLEAR") or END)
        ]
        assert answering.missed == (len(missed) / len(ended) if ended else None)
        if waits:
            middle = (waits[(len(waits) - 1) // 2] + waits[len(waits) // 2]) / 2 / SECOND
            assert answering.median_s == pytest.approx(middle)


@given(TIMES)
@settings(max_examples=300)
def test_floods_of_any_times(times: list[int]) -> None:
    counted = Counted([])
    counted.times = [one for one in times if one < END]
    spans = [(one.start_us, one.end_us) for one in rates.floods(counted.times, END)]
    assert spans == list(counted.floods())


def test_a_flood_from_the_eleventh_alarm_until_four_are_left() -> None:
    times = [START + n * 30 * SECOND for n in range(12)]
    (flood,) = rates.floods(times, END)
    assert (flood.start_us, flood.count) == (times[10], 12)
    assert flood.end_us == times[7] + TEN_MINUTES
    assert rates.floods(times[:10], END) == []


def test_what_was_hidden_was_not_announced() -> None:
    rows = [
        row(-HOUR, "SUPPRESS", "S"),
        row(MINUTE, "RAISE", "S"),
        row(2 * MINUTE, "RELEASE", "S"),
        row(3 * MINUTE, "REALARM", "S", raised_at_us=START + MINUTE),
        row(MINUTE, "OOS_IN", "O"),
        row(MINUTE, "RAISE", "O"),
        row(MINUTE, "RAISE", "E", priority=4),
        row(MINUTE, "LATE", "L"),
    ]
    found = figures(rows, START, START + HOUR)
    assert (found.announced, found.actors[0].key) == (1, Key("S", "HIGH"))
    assert found.answering[0].raised == 0, "nobody saw the raise"


def test_an_alarm_out_of_service_is_not_stale() -> None:
    rows = [
        row(-3 * DAY, "RAISE", "A"),
        row(-3 * DAY, "RAISE", "B"),
        row(-HOUR, "OOS_IN", "B"),
        row(HOUR, "OOS_OUT", "B"),
    ]
    found = figures(rows, START, START + DAY)
    assert [(one.key.tag_name, one.seconds) for one in found.stale] == [("A", 4 * 86_400)]


def test_a_shelf_that_is_renewed_again_and_again() -> None:
    rows = [row(n * HOUR, "SHELVE") for n in range(5)]
    rows += [row(n * HOUR, "SHELVE", "B") for n in range(4)] + [row(5 * HOUR, "UNSHELVE", "B")]
    shelving = figures(rows, START, START + DAY).shelving
    assert (shelving.count, shelving.longest_s) == (2, 86_400)
    assert [(one.key.tag_name, one.count) for one in shelving.extended] == [("A", 4)]


def test_changes_of_limits_without_a_reason() -> None:
    changed = [ChangedTag("A", 3, 0), ChangedTag("B", 4, 1), ChangedTag("C", 5, 2)]
    found = figures([], START, START + DAY, changed)
    assert [one.tag_name for one in found.changes.tags] == ["C", "B"]
    values = {one.name: one.value(found, 1) for one in MEASURES}
    assert (values["unreasoned_changes"], values["unreasoned_share"]) == (3, 25)
    nothing = {one.name: one.value(figures([], START, START + DAY), 1) for one in MEASURES}
    assert (nothing["unreasoned_changes"], nothing["unreasoned_share"]) == (0, None)


def test_an_empty_journal_has_figures() -> None:
    found = figures([], START, START + HOUR)
    assert (found.announced, found.peak_10_min, found.over_10, found.flood_time) == (0, 0, 0, 0)
    assert (found.actors, found.slots) == ((), (0,) * 6)
    assert found.answering[0].median_s is None
