"""Writes lease, journal, state and cursors for the alarm worker (PRD §32.3).

Call the functions that write in one transaction, which begins with :func:`renew`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from ksys_app.domain.alarms.times import moment
from ksys_app.driver.microseconds import in_microseconds
from ksys_app.models.alarms import LOST, ProcessEvent, Standing

Key = tuple[str, str]
"""A tag and a condition."""

# The holder may acquire its own lease again, so that it continues at once after a lost connection.
ACQUIRE: Final = """
UPDATE public.alarm_lease
SET holder = %(holder)s, epoch = epoch + 1,
    until = clock_timestamp() + %(lasts)s * interval '1 second'
WHERE name = 'alarms' AND (until < clock_timestamp() OR holder = %(holder)s)
RETURNING epoch, evaluated_to, refused_to
"""
# Another worker waits for this row until the transaction ends, so only one worker writes.
RENEW: Final = """
UPDATE public.alarm_lease
SET until = clock_timestamp() + %(lasts)s * interval '1 second',
    evaluated_to = coalesce(%(evaluated)s, evaluated_to),
    refused_to = coalesce(%(refused)s, refused_to)
WHERE name = 'alarms' AND epoch = %(epoch)s
RETURNING clock_timestamp()
"""
RELEASE: Final = """
UPDATE public.alarm_lease SET until = '-infinity' WHERE name = 'alarms' AND epoch = %(epoch)s
"""
JOURNAL: Final = """
INSERT INTO public.alarm_journal
  (ts, tag_name, condition, level, raised_at, event, priority, value, limit_value, deadband,
   quality, rule_version, reason, data, epoch)
SELECT n.*, %(data)s, %(epoch)s
FROM unnest(%(ts)s::timestamptz[], %(tag_name)s::text[], %(condition)s::text[], %(level)s::text[],
            %(raised_at)s::timestamptz[], %(event)s::text[], %(priority)s::smallint[],
            %(value)s::double precision[], %(limit_value)s::double precision[],
            %(deadband)s::double precision[], %(quality)s::text[], %(rule_version)s::integer[],
            %(reason)s::text[]) AS n
ON CONFLICT (ts, tag_name, condition, raised_at, event) DO NOTHING
RETURNING ts, tag_name, condition, raised_at, event
"""
STANDING: Final = """
SELECT tag_name, condition, process IN ('act', 'clr'), level, priority, raised_at, cleared_at,
       value, limit_value, quality, ack, acked_at, latched, coalesce(shelved_kind, ''),
       shelved_until, designed_by IS NOT NULL, oos_at IS NOT NULL, count, assigned_at
FROM public.alarm_state
WHERE (tag_name, condition) IN (SELECT * FROM unnest(%(tags)s::text[], %(conditions)s::text[]))
ORDER BY tag_name, condition
FOR UPDATE
"""
# The name and the comment of a person are removed together with the action.
STATE: Final = """
INSERT INTO public.alarm_state AS s
  (tag_name, condition, process, level, priority, raised_at, cleared_at, value, limit_value,
   quality, ack, acked_at, latched, shelved_kind, shelved_until, designed_by, count, rule_version,
   assigned_at)
SELECT *
FROM unnest(%(tag_name)s::text[], %(condition)s::text[], %(process)s::text[], %(level)s::text[],
            %(priority)s::smallint[], %(raised_at)s::timestamptz[], %(cleared_at)s::timestamptz[],
            %(value)s::double precision[], %(limit_value)s::double precision[], %(quality)s::text[],
            %(ack)s::text[], %(acked_at)s::timestamptz[], %(latched)s::boolean[],
            %(shelved_kind)s::text[], %(shelved_until)s::timestamptz[], %(designed_by)s::text[],
            %(count)s::integer[], %(rule_version)s::integer[], %(assigned_at)s::timestamptz[])
