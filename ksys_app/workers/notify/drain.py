"""Sends the due messages of the outbox and records the results (PRD §32.10)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection

from ksys_app.domain.alarms.digest import PAUSE, batches, given_up, next_try
from ksys_app.domain.alarms.routing import not_needed
from ksys_app.models.notify import Message, Route, Routes, Waiting
from ksys_app.queries import notify as queries
from ksys_app.store import notify as store
from ksys_app.texts.alarm_messages import compose
from ksys_app.workers.notify.send import NotSent

CAP: Final = 5000
"""Most messages to read at once."""
CLAIM_S: Final = 180.0
"""How long a program may take to send a message before another program sends it."""
AT_ONCE: Final = 8
"""Most messages to send at the same time."""
Send = Callable[[Route, str, Message, datetime], Awaitable[None]]


@dataclass(slots=True)
class Drained:
    """The results: ids of sent messages, routes that worked, and failed routes with the reason."""

    sent: list[str] = field(default_factory=list)
    worked: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


async def drain(
    conn: AsyncConnection, routes: Routes, send: Send, now: datetime, zone: ZoneInfo
) -> Drained:
    """Send the messages that are due and needed.

    A message is recorded as sent after the server has accepted it. A program that is killed in
    between sends the message again, so a message is sent at least once.

    Args:
        conn: a connection of ``eco_alarm`` or the owner, outside of a transaction.
        routes: all routes.
        send: sends one message, or raises :class:`NotSent`.
        now: the database's clock.
        zone: the zone of the times in a message.
    """
    last = await queries.last_sent(conn, now - PAUSE)
    rows = await queries.due_messages(conn, now, CAP, _resting(routes, last))
    reasons = {row.id: reason for row in rows if (reason := not_needed(row, routes))}
    if reasons:
        await store.mark_ended(conn, [*reasons], [*reasons.values()], now)
    found, gate = Drained(), asyncio.Semaphore(AT_ONCE)

    async def serve(batch: list[Waiting]) -> tuple[list[Waiting], str]:
        route = routes.routes[batch[0].route]
        async with gate:
            try:
                message = compose(batch, zone, route.language)
                await send(route, batch[0].recipient, message, now)
            except NotSent as error:
                return batch, str(error)
        return batch, ""

    due = batches([row for row in rows if row.id not in reasons], routes, last, now)
    wanted = [row.id for batch in due for row in batch]
    claimed = await store.claim_messages(conn, wanted, now, CLAIM_S) if wanted else set()
    to_send = [mine for batch in due if (mine := [row for row in batch if row.id in claimed])]
    for served in asyncio.as_completed([serve(batch) for batch in to_send]):
        batch, error = await served
        ids, route = [row.id for row in batch], batch[0].route
        if error:
            await _failed(conn, batch, error, now)
            found.failed[route] = error
        else:
            await store.mark_sent(conn, ids, now)
            found.sent += ids
            found.worked.add(route)
    return found


def _resting(routes: Routes, last: dict[str, datetime]) -> list[str]:
    """Recipients that get only digests and just got a message, so that others come first."""
    at_once = {
        recipient
        for route in routes.routes.values()
        if not route.digest
        for recipient in route.recipients
    }
    return [name for name in last if name not in at_once]


async def _failed(
    conn: AsyncConnection, batch: Sequence[Waiting], error: str, now: datetime
) -> None:
    due = [next_try(row.attempt + 1, now) for row in batch]
    ended = [now if given_up(row, now) else None for row in batch]
    await store.mark_failed(conn, [row.id for row in batch], error, due, ended)
