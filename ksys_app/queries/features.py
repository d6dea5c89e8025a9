"""Reads the 5-minute features of a tag."""

from __future__ import annotations

from typing import Final, LiteralString

from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.windows import FEATURE_WIDTH
from ksys_app.models.series import Feature
from ksys_app.queries.periods import bounds_of, fetch_period, of_range, of_window
from ksys_app.utils.cache import Answer

# About 34 days. The 30d window is whole; a longer window has its newest rows (PRD decision 4).
MAX_ROWS: Final = 10_000

_FEATURES: Final[LiteralString] = """
SELECT *
FROM (
  SELECT bucket, mean_5m, std_5m, min_5m, max_5m, p10_5m, p90_5m, n_5m, now() AS now
  FROM {view}
  WHERE tag_name = %(tag)s AND bucket >= {start} AND {end}
  ORDER BY bucket DESC
  LIMIT %(cap)s
) AS newest
ORDER BY bucket
"""

ONE_TAG: Final = of_window(_FEATURES, "features_5m")
BETWEEN: Final = of_range(_FEATURES, "features_5m")


async def history(
    tag_name: str, period: Period, cap: int = MAX_ROWS, *, fresh: bool = False
) -> Answer[Feature]:
    """Rows of ``features_5m`` within a window or a range, ascending.

    The answer is cached for a minute; the answer of a range that ended long ago for four minutes.

    Args:
        tag_name: the tag.
        period: the window or range.
        cap: most rows; the newest rows are returned. A caller that gets this many rows should
            warn its reader (``PAYLOAD_BLOAT``).
        fresh: read from the database, and put the answer into the cache.
    """
    params = {"tag": tag_name, "cap": cap, **bounds_of(period, FEATURE_WIDTH)}
    statement = BETWEEN if isinstance(period, Range) else ONE_TAG
    return await fetch_period(
        "features", Feature, statement, params, period, name="features", fresh=fresh
    )
