"""Which messages new rows of the journal need (PRD §32.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.alarms.routing import announced, deliveries
from ksys_app.domain.alarms.source import TOGETHER_US
from ksys_app.domain.alarms.times import MINUTE, moment
from ksys_app.models.alarms import LOST, ProcessEvent, Standing
from ksys_app.models.notify import Delivery, Routes
from ksys_app.queries.alarms import Rules
from ksys_app.store.alarms import Key

CATCHING_UP_US: Final = MINUTE
"""How much later the messages of a worker go out that is not current yet."""


@dataclass(frozen=True, slots=True)
class Notifying:
    """Where messages go, and the zone in which routes count their hours."""

    routes: Routes
    zone: ZoneInfo

    def wanted(
        self,
        events: Iterable[ProcessEvent],
        standings: Mapping[Key, Standing],
        rules: Rules,
        now_us: int,
        covers: Callable[[str], bool],
        *,
        current: bool,
    ) -> list[Delivery]:
        """The messages that new rows of the journal need.

        Args:
            events: the new rows, in order.
            standings: how the alarms stand after them.
            rules: the rules in force, for the group of an alarm.
            now_us: the database's clock.
            covers: whether a silence of a tag may be part of a lost source. Its message waits a
                minute, and is not sent if the alarm of the source stands for it then.
            current: whether every sample is judged. If not, the messages wait a minute, because an
                alarm of yesterday may be over when the worker is through.
        """
        now, found = moment(now_us).astimezone(self.zone), list[Delivery]()
        for event in events:
            standing = standings.get((event.tag_name, event.condition))
            purpose = None if standing is None else announced(event, standing)
            if purpose is None:
                continue
            group = _group(event, rules)
            wait_us = TOGETHER_US if _is_silence(event) and covers(event.tag_name) else 0
            found += (
                replace(one, due_us=one.due_us + wait_us)
                for one in deliveries(event, purpose, group, self.routes, now)
            )
        if current:
            return found
        return [replace(one, due_us=one.due_us + CATCHING_UP_US) for one in found]


def _is_silence(event: ProcessEvent) -> bool:
    return event.condition == "GAP" and event.event == "RAISE"


def _group(event: ProcessEvent, rules: Rules) -> str:
    if event.condition == LOST:
        return event.tag_name
    rule = rules.rules.get(event.tag_name)
    own = rules.groups.get((event.tag_name, event.condition), "")
    return own or ("" if rule is None else rule.group)
