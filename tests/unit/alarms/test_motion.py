"""STEP, RATE and SPIKE (PRD §32.1)."""

from __future__ import annotations

import statistics
from random import Random

import pytest

from ksys_app.domain.alarms.motion import Recent
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.rows import QcRule
from tests.unit.alarms.machine_run import BAD, Entry, MachineRun

STEP = QcRule("T", max_step=10)
GAP = QcRule("T", max_step=10, max_gap_seconds=60)


def test_a_step_is_raised_by_its_sample_and_cleared_by_the_next() -> None:
    run = MachineRun(STEP).feed((0, 50), (1, 61), (2, 61), (3, 70))
    assert run.entries() == [(1, "STEP", "RAISE", ""), (2, "STEP", "CLEAR", "")]
    assert [(row.value, row.limit_value, row.priority) for row in run.rows] == [
        (11, 10, 4),
        (0, 10, 4),
    ]


def test_a_step_of_exactly_the_limit_is_none() -> None:
    assert MachineRun(STEP).feed((0, 50), (1, 60)).entries() == []


def test_a_rate_is_a_step_per_minute() -> None:
    rule = QcRule("T", roc_max_per_min=60)
    assert MachineRun(rule).feed((0, 0), (2, 2), (4, 4.001), (6, 4)).entries() == [
        (4, "RATE", "RAISE", ""),
        (6, "RATE", "CLEAR", ""),
    ]


@pytest.mark.parametrize("hole", [(5, BAD), None])
def test_the_first_sample_after_a_hole_is_not_judged(hole: tuple[float, float] | None) -> None:
    run = MachineRun(GAP).feed((0, 50))
    if hole is not None:
        run.feed(hole)
    run.feed((70, 90), (71, 90))
    assert [row for row in run.entries() if row[1] == "STEP"] == []


def test_an_active_step_stays_until_a_sample_is_judged() -> None:
    run = MachineRun(STEP).feed((0, 50), (1, 90), (2, BAD), (3, 90), (4, 90))
    assert [row for row in run.entries() if row[1] == "STEP"] == [
        (1, "STEP", "RAISE", ""),
        (4, "STEP", "CLEAR", ""),
    ]


def test_a_step_is_raised_once_a_minute_and_counted_in_between() -> None:
    run = MachineRun(STEP).feed((0, 50), (1, 90), (2, 90), (30, 50), (31, 50), (61, 90))
    assert run.entries("RAISE") == [(1, "STEP", "RAISE", ""), (61, "STEP", "RAISE", "")]
    assert run.machine.repeated == 1


def spikes(values: list[tuple[float, float]], most: float) -> list[Entry]:
    """The expected rows, computed from all samples of the last five minutes."""
    found: list[Entry] = []
    active, last = False, -100.0
    for place, (second, value) in enumerate(values):
        before = [v for s, v in values[:place] if s >= second - 300]
        spread = statistics.stdev(before) if len(before) > 1 else 0.0
        if not spread:
            continue
        broken = abs(value - statistics.fmean(before)) / spread > most
        if broken and not active and second - last >= 60:
            active, last = True, second
            found.append((second, "SPIKE", "RAISE", ""))
        elif active and not broken:
            active = False
            found.append((second, "SPIKE", "CLEAR", ""))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_spike_is_far_from_the_usable_samples_of_five_minutes(seed: int) -> None:
    chance = Random(seed)
    values, second = [], 0.0
    for _ in range(1500):
        second += chance.choice([1, 2, 5, 40])
        values.append((second, chance.gauss(1e6, 1) + chance.choice([0] * 60 + [9, -30])))
    found = MachineRun(QcRule("T", spike_zscore=4)).feed(*values).entries()
    assert found == spikes(values, 4)
    assert len(found) > 10


def test_an_estimate_of_the_spread_is_never_surer_than_the_samples() -> None:
    chance = Random(1)
    recent = Recent()
    for second in range(5000):
        value = chance.choice([0.0, 1e9]) + chance.random() if second % 700 < 5 else chance.random()
        mean, spread = recent.spread(second * SECOND)
        if mean is not None and spread:
            near = abs(value - mean) / spread < 4
            assert near or not recent.surely_near(second * SECOND, value, 4)
        recent.add(second * SECOND, value)


def test_a_restart_needs_the_samples_of_five_minutes_again() -> None:
    rule = QcRule("T", spike_zscore=4)
    chance = Random(3)
    values = [(float(second), chance.gauss(50, 1)) for second in range(400)]
    values += [(400.0, 70.0), (401.0, 50.0)]
    uninterrupted = MachineRun(rule).feed(*values).entries()
    run = MachineRun(rule).feed(*values[:390])
    assert run.machine.remembers_samples
    run.restart(rule)
    run.machine.remember(
        ((1_755_216_000 + round(second)) * SECOND, value) for second, value in values[80:390]
    )
    assert run.feed(*values[390:]).entries() == uninterrupted
    assert uninterrupted != []
