"""Reads rules with their versions, and the history of rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ksys_app import db
from ksys_app.domain.meta import MAX_META
from ksys_app.models.alarm_kpi import ChangedTag
from ksys_app.models.limits import RecordedChange, StoredLimits

# One statement, so that row and version belong together. Tags without a rule have a row of NULLs.
LIMITS: Final = """
SELECT w.tag_name, r.min_val, r.max_val, r.max_step, r.max_gap_seconds, r.allow_negative, r.enabled,
       CASE WHEN pg_column_size(r.meta) <= %(meta_cap)s THEN r.meta::text END AS meta,
       pg_column_size(r.meta) AS meta_bytes, r.warn_min, r.warn_max, r.crit_min, r.crit_max,
       r.roc_max_per_min, r.spike_zscore, r.deadband_pct,
       coalesce(v.version, 0) AS version, r.tag_name IS NOT NULL AS has_rule,
       coalesce((SELECT jsonb_object_agg(a.condition, to_jsonb(a))
                 FROM public.alarm_rule AS a WHERE a.tag_name = w.tag_name), '{}') AS settings
FROM unnest(%(tags)s::text[]) AS w (tag_name)
LEFT JOIN public.influx_qc_rule AS r USING (tag_name)
LEFT JOIN public.rule_version AS v USING (tag_name)
ORDER BY w.tag_name
LIMIT %(cap)s
"""
HISTORY: Final = """
SELECT id, at, tag_name, version, relation, condition, op, old, new, actor, reason, source
FROM public.rule_history
WHERE (%(tag)s::text IS NULL OR tag_name = %(tag)s)
  AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC
LIMIT %(limit)s
"""
# The value of a row at a version is the ``old`` of the first later change.
CHANGED_SINCE: Final = """
SELECT DISTINCT ON (relation, condition)
       id, at, tag_name, version, relation, condition, op, old, new, actor, reason, source
FROM public.rule_history
WHERE tag_name = %(tag)s AND version > %(version)s
ORDER BY relation, condition, version
LIMIT 100
"""
# Each recorded change of a row is a version of the tag's limits.
CHANGED: Final = """
SELECT tag_name, count(*) AS changes, count(*) FILTER (WHERE btrim(reason) = '') AS unreasoned
FROM public.rule_history
WHERE at >= %(start)s AND at < %(end)s
GROUP BY tag_name
LIMIT %(cap)s
"""


def limits_params(tags: Sequence[str]) -> dict[str, object]:
    """The parameters of :data:`LIMITS`."""
    return {"tags": list(tags), "meta_cap": MAX_META, "cap": max(1, len(tags))}


async def limits_of(tags: Sequence[str]) -> list[StoredLimits]:
    """The stored rule of each tag and its version, by tag."""
    return await db.current().fetch_all(StoredLimits, LIMITS, limits_params(tags), name="limits")


async def history(tag: str | None, before: int | None, limit: int) -> list[RecordedChange]:
    """The changes of limits, newest first.

    Args:
        tag: the tag, None for all.
        before: only rows before the one with this id, for the next page.
        limit: most rows.
    """
    params = {"tag": tag, "before": before, "limit": limit}
    return await db.current().fetch_all(RecordedChange, HISTORY, params, name="rule_history")


async def changed_since(tag: str, version: int) -> list[RecordedChange]:
    """The first change of each row of a tag's limits after a version."""
    params = {"tag": tag, "version": version}
    return await db.current().fetch_all(
        RecordedChange, CHANGED_SINCE, params, name="rule_changed_since"
    )


async def changed_tags(
    start: datetime, end: datetime, cap: int, timeout_s: float
) -> list[ChangedTag]:
    """The number of changes of the limits of each tag from ``start`` to before ``end``."""
    params = {"start": start, "end": end, "cap": cap}
    return await db.current().fetch_all(
        ChangedTag, CHANGED, params, timeout_s, name="rules_changed"
    )