ON CONFLICT (tag_name, condition) DO UPDATE SET
  process = excluded.process, level = excluded.level, priority = excluded.priority,
  raised_at = excluded.raised_at, cleared_at = excluded.cleared_at, value = excluded.value,
  limit_value = excluded.limit_value, quality = excluded.quality, ack = excluded.ack,
  acked_at = excluded.acked_at,
  acked_by = CASE WHEN excluded.acked_at IS NULL THEN '' ELSE s.acked_by END,
  ack_comment = CASE WHEN excluded.acked_at IS NULL THEN '' ELSE s.ack_comment END,
  latched = excluded.latched, shelved_kind = excluded.shelved_kind,
  shelved_until = excluded.shelved_until,
  shelved_by = CASE WHEN excluded.shelved_until IS NULL THEN '' ELSE s.shelved_by END,
  shelved_reason = CASE WHEN excluded.shelved_until IS NULL THEN '' ELSE s.shelved_reason END,
  designed_by = excluded.designed_by, count = excluded.count, rule_version = excluded.rule_version,
  assigned_at = excluded.assigned_at,
  assigned_to = CASE WHEN excluded.assigned_at IS NULL THEN '' ELSE s.assigned_to END
"""
CURSORS: Final = """
INSERT INTO public.alarm_cursor (tag_name, seen_ts, reached_ts, lag_s, late_count, memory)
SELECT *
FROM unnest(%(tag_name)s::text[], %(seen_ts)s::timestamptz[], %(reached_ts)s::timestamptz[],
            %(lag_s)s::double precision[], %(late_count)s::bigint[], %(memory)s::jsonb[])
ON CONFLICT (tag_name) DO UPDATE SET
  seen_ts = excluded.seen_ts, reached_ts = excluded.reached_ts, lag_s = excluded.lag_s,
  late_count = excluded.late_count, memory = excluded.memory
