"""``ksys alarms suggest``: limits, deadbands and delays from history (PRD §32.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain.alarms import suggest as rules
from ksys_app.domain.alarms.times import microseconds
from ksys_app.domain.rule_edit import setting_of
from ksys_app.domain.rules import usable_rule
from ksys_app.errors import Conflict, UnknownTag
from ksys_app.models.alarm_history import AlarmHistory, Proposal
from ksys_app.models.alarms import CONDITIONS
from ksys_app.models.limits import Limits, RuleChange, RuleOutcome, StoredLimits
from ksys_app.models.rows import QcRule
from ksys_app.ops.access.audit import actor
from ksys_app.ops.owner import owner
from ksys_app.queries.limits import LIMITS, limits_params
from ksys_app.store import rules as store

TAGS: Final = 10
"""Tags to read in one statement."""
SAMPLES: Final = 20_000
"""Newest samples of a tag, for noise and delays."""
REASON: Final = "ksys alarms suggest --apply"

NAMES: Final = """
SELECT tag_name FROM public.tag_latest
WHERE ts > now() - %(days)s * interval '1 day'
  AND (%(tags)s::text[] = '{}' OR tag_name = ANY (%(tags)s))
ORDER BY tag_name
LIMIT 50000
"""
MINUTES: Final = """
SELECT tag_name, count(*) AS minutes, min(min) AS lowest,
       percentile_cont(0.001) WITHIN GROUP (ORDER BY min) AS low,
       percentile_cont(0.01) WITHIN GROUP (ORDER BY avg) AS usual_low,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY avg) AS usual_high,
       percentile_cont(0.999) WITHIN GROUP (ORDER BY max) AS high,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY max - min) AS noise
FROM public.influx_agg_1m
WHERE tag_name = ANY (%(tags)s) AND bucket > now() - %(days)s * interval '1 day' AND bucket <= now()
GROUP BY tag_name
ORDER BY tag_name
"""
NEWEST: Final = """
SELECT w.tag_name, h.ts, h.value, h.qc
FROM unnest(%(tags)s::text[]) AS w (tag_name)
CROSS JOIN LATERAL (
  SELECT ts, value, qc FROM public.influx_hist AS h
  WHERE h.tag_name = w.tag_name AND h.ts > now() - %(days)s * interval '1 day' AND h.ts <= now()
  ORDER BY h.ts DESC
  LIMIT %(each)s
) AS h
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Suggested:
    """The result of :func:`suggest`.

    Attributes:
        proposals: the proposals, by tag.
        short: tags with too little history.
        tags: number of all tags that were read.
    """

    proposals: list[Proposal]
    short: list[str]
    tags: int


async def suggest(
    dsn: str,
    tag_names: Collection[str],
    days: int,
    *,
    apply: bool,
    on_read: Callable[[int, int], None],
) -> Suggested:
    """Propose values for the missing limits of tags.

    Args:
        dsn: DSN of the database's owner.
        tag_names: only these tags; empty for every tag that has sent in the last ``days``.
        days: how far back to look.
        apply: save the proposals, as a change of limits with actor and reason.
        on_read: called with the number of read tags and all tags.

    Raises:
        UnknownTag: one of ``tag_names`` has sent nothing in the last ``days``.
        Conflict: somebody changed the limits of a tag meanwhile; nothing of this call is saved.
        ConfigError: the DSN's role may not write.
        DatabaseUnreachable: no server answers.
    """
    found = Suggested([], [], 0)
    async with owner(dsn) as conn:
        params = {"days": days, "tags": list(tag_names)}
        names = [row[0] for row in await (await conn.execute(NAMES, params)).fetchall()]
        missing = sorted(set(tag_names) - set(names))
        if missing:
            raise UnknownTag(
                f"{', '.join(missing)}: sent nothing in the last {days} days; a calculated tag "
                "never sends, and its limits are set on /limits, with a preview"
            )
        changes: list[RuleChange] = []
        for first in range(0, len(names), TAGS):
            batch = names[first : first + TAGS]
            limits = await _limits(conn, batch)
            for history in await _histories(conn, batch, days):
                before = limits[history.tag_name]
                proposals, after = rules.proposals(before, history)
                found.proposals.extend(proposals)
                if history.minutes < rules.LEAST_MINUTES:
                    found.short.append(history.tag_name)
                if proposals:
                    changes.append(RuleChange(after.version, after.rule, after.settings))
            on_read(first + len(batch), len(names))
        if apply and changes:
            await _save(conn, changes)
    return Suggested(found.proposals, found.short, len(names))


async def _limits(conn: AsyncConnection, tags: Sequence[str]) -> dict[str, Limits]:
    async with conn.cursor(row_factory=class_row(StoredLimits)) as cursor:
        await cursor.execute(LIMITS, limits_params(tags))
        rows = await cursor.fetchall()
    return {
        row.tag_name: Limits(
            usable_rule(row) if row.has_rule else QcRule(row.tag_name),
            row.version,
            row.has_rule,
            {name: setting_of(own) for name in CONDITIONS if (own := row.settings.get(name))},
        )
        for row in rows
    }


async def _histories(conn: AsyncConnection, tags: Sequence[str], days: int) -> list[AlarmHistory]:
    params: dict[str, Any] = {"tags": list(tags), "days": days, "each": SAMPLES}
    samples: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
    for tag, ts, value, qc in await (await conn.execute(NEWEST, params)).fetchall():
        samples[tag].append((microseconds(ts), value, qc or 0))
    async with conn.cursor(row_factory=class_row(AlarmHistory)) as cursor:
        await cursor.execute(MINUTES, params)
        rows = await cursor.fetchall()
    return [replace(row, samples=samples[row.tag_name]) for row in rows]


async def _save(conn: AsyncConnection, changes: Sequence[RuleChange]) -> None:
    params = store.save_params(changes, actor(), "command", "", REASON)
    async with conn.cursor(row_factory=class_row(RuleOutcome)) as cursor:
        await cursor.execute(store.SAVE, params)
        refused = [row.tag_name for row in await cursor.fetchall() if not row.saved]
    if refused:
        raise Conflict(
            f"nothing was saved: somebody changed the limits of {', '.join(refused)} meanwhile; "
            "run the command again"
        )
