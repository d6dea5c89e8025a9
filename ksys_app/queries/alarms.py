"""What the alarm worker reads: new samples, refused samples, rules, and its own memory (PRD §32.4).

Every function takes the worker's own connection. Times are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain.alarms.times import moment
from ksys_app.domain.rules import usable_rule
from ksys_app.driver.microseconds import in_microseconds
from ksys_app.models.alarms import AlarmSettings, Condition
from ksys_app.models.rows import QcRule, StoredRule
from ksys_app.queries.qc import RULES, rule_params

MAX_TAGS: Final = 50_000
BAD: Final = ["NOT_FINITE", "MAGNITUDE", "NO_VALUE"]
"""Reasons of refused samples that say at which time a tag sent something bad."""

# A hash over the transaction that wrote each row, as in queries/versions.py.
NOW: Final = """
SELECT clock_timestamp(),
       (SELECT count(*) || ' '
               || coalesce(sum(hashtextextended(ctid::text || ' ' || xmin::text, 0)), 0)
        FROM public.influx_qc_rule)
       || ' ' ||
       (SELECT count(*) || ' '
               || coalesce(sum(hashtextextended(ctid::text || ' ' || xmin::text, 0)), 0)
        FROM public.alarm_rule)
"""
NEWEST: Final = "SELECT tag_name, ts, first_ts, late_count FROM public.tag_latest LIMIT %(cap)s"
# A row becomes visible some time after its received_at, so bad rows are asked for once more.
REFUSED: Final = """
SELECT tag_name, max(ts) FILTER (WHERE reason = ANY (%(bad)s)) AS bad_ts,
       count(*) FILTER (WHERE reason = 'AHEAD' AND received_at > %(since)s) AS ahead,
       max(value) FILTER (WHERE reason = 'AHEAD' AND received_at > %(since)s) AS value,
       max(received_at) AS received_at
FROM public.ingest_reject
WHERE received_at > %(since)s::timestamptz - interval '10 seconds'
  AND tag_name <> '' AND isfinite(ts) AND source <> 'quarantine'
GROUP BY tag_name
LIMIT %(cap)s
"""
DUE: Final = """
SELECT s.tag_name, s.condition
FROM public.alarm_state AS s
LEFT JOIN public.alarm_rule AS r USING (tag_name, condition)
WHERE s.shelved_until <= clock_timestamp()
   OR (s.ack = 'acked' AND s.process IN ('act', 'clr')
       AND s.acked_at + r.realarm_s * interval '1 second' <= clock_timestamp())
ORDER BY 1, 2
LIMIT 5000
"""
# A plain join with tag_latest would read whole chunks; one scan of the index a tag reads only what
# is new. The bound without a tag lets the planner leave out old chunks.
SAMPLES: Final = """
SELECT c.place::integer - 1, s.ts, s.value, s.qc
FROM unnest(%(tags)s::text[], %(after)s::timestamptz[])
     WITH ORDINALITY AS c (tag_name, after, place)
CROSS JOIN LATERAL (
  SELECT h.ts, h.value, h.qc
  FROM public.influx_hist AS h
  WHERE h.tag_name = c.tag_name AND h.ts > c.after AND h.ts > %(oldest)s AND h.ts <= %(until)s
  ORDER BY h.ts
  LIMIT %(each)s
) AS s
"""
BAD_SAMPLES: Final = """
SELECT c.place::integer - 1, s.ts
FROM unnest(%(tags)s::text[], %(after)s::timestamptz[])
     WITH ORDINALITY AS c (tag_name, after, place)
CROSS JOIN LATERAL (
  SELECT r.ts
  FROM public.ingest_reject AS r
  WHERE r.tag_name = c.tag_name AND r.received_at > c.after - interval '2 minutes'
    AND r.ts > c.after AND r.ts <= %(until)s AND r.reason = ANY (%(bad)s)
    AND r.source <> 'quarantine'
  ORDER BY r.ts
  LIMIT %(each)s
) AS s
"""
# SPIKE compares with the usable samples of the five minutes before the newest judged one.
RECENT: Final = """
SELECT c.place::integer - 1, h.ts, h.value
FROM unnest(%(tags)s::text[], %(seen)s::timestamptz[]) WITH ORDINALITY AS c (tag_name, seen, place)
CROSS JOIN LATERAL (
  SELECT h.ts, h.value
  FROM public.influx_hist AS h
  WHERE h.tag_name = c.tag_name AND h.ts >= c.seen - interval '5 minutes' AND h.ts <= c.seen
    AND h.ts >= %(oldest)s AND coalesce(h.qc, 0) & %(doubted)s = 0
  ORDER BY h.ts
) AS h
"""
CURSORS: Final = """
SELECT tag_name, seen_ts, lag_s, late_count, memory
FROM public.alarm_cursor
ORDER BY tag_name
LIMIT %(cap)s
"""
SETTINGS: Final = """
SELECT tag_name, condition, group_name,
       priority, on_delay_s, off_delay_s, latch, ack, realarm_s
