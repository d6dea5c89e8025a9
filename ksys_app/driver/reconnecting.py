"""The connection of a program that continues after its database was away (PRD §32.4)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import AsyncConnection

from ksys_app.driver.command import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import AWAY, DatabaseRestoring, KsysError
from ksys_app.settings import safe_dsn

PASSES: Final = (*AWAY, DatabaseRestoring)
"""Errors after which a program tries again, even if it has never worked."""

Work = Callable[[AsyncConnection], Awaitable[None]]


@dataclass(slots=True)
class Reconnecting:
    """Gives a program a new connection after each failure.

    Attributes:
        dsn: the database.
        fails: called when an outage begins, with the reason.
        recovers: called when an outage ends, with its length in milliseconds.
        patient: whether the program also tries again after any other error, such as a wrong
            password, if it has never worked.
        tried: set after the first success or failure.
        worked: set after the first success.
        error: why the last attempt failed; None while the database works.
    """

    dsn: str
    fails: Callable[[str], None]
    recovers: Callable[[float], None]
    patient: bool = False
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    worked: asyncio.Event = field(default_factory=asyncio.Event)
    error: str | None = None
    _failed_at: float = 0.0

    async def serve(self, work: Work, stop: asyncio.Event, retry_s: float) -> None:
        """Call ``work`` with a connection, again ``retry_s`` after a failure, until ``stop``.

        Args:
            work: works until ``stop`` is set, and calls :meth:`works` after each step.
            stop: ends the loop.
            retry_s: wait after a failure, seconds.

        Raises:
            KsysError: an error that a retry cannot fix, while the program has never worked.
        """
        while not stop.is_set():
            conn: AsyncConnection | None = None
            try:
                conn = await connect(self.dsn)
                await work(conn)
            except (KsysError, psycopg.Error, OSError) as error:
                self._failed(error)
                await pause(stop, retry_s)
            finally:
                if conn is not None:
                    with suppress(psycopg.Error, OSError):
                        await conn.close()

    def works(self) -> None:
        """Record that the program has done its work."""
        self.answers()
        self.worked.set()

    def answers(self) -> None:
        """Record that the database answers, which ends an outage."""
        self.tried.set()
        if self.error is not None:
            self.recovers((time.monotonic() - self._failed_at) * 1000)
        self.error = None

    def _failed(self, error: Exception) -> None:
        self.tried.set()
        mapped = map_error(error, safe_dsn(self.dsn))
        if not (self.patient or self.worked.is_set() or isinstance(mapped, PASSES)):
            raise mapped or error from error
        reason = mapped.message if mapped else str(error)
        if self.error is None:
            self._failed_at = time.monotonic()
            self.fails(reason)
        self.error = reason


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for ``seconds``, or until ``stop`` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(0.0, seconds))
