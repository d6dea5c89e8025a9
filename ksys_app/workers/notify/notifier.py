"""``ksys notify run``: sends messages about alarms until it is stopped (PRD §32.10)."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
from psycopg import AsyncConnection

from ksys_app import log
from ksys_app.db import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import AWAY, DatabaseRestoring, KsysError
from ksys_app.queries import notify as queries
from ksys_app.queries.alarms import clock
from ksys_app.settings import safe_dsn
from ksys_app.store import notify as store
from ksys_app.workers.notify.drain import drain
from ksys_app.workers.notify.send import NotSent, Sender, post

TICK_S: Final = 1.0
BEAT: Final = timedelta(minutes=5)
BEAT_RETRY: Final = timedelta(minutes=1)
PRUNE: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=90)
"""How long settled messages are kept."""
HEARTBEAT: Final = "heartbeat"


@dataclass(slots=True)
class Notifier:
    """The program that sends messages; several may run, and each message is sent by one of them.

    Attributes:
        dsn: the database, role ``eco_alarm`` or the owner.
        sender: the routes and their secrets.
        zone: the zone of the times in a message.
    """

    dsn: str
    sender: Sender
    zone: ZoneInfo
    _worked: bool = False
    _failed_at: float | None = None
    _failing: set[str] = field(default_factory=set)
    _beat_at: datetime | None = None
    _prune_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set.

        Raises:
            ConfigError: the DSN, the role or its privileges are wrong.
            SchemaDrift: the database lacks a table.
        """
        while not stop.is_set():
            conn: AsyncConnection | None = None
            try:
                conn = await connect(self.dsn)
                while not stop.is_set():
                    await self.step(conn, await clock(conn))
                    self._recovered()
                    await _pause(stop)
            except (KsysError, psycopg.Error, OSError) as error:
                self._failed(error)
                await _pause(stop)
            finally:
                if conn is not None:
                    with suppress(psycopg.Error, OSError):
                        await conn.close()

    async def step(self, conn: AsyncConnection, now: datetime) -> None:
        """Send what is due at ``now``, the database's clock; call the heartbeat if it is time."""
        found = await drain(conn, self.sender.routes, self.sender.send, now, self.zone)
        for name, reason in found.failed.items():
            self._note(name, reason)
        for name in found.worked - found.failed.keys():
            self._note(name, "")
        await self._beat(conn, now)
        if self._prune_at is None or now >= self._prune_at:
            await store.prune(conn, now - KEPT)
            self._prune_at = now + PRUNE

    async def _beat(self, conn: AsyncConnection, now: datetime) -> None:
        """Call the heartbeat while somebody evaluates alarms: whoever waits for it is our watch."""
        url = self.sender.routes.heartbeat_url
        if not url or (self._beat_at is not None and now < self._beat_at):
            return
        if not await queries.evaluating(conn, now):
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
        """Log that a route began to fail, or works again."""
        if reason and name not in self._failing:
            self._failing.add(name)
            log.event("notify_fail", route=name, error=reason)
        elif not reason and name in self._failing:
            self._failing.remove(name)
            log.event("notify_recover", route=name)

    def _failed(self, error: Exception) -> None:
        mapped = map_error(error, safe_dsn(self.dsn))
        if not self._worked and not isinstance(mapped, (*AWAY, DatabaseRestoring)):
            raise mapped or error from error
        if self._failed_at is None:
            self._failed_at = time.monotonic()
            log.event("notify_fail", route=None, error=mapped.message if mapped else str(error))

    def _recovered(self) -> None:
        self._worked = True
        if self._failed_at is not None:
            lost_ms = (time.monotonic() - self._failed_at) * 1000
            log.event("notify_recover", route=None, dur_ms=lost_ms)
        self._failed_at = None


async def _pause(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), TICK_S)
