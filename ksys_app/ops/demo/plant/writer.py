"""Writing on and on: one connection, reconnected with growing pauses, told at its edges."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import psycopg
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.driver.failures import map_error
from ksys_app.errors import KsysError
from ksys_app.log import logger
from ksys_app.settings import safe_dsn

Clock = Callable[[], datetime]
Step = Callable[[AsyncConnection], Awaitable[float | None]]
"""Writes what is due; answers the seconds until there is more, None when there never will be."""

BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0)
STEP_LIMIT_S: Final = 30.0
"""A database that takes longer than this for a step counts as lost."""


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


async def keep_writing(dsn: str, step: Step, stop: asyncio.Event, name: str) -> None:
    """Repeat ``step`` until ``stop`` is set or it has no more; a lost database is waited for.

    A step that fails is repeated on a new connection after 1, 2, 4, then 8 s, so it must be one
    that can be repeated.

    Args:
        dsn: a role that may write ``influx_hist``.
        step: what to do.
        stop: set to end it.
        name: how the log calls it.
    """
    conn: AsyncConnection | None = None
    failures = 0
    lost = 0.0
    try:
        while not stop.is_set():
            try:
                async with asyncio.timeout(STEP_LIMIT_S):
                    if conn is None:
                        conn = await connect(dsn)
                    pause = await step(conn)
            except (KsysError, psycopg.Error, OSError) as error:
                if failures == 0:
                    lost = time.monotonic()
                    logger.warning("%s_lost error=%s", name, json.dumps(_message(error, dsn)))
                pause = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
                failures += 1
                await _close(conn)
                conn = None
            else:
                if failures:
                    logger.info("%s_back dur_ms=%.0f", name, (time.monotonic() - lost) * 1000)
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
