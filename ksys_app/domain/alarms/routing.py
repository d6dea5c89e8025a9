"""Selects the messages for an alarm event, and those that are still needed when due (§32.10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ksys_app.domain.alarms.times import SECOND, microseconds
from ksys_app.models.alarms import ProcessEvent, Standing
from ksys_app.models.notify import Delivery, Purpose, Route, Routes, Waiting

CALLING: Final = frozenset({"RAISE", "ESCALATE", "REALARM"})
SHOWN_AGAIN: Final = frozenset({"UNSHELVE", "RELEASE"})
LEAST: Final = 3
"""The lowest priority that sends messages; 4 is only recorded."""
STALE: Final = timedelta(minutes=5)
"""An alarm found later than this after its time is sent only while it is active."""


def announced(event: ProcessEvent, standing: Standing) -> Purpose | None:
    """The purpose of the messages that an event needs, None if it needs none.

    Args:
        event: a row of the journal.
        standing: the standing of the alarm after the event.
    """
    hidden = standing.shelf or standing.designed or standing.out_of_service
    priority = event.priority or standing.priority
    if hidden or not 1 <= priority <= LEAST:
        return None
    if event.event in CALLING:
        return "tell"
    if event.event in SHOWN_AGAIN and standing.active and standing.ack == "unacked":
        return "tell"
    return "clear" if event.event == "CLEAR" else None


def deliveries(
    event: ProcessEvent, purpose: Purpose, group: str, routes: Routes, now: datetime
) -> Iterator[Delivery]:
    """The messages that an announced event needs, with those of later escalations.

    The message that an alarm has cleared goes to every route with such messages.
    :func:`not_needed` drops it for recipients who did not get the alarm.

    Args:
        event: a row of the journal.
        purpose: the answer of :func:`announced`.
        group: the group of the alarm.
        routes: all routes.
        now: the database's clock, in the zone of the plant.
    """
    now_us = microseconds(now)
    for route in routes.routes.values():
        if purpose == "clear":
            if route.on_clear:
                yield from _to_all(event, purpose, route, now_us)
        elif route.on_raise and takes(route, event.priority or LEAST, group, now):
            yield from _to_all(event, purpose, route, now_us)
            yield from _escalations(event, route, routes, now_us)


def _escalations(
    event: ProcessEvent, route: Route, routes: Routes, due_us: int
) -> Iterator[Delivery]:
    """The messages of each route that the route escalates to; the routes have no cycle."""
    while route.escalate_to and route.escalate_after_s is not None:
        due_us += round(route.escalate_after_s * SECOND)
        route = routes.routes[route.escalate_to]
        yield from _to_all(event, "escalate", route, due_us)


def _to_all(event: ProcessEvent, purpose: Purpose, route: Route, due_us: int) -> Iterator[Delivery]:
    about = (event.ts_us, event.tag_name, event.condition, event.raised_at_us, event.event)
    for recipient in route.recipients:
        text = "\n".join(str(part) for part in (*about, purpose, recipient))
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        yield Delivery(*about, purpose, route.name, recipient, due_us, key)


def takes(route: Route, priority: int, group: str, now: datetime) -> bool:
    """Whether a route takes alarms of a priority and group at a local time."""
    if priority not in route.priorities or (route.groups and group not in route.groups):
        return False
    if route.hours is None:
        return now.weekday() in route.weekdays
    first, end = route.hours
    minute = now.hour * 60 + now.minute
    if first < end:
        return first <= minute < end and now.weekday() in route.weekdays
    if minute >= first:
        return now.weekday() in route.weekdays
    return minute < end and (now.weekday() - 1) % 7 in route.weekdays


def not_needed(row: Waiting, routes: Routes) -> str:
    """Why a due message is not sent; empty if it is sent."""
    if row.route not in routes.routes:
        return f"the file has no route {row.route} any more"
    if row.purpose == "escalate" and not row.unacked:
        return "nobody waits for an acknowledgement"
    if row.purpose == "clear" and not row.was_notified:
        return "this recipient was not told of the alarm"
    if row.condition == "GAP" and row.event == "RAISE" and row.purpose == "tell" and row.over:
        return "the alarm is hidden or over, perhaps because its source is lost"
    if row.purpose == "tell" and row.created_at - row.ts > STALE and not row.active:
        return "the alarm was over before it was found"
    return ""
