"""A command's connection: its statements may take hours, its server may not be gone for long.

No time limit tells a long statement from a server that is stopped or out of reach. A second
connection does: whoever opens it learns whether anybody is there.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen

from ksys_app.driver.connection import Connection

RV = TypeVar("RV")

# A statement that takes longer than this has its server looked after.
QUIET_S: Final = 10.0
LOOK_S: Final = 5.0
LOOKS: Final = 3
# The embedded database answers nobody while it works; there only time can tell.
EMBEDDED_S: Final = 1800.0
# What the bridge in front of the embedded database reports of itself when a connection begins.
EMBEDDED: Final = b"ksys.embedded"


class Watched(Connection):
    """A connection that is hung up when its server answers nobody any more.

    Attributes:
        dsn: where to look.
    """

    dsn: str = ""

    async def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        """Wait for an exchange, however long it takes, while its server is there.

        Raises:
            Silent: it is not.
        """
        loop = asyncio.get_running_loop()
        looking: list[asyncio.Task[None]] = []
        timer = loop.call_later(QUIET_S, lambda: looking.append(loop.create_task(self._look())))
        try:
            return await super().wait(gen, *args, **options)
        finally:
            timer.cancel()
            for task in looking:
                task.cancel()

    async def _look(self) -> None:
        started = time.monotonic() - QUIET_S
        if self.pgconn.parameter_status(EMBEDDED) is not None:
            await asyncio.sleep(EMBEDDED_S - QUIET_S)
        else:
            await until_gone(self.dsn)
        self._hang_up(time.monotonic() - started)


async def until_gone(dsn: str) -> None:
    """Return when nobody has answered there, several times in a row."""
    missed = 0
    while missed < LOOKS:
        if await _is_there(dsn):
            missed = 0
            await asyncio.sleep(LOOK_S)
        else:
            missed += 1


async def _is_there(dsn: str) -> bool:
    """Whether anybody answers; a refusal is an answer, and of a pooler its own is enough."""
    try:
        async with asyncio.timeout(LOOK_S):
            conn = await Connection.connect(dsn)
    except (TimeoutError, psycopg.errors.ConnectionTimeout):
        return False
    except psycopg.Error:
        return True
    await conn.close()
    return True
