"""Buckets of one tag, from the window's continuous aggregate (PRD §5.1, decisions 3, 4 and 18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.windows import VIEW, BucketName, Window
from ksys_app.models.series import Bucket
from ksys_app.utils.cache import Answer

_BUCKETS: Final[LiteralString] = """
SELECT bucket, n, avg, sum, min, max, last, first, diff, now() AS now
FROM {view}
WHERE tag_name = %(tag)s AND bucket >= now() - %(window)s AND bucket <= now()
ORDER BY bucket
"""

BUCKETS: Final[Mapping[BucketName, sql.Composed]] = {
    name: sql.SQL(_BUCKETS).format(view=sql.Identifier("public", view))
    for name, view in VIEW.items()
}


async def buckets(tag_name: str, window: Window, *, fresh: bool = False) -> Answer[Bucket]:
    """The buckets of a tag in ``window``, ascending, with the current one; cached for 30 s.

    Args:
        tag_name: the tag.
        window: the time range.
        fresh: ask the database now and put the answer into the cache.
    """
    params = {"tag": tag_name, "window": window.duration}
    statement = BUCKETS[window.bucket]
    database = db.current()
    return await database.fetch_cached(
        "live" if fresh else "metrics", Bucket, statement, params, name="buckets"
    )
