"""The range that a refresh may cover: from the oldest raw samples to the database's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain import upkeep
from ksys_app.domain.ingest import EARLIEST
from ksys_app.ops.schema import watermark


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of a refresh.

    Attributes:
        now: the database's clock; the bucket that contains it is not stored.
        floor: before this time, raw samples may have been deleted.
        oldest: start of the oldest chunk of usable raw samples, None without samples.
        takes_options: whether the server splits a refresh into small batches unless an option
            turns that off.
        day_zone: IANA zone whose days ``influx_agg_1d`` counts.
    """

    now: datetime
    floor: datetime
    oldest: datetime | None
    takes_options: bool = False
    day_zone: str = "UTC"

    @property
    def days(self) -> ZoneInfo:
        """The time zone of the days in ``influx_agg_1d``."""
        return ZoneInfo(self.day_zone)


async def bounds(conn: AsyncConnection) -> Bounds:
    """Read the limits of a refresh on this database."""
    async with conn.cursor(row_factory=class_row(Bounds)) as cursor:
        await cursor.execute(
            """
            SELECT now() AS now,
                   now() - coalesce(
                     (SELECT min((j.config ->> 'drop_after')::interval)
                      FROM timescaledb_information.jobs AS j
                      WHERE j.proc_name = 'policy_retention' AND j.hypertable_schema = 'public'
                        AND j.hypertable_name = 'influx_hist'), %(retention)s) AS floor,
                   (SELECT greatest(c.range_start, %(earliest)s)
                    FROM timescaledb_information.chunks AS c
                    WHERE c.hypertable_schema = 'public' AND c.hypertable_name = 'influx_hist'
                      AND c.range_end > %(earliest)s
                    ORDER BY c.range_start LIMIT 1) AS oldest,
                   EXISTS (SELECT FROM pg_proc WHERE proname = 'refresh_continuous_aggregate'
                           AND 'options' = ANY(proargnames)) AS takes_options,
                   %(day_zone)s AS day_zone
            """,
            {
                "retention": upkeep.RETENTION,
                "earliest": EARLIEST,
                "day_zone": await watermark.day_zone(conn),
            },
        )
        found = await cursor.fetchone()
    assert found is not None, "a SELECT without FROM has one row"
    return found
