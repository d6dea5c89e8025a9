"""How far each continuous aggregate is stored; what is newer is computed when it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ksys_app import db
from ksys_app.domain.upkeep import REFRESH
from ksys_app.domain.windows import Window
from ksys_app.models.rows import Mark
from ksys_app.utils.cache import Answer

# Only aggregates are asked for their watermark: of any other hypertable it is an error, and the
# planner may move the call in front of a join. An aggregate that holds nothing has a watermark
# before the epoch; one beyond the years that Python knows is cut. One that this role may not read
# has none here, so that the others are told.
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
"""Whose days a daily aggregate counts: UTC where it names no zone, as the plant's own."""


@dataclass(frozen=True, slots=True)
class DayZone:
    """Whose days ``influx_agg_1d`` counts: an IANA name."""

    zone: str


async def days_of(window: Window) -> str | None:
    """IANA name of the zone whose days the buckets of a window are; None of shorter buckets.

    It is not the display zone where the plant's own days of UTC were kept (PRD §12.5).
    """
    if window.bucket != "1d":
        return None
    params = {"view": window.view}
    found = await db.current().fetch_cached("metrics", DayZone, DAY_ZONE, params, name="day_zone")
    return found.rows[0].zone if found.rows else None


async def stored_to() -> Answer[Mark]:
    """The watermark of each aggregate, as of a few seconds ago."""
    return await db.current().fetch_cached(
        "upkeep", Mark, MARKS, {"views": list(REFRESH)}, name="aggregates"
    )
