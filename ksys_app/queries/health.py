"""Checks the catalog for what the app needs: relations, privileges and triggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ksys_app import db
from ksys_app.domain.upkeep import TRIGGERS
from ksys_app.domain.windows import VIEW
from ksys_app.models.health import Fault
from ksys_app.models.notify import MessageState
from ksys_app.utils.cache import Answer

READ: Final = tuple(
    sorted(
        {
            *VIEW.values(),
            *("comm_recv_1h", "features_5m", "influx_latest", "influx_live", "influx_qc_rule"),
            *("ingest_expectation", "ingest_reject", "ksys_job_run", "rule_base", "tag_latest"),
            *("alarm_cursor", "alarm_journal", "alarm_lease", "alarm_rule", "alarm_source"),
            *("alarm_message", "annotation", "anomalies", "saved_view", "start_view"),
            *("alarm_state", "expression", "influx_hist", "rule_history", "rule_version"),
        }
    )
)
"""Every relation of this product that a page or an endpoint reads."""

# Only the catalog is read. A SELECT on each relation would make the planner look at every chunk.
FAULTS: Final = """
SELECT kind, name, wrong
FROM (
  SELECT 'relation' AS kind, wanted.name,
         CASE WHEN c.oid IS NULL THEN 'missing'
              WHEN NOT has_schema_privilege(c.relnamespace, 'USAGE')
                OR NOT has_table_privilege(c.oid, 'SELECT') THEN 'denied' END AS wrong
  FROM unnest(%(relations)s::text[]) AS wanted (name)
  LEFT JOIN (
    pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
  ) ON c.relname = wanted.name AND c.relkind IN ('r', 'p', 'v', 'm')
  UNION ALL
  SELECT 'trigger', wanted.name,
         CASE WHEN t.oid IS NULL THEN 'missing'
              WHEN t.tgenabled NOT IN ('O', 'A') THEN 'off' END
  FROM unnest(%(triggers)s::text[]) AS wanted (name)
  LEFT JOIN (
    pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid AND c.relname = 'influx_hist'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
  ) ON t.tgname = wanted.name
) AS found
WHERE wrong IS NOT NULL
ORDER BY kind, name
LIMIT 100
"""


async def faults() -> list[Fault]:
    """Missing, denied or disabled relations and triggers, relations first; not from a cache."""
    params = {"relations": list(READ), "triggers": list(TRIGGERS)}
    return await db.current().fetch_all(Fault, FAULTS, params, name="faults")


SIZE: Final = "SELECT pg_database_size(current_database()) AS bytes LIMIT 1"


@dataclass(frozen=True, slots=True)
class Size:
    """Size of the database on disk, bytes."""

    bytes: int


async def size() -> Answer[Size]:
    """The size of the database in one row, at most 10 s old."""
    return await db.current().fetch_cached("upkeep", Size, SIZE, {}, name="size")


MESSAGES: Final = """
SELECT route, state, count(*)::integer AS messages,
       coalesce(extract(epoch FROM now() - min(wanted_at) FILTER (WHERE settled_at IS NULL)), 0)
         ::float8 AS oldest_s
FROM public.alarm_message
WHERE settled_at > now() - interval '1 day' OR settled_at IS NULL AND wanted_at <= now()
GROUP BY route, state
ORDER BY route, state
LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class Messages:
    """The number of messages about alarms of a route and state: of a day, or not sent yet.

    Attributes:
        oldest_s: age of the oldest unsent message since its first due time, seconds; else 0.
    """

    route: str
    state: MessageState
    messages: int
    oldest_s: float


async def messages() -> Answer[Messages]:
    """The messages about alarms by route and state, at most 10 s old."""
    return await db.current().fetch_cached("upkeep", Messages, MESSAGES, {}, name="alarm_messages")
