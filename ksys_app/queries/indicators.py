"""Moving averages, bands and slope of one tag, computed for any window (PRD §22.1, decision 12).

The columns have the same meaning as in ``tech_ind_1m_mv``. A moving average counts rows, not time.
So it reaches further back where the data has a gap, as in that view.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.indicators import Band, lookback
from ksys_app.domain.windows import VIEW, BucketName, Window
from ksys_app.models.series import Indicator
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
    WHERE tag_name = %(tag)s AND bucket >= now() - %(window)s - %(lookback)s
      AND bucket <= now()
    WINDOW series AS (ORDER BY bucket),
           w20 AS (series ROWS BETWEEN 19 PRECEDING AND CURRENT ROW)
  ) AS moving
) AS centred
WHERE bucket >= now() - %(window)s
ORDER BY bucket
"""

INDICATORS: Final[Mapping[BucketName, sql.Composed]] = {
    name: sql.SQL(_INDICATORS).format(view=sql.Identifier("public", view))
    for name, view in VIEW.items()
}


async def indicators(
    tag_name: str, window: Window, band: Band = "plant", *, fresh: bool = False
) -> Answer[Indicator]:
    """Average, moving averages, bands and slope of a tag, ascending; cached for 30 s.

    Args:
        tag_name: the tag.
        window: the time range.
        band: centre of the bands: ``plant`` is the average itself, ``bollinger`` is SMA 20.
        fresh: ask the database now and put the answer into the cache.
    """
    params = indicator_params(tag_name, window, band)
    return await db.current().fetch_cached(
        "live" if fresh else "metrics",
        Indicator,
        INDICATORS[window.bucket],
        params,
        name="indicators",
    )


def indicator_params(tag_name: str, window: Window, band: Band = "plant") -> dict[str, object]:
    """The parameters of :data:`INDICATORS`."""
    return {
        "tag": tag_name,
        "window": window.duration,
        "lookback": lookback(window.width),
        "bollinger": band == "bollinger",
    }
