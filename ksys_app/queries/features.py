"""5-minute features of a tag."""

from __future__ import annotations

from typing import Final

from ksys_app import db
from ksys_app.domain.windows import Window
from ksys_app.models.series import Feature
from ksys_app.utils.cache import Answer

# About 34 days. The 30d window is whole; a longer window has its newest rows (PRD decision 4).
MAX_ROWS: Final = 10_000

ONE_TAG: Final = """
SELECT *
FROM (
  SELECT bucket, mean_5m, std_5m, min_5m, max_5m, p10_5m, p90_5m, n_5m, now() AS now
  FROM public.features_5m
  WHERE tag_name = %(tag)s AND bucket >= now() - %(window)s AND bucket <= now()
  ORDER BY bucket DESC
  LIMIT %(cap)s
) AS newest
ORDER BY bucket
"""


async def history(
    tag_name: str, window: Window, cap: int = MAX_ROWS, *, fresh: bool = False
) -> Answer[Feature]:
    """Rows of ``features_5m`` within ``window``, ascending; cached for a minute.

    Args:
        tag_name: the tag.
        window: the time range.
        cap: most rows; the newest rows are returned. A caller that gets this many rows should
            tell its reader (``PAYLOAD_BLOAT``).
        fresh: ask the database now and put the answer into the cache.
    """
    params = {"tag": tag_name, "window": window.duration, "cap": cap}
    return await db.current().fetch_cached(
        "live" if fresh else "features", Feature, ONE_TAG, params, name="features"
    )
