"""The tags the database knows: from samples, rules, expectations and refused samples (PRD §4.8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from ksys_app import db
from ksys_app.domain.names import matches
from ksys_app.models.rows import Tag
from ksys_app.queries import versions
from ksys_app.utils.cache import Answer

MAX_TAGS: Final = 10_000


TAGS: Final = """
SELECT tag_name, latest.first_ts, latest.ts AS last_ts, rule.tag_name IS NOT NULL AS has_rule
FROM public.tag_latest AS latest
FULL JOIN public.influx_qc_rule AS rule USING (tag_name)
FULL JOIN public.ingest_expectation AS expectation USING (tag_name)
FULL JOIN (
  SELECT DISTINCT tag_name FROM public.ingest_reject
  WHERE received_at BETWEEN now() - interval '5 minutes' AND now()
    AND source <> 'quarantine'
) AS refused USING (tag_name)
WHERE tag_name <> ''
  AND (lower(tag_name) LIKE ALL (%(patterns)s::text[]) OR tag_name = ANY (%(titled)s::text[]))
  AND (%(after)s::text IS NULL OR tag_name > %(after)s)
ORDER BY tag_name
LIMIT %(cap)s
"""

ONE_TAG: Final = """
SELECT wanted.tag_name, latest.first_ts, latest.ts AS last_ts, rule.tag_name IS NOT NULL AS has_rule
FROM (SELECT %(tag)s::text AS tag_name) AS wanted
LEFT JOIN public.tag_latest AS latest USING (tag_name)
LEFT JOIN public.influx_qc_rule AS rule USING (tag_name)
LEFT JOIN public.ingest_expectation AS expectation USING (tag_name)
WHERE coalesce(latest.tag_name, rule.tag_name, expectation.tag_name) IS NOT NULL
   OR EXISTS (SELECT FROM public.ingest_reject
              WHERE tag_name = %(tag)s AND source <> 'quarantine'
                AND received_at BETWEEN now() - interval '5 minutes' AND now())
LIMIT 1
"""


async def tag_list() -> Answer[Tag]:
    """Every known tag by name. A row more than 10,000 means that there are more tags.

    The rows are cached until a tag comes or goes, at most for five minutes, so the times of their
    samples may be that old.
    """
    return await db.current().fetch_versioned(
        "tags", Tag, TAGS, tag_list_params(), versions.TAGS, name="tags"
    )


async def matching_tags(
    words: str, most: int = MAX_TAGS, titled: Collection[str] = ()
) -> Answer[Tag]:
    """The known tags whose name holds every word, by name; not from a cache.

    Args:
        words: words to look for, compared as in :func:`~ksys_app.domain.names.matches`.
        most: how many tags the caller wants. A row more than that means that there are more.
        titled: names of tags that match by their titles.
    """
    found: list[Tag] = []
    after: str | None = None
    patterns = [_pattern(word) for word in words.split()]
    while True:
        params = tag_list_params(patterns, after, most, titled)
        answer = await db.current().fetch_cached("latest", Tag, TAGS, params, name="matching_tags")
        # The database may not know the lower case of every letter. Its patterns accept any text in
        # the place of such a letter, so the names are compared again here.
        found += [
            tag for tag in answer.rows if tag.tag_name in titled or matches(tag.tag_name, words)
        ]
        if len(found) > most or answer.rowcount <= most:
            return answer.of_rows(found[: most + 1])
        after = answer.rows[-1].tag_name


def tag_list_params(
    patterns: Sequence[str] = (),
    after: str | None = None,
    most: int = MAX_TAGS,
    titled: Collection[str] = (),
) -> dict[str, Any]:
    """The parameters of :data:`TAGS`; it reads one row more than ``most`` to detect more tags."""
    names = sorted(titled)
    return {"patterns": list(patterns), "titled": names, "after": after, "cap": most + 1}


def _pattern(word: str) -> str:
    """A LIKE pattern that every lower-case name with ``word`` matches; others may match too."""
    return "%" + "".join(_part(sign) for sign in word.lower()) + "%"


def _part(sign: str) -> str:
    if sign in "\\%_":
        return f"\\{sign}"
    return sign if sign.isascii() or sign.lower() == sign.upper() else "%"


async def find_tag(tag_name: str) -> Tag | None:
    """The tag, not from a cache; None where the database does not know it."""
    params = {"tag": tag_name}
    answer = await db.current().fetch_cached("latest", Tag, ONE_TAG, params, name="find_tag")
    return next(iter(answer.rows), None)


async def tag_exists(tag_name: str) -> bool:
    """Whether the database knows the tag; not from a cache."""
    return await find_tag(tag_name) is not None
