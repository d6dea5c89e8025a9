"""Properties of the journal that hold for every series (PRD §32.1)."""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.alarms.response import fold
from ksys_app.domain.alarms.settings import policy
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.models.alarms import ProcessEvent
from tests.unit.alarms import disturbed
from tests.unit.alarms.disturbed import Series

STANDS = ("RAISE", "CLEAR", "ESCALATE", "DEESCALATE", "SUPPRESS", "RELEASE")
SEEDS = st.integers(0, 10**6)


def moving(seed: int, count: int) -> Series:
    """A series whose rule also limits steps, rates and spikes."""
    found = disturbed.series(seed, count)
    values = {"max_step": 30.0, "roc_max_per_min": 900.0, "spike_zscore": None}
    found.rule = type(found.rule)(
        **{name: getattr(found.rule, name) for name in found.rule.__slots__} | values
    )
    return found


def journal(
    one: Series, batch: int = 0, restart: bool = False
) -> tuple[TagMachine, list[ProcessEvent]]:
    """The journal; ``batch`` samples are followed by a look at the clock, perhaps by a restart."""
    until = disturbed.until([one])
    machine = TagMachine(one.rule.tag_name, one.rule, one.settings)
    rows: list[ProcessEvent] = []
    usable = [sample for sample in one.samples if sample[0] <= until]
    for place, (ts, value, qc) in enumerate(usable):
        machine.feed(ts, value, qc)
        if batch and place % batch == 0:
            upcoming = min((later for later, _, _ in usable[place + 1 :][:100]), default=until)
            machine.advance(upcoming - 1)
            rows += machine.take()
            if restart:
                memory = json.loads(json.dumps(machine.memory()))
                machine = TagMachine(one.rule.tag_name, one.rule, one.settings, memory)
    machine.advance(until)
    return machine, rows + machine.take()


@pytest.mark.parametrize("batch", [1, 7, 1000, 50_000])
@pytest.mark.parametrize("restart", [False, True])
@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_batches_and_restarts_do_not_change_the_journal(
    batch: int, restart: bool, seed: int
) -> None:
    one = moving(seed, 200)
    assert journal(one, batch, restart)[1] == journal(one)[1]


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_raise_and_clear_alternate_and_an_episode_ends_after_it_began(seed: int) -> None:
    one = moving(seed, 300)
    by_condition: dict[str, list[ProcessEvent]] = defaultdict(list)
    for row in journal(one)[1]:
        if row.event in ("RAISE", "CLEAR"):
            by_condition[row.condition].append(row)
    for condition, rows in by_condition.items():
        assert [row.event for row in rows] == (["RAISE", "CLEAR"] * len(rows))[: len(rows)]
        for raised, cleared in zip(rows[::2], rows[1::2], strict=False):
            assert raised.raised_at_us == cleared.raised_at_us == raised.ts_us
            # A run of exactly the on-delay may end with a sample that clears at once.
            assert raised.ts_us <= cleared.ts_us
            chosen = one.settings.get(condition)  # type: ignore[call-overload]
            if chosen is None or chosen.off_delay_s or chosen.on_delay_s == 0:
                assert raised.ts_us < cleared.ts_us


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_time_of_a_journal_never_goes_back_and_no_row_comes_twice(seed: int) -> None:
    _, rows = journal(moving(seed, 300), batch=3, restart=True)
    assert [row.ts_us for row in rows] == sorted(row.ts_us for row in rows)
    keys = [(row.ts_us, row.condition, row.raised_at_us, row.event) for row in rows]
    assert len(keys) == len(set(keys))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_state_is_the_fold_of_the_journal(seed: int) -> None:
    one = moving(seed, 300)
    machine, rows = journal(one)
    memory = machine.memory()
    for condition in ("HIGH", "LOW", "INSTR", "GAP", "STEP", "RATE"):
        of = [row for row in rows if row.condition == condition and row.event in STANDS]
        standing = fold(of, policy(3, None))
        stored = memory["alarms"].get(condition, {"shown": None, "raised_at": 0})
        assert standing.active == (stored["shown"] is not None)
        if standing.active:
            assert (standing.level, standing.raised_at_us) == (stored["shown"], stored["raised_at"])
        assert standing.designed == (condition in memory["suppressed"])


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_samples_that_were_already_judged_change_nothing(seed: int) -> None:
    one = moving(seed, 100)
    machine, _ = journal(one)
    until = disturbed.until([one])
    for ts, value, qc in one.samples:
        if ts <= until:
            machine.feed(ts, value, qc)
    assert {row.event for row in machine.take()} <= {"LATE"}


def test_any_looks_at_the_clock_give_the_journal_of_one_look_at_the_end() -> None:
    chance = Random(5)
    one = disturbed.series(1, 400)
    _, expected = journal(one)
    until = disturbed.until([one])
    machine = TagMachine(one.rule.tag_name, one.rule, one.settings)
    usable = [sample for sample in one.samples if sample[0] <= until]
    for place, (ts, value, qc) in enumerate(usable):
        machine.feed(ts, value, qc)
        upcoming = min((later for later, _, _ in usable[place + 1 :]), default=until)
        for moment in sorted(chance.randint(ts, max(ts, upcoming)) for _ in range(3)):
            machine.advance(min(moment, upcoming))
    machine.advance(until)
    assert machine.take() == expected
