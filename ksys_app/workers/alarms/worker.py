"""``ksys alarms run``: a loop that has the lease and evaluates once a second (PRD §32.4)."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from dataclasses import dataclass, field
from typing import Final

from psycopg import AsyncConnection

from ksys_app import log
from ksys_app.driver.reconnecting import Reconnecting, pause
from ksys_app.store import alarms as store
from ksys_app.store.alarms import Lease, LeaseLost
from ksys_app.workers.alarms.evaluator import LEASE_S, Evaluator
from ksys_app.workers.alarms.outbox import Notifying

TICK_S: Final = 1.0


def holder_name() -> str:
    """A unique name for the lease: machine, process and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(slots=True)
class AlarmWorker:
    """An alarm worker. If several run, one evaluates, and the others wait until its lease ends.

    Attributes:
        dsn: the database, role ``eco_alarm`` or the owner.
        since_us: where tags without a cursor start; None to let the worker choose.
        notifying: creates the messages about alarms; None for no messages.
        once: whether to end when all stored samples are judged.
        holder: the worker's name in the lease.
    """

    dsn: str
    since_us: int | None = None
    once: bool = False
    holder: str = field(default_factory=holder_name)
    notifying: Notifying | None = None
    _database: Reconnecting = field(init=False)
    _waits_for: str = ""

    def __post_init__(self) -> None:
        self._database = Reconnecting(
            self.dsn,
            fails=lambda error: log.event("alarm_fail", error=error),
            recovers=lambda lasted_ms: log.event("alarm_recover", dur_ms=lasted_ms),
        )

    @property
    def ticked(self) -> asyncio.Event:
        """Set after the first tick."""
        return self._database.worked

    async def run(self, stop: asyncio.Event) -> None:
        """Evaluate until ``stop`` is set; then give the lease back.

        Raises:
            ConfigError: the DSN, the role or its privileges are wrong.
            SchemaDrift: the database lacks a table.
        """
        await self._database.serve(lambda conn: self._serve(conn, stop), stop, TICK_S)

    async def _serve(self, conn: AsyncConnection, stop: asyncio.Event) -> None:
        while not stop.is_set():
            lease = await store.acquire(conn, self.holder, LEASE_S)
            if lease is None:
                self._database.answers()
                self._stand_by()
                await pause(stop, TICK_S)
                continue
            self._waits_for = ""
            log.event("alarm_lease", holder=self.holder, epoch=lease.epoch)
            try:
                settles, messages = not self.once, self.notifying
                holder = Evaluator(conn, lease, self.since_us, settles, messages)
                await self._evaluate(holder, lease, stop)
            except LeaseLost:
                log.event("alarm_lease_lost", holder=self.holder, epoch=lease.epoch)

    async def _evaluate(self, evaluator: Evaluator, lease: Lease, stop: asyncio.Event) -> None:
        await evaluator.load()
        while not stop.is_set():
            began = time.monotonic()
            current = await evaluator.tick()
            self._database.works()
            if not current:
                continue
            if self.once:
                stop.set()
            await pause(stop, TICK_S - (time.monotonic() - began))
        await store.release(evaluator.conn, lease.epoch)

    def _stand_by(self) -> None:
        if not self._waits_for:
            self._waits_for = self.holder
            log.event("alarm_standby", holder=self.holder)
