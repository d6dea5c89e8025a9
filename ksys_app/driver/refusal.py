"""Why no connection could be made: by SQLSTATE and by how far it came, in whatever language.

The driver tells a refused connection as a sentence of the server, in the server's language, and
keeps the SQLSTATE to itself. So the attempt is made once more, with the driver's own trace of the
protocol written down.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import tempfile
import time
from dataclasses import dataclass
from typing import Final, Literal

import psycopg
from psycopg import pq

from ksys_app.driver.connection import Silent, addresses

Cause = Literal["silent", "host", "port", "tls", "password", "sqlstate"]
TRACE_S: Final = 2.0
# The severity is translated and comes first; after it stand the code and the words.
SAID: Final = re.compile(
    rb'\tErrorResponse\t S "[^"]*"(?: V "[A-Z]+")? C "([0-9A-Z]{5})" M "(.*?)" (?:[A-Z] "|\\x00)',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stands in the way of a connection.

    Attributes:
        cause: ``silent``: nobody answered in time; ``host``: the name of the host is not known;
            ``port``: nothing listens there, or it hung up; ``tls``: no encrypted connection can be
            made; ``password``: one is asked for and the DSN has none; ``sqlstate``: the server, or
            a pooler in front of it, refuses.
        words: what the server, the driver or the system says, in its own language.
        sqlstate: the server's code, None where no server said anything.
    """

    cause: Cause
    words: str
    sqlstate: str | None = None


async def refusal(error: psycopg.OperationalError, dsn: str) -> Refusal:
    """Why connecting failed.

    Args:
        error: what connecting to ``dsn`` raised.
        dsn: where to.
    """
    words = first_line(error)
    if isinstance(error, Silent):
        return Refusal("silent", words)
    if error.sqlstate is not None:
        return Refusal("sqlstate", words, error.sqlstate)
    if await addresses(dsn) == 0:
        return Refusal("host", words)
    if error.pgconn is not None and error.pgconn.needs_password:
        return Refusal("password", words)
    trace = await asyncio.to_thread(_trace, dsn, time.monotonic() + TRACE_S)
    said = SAID.findall(trace)
    if said:
        code, text = (part.decode("utf-8", "replace") for part in said[-1])
        return Refusal("sqlstate", " ".join(text.split()), code)
    if b"\tSSLRequest\t" in trace and b"\tStartupMessage\t" not in trace:
        return Refusal("tls", words)
    return Refusal("port", words)


def first_line(error: BaseException) -> str:
    """The first line of what an error says, its type where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _trace(dsn: str, deadline: float) -> bytes:
    """What is said between driver and server when a connection is attempted."""
    with tempfile.TemporaryFile() as file:
        attempt = pq.PGconn.connect_start(dsn.encode())
        # The driver never closes what it writes to: a few KiB stay with each trace.
        attempt.trace(os.dup(file.fileno()))
        _attempt(attempt, deadline)
        attempt.untrace()
        attempt.finish()
        file.seek(0)
        return file.read()


def _attempt(attempt: pq.abc.PGconn, deadline: float) -> None:
    while attempt.status != pq.ConnStatus.BAD:
        state = attempt.connect_poll()
        if state in (pq.PollingStatus.OK, pq.PollingStatus.FAILED):
            return
        reading = state == pq.PollingStatus.READING
        poll = select.poll()
        poll.register(attempt.socket, select.POLLIN if reading else select.POLLOUT)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return
