"""The rows that a tag writes into the journal (PRD §32.1)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from ksys_app.domain.alarms.alarm import Alarm
from ksys_app.domain.alarms.level import LevelMachine
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import Condition, Event, ProcessEvent, Quality

SUPPRESSED_BY_RANGE: Final[tuple[Condition, ...]] = ("HIGH", "LOW")
Reason = Literal["", "RULE", "RULE_OFF"]


class Held(NamedTuple):
    """The current value of a tag, the time since when it has it, and the quality of the tag."""

    value: float
    since_us: int
    quality: Quality


class Journal:
    """The new rows of a tag.

    Attributes:
        rows: the rows, in order.
        suppressed: the conditions that are suppressed, because the value is out of range.
    """

    __slots__ = ("_tag_name", "rows", "suppressed")

    def __init__(self, tag_name: str) -> None:
        """Begin without rows."""
        self._tag_name = tag_name
        self.rows: list[ProcessEvent] = []
        self.suppressed: list[Condition] = []

    def record(self, alarms: Sequence[Alarm], at: int, held: Held, reason: Reason = "") -> None:
        """Write the events of the alarms since the last call; ``INSTR`` is the first alarm."""
        release: list[Alarm] = []
        for alarm in alarms:
            if (news := alarm.news(at)) is not None:
                self._write(news[0], at, alarm, news[1], held, reason)
                if alarm.condition == "INSTR":
                    release = self._suppress(alarms, at, held)
        for alarm in release:
            self._write_hiding("RELEASE", at, alarm, held)

    def renew(self, alarms: Sequence[Alarm], gone: Iterable[Alarm], at: int, held: Held) -> None:
        """Write the events of a changed rule; ``gone`` are the alarms that it no longer has."""
        self.note("RULE_CHANGED", at, math.nan, held.quality)
        for alarm in gone:
            if alarm.shown is not None:
                self._write("CLEAR", at, alarm, alarm.shown, held, "RULE_OFF")
            if alarm.condition in self.suppressed:
                self.suppressed.remove(alarm.condition)
                self._write_hiding("RELEASE", at, alarm, held)
        self.record(alarms, at, held, "RULE")
        for alarm in self._suppress(alarms, at, held):
            self._write_hiding("RELEASE", at, alarm, held)

    def note(self, event: Event, at: int, value: float, quality: Quality) -> None:
        """Write a row that belongs to no condition."""
        figures = (_usable(value), None, None, quality)
        self.rows.append(ProcessEvent(at, self._tag_name, "", "", at, event, *figures))

    def _suppress(self, alarms: Sequence[Alarm], at: int, held: Held) -> list[Alarm]:
        """Suppress HIGH and LOW while the value is out of range; return the alarms to release."""
        out_of_range = any(
            alarm.shown is not None and alarm.shown.name == "RANGE" for alarm in alarms
        )
        before, by_condition = self.suppressed, {alarm.condition: alarm for alarm in alarms}
        self.suppressed = [
            name for name in SUPPRESSED_BY_RANGE if out_of_range and name in by_condition
        ]
        for name in self.suppressed:
            if name not in before:
                self._write_hiding("SUPPRESS", at, by_condition[name], held)
        return [by_condition[name] for name in before if name not in self.suppressed]

    def _write_hiding(self, event: Event, at: int, alarm: Alarm, held: Held) -> None:
        """Write a SUPPRESS or RELEASE row."""
        level, episode = alarm.shown, at if alarm.shown is None else alarm.raised_at
        self.rows.append(
            ProcessEvent(
                *(at, self._tag_name, alarm.condition, "" if level is None else level.name),
                *(episode, event, _usable(held.value), None),
                *(None if level is None else level.settings.priority, held.quality),
            )
        )

    def _write(
        self, event: Event, at: int, alarm: Alarm, level: LevelMachine, held: Held, reason: Reason
    ) -> None:
        value, limit, band = _usable(held.value), level.bound, None
        if level.limit is not None:
            limit = level.limit.nearest(0.0 if value is None else value)
            band = level.limit.band
        elif level.condition == "GAP":
            value = (at - held.since_us) / SECOND
        elif level.name != "BAD":
            value = level.figure
        self.rows.append(
            ProcessEvent(
                *(at, self._tag_name, alarm.condition, level.name, alarm.raised_at, event),
                *(value, limit, level.settings.priority, held.quality, band, reason),
            )
        )


def _usable(value: float) -> float | None:
    return value if math.isfinite(value) else None
