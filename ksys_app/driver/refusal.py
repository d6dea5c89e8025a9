"""Finds out why a connection failed, from the SQLSTATE and the progress of the attempt.

For a refused connection the driver gives only the server's sentence, in the server's language, and
not the SQLSTATE. So this module repeats the attempt and reads the driver's trace of the protocol.
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
# The severity comes first and is translated; the code and the message follow.
ERROR_RESPONSE: Final = re.compile(
    rb'\tErrorResponse\t S "[^"]*"(?: V "[A-Z]+")? C "([0-9A-Z]{5})" M "(.*?)" (?:[A-Z] "|\\x00)',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a connection failed.

    Attributes:
        cause: ``silent``: no answer in time; ``host``: the host name cannot be resolved; ``port``:
            nothing listens at the port, or the listener closed the connection; ``tls``: no
            encrypted connection is possible; ``password``: a password is required and the DSN has
            none; ``sqlstate``: the server, or a pooler in front of it, refuses the connection.
        message: the message of the server, the driver or the system, in its own language.
        sqlstate: the server's code, None if no server answered.
    """

    cause: Cause
    message: str
    sqlstate: str | None = None


async def refusal(error: psycopg.OperationalError, dsn: str) -> Refusal:
    """Find out why connecting failed.

    Args:
        error: the error from connecting to ``dsn``.
        dsn: the database of the attempt.
    """
    message = first_line(error)
    if isinstance(error, Silent):
        return Refusal("silent", message)
    if error.sqlstate is not None:
        return Refusal("sqlstate", message, error.sqlstate)
    if await addresses(dsn) == 0:
        return Refusal("host", message)
    if error.pgconn is not None and error.pgconn.needs_password:
        return Refusal("password", message)
    trace = await asyncio.to_thread(_trace, dsn, time.monotonic() + TRACE_S)
    responses = ERROR_RESPONSE.findall(trace)
    if responses:
        code, text = (part.decode("utf-8", "replace") for part in responses[-1])
        return Refusal("sqlstate", " ".join(text.split()), code)
    if b"\tSSLRequest\t" in trace and b"\tStartupMessage\t" not in trace:
        return Refusal("tls", message)
    return Refusal("port", message)


def first_line(error: BaseException) -> str:
    """The first line of an error's message; the name of its type if the message is empty."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _trace(dsn: str, deadline: float) -> bytes:
    """The driver's trace of a new connection attempt."""
    with tempfile.TemporaryFile() as file:
        attempt = pq.PGconn.connect_start(dsn.encode())
        # The driver never closes the file that it writes to; each trace leaves a few KiB open.
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
