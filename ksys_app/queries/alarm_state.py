"""Reads the current state of alarms, and whether a worker evaluates (PRD §32.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ksys_app import db
from ksys_app.models.alarm_rows import Evaluation, StateRow
from ksys_app.models.rows import Latest

EVALUATION: Final = """
SELECT coalesce((SELECT max(seq) FROM public.alarm_state), 0) AS seq, lease.evaluated_to,
       coalesce(greatest(lease.until, lease.evaluated_to + interval '10 s') > now(), false)
         AS evaluating,
       now() AS now
FROM (SELECT) AS always
LEFT JOIN public.alarm_lease AS lease ON lease.name = 'alarms'
LIMIT 1
"""

_STATES: Final = """
SELECT s.tag_name, s.condition, s.process, s.level, s.priority, s.raised_at, s.cleared_at, s.ack,
       s.acked_at, s.acked_by, s.ack_comment, s.latched, s.shelved_until, s.shelved_kind,
       s.shelved_by, s.shelved_reason, s.designed_by, s.oos_by, s.oos_reason, s.oos_at, s.count,
       s.value, s.limit_value, s.quality, s.assigned_to, s.assigned_at, s.seq,
       coalesce(r.message, '') AS message,
       coalesce(r.cause, '') AS cause, coalesce(r.consequence, '') AS consequence,
       coalesce(r.response, '') AS response, coalesce(r.group_name, '') AS group_name
FROM public.alarm_state AS s
LEFT JOIN public.alarm_rule AS r USING (tag_name, condition)
"""

STANDING: Final = (
    _STATES
    + """
WHERE s.process IN ('act', 'clr') OR s.ack = 'unacked' OR s.latched OR s.designed_by IS NOT NULL
   OR s.shelved_until IS NOT NULL OR s.oos_at IS NOT NULL
ORDER BY s.tag_name, s.condition
LIMIT %(cap)s
"""
)

EVERY: Final = (
    _STATES
    + """
WHERE %(tags)s::text[] IS NULL OR s.tag_name = ANY (%(tags)s::text[])
ORDER BY s.tag_name, s.condition
LIMIT %(cap)s
"""
)

VALUES: Final = """
SELECT tag_name, value, ts
FROM public.influx_latest
WHERE tag_name = ANY (%(tags)s::text[])
LIMIT %(cap)s
"""


async def evaluation() -> Evaluation:
    """The number of the newest change, and whether a worker evaluates."""
    rows = await db.current().fetch_all(Evaluation, EVALUATION, {}, name="alarm_evaluation")
    return rows[0]


async def standing_alarms(cap: int) -> list[StateRow]:
    """The alarms that are not normal, by tag and condition; at most ``cap``."""
    return await db.current().fetch_all(StateRow, STANDING, {"cap": cap}, name="alarms_standing")


async def alarm_states(tags: Sequence[str] | None, cap: int) -> list[StateRow]:
    """Every stored alarm, normal ones included, by tag and condition.

    Args:
        tags: the tags, None for all.
        cap: most rows.
    """
    params = {"tags": None if tags is None else list(tags), "cap": cap}
    return await db.current().fetch_all(StateRow, EVERY, params, name="alarm_states")


async def values_now(tags: Sequence[str]) -> list[Latest]:
    """The newest sample of each of these tags; a tag without samples has no row."""
    params = {"tags": list(tags), "cap": len(tags)}
    return await db.current().fetch_all(Latest, VALUES, params, name="alarm_values")
