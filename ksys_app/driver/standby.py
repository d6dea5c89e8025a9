"""The lag of a read replica behind its primary (PRD §6.3)."""

from __future__ import annotations

import time
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection

from ksys_app.driver.rows import first_row
from ksys_app.models.health import Replica

# A role without further rights sees only whether pg_stat_wal_receiver has a receiver.
STANDBY: Final[LiteralString] = """
SELECT pg_is_in_recovery() AS standby,
       EXISTS (SELECT FROM pg_stat_wal_receiver) AS connected,
       coalesce(pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn(), false) AS complete,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS age_s
"""
# How often the app asks a standby for its lag, seconds.
EVERY_S: Final = 5.0


def replica(standby: bool, connected: bool, complete: bool, age_s: float | None) -> Replica | None:
    """The replica described by a row of :data:`STANDBY`, None for a primary.

    Args:
        standby: whether the server is a standby.
        connected: whether it receives changes from its primary.
        complete: whether it has applied everything that it received.
        age_s: age of the newest change that it has applied, seconds; None before the first one.
    """
    if not standby:
        return None
    # If nothing changes on the primary, the newest change is old and nothing is missing.
    lag_s = 0.0 if connected and complete else age_s
    return Replica(connected, None if lag_s is None else max(0.0, lag_s))


async def look(conn: AsyncConnection[Any]) -> Replica | None:
    """The replica state of the server of ``conn``, None if it is a primary."""
    return replica(*await first_row(await conn.execute(STANDBY)))


class Standby:
    """Follows how far a database is behind its primary.

    Attributes:
        replica: the last result, None for a primary.
    """

    def __init__(self) -> None:
        self.replica: Replica | None = None
        self._looked_at = 0.0

    async def look(self, conn: AsyncConnection[Any], is_standby: bool) -> None:
        """Read the state of a standby, at most every few seconds.

        Args:
            conn: a connection without a transaction.
            is_standby: whether its server is a standby now.
        """
        if not is_standby:
            self.replica = None
        elif self.replica is None or time.monotonic() - self._looked_at >= EVERY_S:
            self._looked_at = time.monotonic()
            self.replica = await look(conn)
