"""A connection that hangs up when the server stays silent (PRD §6.3).

The server ends a slow statement by itself (``statement_timeout``). A server that is stopped, or a
network that swallows packets, ends nothing; only the client can.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Self, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from ksys_app.settings import with_parameters

RV = TypeVar("RV")

# An idle connection whose peer is gone is known as dead after 10 + 3 * 5 s.
KEEPALIVE: Final[dict[str, int]] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
CONNECT_S: Final = 3.0
# Where a host has several addresses, one that swallows packets leaves time for the next (the
# least that the driver takes).
ADDRESS_S: Final = 2
# A server that is there takes a request to cancel, and heeds it, at once.
CANCEL_S: Final = 1.0
# What the driver makes of times depends on these two. They are among the settings that a server
# reports to its client, so that a pooler keeps them for each.
REPORTED: Final = "SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO'"


class Silent(psycopg.OperationalError):
    """The server did not answer in time.

    Attributes:
        seconds: how long it has not.
    """

    def __init__(self, seconds: float) -> None:
        shown = f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
        super().__init__(f"no answer for {shown.removesuffix('.0')} s")
        self.seconds = seconds


class Connection(AsyncConnection[TupleRow]):
    """A connection whose waiting ends.

    Attributes:
        overdue: after how many seconds it was hung up, None while it was not.
    """

    overdue: float | None = None
    _grace: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, dsn: str, seconds: float = CONNECT_S) -> Self:
        """A connection in autocommit whose times are UTC; nothing else of its session is set.

        Raises:
            Silent: the server did not answer within ``seconds``.
            psycopg.OperationalError: the connection was refused.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                shared = {"connect_timeout": ADDRESS_S} if await addresses(dsn) > 1 else {}
                conn = await cls.connect(
                    with_parameters(dsn, **shared), autocommit=True, prepare_threshold=None
                )
        except (TimeoutError, psycopg.errors.ConnectionTimeout) as error:
            raise Silent(time.monotonic() - started) from error
        try:
            with conn.within(started + seconds - time.monotonic()):
                await conn.execute(REPORTED)
        except BaseException:
            await conn.close()
            raise
        return conn

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Hang up when the block is not left within so many seconds, whatever it waits for."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(max(0.0, seconds), self._hang_up, seconds)
        try:
            yield
        finally:
            timer.cancel()

    async def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        """Wait for an exchange with the server; every method of the driver comes by here.

        Raises:
            Silent: the connection was hung up.
        """
        try:
            return await super().wait(gen, *args, **options)
        except psycopg.OperationalError as error:
            if self.overdue is None:
                raise
            raise Silent(self.overdue) from error
        finally:
            if self._grace is not None:
                self._grace.cancel()
                self._grace = None

    async def cancel_safe(self, *, timeout: float = CANCEL_S) -> None:  # noqa: ASYNC109 - theirs
        """Ask the server to end the statement; hang up where it does not take or heed that."""
        try:
            await super().cancel_safe(timeout=min(timeout, CANCEL_S))
        except psycopg.Error:
            self._hang_up(CANCEL_S)
            raise
        loop = asyncio.get_running_loop()
        self._grace = loop.call_later(CANCEL_S, self._hang_up, CANCEL_S)

    def _hang_up(self, seconds: float) -> None:
        """End the line on this side, so that whoever waits for the server reads its end."""
        if self.closed:
            return
        self.overdue = seconds
        with suppress(OSError), socket.socket(fileno=os.dup(self.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


async def addresses(dsn: str) -> int:
    """How many addresses a DSN leads to; none where the name of no host is known."""
    parts = conninfo_to_dict(dsn)
    if parts.get("hostaddr"):
        return len(str(parts["hostaddr"]).split(","))
    found = 0
    for host in str(parts.get("host") or "").split(","):
        if not host or host.startswith("/"):
            found += 1
            continue
        with suppress(OSError):
            known = await asyncio.get_running_loop().getaddrinfo(host, None)
            found += len({address for *_, address in known})
    return found
