"""A command's connection: a statement may take hours, but the server must stay reachable.

A time limit cannot tell a long statement from a server that is stopped or out of reach. So while a
statement runs for long, a second connection checks whether the server still answers.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen

from ksys_app.driver.connection import Connection

RV = TypeVar("RV")

# If a statement takes longer than this, the server is checked.
CHECK_AFTER_S: Final = 10.0
CHECK_S: Final = 5.0
CHECKS: Final = 3
# The embedded database does not answer while it works, so its statements have a time limit.
EMBEDDED_S: Final = 1800.0
# The bridge in front of the embedded database reports this parameter when a connection begins.
EMBEDDED: Final = b"ksys.embedded"


class SupervisedConnection(Connection):
    """A connection that closes itself when its server no longer answers.

    Attributes:
        dsn: the database for the second connection.
    """

    dsn: str = ""

    async def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        """Wait for an exchange with the server for as long as the server is reachable.

        Raises:
            Silent: the server no longer answers.
        """
        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[None]] = []
        timer = loop.call_later(
            CHECK_AFTER_S, lambda: tasks.append(loop.create_task(self._supervise()))
        )
        try:
            return await super().wait(gen, *args, **options)
        finally:
            timer.cancel()
            for task in tasks:
                task.cancel()

    async def _supervise(self) -> None:
        started = time.monotonic() - CHECK_AFTER_S
        if self.pgconn.parameter_status(EMBEDDED) is not None:
            await asyncio.sleep(EMBEDDED_S - CHECK_AFTER_S)
        else:
            await until_unreachable(self.dsn)
        self._hang_up(time.monotonic() - started)


async def until_unreachable(dsn: str) -> None:
    """Return when the server has not answered several times in a row."""
    missed = 0
    while missed < CHECKS:
        if await _answers(dsn):
            missed = 0
            await asyncio.sleep(CHECK_S)
        else:
            missed += 1


async def _answers(dsn: str) -> bool:
    """Whether the server answers; a refusal is an answer, and so is the answer of a pooler."""
    try:
        async with asyncio.timeout(CHECK_S):
            conn = await Connection.connect(dsn)
    except (TimeoutError, psycopg.errors.ConnectionTimeout):
        return False
    except psycopg.Error:
        return True
    await conn.close()
    return True
