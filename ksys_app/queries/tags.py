"""The tags the database knows: from samples, rules and expectations (PRD decision 21)."""

from __future__ import annotations

from typing import Final

from ksys_app import db
from ksys_app.models.rows import Tag
from ksys_app.utils.cache import Answer

MAX_TAGS: Final = 10_000

KNOWN: Final = """
SELECT tag_name, latest.first_ts, latest.ts AS last_ts, rule.tag_name IS NOT NULL AS has_rule
FROM public.tag_latest AS latest
FULL JOIN public.influx_qc_rule AS rule USING (tag_name)
FULL JOIN public.ingest_expectation AS expectation USING (tag_name)
ORDER BY tag_name
LIMIT %(cap)s
"""

EXISTS: Final = """
SELECT tag_name, NULL::timestamptz AS first_ts, NULL::timestamptz AS last_ts, false AS has_rule
FROM (
  SELECT tag_name FROM public.tag_latest WHERE tag_name = %(tag)s
  UNION SELECT tag_name FROM public.influx_qc_rule WHERE tag_name = %(tag)s
  UNION SELECT tag_name FROM public.ingest_expectation WHERE tag_name = %(tag)s
) AS known
LIMIT 1
"""


async def known_tags() -> Answer[Tag]:
    """Every known tag by name, at most 10,000, kept for five minutes."""
    return await db.current().fetch_cached("tags", Tag, KNOWN, {"cap": MAX_TAGS})


async def tag_exists(tag_name: str) -> bool:
    """Whether the tag is known now."""
    answer = await db.current().fetch_cached("latest", Tag, EXISTS, {"tag": tag_name})
    return bool(answer.rows)
