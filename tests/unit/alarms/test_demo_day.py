"""A day of the demo plant: every fault that breaks a rule is one episode, and nothing else is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.models.alarms import Condition, ProcessEvent
from ksys_app.ops.demo.plant.faults import (
    AT_PEAK,
    HOUR,
    TIMETABLE,
    UNREADABLE_TAG,
    Entry,
    unreadable,
)
from ksys_app.ops.demo.plant.signals import DAY, LOCAL_MONDAY, PERIOD_S, TAGS
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.masterdata import qc, qc_csv
from ksys_app.ops.masterdata.qc_table import RULES

SECOND = 1_000_000
# Tuesday in Seoul. No tag loses so many samples on that day that it seems silent in between.
FIRST = LOCAL_MONDAY + DAY
LAST = FIRST + DAY
# The alarms that somebody has to answer; a step, a rate and a spike are only recorded.
ANSWERED: tuple[Condition, ...] = ("HIGH", "LOW", "INSTR", "GAP")
SLACK_S = 6 * 60
"""A drift needs five minutes to its limit; then come the delay and the next sample."""


class Episode(NamedTuple):
    tag_name: str
    condition: Condition
    raised_s: float
    cleared_s: float


def breaks(entry: Entry) -> Condition | None:
    """Which alarm a fault of the timetable raises."""
    if entry.kind == "drift":
        return "LOW" if entry.tag_name == "D201" else "HIGH"
    found: dict[str, Condition] = {"negative": "INSTR", "dropout": "GAP", "spike": "HIGH"}
    return found.get(entry.kind)


def occurrences(entry: Entry) -> Iterator[tuple[int, int]]:
    """Start and end of each time in the day at which a fault breaks its rule."""
    # A drift is about half-way back from its peak when the value is inside the limits again.
    lasts = (AT_PEAK + entry.lasts) // 2 if entry.kind == "drift" else entry.lasts
    begin = LOCAL_MONDAY + entry.begins
    while begin < LAST:
        if begin >= FIRST:
            yield begin, begin + lasts
        begin += entry.every


def expected() -> list[Episode]:
    """One episode a fault; a fault inside another one of the same alarm is part of it."""
    found = sorted(
        Episode(entry.tag_name, condition, begin, end)
        for entry in TIMETABLE
        if (condition := breaks(entry)) is not None
        for begin, end in occurrences(entry)
    )
    return [
        one
        for one in found
        if not any(
            other is not one
            and other[:2] == one[:2]
            and other.raised_s <= one.raised_s
            and one.cleared_s <= other.cleared_s
            for other in found
        )
    ]


def machines() -> dict[str, TagMachine]:
    rules = {rule.tag_name: rule for rule in qc_csv.read(qc.RULES_CSV, RULES)}
    return {tag: TagMachine(tag, rules[tag], {}) for tag in TAGS}


@pytest.fixture(scope="module")
def journal() -> list[ProcessEvent]:
    """The rows of the machine, from an hour before the day to two hours after it."""
    plant, found = Plant(), machines()
    for t in range(FIRST - HOUR, LAST + 2 * HOUR, PERIOD_S):
        if unreadable(t):
            found[UNREADABLE_TAG].feed((t - PERIOD_S // 2) * SECOND, math.nan)
        for tag, value in zip(TAGS, plant.tick(t), strict=True):
            if value is not None:
                found[tag].feed(t * SECOND, value)
    for machine in found.values():
        machine.advance((LAST + 2 * HOUR) * SECOND)
    return [event for machine in found.values() for event in machine.take()]


def episodes(journal: list[ProcessEvent]) -> list[Episode]:
    """The answered alarms that were raised in the day."""
    cleared = {
        (row.tag_name, row.condition, row.raised_at_us): row.ts_us / SECOND
        for row in journal
        if row.event == "CLEAR"
    }
    return sorted(
        Episode(
            row.tag_name,
            row.condition,
            row.ts_us / SECOND,
            cleared[row.tag_name, row.condition, row.raised_at_us],
        )
        for row in journal
        if row.event == "RAISE" and row.condition in ANSWERED and FIRST <= row.ts_us / SECOND < LAST
    )


def test_each_fault_that_breaks_a_rule_is_one_episode_at_its_time(
    journal: list[ProcessEvent],
) -> None:
    found, wanted = episodes(journal), expected()
    assert len(wanted) > 50, "the day has faults"
    assert [one[:2] for one in found] == [one[:2] for one in wanted]
    for one, fault in zip(found, wanted, strict=True):
        day = datetime.fromtimestamp(fault.raised_s, UTC) + timedelta(hours=9)
        assert 0 <= one.raised_s - fault.raised_s <= SLACK_S, (fault, f"{day:%H:%M:%S}")
        assert abs(one.cleared_s - fault.cleared_s) <= SLACK_S, (fault, f"{day:%H:%M:%S}")
