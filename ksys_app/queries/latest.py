"""The newest sample of each tag."""

from __future__ import annotations

from typing import Final

from ksys_app import db
from ksys_app.models.rows import Latest
from ksys_app.queries.tags import MAX_TAGS
from ksys_app.utils.cache import Answer

ALL: Final = """
SELECT tag_name, value, ts
FROM public.influx_latest
ORDER BY tag_name
LIMIT %(cap)s
"""

ONE: Final = """
SELECT tag_name, value, ts
FROM public.influx_latest
WHERE tag_name = %(tag)s
LIMIT 1
"""


async def latest_snapshot(tag_name: str | None = None) -> Answer[Latest]:
    """Rows of ``influx_latest`` by tag: all tags, or one.

    The statement runs for each call. While the database is away, the cached rows are returned,
    marked stale.
    """
    if tag_name is None:
        return await db.current().fetch_cached(
            "latest", Latest, ALL, {"cap": MAX_TAGS}, name="latest"
        )
    return await db.current().fetch_cached(
        "latest", Latest, ONE, {"tag": tag_name}, name="latest_of_tag"
    )
