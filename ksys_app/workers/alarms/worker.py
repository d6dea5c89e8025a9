"""``ksys alarms run``: the loop that holds the lease and evaluates once a second (PRD §32.4)."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import AsyncConnection

from ksys_app import log
from ksys_app.db import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import AWAY, DatabaseRestoring, KsysError
from ksys_app.settings import safe_dsn
from ksys_app.store import alarms as store
from ksys_app.store.alarms import Lease, LeaseLost
from ksys_app.workers.alarms.evaluator import LEASE_S, Evaluator
from ksys_app.workers.alarms.outbox import Notifying

TICK_S: Final = 1.0
WAIT_S: Final = (*AWAY, DatabaseRestoring)
"""What a worker waits for, even before its first tick."""


def holder_name() -> str:
    """A name for the lease that no other worker has: machine, process, and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(slots=True)
class AlarmWorker:
    """A worker; of several, one evaluates, and the others wait until its lease is over.

    Attributes:
        dsn: the database, role ``eco_alarm`` or the owner.
        since_us: where tags without a cursor begin; None for a time of the worker's choice.
        notifying: where messages about alarms go; None: nowhere.
        once: whether to end when all samples that are there are judged.
        holder: the worker's name in the lease.
        ticked: set after the first tick.
    """

    dsn: str
    since_us: int | None = None
    once: bool = False
    holder: str = field(default_factory=holder_name)
    notifying: Notifying | None = None
    ticked: asyncio.Event = field(default_factory=asyncio.Event)
    _failed_at: float | None = None
    _waits_for: str = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Evaluate until ``stop`` is set; then give the lease back.

        Raises:
            ConfigError: the DSN, the role or its privileges are wrong.
            SchemaDrift: the database lacks a table.
        """
        while not stop.is_set():
            conn: AsyncConnection | None = None
            try:
                conn = await connect(self.dsn)
                await self._serve(conn, stop)
            except (KsysError, psycopg.Error, OSError) as error:
                self._failed(error)
                await self._pause(stop, TICK_S)
            finally:
                if conn is not None:
                    with suppress(psycopg.Error, OSError):
                        await conn.close()

    async def _serve(self, conn: AsyncConnection, stop: asyncio.Event) -> None:
        while not stop.is_set():
            lease = await store.acquire(conn, self.holder, LEASE_S)
            if lease is None:
                self._recovered()
                self._stand_by()
                await self._pause(stop, TICK_S)
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
            self._recovered()
            self.ticked.set()
            if not current:
                continue
            if self.once:
                stop.set()
            await self._pause(stop, TICK_S - (time.monotonic() - began))
        await store.release(evaluator.conn, lease.epoch)

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), max(0.0, seconds))

    def _stand_by(self) -> None:
        if not self._waits_for:
            self._waits_for = self.holder
            log.event("alarm_standby", holder=self.holder)

    def _failed(self, error: Exception) -> None:
        mapped = map_error(error, safe_dsn(self.dsn))
        if not self.ticked.is_set() and not isinstance(mapped, WAIT_S):
            raise mapped or error from error
        if self._failed_at is None:
            self._failed_at = time.monotonic()
            log.event("alarm_fail", error=mapped.message if mapped else str(error))

    def _recovered(self) -> None:
        if self._failed_at is not None:
            log.event("alarm_recover", dur_ms=(time.monotonic() - self._failed_at) * 1000)
        self._failed_at = None
