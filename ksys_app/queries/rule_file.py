"""Reads the rules of the last ``ksys qc sync`` and the rules in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ksys_app import db
from ksys_app.domain.meta import MAX_META
from ksys_app.models.rule_file import CellChange, RulePair

# ``meta`` is read as text, because the driver cannot parse every JSON value that a table may hold.
# Before the first sync there is no file to compare with.
PAIRS: Final = """
SELECT tag_name, b.base, b.synced_at, to_jsonb(r) - 'meta' AS row,
       CASE WHEN pg_column_size(r.meta) <= %(meta_cap)s THEN r.meta::text END AS meta
FROM public.rule_base AS b
FULL JOIN public.influx_qc_rule AS r USING (tag_name)
WHERE (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s::text[]))
  AND b.base IS DISTINCT FROM to_jsonb(r)
  AND EXISTS (SELECT FROM public.rule_base)
ORDER BY tag_name
LIMIT %(cap)s
"""
CHANGES: Final = """
SELECT h.tag_name, k.name AS column,
       max(h.at) FILTER (WHERE h.old -> k.name IS NOT DISTINCT FROM b.base -> k.name) AS left_at,
       max(h.at) AS changed_at, (array_agg(h.actor ORDER BY h.id DESC))[1] AS actor,
       (array_agg(h.source ORDER BY h.id DESC))[1] AS source
FROM public.rule_history AS h
CROSS JOIN LATERAL jsonb_object_keys(coalesce(h.new, h.old)) AS k (name)
LEFT JOIN public.rule_base AS b USING (tag_name)
WHERE h.relation = 'influx_qc_rule' AND h.tag_name = ANY (%(tags)s::text[])
  AND h.old -> k.name IS DISTINCT FROM h.new -> k.name
GROUP BY h.tag_name, k.name
ORDER BY h.tag_name, k.name
LIMIT %(cap)s
"""
_CELLS: Final = 100
"""More columns than a rule has."""


async def pairs(tags: Sequence[str] | None, cap: int) -> list[RulePair]:
    """The tags whose row in the file differs from the row in force.

    Args:
        tags: only these tags, None for all.
        cap: most rows.
    """
    params = {"tags": None if tags is None else list(tags), "meta_cap": MAX_META, "cap": cap}
    return await db.current().fetch_all(RulePair, PAIRS, params, name="rule_file")


async def changes(tags: Sequence[str]) -> list[CellChange]:
    """The last changes of the cells of these tags."""
    params = {"tags": list(tags), "cap": max(1, _CELLS * len(tags))}
    return await db.current().fetch_all(CellChange, CHANGES, params, name="rule_file_changes")
