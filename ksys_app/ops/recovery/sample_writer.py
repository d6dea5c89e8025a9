"""Writes the samples of a file into ``influx_hist``, each batch in one transaction.

A sample of the file replaces the stored sample of the same tag and time. A row that is equal is not
written, so a second run changes nothing (:mod:`ksys_app.store.samples`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import psycopg
from psycopg import AsyncConnection

from ksys_app.errors import ConfigError, SchemaDrift
from ksys_app.models.samples import NewSample
from ksys_app.ops.schema.bounds import Bounds, bounds
from ksys_app.store.samples import Existing, write_samples

# Late rows may decompress any number of rows in a compressed chunk.
NO_LIMIT: Final = (
    "SELECT set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true)"
)
# Samples older than the retention must be aggregated before the retention job deletes them. The
# job's next run is one day later; after that it runs as usual, so nothing has to be undone.
DELAY_RETENTION: Final = """
SELECT alter_job(j.job_id, next_start => now() + interval '1 day')
FROM timescaledb_information.jobs AS j
WHERE j.proc_name = 'policy_retention' AND j.hypertable_schema = 'public'
  AND j.hypertable_name = 'influx_hist'
"""
ATTEMPTS: Final = 5
RETRY_S: Final = 0.5

OWNS: Final = """
SELECT pg_has_role(relowner, 'USAGE') FROM pg_class
WHERE oid = to_regclass('public.influx_hist') AND to_regclass('public.influx_agg_1d') IS NOT NULL
"""


class SampleWriter:
    """Upserts batches over one connection of the owner.

    Args:
        conn: an autocommit connection.
        columns: the columns of the file; other columns of an existing row stay unchanged.
    """

    def __init__(self, conn: AsyncConnection, columns: Sequence[str]) -> None:
        self._conn = conn
        self._columns = columns
        self._floor: datetime | None = None

    async def prepare(self) -> Bounds:
        """Check that this role may write rows, and return the limits for the later refresh.

        Raises:
            SchemaDrift: the schema does not exist.
            ConfigError: the role is not the owner.
        """
        row = await (await self._conn.execute(OWNS)).fetchone()
        if row is None:
            raise SchemaDrift("the database has no schema yet; run ksys db init first")
        if not row[0]:
            raise ConfigError(
                "this role may not refresh the aggregates; TS_ADMIN_DSN must name the owner"
            )
        limits = await bounds(self._conn)
        self._floor = limits.floor
        return limits

    async def write(self, samples: Sequence[NewSample]) -> int:
        """Upsert samples, of which no two have the same time and tag, in one transaction.

        Returns:
            The number of new and changed rows.
        """
        if not samples:
            return 0
        if self._floor is not None and min(sample.ts for sample in samples) < self._floor:
            await self._conn.execute(DELAY_RETENTION)
            self._floor = None
        for attempt in range(ATTEMPTS):
            try:
                async with self._conn.transaction():
                    await self._conn.execute(NO_LIMIT)
                    return await write_samples(self._conn, samples, Existing.REPLACE, self._columns)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
                # A job of the server was changing the same chunk.
                if attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(RETRY_S * (attempt + 1))
        raise AssertionError("the last attempt returned or raised")
