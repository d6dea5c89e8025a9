"""A calculated tag is judged in event time, however its samples are grouped (PRD §33.9)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.alarms.calculated import Derived, Formula, Moment, formulas, judge
from ksys_app.domain.alarms.limits import DOUBTED
from ksys_app.domain.alarms.source import groups
from ksys_app.domain.alarms.stored import Sample
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import SECOND
from ksys_app.domain.expressions.parse import parse
from ksys_app.models.alarms import AlarmSettings, Condition, ProcessEvent
from ksys_app.models.expressions import SavedExpression
from ksys_app.models.rows import QcRule
from tests.unit.alarms.disturbed import START_US
from tests.unit.alarms.machine_run import MachineRun, us

SAVED_AT = datetime(2026, 3, 1, tzinfo=UTC)
Values = Callable[[float, float, float], float]
FORMULAS: dict[str, Values] = {
    "A - B": lambda a, b, c: a - b + 0 * c,
    "(A + B * C) / 3": lambda a, b, c: (a + b * c) / 3,
    "A / (B - C)": lambda a, b, c: a / (b - c) if b != c else math.nan,
    "if(A > B, C, A) + B": lambda a, b, c: (c if a > b else a) + b,
}
HARD = ("exp(A / 20) - log(B) + C", "A ^ 1.7 + sqrt(B) * C", "round(A % B, 2) + C")
HOLDS = {"A": 60 * SECOND, "B": 75 * SECOND, "C": 120 * SECOND}
RULE = QcRule("X", warn_max=60.0, warn_min=-20.0, max_gap_seconds=90, max_step=40.0, min_val=-50.0)
OWN = replace(RULE, expression="A - B")
SET: dict[Condition, AlarmSettings] = {"HIGH": AlarmSettings(on_delay_s=5.5, off_delay_s=3)}
Feeds = dict[str, list[Sample]]


def formula(text: str) -> Formula:
    return Formula(parse(text), {tag: HOLDS[tag] for tag in "ABC" if tag in text})


def feeds(seed: int, count: int) -> Feeds:
    """Samples of three tags, some at the same times, with holes, bad ones and doubted ones."""
    chance = Random(seed)
    found: Feeds = {}
    for tag, period in (("A", 1), ("B", 5), ("C", 20)):
        ts, value, rows = START_US + chance.randrange(5) * SECOND, 20.0, []
        for _ in range(count // period):
            ts += period * SECOND + (chance.randrange(SECOND) if chance.random() < 0.2 else 0)
            if chance.random() < 0.02:
                ts += chance.choice([60, 61, 75, 200]) * SECOND
            if chance.random() < 0.4:
                value = chance.choice([0.0, 20.0, 80.0, chance.uniform(-60, 90)])
            bad = chance.random()
            rows.append((ts, math.nan if bad < 0.02 else value, 4 if 0.02 < bad < 0.04 else 32))
        found[tag] = rows
    return found


def ending(found: Feeds) -> int:
    return max(ts for rows in found.values() for ts, _, _ in rows) + 300 * SECOND


def cut(found: Feeds, after: int, until: int) -> Feeds:
    return {tag: [one for one in rows if after < one[0] <= until] for tag, rows in found.items()}


def pieces(chance: Random, found: Feeds, batch: int) -> list[int]:
    """Ends of batches of about so many samples, some of them between two samples."""
    times = sorted({ts for rows in found.values() for ts, _, _ in rows})
    ends = [ts + chance.choice([0, 0, 1, 61 * SECOND]) for ts in times[batch - 1 :: batch]]
    return sorted({*ends, ending(found)})


def moments(one: Formula, found: Feeds, ends: list[int]) -> list[Moment]:
    derived, after, rows = Derived(0), 0, []
    for until in ends:
        rows += derived.feed(one, cut(found, after, until), until)
        derived, after = Derived(0, json.loads(json.dumps(derived.memory()))), until
    return rows


def by_hand(value: Values, one: Formula, found: Feeds) -> list[Moment]:
    """The same values, computed sample by sample."""
    every: dict[int, dict[str, float]] = {}
    for tag in one.holds_us:
        for ts, sample, qc in found[tag]:
            every.setdefault(ts, {})[tag] = math.nan if qc & DOUBTED else sample
    newest: dict[str, tuple[int, float]] = {}
    rows, held = [Moment(0, math.nan)], 0
    times = [*sorted(every), ending(found)]
    for at, upcoming in pairwise(times):
        newest |= {tag: (at, sample) for tag, sample in every[at].items()}
        complete = newest.keys() == one.holds_us.keys()
        held = min((ts + one.holds_us[tag] for tag, (ts, _) in newest.items()), default=0)
        a, b, c = (newest.get(tag, (0, 0.0))[1] for tag in "ABC")
        result = value(a, b, c) if complete and held >= at else math.nan
        if result == result or rows[-1].value == rows[-1].value:
            rows.append(Moment(at, result))
        if result == result and held < upcoming:
            rows.append(Moment(held, math.nan))
    return rows[1:]


def same(found: list[Moment], wanted: list[Moment]) -> bool:
    return [(ts, repr(value)) for ts, value in found] == [(ts, repr(v)) for ts, v in wanted]


@pytest.mark.parametrize("text", FORMULAS)
@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_there_is_a_value_while_the_sample_of_each_tag_is_fresh_and_good(
    text: str, seed: int
) -> None:
    one, found = formula(text), feeds(seed, 120)
    assert same(moments(one, found, [ending(found)]), by_hand(FORMULAS[text], one, found))


@pytest.mark.parametrize("batch", [1, 7, 1000])
@pytest.mark.parametrize("text", [*FORMULAS, *HARD])
@given(st.integers(0, 10**6))
@settings(max_examples=6, deadline=None)
def test_batches_and_restarts_do_not_change_the_values(batch: int, text: str, seed: int) -> None:
    one, found = formula(text), feeds(seed, 120)
    parts = moments(one, found, pieces(Random(seed), found, batch))
    assert same(parts, moments(one, found, [ending(found)]))


def journal(one: Formula, found: Feeds, ends: list[int]) -> list[ProcessEvent]:
    """The journal; after each batch, delays end and the machine restarts."""
    machine, derived, after = TagMachine("X", OWN, SET), Derived(0), 0
    rows: list[ProcessEvent] = []
    for until in ends:
        judge(machine, derived.feed(one, cut(found, after, until), until))
        while (due := machine.due_us) is not None and due < until:
            machine.advance(due + 1)
        rows += machine.take()
        memory: dict[str, Any] = json.loads(json.dumps(machine.memory()))
        machine = TagMachine("X", OWN, SET, memory)
        derived, after = Derived(0, json.loads(json.dumps(derived.memory()))), until
    return rows


@pytest.mark.parametrize("batch", [1, 7, 1000])
@given(st.integers(0, 10**6))
@settings(max_examples=12, deadline=None)
def test_batches_and_restarts_do_not_change_the_journal(batch: int, seed: int) -> None:
    one, found = formula("A - B"), feeds(seed, 200)
    expected = journal(one, found, [ending(found)])
    assert journal(one, found, pieces(Random(seed), found, batch)) == expected
    assert "BAD" not in {row.level for row in expected}


def test_the_journals_of_these_tests_have_every_event() -> None:
    found = [feeds(seed, 400) for seed in range(20)]
    events = {
        (row.condition, row.event)
        for one in found
        for row in journal(formula("A - B"), one, [ending(one)])
    }
    for condition in ("HIGH", "LOW", "GAP", "STEP", "INSTR"):
        assert events >= {(condition, "RAISE"), (condition, "CLEAR")}


def test_a_late_sample_changes_the_values_after_it_only() -> None:
    derived, one = Derived(0), formula("A - B")
    rows = derived.feed(one, {"A": [(10, 5.0, 0)], "B": [(10, 1.0, 0), (20, 2.0, 0)]}, 20)
    assert rows == [Moment(10, 4.0), Moment(20, 3.0)]
    assert derived.feed(one, {"A": [(15, 9.0, 0)]}, 20) == []
    assert derived.feed(one, {"B": [(30, 3.0, 0)]}, 30) == [Moment(30, 6.0)]
    assert (derived.after("A"), derived.after("B")) == (15, 30)


def test_where_nobody_knows_the_value_waits_end_and_alarms_stay() -> None:
    run = MachineRun(replace(OWN, max_step=None, max_gap_seconds=60), {})
    judge(run.machine, [Moment(us(0), 70.0), Moment(us(5), math.nan)])
    assert run.advance(30).short() == [], "the wait of ten seconds ended"
    judge(run.machine, [Moment(us(31), 70.0), Moment(us(45), math.nan), Moment(us(50), 10.0)])
    judge(run.machine, [Moment(us(55), math.nan)])
    assert run.advance(200).entries() == [
        (41, "HIGH", "RAISE", "H"),
        (110, "GAP", "RAISE", ""),
    ], "the gap is counted from the last value on"
    judge(run.machine, [Moment(us(300), 10.0)])
    assert run.advance(340).entries("CLEAR") == [
        (300, "GAP", "CLEAR", ""),
        (330, "HIGH", "CLEAR", "H"),
    ]


def test_a_sample_at_the_end_of_a_value_prevents_it() -> None:
    derived, one = Derived(0), formula("A - 1")
    at_its_end = {"A": [(10, 5.0, 0), (10 + HOLDS["A"], 6.0, 0)]}
    rows = derived.feed(one, at_its_end, 10 + HOLDS["A"])
    assert rows == [Moment(10, 4.0), Moment(10 + HOLDS["A"], 5.0)]


def test_a_sample_from_before_the_value_ended_counts_from_there_on() -> None:
    run = MachineRun(replace(OWN, max_step=None, max_gap_seconds=None), {}).feed((0, 10.0))
    judge(run.machine, [Moment(us(5), math.nan), Moment(us(3), 70.0)])
    assert run.advance(30).entries() == [(15, "HIGH", "RAISE", "H")]


def saved(name: str, text: str) -> SavedExpression:
    return SavedExpression(name, text, "", None, 1, "ann", SAVED_AT)


def test_what_is_judged_is_pointwise_and_has_a_rule_that_is_on() -> None:
    names = ("on", "off", "moving", "constant", "A")
    rules = {name: QcRule(name, warn_max=1.0, spike_zscore=3.0) for name in names}
    rules["off"] = replace(rules["off"], enabled=False)
    rules["A"] = replace(rules["A"], max_gap_seconds=300)
    texts = {"on": "A - B", "off": "A", "moving": "avg_1h(A)", "constant": "5", "bare": "A"}
    marked, found = formulas(rules, [saved(*one) for one in texts.items()])
    assert list(found) == ["on"]
    assert found["on"].holds_us == {"A": 300 * SECOND, "B": 120 * SECOND}
    assert (marked["on"].expression, marked["on"].spike_zscore) == ("A - B", None)
    assert [marked[name] is rules[name] for name in names] == [False, True, True, True, True]


def test_a_calculated_tag_belongs_to_no_source() -> None:
    rules = [
        QcRule(name, max_gap_seconds=60, meta={"group": "mill"}, expression=text)
        for name, text in (("A", ""), ("B", ""), ("C", ""), ("X", "A - B"))
    ]
    assert groups(rules) == {"mill": frozenset("ABC")}