FROM public.alarm_rule
ORDER BY tag_name, condition
LIMIT %(cap)s
"""
VERSIONS: Final = "SELECT tag_name, version FROM public.rule_version LIMIT %(cap)s"
AMOUNT: Final = """
SELECT coalesce(sum(n), 0)::bigint
FROM public.influx_agg_1h
WHERE tag_name = ANY (%(tags)s) AND bucket >= %(since)s::timestamptz - interval '1 hour'
"""


class Refused(NamedTuple):
    """Refused samples of a tag: time of the newest bad one, and those ahead of the clock."""

    tag_name: str
    bad_us: int | None
    ahead: int
    value: float | None
    received_us: int


class Newest(NamedTuple):
    """A tag: its newest and its first sample, and how often late samples came."""

    tag_name: str
    ts_us: int
    first_us: int
    late: int


@dataclass(frozen=True, slots=True)
class Polled:
    """What there is to do.

    Attributes:
        now_us: the database's clock, before anything else was read.
        version: changes with every change of a rule.
        newest: the newest sample of each tag.
        refused: tags with refused samples since the last poll.
        due: alarms whose shelf is over, or that are acknowledged for too long.
    """

    now_us: int
    version: str
    newest: list[Newest]
    refused: list[Refused]
    due: list[tuple[str, str]]


class Cursor(NamedTuple):
    """What is stored of a tag."""

    tag_name: str
    seen_us: int | None
    lag_s: float
    late: int
    memory: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force: by tag, settings by condition, and the version of each tag's rule.

    ``groups``: tag and condition to the group that a site gave the alarm.
    """

    rules: dict[str, QcRule]
    settings: dict[str, dict[Condition, AlarmSettings]]
    versions: dict[str, int]
    groups: dict[tuple[str, str], str]


async def poll(conn: AsyncConnection, refused_since_us: int) -> Polled:
    """Look for work, in one exchange.

    Args:
        conn: the worker's connection.
        refused_since_us: when the newest refused sample that was read had been received.
    """
    first, newest, refused, due = (in_microseconds(conn) for _ in range(4))
    async with conn.pipeline():
        await first.execute(NOW)
        await newest.execute(NEWEST, {"cap": MAX_TAGS})
        since = {"since": moment(refused_since_us)}
        await refused.execute(REFUSED, since | {"bad": BAD, "cap": MAX_TAGS})
        await due.execute(DUE)
    row = await first.fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    now_us, version = row
    return Polled(
        now_us,
        version,
        [Newest(*one) for one in await newest.fetchall()],
        [Refused(*one) for one in await refused.fetchall()],
        await due.fetchall(),
    )


async def samples(
    conn: AsyncConnection, after: Sequence[tuple[str, int]], until_us: int, each: int
) -> list[tuple[int, int, float, int | None]]:
    """New samples of tags: place of the tag in ``after``, time, value and ``qc``; by tag and time.

    Args:
        conn: the worker's connection.
        after: tags, each with the time after which its samples are new.
        until_us: no sample after this time.
        each: most samples of a tag.
    """
    cursor = in_microseconds(conn)
    oldest = min(since for _, since in after)
    params = _after(after, until_us, each) | {"oldest": moment(oldest)}
    return await (await cursor.execute(SAMPLES, params)).fetchall()


async def bad_samples(
    conn: AsyncConnection, after: Sequence[tuple[str, int]], until_us: int, each: int
) -> list[tuple[int, int]]:
    """As :func:`samples`, the times of refused samples that had no usable value."""
    cursor = in_microseconds(conn)
    params = _after(after, until_us, each) | {"bad": BAD}
    return await (await cursor.execute(BAD_SAMPLES, params)).fetchall()


def _after(after: Sequence[tuple[str, int]], until_us: int, each: int) -> dict[str, object]:
    return {
        "tags": [tag for tag, _ in after],
        "after": [moment(since) for _, since in after],
        "until": moment(until_us),
        "each": each,
    }


async def recent(
    conn: AsyncConnection, seen: Sequence[tuple[str, int]], doubted: int
) -> list[tuple[int, int, float]]:
    """The usable samples of the five minutes before ``seen``: place of the tag, time, value."""
    params = {
        "tags": [tag for tag, _ in seen],
        "seen": [moment(at) for _, at in seen],
        "oldest": moment(min(at for _, at in seen) - 300_000_000),
        "doubted": doubted,
    }
    cursor = await in_microseconds(conn).execute(RECENT, params)
    return await cursor.fetchall()


async def amount(conn: AsyncConnection, tags: list[str], since_us: int) -> int:
    """About how many samples the tags have since a time."""
    cursor = await conn.execute(AMOUNT, {"tags": tags, "since": moment(since_us)})
    row = await cursor.fetchone()
    assert row is not None, "an aggregate has one row"
    return int(row[0])


async def cursors(conn: AsyncConnection) -> list[Cursor]:
    """What the worker remembers, by tag."""
    cursor = await in_microseconds(conn).execute(CURSORS, {"cap": MAX_TAGS})
    return [Cursor(*row) for row in await cursor.fetchall()]


async def clock(conn: AsyncConnection) -> datetime:
    """The database's clock."""
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    now: datetime = row[0]
    return now


async def rules(conn: AsyncConnection) -> Rules:
    """Every rule, without its unusable values, and what a site set for single conditions."""
    stored, chosen, versions = (
        conn.cursor(row_factory=class_row(StoredRule)),
        conn.cursor(),
        conn.cursor(),
    )
    async with conn.pipeline():
        await stored.execute(RULES, rule_params(MAX_TAGS))
        await chosen.execute(SETTINGS, {"cap": 7 * MAX_TAGS})
        await versions.execute(VERSIONS, {"cap": MAX_TAGS})
    settings: dict[str, dict[Condition, AlarmSettings]] = {}
    groups: dict[tuple[str, str], str] = {}
    for tag, condition, group, *values in await chosen.fetchall():
        settings.setdefault(tag, {})[condition] = AlarmSettings(*values)
        if group:
            groups[tag, condition] = group
    usable = (usable_rule(row) for row in await stored.fetchall())
    return Rules(
        {rule.tag_name: rule for rule in usable},
        settings,
        dict(await versions.fetchall()),
        groups,
    )
