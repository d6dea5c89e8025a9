"""The demo plant's faults come by a timetable, and each shows what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksys_app.domain.kpi import status_level
from ksys_app.ops.demo.plant.faults import TIMETABLE
from ksys_app.ops.demo.plant.signals import LOCAL_MONDAY, PERIOD_S, TAGS, WEEK
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.masterdata import qc, qc_csv
from ksys_app.ops.masterdata.qc_table import RULES

RULE = {rule.tag_name: rule for rule in qc_csv.read(qc.RULES_CSV, RULES)}
PLANT = Plant()
MONDAY = datetime.fromtimestamp(LOCAL_MONDAY, UTC) + 100 * timedelta(weeks=1)
MOMENTS = st.integers(0, 10 * WEEK).map(lambda s: MONDAY + timedelta(seconds=s))


class Fault(NamedTuple):
    """One occurrence: from ``start`` up to, without, ``end``."""

    tag_name: str
    kind: str
    start: datetime
    end: datetime


def faults_at(ts: datetime) -> list[Fault]:
    """The faults of the timetable that are there at a moment."""
    found = []
    for entry in TIMETABLE:
        into = entry.into(int(ts.timestamp()))
        if into is not None:
            start = ts - timedelta(seconds=into)
            end = start + timedelta(seconds=entry.lasts)
            found.append(Fault(entry.tag_name, entry.kind, start, end))
    return found


# Each fault begins at a whole second of every week: those that begin in this one.
A_WEEK = sorted(
    {
        fault
        for entry in TIMETABLE
        for begins in range(entry.begins % entry.every, WEEK, entry.every)
        for fault in faults_at(MONDAY + timedelta(seconds=begins))
    },
    key=lambda fault: (fault.start, fault.tag_name),
)


def of_kind(tag: str, kind: str) -> Fault:
    return next(f for f in A_WEEK if (f.tag_name, f.kind) == (tag, kind))


def during(fault: Fault) -> list[float | None]:
    ticks = range(int(fault.start.timestamp()), int(fault.end.timestamp()), PERIOD_S)
    return [PLANT.tick(t)[TAGS.index(fault.tag_name)] for t in ticks]


def test_the_timetable_repeats_every_week() -> None:
    assert all(WEEK % entry.every == 0 and entry.lasts < entry.every for entry in TIMETABLE)
    assert {entry.tag_name for entry in TIMETABLE} <= set(TAGS)


def test_every_kind_of_fault_is_in_it() -> None:
    kinds = {"dropout", "loss", "spike", "drift", "stuck", "negative"}
    assert {fault.kind for fault in A_WEEK} == kinds


def test_never_are_more_than_two_tags_abnormal_and_mostly_none() -> None:
    edges = sorted({edge for f in A_WEEK for edge in (f.start, f.end)})
    quiet = timedelta(0)
    for start, end in pairwise(edges):
        abnormal = {fault.tag_name for fault in faults_at(start)}
        assert len(abnormal) <= 2, start
        quiet += (end - start) if not abnormal else timedelta(0)
    assert quiet > timedelta(weeks=1) * 0.7


def test_a_fault_is_there_from_its_start_until_before_its_end() -> None:
    second = timedelta(seconds=1)
    for fault in A_WEEK:
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


def test_a_drift_passes_warn_then_crit_without_a_jump_and_comes_back() -> None:
    fault = of_kind("D301", "drift")
    values = [value for value in during(fault) if value is not None]
    levels = [status_level(value, RULE["D301"]) for value in values]
    assert levels[0] == levels[-1] == 0
    assert levels.index(1) < levels.index(2)
    step = RULE["D301"].max_step
    assert step is not None
    assert max(abs(a - b) for a, b in pairwise(values)) < step


def test_a_stuck_value_does_not_move() -> None:
    fault = of_kind("D202", "stuck")
    before = PLANT.healthy(int(fault.start.timestamp()))[TAGS.index("D202")]
    assert set(during(fault)) == {before}


def test_a_negative_pressure_is_impossible_by_its_rule() -> None:
    values = during(of_kind("D201", "negative"))
    assert len(values) == 8
    assert all(value is not None and value < 0 for value in values)
    assert RULE["D201"].allow_negative is False
    assert {status_level(value, RULE["D201"]) for value in values} == {2}
