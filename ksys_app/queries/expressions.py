"""Reads the series for expressions, and the saved expressions (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.ranges import Period
from ksys_app.domain.windows import VIEW
from ksys_app.models.expressions import SavedExpression, TagColumns
from ksys_app.queries import versions
from ksys_app.queries.periods import fetch_period
from ksys_app.utils.cache import Answer

MAX_SAVED: Final = 1_000
"""Most saved expressions."""

# One row per tag: a list is transferred in a fraction of the time of as many rows.
_COLUMNS: Final[LiteralString] = """
SELECT tag_name, now() AS now,
       array_agg(extract(epoch FROM bucket)::bigint ORDER BY bucket) AS starts,
       array_agg(avg ORDER BY bucket) AS avg, array_agg(last ORDER BY bucket) AS last
FROM {view}
WHERE tag_name = ANY (%(tags)s) AND bucket >= %(start)s - %(lead)s AND bucket < %(end)s
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
# If a tag with samples has the name of an expression, the name belongs to the tag.
NAMED: Final = """
SELECT name, text, unit, decimals, version, author, saved_at
FROM public.expression
WHERE name = ANY (%(names)s)
  AND NOT EXISTS (SELECT FROM public.tag_latest AS latest WHERE latest.tag_name = name)
ORDER BY name
LIMIT %(cap)s
"""
CALCULATED: Final = """
SELECT name, text, unit, decimals, version, author, saved_at
FROM public.expression
WHERE NOT EXISTS (SELECT FROM public.tag_latest AS latest WHERE latest.tag_name = name)
ORDER BY name
LIMIT %(cap)s
"""


async def columns(
    tags: Collection[str],
    period: Period,
    start: datetime,
    end: datetime,
    lead: timedelta,
    *,
    fresh: bool = False,
) -> Answer[TagColumns]:
    """Averages and last values of tags in the buckets up to ``end``, and some before ``start``.

    A tag without data there has no row. The answer is cached for 30 s; the answer of a range that
    ended long ago is cached for four minutes.

    Args:
        tags: the tags.
        period: the window or range; it decides the bucket width.
        start: start of the first bucket of the period.
        end: end of the last bucket.
        lead: length of the buckets before the period, for functions that look back.
        fresh: read from the database, and put the answer into the cache.
    """
    params: dict[str, object] = {"tags": sorted(tags), "cap": max(1, len(tags))}
    params |= {"start": start, "end": end, "lead": lead}
    statement = COLUMNS[period.bucket]
    return await fetch_period(
        "metrics", TagColumns, statement, params, period, name="tag_columns", fresh=fresh
    )


async def saved_expressions() -> Answer[SavedExpression]:
    """Every saved expression, by name; not from a cache."""
    params = {"cap": MAX_SAVED}
    return await db.current().fetch_cached(
        "latest", SavedExpression, SAVED, params, name="expressions"
    )


async def find_expressions(names: Collection[str]) -> Answer[SavedExpression]:
    """The saved expressions with these names, unless a tag has the name; not from a cache."""
    params = {"names": sorted(names), "cap": max(1, len(names))}
    return await db.current().fetch_cached(
        "latest", SavedExpression, NAMED, params, name="expressions_named"
    )


async def calculated_expressions(*, fresh: bool = True) -> Answer[SavedExpression]:
    """The saved expressions that are calculated tags, by name; cached until one changes.

    Args:
        fresh: look for changes now; otherwise the answer may be 30 s old.
    """
    return await db.current().fetch_versioned(
        "tags",
        SavedExpression,
        CALCULATED,
        {"cap": MAX_SAVED},
        versions.EXPRESSIONS,
        name="calculated",
        checked="live" if fresh else "metrics",
    )
