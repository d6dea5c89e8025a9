"""The demo plant's faults follow a timetable, and each has its stated effect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain.kpi import status_level
from ksys_app.ops.demo.plant.faults import (
    AT_PEAK,
    ROUND,
    TIMETABLE,
    UNREADABLE_TAG,
    unreadable,
)
from ksys_app.ops.demo.plant.signals import DAY, LOCAL_MONDAY, PERIOD_S, TAGS, WEEK
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.masterdata import qc, qc_csv
from ksys_app.ops.masterdata.qc_table import RULES

RULE = {rule.tag_name: rule for rule in qc_csv.read(qc.RULES_CSV, RULES)}
PLANT = Plant()
STUCK_S = 300
MONDAY = datetime.fromtimestamp(LOCAL_MONDAY, UTC) + 100 * timedelta(weeks=1)
MOMENTS = st.integers(0, 10 * WEEK).map(lambda s: MONDAY + timedelta(seconds=s))


class Fault(NamedTuple):
    """One occurrence: from ``start`` up to, without, ``end``."""

    tag_name: str
    kind: str
    start: datetime
    end: datetime


def faults_at(ts: datetime) -> list[Fault]:
    """The faults of the timetable that last at a moment."""
    found = []
    for entry in TIMETABLE:
        into = entry.into(int(ts.timestamp()))
        if into is not None:
            start = ts - timedelta(seconds=into)
            end = start + timedelta(seconds=entry.lasts)
            found.append(Fault(entry.tag_name, entry.kind, start, end))
    return found


# The faults of four weeks; each fault begins at a full second.
A_ROUND = sorted(
    {
        fault
        for entry in TIMETABLE
        for begins in range(entry.begins % entry.every, ROUND, entry.every)
        for fault in faults_at(MONDAY + timedelta(seconds=begins))
    },
    key=lambda fault: (fault.start, fault.tag_name),
)


def of_kind(tag: str, kind: str) -> Fault:
    return next(f for f in A_ROUND if (f.tag_name, f.kind) == (tag, kind))


def during(fault: Fault) -> list[float | None]:
    ticks = range(int(fault.start.timestamp()), int(fault.end.timestamp()), PERIOD_S)
    return [PLANT.tick(t)[TAGS.index(fault.tag_name)] for t in ticks]


def test_the_timetable_repeats_every_four_weeks() -> None:
    assert all(ROUND % entry.every == 0 and entry.lasts < entry.every for entry in TIMETABLE)
    assert {entry.tag_name for entry in TIMETABLE} <= set(TAGS)


def test_every_kind_of_fault_is_in_it() -> None:
    kinds = {"dropout", "loss", "spike", "drift", "stuck", "negative"}
    assert {fault.kind for fault in A_ROUND} == kinds


def test_never_do_samples_of_more_than_three_tags_fail_to_arrive_and_mostly_of_none() -> None:
    missing = [fault for fault in A_ROUND if fault.kind in ("dropout", "loss")]
    edges = sorted({edge for fault in missing for edge in (fault.start, fault.end)})
    quiet = timedelta(0)
    for start, end in pairwise(edges):
        tags = {f.tag_name for f in faults_at(start) if f.kind in ("dropout", "loss")}
        assert len(tags) <= 3, start
        quiet += (end - start) if not tags else timedelta(0)
    assert quiet > timedelta(seconds=ROUND) * 0.7


def test_thirty_days_of_comm_hold_each_kind_of_loss_and_three_tags_without_any() -> None:
    """Whenever they begin: each line comes at least once in 28 days."""
    found = {
        (f.tag_name, f.kind, f.end - f.start) for f in A_ROUND if f.kind in ("dropout", "loss")
    }
    hour = timedelta(hours=1)
    assert ("D200", "dropout", 4 * hour) in found, "silent for a few hours"
    assert ("D202", "loss", 24 * hour) in found, "a day with a part of the samples"
    assert ("D302", "dropout", 52 * hour) in found, "a tag that died and came back"
    assert {*TAGS} - {tag for tag, _, _ in found} == {"D100", "D101", "D300"}


def test_a_minute_shows_each_kind_of_alarm_beside_tags_that_are_normal() -> None:
    """A warning, a critical value, one that no longer moves; a day has a few other minutes."""
    without = 0
    start = LOCAL_MONDAY + 100 * WEEK
    for t in range(start, start + DAY, 60):
        levels: set[int] = set()
        for at in range(t, t + 60, PERIOD_S):
            faults = faults_at(datetime.fromtimestamp(at, UTC))
            normal = {*TAGS} - {
                fault.tag_name
                for fault in faults
                if fault.kind == "stuck" and at - fault.start.timestamp() >= STUCK_S
            }
            for tag, value in zip(TAGS, PLANT.tick(at), strict=True):
                level = status_level(value, RULE[tag])
                levels.add(level)
                normal -= {tag} if level else set()
            assert len(normal) >= 5, at
        without += levels != {0, 1, 2}
    assert without < DAY / 60 / 100
    unmoved = [f for f in A_ROUND if f.kind == "stuck"]
    assert {RULE[fault.tag_name].stuck_s for fault in unmoved} == {STUCK_S}
    shown = [(fault.start + timedelta(seconds=STUCK_S), fault.end) for fault in unmoved]
    for (_, end), (begins, _) in pairwise(shown):
        assert begins <= end + timedelta(minutes=1)


def test_a_sample_is_unreadable_often_enough_for_its_alarm_to_stand() -> None:
    assert UNREADABLE_TAG in TAGS
    at = [t for t in range(LOCAL_MONDAY, LOCAL_MONDAY + 3600, PERIOD_S) if unreadable(t)]
    assert all(after - before < 300 for before, after in pairwise(at))


def test_a_fault_lasts_from_its_start_until_before_its_end() -> None:
    second = timedelta(seconds=1)
    for fault in A_ROUND:
        assert fault in faults_at(fault.start)
        assert fault in faults_at(fault.end - second)
        assert fault not in faults_at(fault.start - second)
        assert fault not in faults_at(fault.end)


@given(MOMENTS)
def test_without_a_fault_a_tag_reports_what_it_measures(ts: datetime) -> None:
    faulty = {fault.tag_name for fault in faults_at(ts)}
    t = int(ts.timestamp())
    for tag, reported, measured in zip(TAGS, PLANT.tick(t), PLANT.healthy(t), strict=True):
        assert tag in faulty or reported == measured


@pytest.mark.parametrize("tag", ["D200", "D201", "D302"])
def test_in_a_dropout_nothing_arrives(tag: str) -> None:
    assert set(during(of_kind(tag, "dropout"))) == {None}


@pytest.mark.parametrize(("tag", "part"), [("D102", 0.6), ("D301", 0.97)])
def test_in_a_partial_loss_a_part_of_the_samples_arrives(tag: str, part: float) -> None:
    values = during(of_kind(tag, "loss"))
    arrived = sum(value is not None for value in values)
    assert arrived / len(values) == pytest.approx(part, abs=0.03)


def test_a_spike_is_critical_for_three_samples() -> None:
    values = during(of_kind("D300", "spike"))
    assert [status_level(value, RULE["D300"]) for value in values] == [2, 2, 2]


@pytest.mark.parametrize("tag", ["D201", "D301"])
def test_a_drift_passes_warn_then_crit_without_a_jump_and_comes_back(tag: str) -> None:
    fault = of_kind(tag, "drift")
    values = [value for value in during(fault) if value is not None]
    levels = [status_level(value, RULE[tag]) for value in values]
    assert levels[0] == levels[-1] == 0
    assert levels.index(1) < levels.index(2)
    assert levels[AT_PEAK // PERIOD_S] == 2
    step = RULE[tag].max_step
    assert step is not None
    assert max(abs(a - b) for a, b in pairwise(values)) < step


def test_a_stuck_value_does_not_move() -> None:
    fault = of_kind("D202", "stuck")
    before = PLANT.healthy(int(fault.start.timestamp()))[TAGS.index("D202")]
    assert set(during(fault)) == {before}


def test_a_negative_pressure_is_impossible_by_its_rule() -> None:
    values = during(of_kind("D201", "negative"))
    assert len(values) == 4
    assert all(value is not None and value < 0 for value in values)
    assert RULE["D201"].allow_negative is False
    assert {status_level(value, RULE["D201"]) for value in values} == {2}
