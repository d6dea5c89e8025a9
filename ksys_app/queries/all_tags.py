"""The series of all tags at once: the newest rows, ascending (PRD decision 43)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.indicators import Band, lookback
from ksys_app.domain.windows import VIEW, BucketName, Window
from ksys_app.models.series import Bucket, Feature, Indicator
from ksys_app.queries.features import MAX_ROWS
from ksys_app.utils.cache import Answer

_BUCKETS: Final[LiteralString] = """
SELECT *
FROM (
  SELECT bucket, n, avg, sum, min, max, last, first, diff, now() AS now, tag_name
  FROM {view}
  WHERE bucket >= now() - %(window)s AND bucket <= now()
  ORDER BY bucket DESC, tag_name DESC
  LIMIT %(cap)s
) AS newest
ORDER BY bucket, tag_name
"""

# Moving averages need buckets from before the first returned bucket. The lookback is the same as
# for the series of one tag.
_INDICATORS: Final[LiteralString] = """
WITH begin AS MATERIALIZED (
  SELECT min(bucket) AS bucket
  FROM (
    SELECT bucket
    FROM {view}
    WHERE bucket >= now() - %(window)s AND bucket <= now()
    ORDER BY bucket DESC
    LIMIT %(cap)s
  ) AS newest
),
moving AS (
  SELECT bucket, tag_name, avg,
         avg(avg) OVER (series ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS sma_10,
         avg(avg) OVER w20 AS sma_20,
         avg(avg) OVER (series ROWS BETWEEN 59 PRECEDING AND CURRENT ROW) AS sma_60,
         stddev_samp(avg) OVER w20 AS sd_20,
         avg - lag(avg, 60) OVER series AS slope_60
  FROM {view}
  WHERE bucket >= (SELECT bucket FROM begin) - %(lookback)s AND bucket <= now()
  WINDOW series AS (PARTITION BY tag_name ORDER BY bucket),
         w20 AS (series ROWS BETWEEN 19 PRECEDING AND CURRENT ROW)
)
SELECT *
FROM (
  SELECT bucket, avg, sma_10, sma_60, centre + 2 * sd_20 AS bb_top, centre - 2 * sd_20 AS bb_bot,
         slope_60, sma_20, sd_20, now() AS now, tag_name
  FROM (
    SELECT *, CASE WHEN %(bollinger)s THEN sma_20 ELSE avg END AS centre FROM moving
  ) AS centred
  WHERE bucket >= now() - %(window)s
  ORDER BY bucket DESC, tag_name DESC
  LIMIT %(cap)s
) AS newest
ORDER BY bucket, tag_name
"""

FEATURES: Final = """
SELECT *
FROM (
  SELECT bucket, mean_5m, std_5m, min_5m, max_5m, p10_5m, p90_5m, n_5m, now() AS now, tag_name
  FROM public.features_5m
  WHERE bucket >= now() - %(window)s AND bucket <= now()
  ORDER BY bucket DESC, tag_name DESC
  LIMIT %(cap)s
) AS newest
ORDER BY bucket, tag_name
"""


def _of_each(statement: LiteralString) -> Mapping[BucketName, sql.Composed]:
    return {
        name: sql.SQL(statement).format(view=sql.Identifier("public", view))
        for name, view in VIEW.items()
    }


BUCKETS: Final = _of_each(_BUCKETS)
INDICATORS: Final = _of_each(_INDICATORS)


async def buckets(window: Window) -> Answer[Bucket]:
    """The newest buckets of all tags in ``window``, at most ``MAX_ROWS``; cached for 30 s."""
    return await db.current().fetch_cached(
        "metrics", Bucket, BUCKETS[window.bucket], _params(window), name="all_buckets"
    )


async def indicators(window: Window, band: Band) -> Answer[Indicator]:
    """The newest moving averages of all tags in ``window``, at most ``MAX_ROWS``; cached 30 s."""
    moving = {"lookback": lookback(window.width), "bollinger": band == "bollinger"}
    return await db.current().fetch_cached(
        "metrics",
        Indicator,
        INDICATORS[window.bucket],
        _params(window) | moving,
        name="all_indicators",
    )


async def features(window: Window) -> Answer[Feature]:
    """The newest rows of ``features_5m`` of all tags in ``window``; cached for a minute."""
    return await db.current().fetch_cached(
        "features", Feature, FEATURES, _params(window), name="all_features"
    )


def _params(window: Window) -> dict[str, object]:
    return {"window": window.duration, "cap": MAX_ROWS}
