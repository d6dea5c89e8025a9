"""Reads annotations by time, tags and words (PRD §33.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.models.annotations import Annotation, AnnotationKey
from ksys_app.utils.cache import Answer

_COLUMNS: Final[LiteralString] = """
id, starts_at, ends_at, tags, category, text, author, via, created_at, edited_at, edited_by, version
"""
_WHERE: Final[LiteralString] = """
WHERE (%(start)s::timestamptz IS NULL
       OR tstzrange(starts_at, coalesce(ends_at, starts_at), '[]')
          && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz))
  AND (%(tags)s::text[] IS NULL OR tags = '{}' OR tags && %(tags)s::text[])
  AND (%(words)s::text[] IS NULL
       OR concat_ws(' ', text, author, array_to_string(tags, ' ')) ILIKE ALL (%(words)s::text[]))
"""
_PAGE: Final[LiteralString] = """
SELECT {columns}
FROM public.annotation
{where}
  AND (%(after_id)s::bigint IS NULL
       OR (starts_at, id) < (%(after_ts)s::timestamptz, %(after_id)s::bigint))
ORDER BY starts_at DESC, id DESC
LIMIT %(limit)s
"""
PAGE: Final = sql.SQL(_PAGE).format(columns=sql.SQL(_COLUMNS), where=sql.SQL(_WHERE))
COUNT: Final = sql.SQL("SELECT count(*) AS count FROM public.annotation {where} LIMIT 1").format(
    where=sql.SQL(_WHERE)
)
ONE: Final = sql.SQL("SELECT {columns} FROM public.annotation WHERE id = %(id)s LIMIT 1").format(
    columns=sql.SQL(_COLUMNS)
)


@dataclass(frozen=True, slots=True)
class AnnotationFilter:
    """A filter of annotations.

    Attributes:
        start: start of a range of time; annotations that overlap the range match. None: any time.
        end: end of the range; it does not belong to the range.
        tags: annotations of one of these tags match, and those of all tags. Empty: any tags.
        words: an annotation matches if each word is in its text, author or tags.
    """

    start: datetime | None = None
    end: datetime | None = None
    tags: Sequence[str] = ()
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


async def page(
    filters: AnnotationFilter, after: AnnotationKey | None, limit: int
) -> Answer[Annotation]:
    """Annotations, newest first; not from a cache.

    Args:
        filters: which annotations.
        after: the key of the last row of the previous page, None for the first page.
        limit: most rows.
    """
    key = {
        "after_ts": None if after is None else after.starts_at,
        "after_id": None if after is None else after.id,
    }
    params = {**_params(filters), **key, "limit": limit}
    return await db.current().fetch_cached("live", Annotation, PAGE, params, name="annotations")


async def count(filters: AnnotationFilter) -> int:
    """The number of matching annotations; not from a cache."""
    answer = await db.current().fetch_cached(
        "live", _Count, COUNT, _params(filters), name="annotation_count"
    )
    return answer.rows[0].count


async def find_annotation(number: int) -> Annotation | None:
    """The annotation with this number, None if there is none; not from a cache.

    Raises:
        KsysError: the database does not answer.
    """
    rows = await db.current().fetch_all(Annotation, ONE, {"id": number}, name="annotation")
    return rows[0] if rows else None


def _params(filters: AnnotationFilter) -> dict[str, Any]:
    return {
        "start": filters.start,
        "end": filters.end,
        "tags": list(filters.tags) or None,
        "words": [f"%{_escaped(word)}%" for word in filters.words] or None,
    }


def _escaped(word: str) -> str:
    for character in "\\%_":
        word = word.replace(character, f"\\{character}")
    return word
