"""Reads the tags of the database: from samples, rules, expectations, refused samples (PRD §4.8).

A saved expression is a calculated tag, unless a tag with samples has its name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from ksys_app import db
from ksys_app.domain.names import matches
from ksys_app.models.rows import Tag
from ksys_app.queries import versions
from ksys_app.utils.cache import Answer

MAX_TAGS: Final = 10_000


TAGS: Final = """
SELECT tag_name, latest.first_ts, latest.ts AS last_ts, rule.tag_name IS NOT NULL AS has_rule,
       CASE WHEN latest.tag_name IS NULL THEN expression.text END AS expression
FROM public.tag_latest AS latest
FULL JOIN public.influx_qc_rule AS rule USING (tag_name)
FULL JOIN public.ingest_expectation AS expectation USING (tag_name)
FULL JOIN (
  SELECT DISTINCT tag_name FROM public.ingest_reject
  WHERE received_at BETWEEN now() - interval '5 minutes' AND now()
    AND source <> 'quarantine'
) AS refused USING (tag_name)
FULL JOIN (SELECT name AS tag_name, text FROM public.expression) AS expression USING (tag_name)
WHERE tag_name <> ''
  AND (lower(tag_name) LIKE ALL (%(patterns)s::text[]) OR tag_name = ANY (%(titled)s::text[]))
  AND (%(after)s::text IS NULL OR tag_name > %(after)s)
  AND (NOT %(sending)s OR latest.tag_name IS NOT NULL OR expression.tag_name IS NULL)
ORDER BY tag_name
LIMIT %(cap)s
"""

NAMED: Final = """
SELECT wanted.tag_name, latest.first_ts, latest.ts AS last_ts,
       rule.tag_name IS NOT NULL AS has_rule,
       CASE WHEN latest.tag_name IS NULL THEN expression.text END AS expression
FROM unnest(%(tags)s::text[]) AS wanted (tag_name)
LEFT JOIN public.tag_latest AS latest USING (tag_name)
LEFT JOIN public.influx_qc_rule AS rule USING (tag_name)
LEFT JOIN public.ingest_expectation AS expectation USING (tag_name)
LEFT JOIN public.expression AS expression ON expression.name = wanted.tag_name
WHERE coalesce(latest.tag_name, rule.tag_name, expectation.tag_name, expression.name) IS NOT NULL
   OR EXISTS (SELECT FROM public.ingest_reject
              WHERE tag_name = wanted.tag_name AND source <> 'quarantine'
                AND received_at BETWEEN now() - interval '5 minutes' AND now())
LIMIT %(cap)s
"""


async def tag_list() -> Answer[Tag]:
    """Every tag by name. If there are 10,001 rows, there are more tags than ``MAX_TAGS``.

    The rows are cached until a tag comes or goes, at most for five minutes, so the times of their
    samples may be that old.
    """
    return await db.current().fetch_versioned(
        "tags", Tag, TAGS, tag_list_params(), versions.TAGS, name="tags"
    )


async def matching_tags(
    words: str, most: int = MAX_TAGS, titled: Collection[str] = (), *, sending: bool = False
) -> Answer[Tag]:
    """The tags with every word in their names, by name; not from a cache.

    Args:
        words: words to look for, compared as in :func:`~ksys_app.domain.names.matches`.
        most: most tags for the caller. One row more means that there are more tags.
        titled: names of tags that match by their titles.
        sending: whether to leave out calculated tags, which send nothing.
    """
    matching: list[Tag] = []
    after: str | None = None
    patterns = [_pattern(word) for word in words.split()]
    while True:
        params = tag_list_params(patterns, after, most, titled) | {"sending": sending}
        answer = await db.current().fetch_cached("latest", Tag, TAGS, params, name="matching_tags")
        # The database may not know the lower case of every letter. Its patterns accept any text in
        # the place of such a letter, so the names are compared again here.
        matching += [
            tag for tag in answer.rows if tag.tag_name in titled or matches(tag.tag_name, words)
        ]
        if len(matching) > most or answer.rowcount <= most:
            return answer.of_rows(matching[: most + 1])
        after = answer.rows[-1].tag_name


def tag_list_params(
    patterns: Sequence[str] = (),
    after: str | None = None,
    most: int = MAX_TAGS,
    titled: Collection[str] = (),
) -> dict[str, Any]:
    """The parameters of :data:`TAGS`; it reads one row more than ``most`` to detect more tags."""
    names = sorted(titled)
    return {
        "patterns": list(patterns),
        "titled": names,
        "after": after,
        "cap": most + 1,
        "sending": False,
    }


def _pattern(word: str) -> str:
    """A LIKE pattern that every lower-case name with ``word`` matches; others may match too."""
    return "%" + "".join(_part(character) for character in word.lower()) + "%"


def _part(character: str) -> str:
    if character in "\\%_":
        return f"\\{character}"
    return character if character.isascii() or character.lower() == character.upper() else "%"


async def find_tag(tag_name: str) -> Tag | None:
    """The tag, None if it does not exist; not from a cache."""
    return (await find_tags([tag_name])).get(tag_name)


async def find_tags(names: Collection[str]) -> Mapping[str, Tag]:
    """Name to tag, for those of these names that are tags; not from a cache."""
    params = {"tags": sorted(set(names)), "cap": len(names)}
    answer = await db.current().fetch_cached("latest", Tag, NAMED, params, name="find_tag")
    return {tag.tag_name: tag for tag in answer.rows}
