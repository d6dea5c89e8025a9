"""A connection that closes itself when the server does not answer (PRD §6.3).

The server itself ends a slow statement (``statement_timeout``). If the server is stopped, or a
network drops packets, nothing ends the wait except the client.
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

from ksys_app.models.message import Message
from ksys_app.settings import with_parameters
from ksys_app.texts import say

RV = TypeVar("RV")

# The system detects the loss of the peer of an idle connection after 10 + 3 * 5 s.
KEEPALIVE: Final[dict[str, int]] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
CONNECT_S: Final = 3.0
# Seconds for each address of a host with several. If an address does not answer, there is time for
# the next one. The driver accepts no shorter time.
ADDRESS_S: Final = 2
# A server that runs accepts a cancel request and follows it at once.
CANCEL_S: Final = 1.0
# The driver reads times by these two settings. A server reports them to its client, so a pooler
# restores them for each client.
REPORTED: Final = "SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO'"


class Silent(psycopg.OperationalError):
    """The server did not answer in time.

    Attributes:
        seconds: how long it has not answered.
        sentence: the same as a message.
    """

    def __init__(self, seconds: float) -> None:
        shown = f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
        self.seconds = seconds
        self.sentence = Message("errors.no_answer_for", {"seconds": shown.removesuffix(".0")})
        super().__init__(say(self.sentence))


class Connection(AsyncConnection[TupleRow]):
    """A connection that never waits forever.

    Attributes:
        overdue: the seconds after which this side closed the connection, None while it is open.
    """

    overdue: float | None = None
    _grace: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, dsn: str, seconds: float = CONNECT_S) -> Self:
        """Open a connection with autocommit and times in UTC, without other session settings.

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
        """Close the connection if the block takes longer than ``seconds``."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(max(0.0, seconds), self._hang_up, seconds)
        try:
            yield
        finally:
            timer.cancel()

    async def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        """Wait for an exchange with the server; every method of the driver calls this method.

        Raises:
            Silent: the server did not answer in time, and the connection was closed.
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
        """Ask the server to end the statement; close the connection if the server does not."""
        try:
            await super().cancel_safe(timeout=min(timeout, CANCEL_S))
        except psycopg.Error:
            self._hang_up(CANCEL_S)
            raise
        loop = asyncio.get_running_loop()
        self._grace = loop.call_later(CANCEL_S, self._hang_up, CANCEL_S)

    def _hang_up(self, seconds: float) -> None:
        """Shut the socket down, so that the code that waits for the server stops waiting."""
        if self.closed:
            return
        self.overdue = seconds
        with suppress(OSError), socket.socket(fileno=os.dup(self.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


async def addresses(dsn: str) -> int:
    """The number of addresses of a DSN's hosts; 0 if no host name can be resolved."""
    parts = conninfo_to_dict(dsn)
    if parts.get("hostaddr"):
        return len(str(parts["hostaddr"]).split(","))
    found = 0
    for host in str(parts.get("host") or "").split(","):
        if not host or host.startswith("/"):
            found += 1
            continue
        with suppress(OSError):
            resolved = await asyncio.get_running_loop().getaddrinfo(host, None)
            found += len({address for *_, address in resolved})
    return found
