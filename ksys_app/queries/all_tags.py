"""Reads the series of all tags in one answer: the newest rows, ascending (PRD decision 43)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, LiteralString

from ksys_app.domain.indicators import Band, lookback
from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.windows import FEATURE_WIDTH
from ksys_app.models.series import Bucket, Feature, Indicator
from ksys_app.queries.features import MAX_ROWS
from ksys_app.queries.periods import (
    bounds_of,
    fetch_period,
    of_range,
    of_ranges,
    of_window,
    of_windows,
)
from ksys_app.utils.cache import Answer

_BUCKETS: Final[LiteralString] = """
SELECT *
FROM (
  SELECT bucket, n, avg, sum, min, max, last, first, diff, now() AS now, tag_name
  FROM {view}
  WHERE bucket >= {start} AND {end}
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
    WHERE bucket >= {start} AND {end}
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
  WHERE bucket >= (SELECT bucket FROM begin) - %(lookback)s AND {end}
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
  WHERE bucket >= {start}
  ORDER BY bucket DESC, tag_name DESC
  LIMIT %(cap)s
) AS newest
ORDER BY bucket, tag_name
"""

_FEATURES: Final[LiteralString] = """
SELECT *
FROM (
  SELECT bucket, mean_5m, std_5m, min_5m, max_5m, p10_5m, p90_5m, n_5m, now() AS now, tag_name
  FROM {view}
  WHERE bucket >= {start} AND {end}
  ORDER BY bucket DESC, tag_name DESC
  LIMIT %(cap)s
) AS newest
ORDER BY bucket, tag_name
"""


BUCKETS: Final = of_windows(_BUCKETS), of_ranges(_BUCKETS)
INDICATORS: Final = of_windows(_INDICATORS), of_ranges(_INDICATORS)
FEATURES: Final = of_window(_FEATURES, "features_5m"), of_range(_FEATURES, "features_5m")


async def buckets(period: Period) -> Answer[Bucket]:
    """The newest buckets of all tags in a window or range, at most ``MAX_ROWS``; cached 30 s."""
    windows, ranges = BUCKETS
    statement = ranges[period.bucket] if isinstance(period, Range) else windows[period.bucket]
    params = _params(period, period.width)
    return await fetch_period("metrics", Bucket, statement, params, period, name="all_buckets")


async def indicators(period: Period, band: Band) -> Answer[Indicator]:
    """The newest moving averages of all tags, at most ``MAX_ROWS``; cached for 30 s."""
    windows, ranges = INDICATORS
    statement = ranges[period.bucket] if isinstance(period, Range) else windows[period.bucket]
    params = _params(period, period.width)
    params |= {"lookback": lookback(period.width), "bollinger": band == "bollinger"}
    return await fetch_period(
        "metrics", Indicator, statement, params, period, name="all_indicators"
    )


async def features(period: Period) -> Answer[Feature]:
    """The newest rows of ``features_5m`` of all tags; cached for a minute."""
    statement = FEATURES[isinstance(period, Range)]
    params = _params(period, FEATURE_WIDTH)
    return await fetch_period("features", Feature, statement, params, period, name="all_features")


def _params(period: Period, width: timedelta) -> dict[str, object]:
    return {"cap": MAX_ROWS, **bounds_of(period, width)}
