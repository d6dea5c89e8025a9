"""The pool of connections to one database; no caller waits for a connection forever.

The pool opens a connection in the task of the caller, so that the caller gets the error of a
refused connection. While the server does not answer, all callers share one attempt.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg.pq import TransactionStatus

from ksys_app.driver.connection import CONNECT_S, Connection, Silent
from ksys_app.models.message import Message
from ksys_app.texts import say

# Longest wait while all connections are in use, for blocks that are short.
WAIT_S: Final = 2.0
# While the server does not answer, callers wait for the shared attempt until it is this old.
TRIAL_S: Final = 0.5
# A connection is replaced after this time, because its memory on the server only grows.
LIFETIME_S: Final = 3600.0
IDLE_S: Final = 600.0


class Busy(psycopg.OperationalError):
    """Every connection of the pool is in use; ``sentence`` has their number."""

    def __init__(self, size: int) -> None:
        self.sentence = Message("errors.all_in_use", {"size": size})
        super().__init__(say(self.sentence))


@dataclass(slots=True)
class _Idle:
    conn: Connection
    since: float


class Pool:
    """A pool of at most ``size`` connections.

    Args:
        connect: opens a connection within the given number of seconds.
        size: most connections.
        clock: monotonic clock, seconds.
    """

    def __init__(
        self,
        connect: Callable[[float], Awaitable[Connection]],
        size: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.size = size
        self._connect, self._clock = connect, clock
        self._slots = asyncio.Semaphore(size)
        self._long = asyncio.Semaphore(max(1, size // 2))
        self._idle: list[_Idle] = []
        self._opened: dict[Connection, float] = {}
        self._waiting = 0
        self._closed = False
        self._silent_since: float | None = None
        self._trial: asyncio.Task[Exception | None] | None = None
        self._trial_since = 0.0

    def stats(self) -> dict[str, int]:
        """Number of connections, of unused ones, of waiting callers, and the most connections."""
        return {
            "size": len(self._opened),
            "available": len(self._idle),
            "waiting": self._waiting,
            "max": self.size,
        }

    @asynccontextmanager
    async def connection(self, seconds: float, *, long: bool = False) -> AsyncIterator[Connection]:
        """A connection for the block; it is closed if the block is not left in time.

        Args:
            seconds: time for getting a connection and for the whole block.
            long: whether the block may take long. Such blocks share at most half of the
                connections, so that many of them do not block the other callers.

        Raises:
            Busy: all connections are still in use after a wait.
            Silent: the server did not answer in time.
            Exception: an error from opening a connection.
        """
        if not long:
            async with self._connection(seconds, min(seconds, WAIT_S)) as conn:
                yield conn
            return
        await self._take_slot(self._long, seconds)
        try:
            # Half of a file may have been sent: it waits rather than breaks off.
            async with self._connection(seconds, seconds) as conn:
                yield conn
        finally:
            self._long.release()

    @asynccontextmanager
    async def _connection(self, seconds: float, wait_s: float) -> AsyncIterator[Connection]:
        deadline = self._clock() + seconds
        await self._take_slot(self._slots, wait_s)
        try:
            conn = await self._take(deadline)
            try:
                with conn.within(deadline - self._clock()):
                    yield conn
            except psycopg.Error as error:
                if conn.overdue is None or isinstance(error, Silent):
                    raise
                raise Silent(conn.overdue) from error
            finally:
                await self._put(conn)
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Close every connection; a connection in use is closed at the end of its block."""
        self._closed = True
        if self._trial is not None:
            self._trial.cancel()
            await asyncio.wait([self._trial])
        await self._drop_idle()

    async def _take_slot(self, slots: asyncio.Semaphore, seconds: float) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await slots.acquire()
        except TimeoutError:
            raise Busy(self.size) from None
        finally:
            self._waiting -= 1

    async def _take(self, deadline: float) -> Connection:
        while True:
            conn = await self._pop()
            if conn is not None:
                return conn
            if self._silent_since is None:
                return await self._open(min(CONNECT_S, deadline - self._clock()))
            await self._join_trial()

    async def _pop(self) -> Connection | None:
        """The most recently used connection that still works, None if there is none."""
        while self._idle:
            conn = self._idle.pop().conn
            if not _has_data(conn) and self._clock() - self._opened[conn] < LIFETIME_S:
                return conn
            await self._drop(conn)
        return None

    async def _put(self, conn: Connection) -> None:
        if conn.overdue is not None:
            # If the server does not answer on one connection, the others are dead too.
            self._fell_silent(conn.overdue)
            await self._drop_idle()
        idle = conn.pgconn.transaction_status == TransactionStatus.IDLE
        if self._closed or conn.closed or conn.overdue is not None or not idle:
            await self._drop(conn)
            return
        now = self._clock()
        self._idle.append(_Idle(conn, now))
        if now - self._idle[0].since > IDLE_S:
            await self._drop(self._idle.pop(0).conn)

    async def _open(self, seconds: float) -> Connection:
        try:
            conn = await self._connect(seconds)
        except Silent as silence:
            self._fell_silent(silence.seconds)
            raise
        self._silent_since = None
        self._opened[conn] = self._clock()
        return conn

    async def _join_trial(self) -> None:
        """Wait for the shared attempt at a silent server; return when the server answers again."""
        if self._trial is None or self._trial.done():
            self._trial = asyncio.create_task(self._try(), name="database trial")
            self._trial_since = self._clock()
        trial, left = self._trial, self._trial_since + TRIAL_S - self._clock()
        await asyncio.wait([trial], timeout=max(0.0, left))
        if not trial.done() or trial.cancelled():
            raise Silent(self._silent_for())
        refusal = trial.result()
        if refusal is not None:
            raise refusal

    async def _try(self) -> Exception | None:
        try:
            conn = await self._open(CONNECT_S)
        except Silent:
            return Silent(self._silent_for())
        except Exception as refusal:
            # A refusal is an answer, so from now on each caller makes its own attempt.
            self._silent_since = None
            return refusal
        await self._put(conn)
        return None

    def _fell_silent(self, seconds: float) -> None:
        if self._silent_since is None:
            self._silent_since = self._clock() - seconds

    def _silent_for(self) -> float:
        since = self._silent_since
        return TRIAL_S if since is None else self._clock() - since

    async def _drop(self, conn: Connection) -> None:
        self._opened.pop(conn, None)
        await conn.close()

    async def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for entry in idle:
            await self._drop(entry.conn)


def _has_data(conn: Connection) -> bool:
    """Whether an idle connection has data to read, which usually means that it is closed."""
    if conn.closed:
        return True
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    return bool(poll.poll(0))
