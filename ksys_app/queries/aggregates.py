"""The watermark of each continuous aggregate: newer buckets are computed when they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ksys_app import db
from ksys_app.domain.ranges import Period
from ksys_app.domain.upkeep import REFRESH
from ksys_app.domain.windows import VIEW
from ksys_app.models.rows import Mark
from ksys_app.utils.cache import Answer, Kind

# The watermark function fails for a hypertable that is no aggregate, and the planner may call it
# before a join removes such rows. So the aggregates are materialized first. An empty aggregate has
# a watermark before the epoch, which becomes NULL. A watermark after the year 9999 is cut, because
# Python has no such times. An aggregate that this role may not read gets NULL, so that the
# watermarks of the others are still returned.
MARKS: Final = """
WITH aggregate AS MATERIALIZED (
  SELECT a.view_name, h.id,
         has_table_privilege(format('%%I.%%I', a.view_schema, a.view_name), 'SELECT') AS readable,
         (SELECT (j.config ->> 'end_offset')::interval
          FROM timescaledb_information.jobs AS j
          WHERE j.proc_name = 'policy_refresh_continuous_aggregate'
            AND (j.hypertable_schema, j.hypertable_name) = (a.view_schema, a.view_name)
          LIMIT 1) AS end_offset
  FROM timescaledb_information.continuous_aggregates AS a
  JOIN _timescaledb_catalog.hypertable AS h
    ON (h.schema_name, h.table_name)
     = (a.materialization_hypertable_schema, a.materialization_hypertable_name)
  WHERE a.view_schema = 'public' AND a.view_name = ANY(%(views)s)
)
SELECT m.view_name::text AS view,
       CASE WHEN m.at > 'epoch' THEN least(m.at, '9999-01-01 00:00Z'::timestamptz) END AS stored_to,
       coalesce(m.end_offset, '0') AS end_offset
FROM (
  SELECT view_name, end_offset,
         CASE WHEN readable THEN
           _timescaledb_functions.to_timestamp(_timescaledb_functions.cagg_watermark(id))
         END AS at
  FROM aggregate
) AS m
"""

DAY_ZONE: Final = r"""
SELECT coalesce(substring(view_definition FROM
         'time_bucket\(''1 day''::interval, [a-z0-9_\."]+, ''([^'']+)'''), 'UTC') AS zone
FROM timescaledb_information.continuous_aggregates
WHERE view_schema = 'public' AND view_name = %(view)s
LIMIT 1
"""
"""The time zone of the days of a daily aggregate; UTC if the view names no zone, as the plant's."""


@dataclass(frozen=True, slots=True)
class DayZone:
    """The time zone of the days in ``influx_agg_1d``, an IANA name."""

    zone: str


async def days_of(period: Period) -> str | None:
    """IANA name of the time zone of the daily buckets of a period; None for shorter buckets.

    It differs from the display zone if the plant uses its own aggregate with days of UTC
    (PRD §12.5).
    """
    return await day_zone() if period.bucket == "1d" else None


async def day_zone() -> str:
    """IANA name of the time zone of the days in ``influx_agg_1d``; UTC without that aggregate."""
    # The zone changes only when somebody builds the aggregate anew. The statement takes 3 ms.
    zones = await _day_zone("tags")
    if not zones.rows:
        zones = await _day_zone("metrics")
    return zones.rows[0].zone if zones.rows else "UTC"


async def _day_zone(kind: Kind) -> Answer[DayZone]:
    params = {"view": VIEW["1d"]}
    return await db.current().fetch_cached(kind, DayZone, DAY_ZONE, params, name="day_zone")


async def stored_to() -> Answer[Mark]:
    """The watermark of each aggregate, at most 10 s old."""
    return await db.current().fetch_cached(
        "upkeep", Mark, MARKS, {"views": list(REFRESH)}, name="aggregates"
    )