"""
SOURCES: Final = """
INSERT INTO public.alarm_source (group_name, memory)
SELECT * FROM unnest(%(names)s::text[], %(memories)s::jsonb[])
ON CONFLICT (group_name) DO UPDATE SET memory = excluded.memory
"""


class Lease(NamedTuple):
    """The lease of a worker: its epoch, and how far its previous holder had evaluated.

    ``evaluated_to_us`` is for samples of every tag. ``refused_to_us`` is the time of receipt of
    refused samples.
    """

    epoch: int
    evaluated_to_us: int | None
    refused_to_us: int | None


class LeaseLost(Exception):
    """Another worker holds the lease now."""


class NewCursor(NamedTuple):
    """The stored memory of a tag: its newest judged sample, how far it is judged, and its state."""

    tag_name: str
    seen_us: int | None
    reached_us: int | None
    lag_s: float
    late: int
    memory: str


async def acquire(conn: AsyncConnection, holder: str, lasts_s: float) -> Lease | None:
    """Acquire the lease; None if another worker holds it."""
    cursor = in_microseconds(conn)
    await cursor.execute(ACQUIRE, {"holder": holder, "lasts": lasts_s})
    row = await cursor.fetchone()
    return None if row is None else Lease(*row)


async def renew(
    conn: AsyncConnection,
    epoch: int,
    lasts_s: float,
    evaluated_to_us: int | None = None,
    refused_to_us: int | None = None,
) -> int:
    """Renew the lease for ``lasts_s`` seconds, and store how far the worker has evaluated.

    Returns:
        The database's clock.

    Raises:
        LeaseLost: another worker has taken it.
    """
    times = {"evaluated": _or_null(evaluated_to_us), "refused": _or_null(refused_to_us)}
    cursor = in_microseconds(conn)
    await cursor.execute(RENEW, {"epoch": epoch, "lasts": lasts_s} | times)
    row = await cursor.fetchone()
    if row is None:
        raise LeaseLost
    return int(row[0])


async def release(conn: AsyncConnection, epoch: int) -> None:
    """Release the lease, so that another worker need not wait."""
    await conn.execute(RELEASE, {"epoch": epoch})


async def write_journal(
    conn: AsyncConnection,
    events: Sequence[ProcessEvent],
    versions: Mapping[str, int],
    epoch: int,
    data: Mapping[str, Any] | None = None,
) -> list[ProcessEvent]:
    """Write rows that the journal does not have yet.

    Args:
        conn: the worker's connection.
        events: the rows, in order.
        versions: tag to the version of its rule.
        epoch: the worker's epoch.
        data: additional data of each row.

    Returns:
        The new rows, in order.
    """
    if not events:
        return []
    cursor = in_microseconds(conn)
    columns = {
        "ts": [moment(event.ts_us) for event in events],
        "raised_at": [moment(event.raised_at_us) for event in events],
        "rule_version": [_version(versions, e.tag_name, e.condition) for e in events],
    }
    plain = ("tag_name", "condition", "level", "event", "priority", "value", "limit_value")
    for name in (*plain, "deadband", "quality", "reason"):
        columns[name] = [getattr(event, name) for event in events]
    await cursor.execute(JOURNAL, columns | {"data": Jsonb(data or {}), "epoch": epoch})
    new = set(await cursor.fetchall())
    return [event for event in events if _key(event) in new]


def _key(event: ProcessEvent) -> tuple[int, str, str, int, str]:
    return event.ts_us, event.tag_name, event.condition, event.raised_at_us, event.event


async def read_standings(conn: AsyncConnection, keys: Iterable[Key]) -> dict[Key, Standing]:
    """Key to the state of the alarm. The rows are locked, in the order of their keys."""
    sorted_keys = sorted(keys)
    if not sorted_keys:
        return {}
    cursor = in_microseconds(conn)
    params = {
        "tags": [tag for tag, _ in sorted_keys],
        "conditions": [name for _, name in sorted_keys],
    }
    await cursor.execute(STANDING, params)
    return {(tag, name): Standing(*values) for tag, name, *values in await cursor.fetchall()}


async def write_standings(
    conn: AsyncConnection, standings: Mapping[Key, Standing], versions: Mapping[str, int]
) -> None:
    """Store the states of alarms; out of service is not changed, because only people decide it."""
    if not standings:
        return
    keys = sorted(standings)
    rows = [standings[key] for key in keys]
    times = ("raised_at", "cleared_at", "acked_at", "shelved_until", "assigned_at")
    columns: dict[str, list[Any]] = {
        name: [_or_null(getattr(row, f"{name}_us")) for row in rows] for name in times
    }
    for name in ("level", "value", "limit_value", "quality", "ack", "latched", "count"):
        columns[name] = [getattr(row, name) for row in rows]
    columns |= {
        "tag_name": [tag for tag, _ in keys],
        "condition": [name for _, name in keys],
        "process": ["act" if row.active else "norm" for row in rows],
        "priority": [row.priority or 3 for row in rows],
        "shelved_kind": [row.shelf or None for row in rows],
        "designed_by": [
            (LOST if name == "GAP" else "RANGE") if row.designed else None
            for (_, name), row in zip(keys, rows, strict=True)
        ],
        "rule_version": [_version(versions, *key) for key in keys],
    }
    await conn.execute(STATE, columns)


def _version(versions: Mapping[str, int], tag: str, condition: str) -> int | None:
    """The version of a tag's rule; a group has none."""
    return None if condition == LOST else versions.get(tag)


def _or_null(us: int | None) -> object:
    return None if us is None else moment(us)


async def write_cursors(conn: AsyncConnection, cursors: Sequence[NewCursor]) -> None:
    """Store the memories of tags."""
    if not cursors:
        return
    rows = sorted(cursors)
    columns: dict[str, list[Any]] = {
        "tag_name": [row.tag_name for row in rows],
        "seen_ts": [_or_null(row.seen_us) for row in rows],
        "reached_ts": [_or_null(row.reached_us) for row in rows],
        "lag_s": [row.lag_s for row in rows],
        "late_count": [row.late for row in rows],
        "memory": [row.memory for row in rows],
    }
    await conn.execute(CURSORS, columns)


async def write_sources(conn: AsyncConnection, memories: Mapping[str, Mapping[str, Any]]) -> None:
    """Store the memories of groups by name."""
    if memories:
        rows = {"names": [*memories], "memories": [Jsonb(memory) for memory in memories.values()]}
        await conn.execute(SOURCES, rows)
