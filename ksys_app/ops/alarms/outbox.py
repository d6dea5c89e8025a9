"""``ksys notify status``: the messages that wait, were sent, or were given up (PRD §32.10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import dict_row

from ksys_app.domain.alarms.digest import GIVE_UP
from ksys_app.ops.owner import owner

LATE_S: Final = 180.0
"""If a message waits longer than this without an attempt, no program is sending messages."""

COUNTS: Final = """
SELECT count(*) FILTER (WHERE open AND due_at <= now) AS waiting,
       count(*) FILTER (WHERE open AND due_at > now) AS later,
       count(*) FILTER (WHERE open AND error <> '') AS failing,
       count(*) FILTER (WHERE sent_at > now - interval '1 day') AS sent_last_day,
       coalesce(max(extract(epoch FROM now - due_at)) FILTER (WHERE open AND due_at <= now), 0)
         ::float8 AS oldest_s
FROM (SELECT *, clock_timestamp() AS now, sent_at IS NULL AND ended_at IS NULL AS open
      FROM ksys.alarm_outbox) AS o
"""
# A message that was given up has attempts; a message that was not needed has none.
TROUBLE: Final = """
SELECT route, recipient, error, count(*) AS count, max(attempt) AS attempts,
       max(ended_at) AS ended_at,
       coalesce(max(ended_at) > clock_timestamp() - interval '1 day', true) AS new
FROM ksys.alarm_outbox
WHERE sent_at IS NULL AND error <> ''
  AND CASE WHEN %(over)s THEN ended_at > clock_timestamp() - interval '7 days'
                              AND ended_at - wanted_at >= %(limit)s AND attempt > 0
           ELSE ended_at IS NULL END
GROUP BY route, recipient, error
ORDER BY max(ended_at) DESC NULLS LAST, count(*) DESC, route, recipient
LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Messages of a route and recipient that failed for the same reason.

    Attributes:
        route, recipient, error: the route, the recipient and the reason.
        count: number of messages.
        attempts: the largest number of attempts of a message.
        ended_at: when the last message was given up; None while they are retried.
        new: whether this was in the last 24 hours.
    """

    route: str
    recipient: str
    error: str
    count: int
    attempts: int
    ended_at: datetime | None
    new: bool


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """The state of the messages.

    Attributes:
        working: whether nothing waits for a program, fails, or was given up in the last 24 hours.
        waiting: messages that are due.
        later: messages that are due later: escalations and retries.
        failing: messages that failed and are retried.
        sent_last_day: messages that were sent in the last 24 hours.
        oldest_s: seconds since the oldest of ``waiting`` was due.
        trouble: the failed messages that are retried.
        given_up: the messages that were given up in the last 7 days.
    """

    working: bool
    waiting: int
    later: int
    failing: int
    sent_last_day: int
    oldest_s: float
    trouble: list[Trouble]
    given_up: list[Trouble]


async def status(dsn: str) -> OutboxStatus:
    """Read the state of the messages.

    Raises:
        ConfigError: the role may not read them.
        SchemaDrift: the database has no messages yet.
        DatabaseUnreachable: no server answers.
    """
    found: list[list[dict[str, Any]]] = []
    async with owner(dsn) as conn, conn.cursor(row_factory=dict_row) as cursor:
        for statement, over in ((COUNTS, False), (TROUBLE, False), (TROUBLE, True)):
            await cursor.execute(statement, {"over": over, "limit": GIVE_UP})
            found.append(await cursor.fetchall())
    (counts,), trouble, given_up = found
    late, lost = counts["oldest_s"] > LATE_S, any(row["new"] for row in given_up)
    return OutboxStatus(
        not (late or trouble or lost),
        **counts,
        trouble=[Trouble(**row) for row in trouble],
        given_up=[Trouble(**row) for row in given_up],
    )
