"""Moving averages, bands and slope of one tag, for any window or range (PRD §22.1, decision 12).

The columns have the same meaning as in ``tech_ind_1m_mv``. A moving average counts rows, not time.
So it reaches further back where the data has a gap, as in that view.
"""

from __future__ import annotations

from typing import Final, LiteralString

from ksys_app.domain.indicators import Band, lookback
from ksys_app.domain.ranges import MOST_BUCKETS, Period, Range
from ksys_app.models.series import Indicator
from ksys_app.queries.periods import bounds_of, fetch_period, of_ranges, of_windows
from ksys_app.utils.cache import Answer

_INDICATORS: Final[LiteralString] = """
SELECT bucket, avg, sma_10, sma_60, centre + 2 * sd_20 AS bb_top, centre - 2 * sd_20 AS bb_bot,
       slope_60, sma_20, sd_20, now() AS now
FROM (
  SELECT *, CASE WHEN %(bollinger)s THEN sma_20 ELSE avg END AS centre
  FROM (
    SELECT bucket, avg,
           avg(avg) OVER (series ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS sma_10,
           avg(avg) OVER w20 AS sma_20,
           avg(avg) OVER (series ROWS BETWEEN 59 PRECEDING AND CURRENT ROW) AS sma_60,
           stddev_samp(avg) OVER w20 AS sd_20,
           avg - lag(avg, 60) OVER series AS slope_60
    FROM {view}
    WHERE tag_name = %(tag)s AND bucket >= {start} - %(lookback)s AND {end}
    WINDOW series AS (ORDER BY bucket),
           w20 AS (series ROWS BETWEEN 19 PRECEDING AND CURRENT ROW)
  ) AS moving
) AS centred
WHERE bucket >= {start}
ORDER BY bucket
"""

INDICATORS: Final = of_windows(_INDICATORS)
BETWEEN: Final = of_ranges(_INDICATORS + "LIMIT %(cap)s + 1")


async def indicators(
    tag_name: str, period: Period, band: Band = "plant", *, fresh: bool = False
) -> Answer[Indicator]:
    """Average, moving averages, bands and slope of a tag, ascending; cached as its buckets.

    Args:
        tag_name: the tag.
        period: the window or range, not of samples.
        band: centre of the bands: ``plant`` is the average itself, ``bollinger`` is SMA 20.
        fresh: read from the database, and put the answer into the cache.
    """
    params = indicator_params(tag_name, period, band)
    if isinstance(period, Range):
        statement = BETWEEN[period.bucket]
        params["cap"] = MOST_BUCKETS
    else:
        statement = INDICATORS[period.bucket]
    return await fetch_period(
        "metrics", Indicator, statement, params, period, name="indicators", fresh=fresh
    )


def indicator_params(tag_name: str, period: Period, band: Band = "plant") -> dict[str, object]:
    """The parameters of :data:`INDICATORS`."""
    return {
        "tag": tag_name,
        "lookback": lookback(period.width),
        "bollinger": band == "bollinger",
        **bounds_of(period, period.width),
    }
