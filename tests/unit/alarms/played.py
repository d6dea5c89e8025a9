"""Plays samples to the machine of one tag, in seconds, and says what its journal has."""

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
Told = tuple[float, str, str, str]
"""Seconds since the start, condition, event and level of a row."""


class Played:
    """A machine whose times are seconds since a start."""

    def __init__(
        self, rule: QcRule | None, settings: Mapping[Condition, AlarmSettings] = NOTHING_SET
    ) -> None:
        self.machine = TagMachine("T", rule, settings)
        self.rows: list[ProcessEvent] = []

    def feed(self, *samples: tuple[float, float]) -> Played:
        for second, value in samples:
            self.machine.feed(us(second), value)
        return self._took()

    def advance(self, second: float) -> Played:
        self.machine.advance(us(second))
        return self._took()

    def change(
        self,
        second: float,
        rule: QcRule | None,
        settings: Mapping[Condition, AlarmSettings] = NOTHING_SET,
    ) -> Played:
        self.machine.change(rule, settings, us(second))
        return self._took()

    def restart(
        self, rule: QcRule | None, settings: Mapping[Condition, AlarmSettings] = NOTHING_SET
    ) -> Played:
        memory = json.loads(json.dumps(self.machine.memory()))
        self.machine = TagMachine("T", rule, settings, memory)
        return self._took()

    def told(self, *events: str) -> list[Told]:
        """The rows, or those of some events."""
        return [
            ((row.ts_us - START * SECOND) / SECOND, row.condition, row.event, row.level)
            for row in self.rows
            if not events or row.event in events
        ]

    def short(self) -> list[tuple[float, str]]:
        """Second and event of each row."""
        return [(row[0], row[2]) for row in self.told()]

    def _took(self) -> Played:
        self.rows += self.machine.take()
        return self


def us(second: float) -> int:
    return round((START + second) * SECOND)
