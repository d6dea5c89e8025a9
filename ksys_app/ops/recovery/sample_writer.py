"""Samples of a file into ``influx_hist``, a batch a transaction, so that repeating does no harm.

A batch goes as arrays, a parameter a column: no temporary table that a pooler would give to the
next client, no ``COPY … FROM STDIN``, which the embedded database refuses. Rows that say what the
database has already are left alone, so that a second run touches nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.types.json import Jsonb

from ksys_app.errors import ConfigError, SchemaDrift
from ksys_app.ops.files.samplefile import FileSample
from ksys_app.ops.schema import refresh

TYPES: Final[dict[str, LiteralString]] = {
    "ts": "timestamptz",
    "tag_name": "text",
    "value": "double precision",
    "qc": "smallint",
    "meta": "jsonb",
}
KEY: Final = ("ts", "tag_name")
# Late rows of a compressed chunk are worth decompressing what they touch, however much it is.
NO_LIMIT: Final = (
    "SELECT set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true)"
)
# What is older than the retention must be aggregated before it goes; nothing has to be undone.
HOLD_RETENTION: Final = """
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
        columns: those the file has; the others keep what the database has.
    """

    def __init__(self, conn: AsyncConnection, columns: Sequence[str]) -> None:
        self._conn = conn
        self._columns = [name for name in TYPES if name in columns]
        self._floor: datetime | None = None

    async def prepare(self) -> refresh.Bounds:
        """See whether rows may be written here; what may be refreshed afterwards.

        Raises:
            SchemaDrift: the schema is not there.
            ConfigError: the role is not the owner.
        """
        row = await (await self._conn.execute(OWNS)).fetchone()
        if row is None:
            raise SchemaDrift("the database has no schema yet; run ksys db init first")
        if not row[0]:
            raise ConfigError(
                "this role may not refresh the aggregates; TS_ADMIN_DSN must name the owner"
            )
        limits = await refresh.bounds(self._conn)
        self._floor = limits.floor
        return limits

    async def write(self, samples: Sequence[FileSample]) -> int:
        """Upsert samples, of which no two have the same time and tag, in one transaction.

        Returns:
            How many were new or changed something.
        """
        if not samples:
            return 0
        if self._floor is not None and min(sample.ts for sample in samples) < self._floor:
            await self._conn.execute(HOLD_RETENTION)
            self._floor = None
        for attempt in range(ATTEMPTS):
            try:
                async with self._conn.transaction():
                    await self._conn.execute(NO_LIMIT)
                    return await self._send(samples)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
                # A job of the server had the same chunk in hand.
                if attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(RETRY_S * (attempt + 1))
        raise AssertionError("the last attempt returned or raised")

    async def _send(self, samples: Sequence[FileSample]) -> int:
        arrays = sql.SQL(", ").join(
            sql.SQL("{}::{}[]").format(sql.Placeholder(name), sql.SQL(TYPES[name]))
            for name in self._columns
        )
        source = sql.SQL("unnest({}) AS u ({})").format(arrays, self._names())
        values: dict[str, list[Any]] = {
            name: [getattr(sample, name) for sample in samples] for name in self._columns
        }
        if "meta" in values:
            values["meta"] = [Jsonb(meta or {}) for meta in values["meta"]]
        cursor = await self._conn.execute(self._upsert(source), values)
        return cursor.rowcount

    def _names(self) -> sql.Composed:
        return sql.SQL(", ").join(map(sql.Identifier, self._columns))

    def _upsert(self, source: sql.Composable) -> sql.Composed:
        told = [sql.Identifier(name) for name in self._columns if name not in KEY]
        return sql.SQL(
            "INSERT INTO public.influx_hist AS h ({names}) SELECT {names} FROM {source}"
            " ON CONFLICT (ts, tag_name) DO UPDATE SET {sets}"
            " WHERE ({old}) IS DISTINCT FROM ({new})"
        ).format(
            names=self._names(),
            source=source,
            sets=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in told),
            old=sql.SQL(", ").join(sql.SQL("h.{}").format(name) for name in told),
            new=sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in told),
        )
