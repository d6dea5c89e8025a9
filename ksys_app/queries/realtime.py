"""The live query: one statement a tick reads all data of a window's tiles (PRD §6.2).

The search for the previous bucket covers the window and one bucket before it, so that a window of
one bucket has a previous bucket too (PRD decision 1). A search without bounds takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.windows import VIEW, WINDOWS, Window, spark_bucket
from ksys_app.models.rows import Sample, TileRow
from ksys_app.utils.cache import Answer

# A window of at most 5 minutes has too few buckets for a line, so raw samples draw its sparkline.
RAW_SPARK_UP_TO_S: Final = 300.0
SPARK_POINTS: Final = 48

_SPARK_FROM_BUCKETS: Final[LiteralString] = """
  SELECT tag_name, slot, sum(sum) / nullif(sum(n), 0) AS value
  FROM (
    SELECT tag_name, n, sum, floor(
      extract(epoch FROM bucket - now() + %(window)s)::float8 / %(window_s)s * %(points)s
    ) AS slot
    FROM {spark_view}
    WHERE bucket >= now() - %(window)s AND bucket <= now()
      AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
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
  WHERE bucket >= now() - %(window)s AND bucket <= now()
    AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
  GROUP BY tag_name
),
-- The bucket before the newest. For most tags it is among the newest few buckets of all tags. One
-- scan of these buckets finds it, whatever the planner estimates for single tags.
near AS MATERIALIZED (
  SELECT tag_name, last(b.last, b.bucket) AS prev_last
  FROM {view} AS b
  JOIN stats USING (tag_name)
  WHERE b.bucket < stats.newest
    AND b.bucket >= (SELECT max(newest) FROM stats) - 5 * %(width)s
    AND b.bucket >= now() - %(window)s - %(width)s AND b.bucket <= now()
    AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
  GROUP BY tag_name
),
-- For a tag that is silent or sends less than once a bucket, the previous bucket is further back.
sparse AS MATERIALIZED (
  SELECT tag_name, newest FROM stats WHERE tag_name NOT IN (SELECT tag_name FROM near)
),
previous AS (
  SELECT tag_name, prev_last FROM near
  UNION ALL
  SELECT tag_name, last(b.last, b.bucket)
  FROM {view} AS b
  JOIN sparse USING (tag_name)
  WHERE b.bucket < sparse.newest
    AND b.bucket >= now() - %(window)s - %(width)s AND b.bucket <= now()
    AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
  GROUP BY tag_name
),
recent AS MATERIALIZED (
  SELECT tag_name, ts, value, row_number() OVER (PARTITION BY tag_name ORDER BY ts DESC) AS age
  FROM public.influx_live
  WHERE ts >= now() - interval '5 minutes'
    AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
),
refused AS MATERIALIZED (
  SELECT tag_name, count(*) AS refused, max(at) AS refused_at,
         (array_agg(value ORDER BY at DESC))[1] AS refused_value,
         (array_agg(left(reason, 40) ORDER BY at DESC))[1] AS refused_reason
  FROM (
    SELECT tag_name, value, reason,
           -- If the time of the sample is not plausible, use the time of its receipt.
           CASE WHEN ts >= received_at - interval '1 hour'
                     AND ts <= received_at + public.ksys_max_ahead()
                THEN ts ELSE received_at END AS at
    FROM public.ingest_reject
    WHERE received_at BETWEEN now() - interval '5 minutes' AND now() AND source <> 'quarantine'
      AND tag_name <> '' AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
    ORDER BY received_at DESC
    LIMIT 100000
  ) AS newest
  GROUP BY tag_name
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
       expectation.exp_per_min,
       coalesce(refused.refused, 0) AS refused, refused.refused_at, refused.refused_value,
       coalesce(refused.refused_reason, '') AS refused_reason
FROM public.influx_latest AS latest
FULL JOIN (SELECT tag_name FROM public.influx_qc_rule) AS rule USING (tag_name)
FULL JOIN public.ingest_expectation AS expectation USING (tag_name)
FULL JOIN refused USING (tag_name)
LEFT JOIN stats USING (tag_name)
LEFT JOIN previous USING (tag_name)
LEFT JOIN motion USING (tag_name)
LEFT JOIN spark USING (tag_name)
WHERE tag_name <> '' AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
ORDER BY tag_name
LIMIT %(cap)s
"""

# One hour with one sample a second.
MOST_SAMPLES: Final = 3600

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


async def tile_rows(
    window: Window, cap: int, tag_names: Sequence[str] | None = None
) -> Answer[TileRow]:
    """The data of the tiles: one row a tag that the database knows, by name.

    Args:
        window: the time range.
        cap: most tags. A caller that gets this many rows should tell its reader
            (``PAYLOAD_BLOAT``).
        tag_names: only these tags; unknown ones have no row. None for all tags.
    """
    params = tile_params(window, cap, tag_names)
    return await db.current().fetch_cached("live", TileRow, TILES[window], params, name="tiles")


def tile_params(
    window: Window, cap: int, tag_names: Sequence[str] | None = None
) -> dict[str, object]:
    """The parameters of :data:`TILES`."""
    return {
        "window": window.duration,
        "window_s": window.duration.total_seconds(),
        "width": window.width,
        "points": SPARK_POINTS,
        "tags": None if tag_names is None else list(tag_names),
        "cap": cap,
    }


async def newest_samples(tag_name: str, cap: int = MOST_SAMPLES) -> Answer[Sample]:
    """The newest raw samples of a tag within the last hour, newest first."""
    params = {"tag": tag_name, "cap": cap}
    return await db.current().fetch_cached("live", Sample, SAMPLES, params, name="samples")
