"""The list of alarms: its states, filters, order and counts (PRD §32.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from ksys_app.models.alarm_rows import Alarm, AlarmState, StateRow
from ksys_app.models.alarms import LOST
from ksys_app.models.rows import QcRule

Filter = Literal["active", "unacked", "shelved", "all"]
PRIORITIES: Final = (1, 2, 3, 4)
EVENT: Final = 4
"""Alarms of this priority are only recorded: the list does not show them."""
HIDDEN: Final[tuple[AlarmState, ...]] = ("out_of_service", "suppressed", "shelved")
UNACKED: Final[tuple[AlarmState, ...]] = ("unacked", "returned")
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many alarms the list has by priority, and how many are hidden.

    Attributes:
        unacked: priority to the number of active alarms without an acknowledgement.
        acked: priority to the number of acknowledged alarms, active or latched.
        returned: priority to the number of alarms that are back to normal and not acknowledged.
        shelved: number of shelved alarms.
        suppressed: number of suppressed alarms.
        out_of_service: number of alarms out of service.
    """

    unacked: Mapping[int, int] = field(default_factory=dict)
    acked: Mapping[int, int] = field(default_factory=dict)
    returned: Mapping[int, int] = field(default_factory=dict)
    shelved: int = 0
    suppressed: int = 0
    out_of_service: int = 0


def shown_state(row: StateRow) -> AlarmState:
    """The state by the first rule that fits (ISA-18.2)."""
    if row.oos_at is not None:
        return "out_of_service"
    if row.designed_by is not None:
        return "suppressed"
    if row.shelved_until is not None:
        return "shelved"
    if row.active:
        # Some alarms need no acknowledgement.
        return "unacked" if row.ack == "unacked" else "acked"
    if row.ack == "unacked":
        return "returned"
    return "latched" if row.latched else "normal"


def shown(row: StateRow, rule: QcRule | None) -> Alarm:
    """The alarm with its state and its tag's title, unit and group; a source has only a group."""
    if row.condition == LOST:
        return Alarm(row, shown_state(row), group=row.tag_name)
    group = row.group_name or ("" if rule is None else rule.group)
    if rule is None:
        return Alarm(row, shown_state(row), group=group)
    return Alarm(row, shown_state(row), rule.title, rule.unit, group)


def passes(alarm: Alarm, wanted: Filter) -> bool:
    """Whether the alarm passes the filter ``wanted`` of the list."""
    if wanted == "all":
        return True
    if wanted == "shelved":
        return alarm.state in HIDDEN
    if alarm.state == "normal" or alarm.state in HIDDEN or alarm.row.priority >= EVENT:
        return False
    return wanted == "active" or alarm.state in UNACKED


def ordered(alarms: Iterable[Alarm]) -> list[Alarm]:
    """The alarms in the order of the list: unacknowledged first, by priority, the newest first."""
    return sorted(alarms, key=_place)


def _place(alarm: Alarm) -> tuple[bool, int, float, str, str]:
    row = alarm.row
    raised = (row.raised_at or _BEGINNING).timestamp()
    return alarm.state not in UNACKED, row.priority, -raised, row.tag_name, row.condition


def worst(alarms: Iterable[Alarm]) -> Alarm | None:
    """The first unacknowledged alarm in the order of the list, None without one."""
    waiting = (alarm for alarm in alarms if passes(alarm, "unacked"))
    return min(waiting, key=_place, default=None)


def counts(alarms: Iterable[Alarm]) -> Counts:
    """The number of alarms of each state."""
    unacked, acked, returned = (dict.fromkeys(PRIORITIES, 0) for _ in range(3))
    kinds = {"unacked": unacked, "acked": acked, "latched": acked, "returned": returned}
    hidden: dict[AlarmState, int] = dict.fromkeys(HIDDEN, 0)
    for alarm in alarms:
        if alarm.state in HIDDEN:
            hidden[alarm.state] += 1
        elif alarm.state != "normal":
            kinds[alarm.state][min(max(alarm.row.priority, 1), EVENT)] += 1
    return Counts(
        unacked,
        acked,
        returned,
        hidden["shelved"],
        hidden["suppressed"],
        hidden["out_of_service"],
    )
