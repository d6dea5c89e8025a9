"""5-minute features of a tag."""

from __future__ import annotations

from typing import Final

from ksys_app import db
from ksys_app.domain.windows import Window
from ksys_app.models.rows import Feature
from ksys_app.utils.cache import Answer

# A year of 5-minute rows; every window fits.
MAX_ROWS: Final = 105_408

ONE_TAG: Final = """
SELECT bucket, tag_name, mean_5m, std_5m, min_5m, max_5m, p10_5m, p90_5m, n_5m
FROM public.features_5m
WHERE tag_name = %(tag)s AND bucket >= now() - %(window)s
ORDER BY bucket DESC
LIMIT %(cap)s
"""


async def newest_features(tag_name: str, window: Window, cap: int = MAX_ROWS) -> Answer[Feature]:
    """Rows of ``features_5m`` within ``window``, newest first, kept for a minute."""
    params = {"tag": tag_name, "window": window.duration, "cap": cap}
    return await db.current().fetch_cached("features", Feature, ONE_TAG, params)
