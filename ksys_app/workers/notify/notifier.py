"""``ksys notify run``: sends messages about alarms until it is stopped (PRD §32.10)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection

from ksys_app import log
from ksys_app.driver.reconnecting import Reconnecting, pause
from ksys_app.queries import notify as queries
from ksys_app.queries.alarms import clock
from ksys_app.store import notify as store
from ksys_app.workers.notify.drain import drain
from ksys_app.workers.notify.send import NotSent, Sender, post

TICK_S: Final = 1.0
BEAT: Final = timedelta(minutes=5)
BEAT_RETRY: Final = timedelta(minutes=1)
PRUNE: Final = timedelta(hours=1)
SETTLED_RETENTION: Final = timedelta(days=90)
"""How long settled messages stay in the outbox."""
HEARTBEAT: Final = "heartbeat"


@dataclass(slots=True)
class Notifier:
    """The program that sends messages. Several may run; each message is sent by one of them.

    Attributes:
        dsn: the database, role ``eco_alarm`` or the owner.
        sender: the routes and their secrets.
        zone: the zone of the times in a message.
    """

    dsn: str
    sender: Sender
    zone: ZoneInfo
    _database: Reconnecting = field(init=False)
    _failing: set[str] = field(default_factory=set)
    _beat_at: datetime | None = None
    _prune_at: datetime | None = None

    def __post_init__(self) -> None:
        self._database = Reconnecting(
            self.dsn,
            fails=lambda error: log.event("notify_fail", route=None, error=error),
            recovers=lambda lasted_ms: log.event("notify_recover", route=None, dur_ms=lasted_ms),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set.

        Raises:
            ConfigError: the DSN, the role or its privileges are wrong.
            SchemaDrift: the database lacks a table.
        """

        async def work(conn: AsyncConnection) -> None:
            while not stop.is_set():
                await self.step(conn, await clock(conn))
                self._database.works()
                await pause(stop, TICK_S)

        await self._database.serve(work, stop, TICK_S)

    async def step(self, conn: AsyncConnection, now: datetime) -> None:
        """Send the messages and the heartbeat that are due at ``now``, the database's clock."""
        found = await drain(conn, self.sender.routes, self.sender.send, now, self.zone)
        for name, reason in found.failed.items():
            self._note(name, reason)
        for name in found.worked - found.failed.keys():
            self._note(name, "")
        await self._beat(conn, now)
        if self._prune_at is None or now >= self._prune_at:
            await store.prune_messages(conn, now - SETTLED_RETENTION)
            self._prune_at = now + PRUNE

    async def _beat(self, conn: AsyncConnection, now: datetime) -> None:
        """Call the heartbeat while a worker evaluates alarms. Its receiver notices if it stops."""
        url = self.sender.routes.heartbeat_url
        if not url or (self._beat_at is not None and now < self._beat_at):
            return
        if not await queries.is_evaluating(conn, now):
            return
        try:
            await post(url, b"", {})
        except NotSent as error:
            self._note(HEARTBEAT, str(error))
            self._beat_at = now + BEAT_RETRY
        else:
            self._note(HEARTBEAT, "")
            self._beat_at = now + BEAT

    def _note(self, name: str, reason: str) -> None:
        """Log when a route starts to fail and when it works again."""
        if reason and name not in self._failing:
            self._failing.add(name)
            log.event("notify_fail", route=name, error=reason)
        elif not reason and name in self._failing:
            self._failing.remove(name)
            log.event("notify_recover", route=name)
