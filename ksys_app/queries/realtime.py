"""The live query: everything the tiles of a window show, in one statement a tick (PRD §6.2).

The search for the previous bucket is bounded by the window and one bucket more, so that a window of
one bucket can look one back (PRD decision 1); unbounded, it takes seconds.
"""

from __future__ import annotations

from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.windows import VIEW, WINDOWS, Window, spark_bucket
from ksys_app.models.rows import Sample, TileRow
from ksys_app.utils.cache import Answer

# Windows up to this long draw their sparkline from raw samples: 5 buckets make no line.
RAW_SPARK_UP_TO_S: Final = 300.0
SPARK_POINTS: Final = 48

_SPARK_FROM_BUCKETS: Final[LiteralString] = """
  SELECT tag_name, slot, sum(sum) / nullif(sum(n), 0) AS value
  FROM (
    SELECT tag_name, n, sum, floor(
      extract(epoch FROM bucket - now() + %(window)s)::float8 / %(window_s)s * %(points)s
    ) AS slot
    FROM {spark_view}
    WHERE bucket >= now() - %(window)s
  ) AS placed
  GROUP BY tag_name, slot
"""

_SPARK_FROM_SAMPLES: Final[LiteralString] = """
  SELECT tag_name, slot, avg(value) AS value
  FROM (
    SELECT tag_name, value, floor(
      extract(epoch FROM ts - now() + %(window)s)::float8 / %(window_s)s * %(points)s
    ) AS slot
    FROM recent
    WHERE ts >= now() - %(window)s AND ts <= now()
  ) AS placed
  GROUP BY tag_name, slot
"""

_TILES: Final[LiteralString] = """
WITH stats AS MATERIALIZED (
  SELECT tag_name,
         sum(n)::bigint AS count,
         min(min) AS min,
         max(max) AS max,
         first(first, bucket) AS first,
         last(last, bucket) AS last,
         max(bucket) AS newest
  FROM {view}
  WHERE bucket >= now() - %(window)s
  GROUP BY tag_name
),
previous AS (
  -- The far search runs only for a tag whose last few buckets before the newest are empty.
  SELECT tag_name, coalesce(
    (SELECT near.last
     FROM {view} AS near
     WHERE near.tag_name = stats.tag_name AND near.bucket < stats.newest
       AND near.bucket >= greatest(stats.newest - 5 * %(width)s, now() - %(window)s - %(width)s)
     ORDER BY near.bucket DESC
     LIMIT 1),
    (SELECT far.last
     FROM {view} AS far
     WHERE far.tag_name = stats.tag_name AND far.bucket < stats.newest
       AND far.bucket >= now() - %(window)s - %(width)s
     ORDER BY far.bucket DESC
     LIMIT 1)
  ) AS prev_last
  FROM stats
),
recent AS MATERIALIZED (
  SELECT tag_name, ts, value, row_number() OVER (PARTITION BY tag_name ORDER BY ts DESC) AS age
  FROM public.influx_live
  WHERE ts >= now() - interval '5 minutes'
),
motion AS (
  SELECT tag_name,
         max(value) FILTER (WHERE age = 2) AS prev_value,
         max(ts) FILTER (WHERE age = 2) AS prev_ts,
         avg(value) FILTER (WHERE age > 1) AS recent_mean,
         stddev_samp(value) FILTER (WHERE age > 1) AS recent_std
  FROM recent
  GROUP BY tag_name
),
slot AS (
  {spark}
),
spark AS (
  SELECT tag_name,
         array_agg((slot + 0.5) / %(points)s ORDER BY slot)::double precision[] AS spark_at,
         array_agg(value ORDER BY slot) AS spark
  FROM slot
  GROUP BY tag_name
)
SELECT tag_name, now() AS now, latest.value, latest.ts,
       coalesce(stats.count, 0) AS count, stats.min, stats.max, stats.first, stats.last,
       previous.prev_last,
       coalesce(spark.spark_at, '{{}}') AS spark_at, coalesce(spark.spark, '{{}}') AS spark,
       motion.prev_value, motion.prev_ts, motion.recent_mean, motion.recent_std,
       expectation.exp_per_min
FROM public.influx_latest AS latest
FULL JOIN (SELECT tag_name FROM public.influx_qc_rule) AS rule USING (tag_name)
FULL JOIN public.ingest_expectation AS expectation USING (tag_name)
LEFT JOIN stats USING (tag_name)
LEFT JOIN previous USING (tag_name)
LEFT JOIN motion USING (tag_name)
LEFT JOIN spark USING (tag_name)
WHERE %(tag)s::text IS NULL OR tag_name = %(tag)s
ORDER BY tag_name
LIMIT %(cap)s
"""

SAMPLES: Final = """
SELECT ts, value
FROM public.influx_live
WHERE tag_name = %(tag)s AND ts >= now() - interval '1 hour'
ORDER BY ts DESC
LIMIT %(cap)s
"""


def _statement(window: Window) -> sql.Composed:
    raw = window.duration.total_seconds() <= RAW_SPARK_UP_TO_S
    spark = sql.SQL(_SPARK_FROM_SAMPLES if raw else _SPARK_FROM_BUCKETS)
    view = sql.Identifier("public", window.view)
    spark_view = sql.Identifier("public", VIEW[spark_bucket(window, SPARK_POINTS)])
    return sql.SQL(_TILES).format(view=view, spark=spark.format(spark_view=spark_view))


TILES: Final = {window: _statement(window) for window in WINDOWS}


async def tile_rows(window: Window, cap: int, tag_name: str | None = None) -> Answer[TileRow]:
    """One row a known tag by name, for all tags in ``window`` or for one.

    Args:
        window: the time range.
        cap: most tags; a caller that gets as many should say so (``PAYLOAD_BLOAT``).
        tag_name: this one only.
    """
    params = tile_params(window, cap, tag_name)
    return await db.current().fetch_cached("live", TileRow, TILES[window], params)


def tile_params(window: Window, cap: int, tag_name: str | None) -> dict[str, object]:
    """The parameters of :data:`TILES`."""
    return {
        "window": window.duration,
        "window_s": window.duration.total_seconds(),
        "width": window.width,
        "points": SPARK_POINTS,
        "tag": tag_name,
        "cap": cap,
    }


async def newest_samples(tag_name: str, cap: int = 12) -> Answer[Sample]:
    """The newest raw samples of a tag within the last hour, newest first."""
    params = {"tag": tag_name, "cap": cap}
    return await db.current().fetch_cached("live", Sample, SAMPLES, params)
