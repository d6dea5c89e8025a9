"""Feeds samples to the machine of one tag, with times in seconds, and collects its journal."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import AlarmSettings, Condition, ProcessEvent
from ksys_app.models.rows import QcRule

BAD = float("nan")
START = 1_755_216_000
NOTHING_SET: Mapping[Condition, AlarmSettings] = {}
Entry = tuple[float, str, str, str]
"""Seconds since the start, condition, event and level of a row."""


class MachineRun:
    """A machine and the rows that it has written; its times are seconds since ``START``."""

    def __init__(
        self, rule: QcRule | None, settings: Mapping[Condition, AlarmSettings] = NOTHING_SET
    ) -> None:
        self.machine = TagMachine("T", rule, settings)
        self.rows: list[ProcessEvent] = []

    def feed(self, *samples: tuple[float, float]) -> MachineRun:
        for second, value in samples:
            self.machine.feed(us(second), value)
        return self._collect()

    def advance(self, second: float) -> MachineRun:
        self.machine.advance(us(second))
        return self._collect()

    def change(
        self,
        second: float,
        rule: QcRule | None,
        settings: Mapping[Condition, AlarmSettings] = NOTHING_SET,
    ) -> MachineRun:
        self.machine.change(rule, settings, us(second))
        return self._collect()

    def restart(
        self, rule: QcRule | None, settings: Mapping[Condition, AlarmSettings] = NOTHING_SET
    ) -> MachineRun:
        memory = json.loads(json.dumps(self.machine.memory()))
        self.machine = TagMachine("T", rule, settings, memory)
        return self._collect()

    def entries(self, *events: str) -> list[Entry]:
        """The rows of some events; without events, all rows."""
        return [
            ((row.ts_us - START * SECOND) / SECOND, row.condition, row.event, row.level)
            for row in self.rows
            if not events or row.event in events
        ]

    def short(self) -> list[tuple[float, str]]:
        """Second and event of each row."""
        return [(row[0], row[2]) for row in self.entries()]

    def _collect(self) -> MachineRun:
        self.rows += self.machine.take()
        return self


def us(second: float) -> int:
    return round((START + second) * SECOND)
