"""Sends the messages of the outbox that are due, and notes what became of them (PRD §32.10)."""

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
"""Most messages that are read at once."""
CLAIM_S: Final = 180.0
"""How long a program may take to send a message before another one sends it."""
AT_ONCE: Final = 8
"""Most recipients that are served at the same time."""
Send = Callable[[Route, str, Message, datetime], Awaitable[None]]


@dataclass(slots=True)
class Drained:
    """What happened: ids of sent messages, and for each route that failed the reason."""

    sent: list[str] = field(default_factory=list)
    worked: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


async def drain(
    conn: AsyncConnection, routes: Routes, send: Send, now: datetime, zone: ZoneInfo
) -> Drained:
    """Send what is due and needed.

    A message is noted as sent after the server took it. So a program that is killed in between
    sends it again: at least once.

    Args:
        conn: a connection of ``eco_alarm`` or the owner, outside of a transaction.
        routes: all routes.
        send: sends one message, or raises :class:`NotSent`.
        now: the database's clock.
        zone: the zone of the times in a message.
    """
    last = await queries.last_sent(conn, now - PAUSE)
    rows = await queries.waiting(conn, now, CAP, _resting(routes, last))
    over = [(row.id, reason) for row in rows if (reason := not_needed(row, routes))]
    if over:
        await store.end(conn, [one for one, _ in over], [why for _, why in over], now)
    ended = {one for one, _ in over}
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

    due = batches([row for row in rows if row.id not in ended], routes, last, now)
    wanted = [row.id for batch in due for row in batch]
    mine = await store.claim(conn, wanted, now, CLAIM_S) if wanted else set()
    ours = [own for batch in due if (own := [row for row in batch if row.id in mine])]
    for served in asyncio.as_completed([serve(batch) for batch in ours]):
        batch, error = await served
        ids, route = [row.id for row in batch], batch[0].route
        if error:
            await _failed(conn, batch, error, now)
            found.failed[route] = error
        else:
            await store.sent(conn, ids, now)
            found.sent += ids
            found.worked.add(route)
    return found


def _resting(routes: Routes, last: dict[str, datetime]) -> list[str]:
    """Recipients of digests alone that just got a message; the others are served first."""
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
    await store.failed(conn, [row.id for row in batch], error, due, ended)
