"""Creates the messages that new rows of the journal need (PRD §32.10)."""

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
from ksys_app.queries.alarm_rules import Rules
from ksys_app.store.alarms import Key

CATCHING_UP_US: Final = MINUTE
"""By how much messages are delayed while the worker is not current."""


@dataclass(frozen=True, slots=True)
class Notifying:
    """The routes of messages, and the zone of their hours."""

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
            standings: the standings of the alarms after these rows.
            rules: the rules in force, for the group of an alarm.
            now_us: the database's clock.
            covers: whether a silence of a tag may be part of a lost source. Then its message waits
                a minute, and is not sent if the alarm of the source covers it by then.
            current: whether every sample is judged. If not, the messages wait a minute, because an
                old alarm may be over when the worker has judged all samples.
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
                replace(delivery, due_us=delivery.due_us + wait_us)
                for delivery in deliveries(event, purpose, group, self.routes, now)
            )
        if current:
            return found
        return [replace(delivery, due_us=delivery.due_us + CATCHING_UP_US) for delivery in found]


def _is_silence(event: ProcessEvent) -> bool:
    return event.condition == "GAP" and event.event == "RAISE"


def _group(event: ProcessEvent, rules: Rules) -> str:
    if event.condition == LOST:
        return event.tag_name
    rule = rules.rules.get(event.tag_name)
    own = rules.groups.get((event.tag_name, event.condition), "")
    return own or ("" if rule is None else rule.group)
