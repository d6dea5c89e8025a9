"""The series that expressions are computed from, and the saved expressions (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.ranges import Period
from ksys_app.domain.windows import VIEW
from ksys_app.models.expressions import SavedExpression, TagColumns
from ksys_app.queries.periods import kind_of
from ksys_app.utils.cache import Answer

MAX_SAVED: Final = 1_000
"""Most saved expressions."""

# One row a tag: lists travel in a fraction of the time of as many rows.
_COLUMNS: Final[LiteralString] = """
SELECT tag_name, now() AS now,
       array_agg(extract(epoch FROM bucket)::bigint ORDER BY bucket) AS starts,
       array_agg(avg ORDER BY bucket) AS avg, array_agg(last ORDER BY bucket) AS last
FROM {view}
WHERE tag_name = ANY (%(tags)s) AND bucket >= %(start)s AND bucket < %(end)s
GROUP BY tag_name
ORDER BY tag_name
LIMIT %(cap)s
"""
COLUMNS: Final[Mapping[str, sql.Composed]] = {
    name: sql.SQL(_COLUMNS).format(view=sql.Identifier("public", view))
    for name, view in VIEW.items()
}
SAVED: Final = """
SELECT name, text, unit, decimals, version, author, saved_at
FROM public.expression
ORDER BY name
LIMIT %(cap)s
"""
# Where a tag has got the name of an expression since, the name is that of the tag.
NAMED: Final = """
SELECT name, text, unit, decimals, version, author, saved_at
FROM public.expression
WHERE name = ANY (%(names)s)
  AND NOT EXISTS (SELECT FROM public.tag_latest AS latest WHERE latest.tag_name = name)
ORDER BY name
LIMIT %(cap)s
"""


async def columns(
    tags: Collection[str], period: Period, start: datetime, end: datetime
) -> Answer[TagColumns]:
    """Averages and last values of tags in the buckets from ``start`` up to ``end``.

    A tag without data there has no row. The answer is cached for 30 s, that of a range that is over
    for four minutes.

    Args:
        tags: the tags.
        period: the window or range whose buckets they are.
        start: start of the first bucket, before that of the period where functions look back.
        end: end of the last bucket.
    """
    params = {"tags": sorted(tags), "start": start, "end": end, "cap": max(1, len(tags))}
    return await db.current().fetch_cached(
        kind_of(period, "metrics", fresh=False),
        TagColumns,
        COLUMNS[period.bucket],
        params,
        name="tag_columns",
    )


async def saved() -> Answer[SavedExpression]:
    """Every saved expression, by name; not from a cache."""
    params = {"cap": MAX_SAVED}
    return await db.current().fetch_cached(
        "latest", SavedExpression, SAVED, params, name="expressions"
    )


async def named(names: Collection[str]) -> Answer[SavedExpression]:
    """The saved expressions with these names, unless a tag has the name; not from a cache."""
    params = {"names": sorted(names), "cap": max(1, len(names))}
    return await db.current().fetch_cached(
        "latest", SavedExpression, NAMED, params, name="expressions_named"
    )
