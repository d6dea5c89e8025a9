"""Repeats a write on one connection; reconnects after growing pauses and logs each outage once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import psycopg
from psycopg import AsyncConnection

from ksys_app import log
from ksys_app.db import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import KsysError
from ksys_app.settings import safe_dsn

Clock = Callable[[], datetime]
Step = Callable[[AsyncConnection], Awaitable[float | None]]
"""Writes the due samples; returns the seconds until the next write, or None at the end."""

BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0)
STEP_LIMIT_S: Final = 30.0
"""If a step takes longer, the database counts as lost, unless the caller allows a longer time."""


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


async def write_until_stopped(
    dsn: str, step: Step, stop: asyncio.Event, name: str, *, limit_s: float = STEP_LIMIT_S
) -> None:
    """Repeat ``step`` until ``stop`` is set or ``step`` returns None; wait for a lost database.

    A failed step is repeated on a new connection after 1, 2, 4, then 8 s, so a step must be safe to
    repeat.

    Args:
        dsn: a role that may write ``influx_hist``.
        step: the work to repeat.
        stop: set it to end the loop.
        name: name of the work in the log.
        limit_s: longest step, seconds.
    """
    conn: AsyncConnection | None = None
    failures = 0
    lost = 0.0
    try:
        while not stop.is_set():
            try:
                async with asyncio.timeout(limit_s):
                    if conn is None:
                        conn = await connect(dsn)
                    pause = await step(conn)
            except (KsysError, psycopg.Error, OSError) as error:
                if failures == 0:
                    lost = time.monotonic()
                    fields = {"error": _message(error, dsn)}
                    log.line(f"{name}_lost", fields, logging.WARNING)
                pause = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
                failures += 1
                await _close(conn)
                conn = None
            else:
                if failures:
                    log.line(f"{name}_back", {"dur_ms": (time.monotonic() - lost) * 1000})
                failures = 0
                if pause is None:
                    return
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
    finally:
        await _close(conn)


async def _close(conn: AsyncConnection | None) -> None:
    if conn is not None:
        await conn.close()


def _message(error: Exception, dsn: str) -> str:
    mapped = map_error(error, safe_dsn(dsn))
    return mapped.message if mapped is not None else str(error).strip()
