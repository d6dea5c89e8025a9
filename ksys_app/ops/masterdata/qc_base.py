"""The base of a sync of rules: the rows of the last sync, and the changes of pages since then."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from psycopg import AsyncConnection

from ksys_app.models.rows import Expectation, QcRule
from ksys_app.ops.access.audit import actor

BASE: Final = "SELECT tag_name, base FROM public.rule_base LIMIT %(cap)s"
# A save of a page waits until the sync ends, so that it sees the version that the sync creates.
LOCK: Final = "LOCK TABLE public.influx_qc_rule IN SHARE ROW EXCLUSIVE MODE"
# The cells whose last change was made on a page. In a new row, every cell changed.
BY_PAGE: Final = """
SELECT tag_name, name, actor FROM (
  SELECT DISTINCT ON (h.tag_name, k.name) h.tag_name, k.name, h.actor, h.source
  FROM public.rule_history AS h
  CROSS JOIN LATERAL jsonb_object_keys(coalesce(h.new, h.old)) AS k (name)
  WHERE h.relation = 'influx_qc_rule' AND h.tag_name = ANY(%(tags)s::text[])
    AND (h.old -> k.name) IS DISTINCT FROM (h.new -> k.name)
  ORDER BY h.tag_name, k.name, h.id DESC
) AS last
WHERE source = 'page'
"""
WHO: Final = """
SELECT set_config('ksys.actor', %(actor)s, true), set_config('ksys.source', 'csv', true),
       set_config('ksys.reason', %(reason)s, true)
"""
STORE: Final = """
INSERT INTO public.rule_base AS b (tag_name, base)
SELECT r.row ->> 'tag_name', r.row FROM jsonb_array_elements(%(rows)s::jsonb) AS r (row)
ON CONFLICT (tag_name) DO UPDATE SET base = excluded.base, synced_at = now()
  WHERE b.base <> excluded.base
"""
FORGET: Final = "DELETE FROM public.rule_base WHERE tag_name <> ALL(%(tags)s::text[])"


async def base(conn: AsyncConnection, cap: int) -> dict[str, Mapping[str, Any]]:
    """The rows of the file at the last sync, by tag; empty before the first sync."""
    cursor = await conn.execute(BASE, {"cap": cap})
    return dict(await cursor.fetchall())


async def by_page(conn: AsyncConnection, tags: Collection[str]) -> dict[tuple[str, str], str]:
    """Tag and column to the person, for each cell whose last change was made on a page."""
    cursor = await conn.execute(BY_PAGE, {"tags": list(tags)})
    return {(tag, column): who for tag, column, who in await cursor.fetchall()}


async def begin(conn: AsyncConnection, reason: str) -> None:
    """Lock out other writers until the end of the transaction, and record who writes and why."""
    await conn.execute(LOCK)
    await conn.execute(WHO, {"actor": actor(), "reason": reason})


async def store(
    conn: AsyncConnection, rows: Sequence[QcRule | Expectation], names: Collection[str]
) -> None:
    """Make the rows of the file the base of the next sync."""
    records = [{name: getattr(row, name) for name in names} for row in rows]
    await conn.execute(STORE, {"rows": json.dumps(records)})
    await conn.execute(FORGET, {"tags": [row.tag_name for row in rows]})
