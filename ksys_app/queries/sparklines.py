"""Reads the sparklines of a window's tiles: the means of 48 slots, which end now (PRD §5.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.windows import SPARK_POINTS, VIEW, WINDOWS, Window, spark_bucket
from ksys_app.models.rows import Spark
from ksys_app.utils.cache import Answer

# A window of at most 5 minutes has too few buckets for a line, so raw samples draw its sparkline.
RAW_UP_TO_S: Final = 300.0
# The longest window whose lines are read at each tick. Lines of longer windows may be 30 s old,
# which is less than a thousandth of their width.
LIVE_UP_TO_S: Final = 3600.0

_FROM_BUCKETS: Final[LiteralString] = """
    SELECT tag_name, bucket AS at, n, sum
    FROM {view}
    WHERE bucket >= now() - %(window)s AND bucket <= now()
      AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
"""

_FROM_SAMPLES: Final[LiteralString] = """
    SELECT tag_name, ts AS at, 1 AS n, value AS sum
    FROM public.influx_live
    WHERE ts >= now() - %(window)s AND ts <= now()
      AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
"""

# date_part and the sum of float8 avoid numeric arithmetic, which takes a quarter of the time.
_SPARKS: Final[LiteralString] = """
SELECT tag_name,
       array_agg((slot + 0.5) / %(points)s ORDER BY slot) AS at,
       array_agg(value ORDER BY slot) AS value
FROM (
  SELECT tag_name, slot, sum(sum) / nullif(sum(n::float8), 0) AS value
  FROM (
    SELECT tag_name, n, sum, floor(
      date_part('epoch', at - now() + %(window)s) / %(window_s)s * %(points)s
    ) AS slot
    FROM ({source}) AS source
  ) AS placed
  GROUP BY tag_name, slot
) AS slots
GROUP BY tag_name
ORDER BY tag_name
LIMIT %(cap)s
"""


def _statement(window: Window) -> sql.Composed:
    raw = window.duration.total_seconds() <= RAW_UP_TO_S
    view = sql.Identifier("public", VIEW[spark_bucket(window, SPARK_POINTS)])
    source = sql.SQL(_FROM_SAMPLES if raw else _FROM_BUCKETS).format(view=view)
    return sql.SQL(_SPARKS).format(source=source)


SPARKS: Final = {window: _statement(window) for window in WINDOWS}


async def sparks(window: Window, cap: int, tag_names: Sequence[str] | None = None) -> Answer[Spark]:
    """The sparklines of the tags with samples in ``window``, by name.

    They are at most 30 s old in windows longer than an hour, and new in shorter ones.

    Args:
        window: the time range.
        cap: most tags.
        tag_names: only these tags. None for all tags.
    """
    params = spark_params(window, cap, tag_names)
    live = window.duration.total_seconds() <= LIVE_UP_TO_S
    return await db.current().fetch_cached(
        "live" if live else "metrics", Spark, SPARKS[window], params, name="sparks"
    )


def spark_params(
    window: Window, cap: int, tag_names: Sequence[str] | None = None
) -> dict[str, object]:
    """The parameters of :data:`SPARKS`."""
    return {
        "window": window.duration,
        "window_s": window.duration.total_seconds(),
        "points": SPARK_POINTS,
        "tags": None if tag_names is None else list(tag_names),
        "cap": cap,
    }
