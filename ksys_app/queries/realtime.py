"""The live query: at each tick, one statement reads all data of a window's tiles (PRD §6.2).

The search for the previous bucket covers the window and one bucket before it, so that a window of
one bucket has a previous bucket too (PRD decision 1). A search without bounds takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.pieces import Piece, joined
from ksys_app.domain.windows import BucketName, Window
from ksys_app.models.rows import PastRow, Sample, TileRow
from ksys_app.queries.pieces import Shape, bounds, shape
from ksys_app.queries.statistics import statistics
from ksys_app.utils.cache import Answer

_TILES: Final[LiteralString] = """
WITH {stats},
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
)
SELECT tag_name, now() AS now, latest.value, latest.ts,
       coalesce(stats.count, 0) AS count, stats.min, stats.max, stats.first, stats.last,
       coalesce(stats.prev_last, silent.prev_last) AS prev_last,
       motion.prev_value, motion.prev_ts, motion.recent_mean, motion.recent_std,
       expectation.exp_per_min,
       coalesce(refused.refused, 0) AS refused, refused.refused_at, refused.refused_value,
       coalesce(refused.refused_reason, '') AS refused_reason
-- A full join is never a nested loop, however few rows the planner estimates. The coalesce in WHERE
-- keeps it a full join.
FROM (SELECT *, true AS present FROM public.influx_latest) AS latest
FULL JOIN (SELECT tag_name, true AS present FROM public.influx_qc_rule) AS rule USING (tag_name)
FULL JOIN (SELECT *, true AS present FROM public.ingest_expectation) AS expectation USING (tag_name)
FULL JOIN (SELECT *, true AS present FROM refused) AS refused USING (tag_name)
FULL JOIN (SELECT name AS tag_name, true AS present FROM public.expression) AS calculated
  USING (tag_name)
FULL JOIN stats USING (tag_name)
FULL JOIN silent USING (tag_name)
FULL JOIN motion USING (tag_name)
WHERE coalesce(latest.present, rule.present, expectation.present, refused.present,
               calculated.present, false)
  AND tag_name <> '' AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
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


@cache
def tiles_statement(base: BucketName, widths: Shape) -> sql.Composed:
    """The statement for windows with the buckets ``base``, composed of pieces of ``widths``.

    Without pieces it reads only the buckets from the parameter ``since`` on. Its other parameters
    are those of :func:`tile_params`.
    """
    return sql.SQL(_TILES).format(stats=statistics(base, widths))


async def tile_rows(
    window: Window,
    cap: int,
    tag_names: Sequence[str] | None = None,
    *,
    plan: Sequence[Piece] | None = None,
    past: tuple[datetime, Mapping[str, PastRow]] | None = None,
) -> Answer[TileRow]:
    """The data of the tiles: one row for each tag of the database, by name.

    Args:
        window: the time range.
        cap: most tags. A caller that gets this many rows should warn its reader
            (``PAYLOAD_BLOAT``).
        tag_names: only these tags; a missing tag has no row. None for all tags.
        plan: the pieces of the window; None for its own buckets alone.
        past: a time, and tag to the statistics of the buckets before it. Then only the buckets
            from that time on are read.
    """
    if past is not None:
        since, older = past
        statement = tiles_statement(window.bucket, ())
        params = tile_params(window, (), cap, tag_names) | {"since": since}
        complete: Callable[[TileRow], TileRow] = partial(joined, older)
    else:
        plan = (Piece(window.bucket),) if plan is None else plan
        statement = tiles_statement(window.bucket, shape(plan))
        params, complete = tile_params(window, plan, cap, tag_names), lambda row: row
    # Every plan gives the same tiles, so all plans share one entry of the cache.
    key = {"window": window.label, "cap": cap, "tags": tag_names}
    answer = await db.current().fetch_cached(
        "live", TileRow, statement, params, name="tiles", key=key
    )
    # Rows from the cache are already joined with their past part.
    return answer.read_as("whole", complete)


def tile_params(
    window: Window, plan: Sequence[Piece], cap: int, tag_names: Sequence[str] | None = None
) -> dict[str, object]:
    """The parameters of :func:`tiles_statement`."""
    return {
        "window": window.duration,
        "width": window.width,
        "tags": None if tag_names is None else list(tag_names),
        "cap": cap,
        **bounds(plan),
    }


async def newest_samples(tag_name: str, cap: int = MOST_SAMPLES) -> Answer[Sample]:
    """The newest raw samples of a tag within the last hour, newest first."""
    params = {"tag": tag_name, "cap": cap}
    return await db.current().fetch_cached("live", Sample, SAMPLES, params, name="samples")
