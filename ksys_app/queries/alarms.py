"""Reads new and refused samples and the stored memory for the alarm worker (PRD §32.4).

Every function takes the worker's own connection. Times are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection

from ksys_app.domain.alarms.times import moment
from ksys_app.driver.microseconds import in_microseconds

MAX_TAGS: Final = 50_000
BAD: Final = ["NOT_FINITE", "MAGNITUDE", "NO_VALUE"]
"""Reasons of refused samples whose time is right: the tag sent a bad value then."""

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
       || ' ' ||
       (SELECT count(*) || ' '
               || coalesce(sum(hashtextextended(ctid::text || ' ' || xmin::text, 0)), 0)
        FROM public.expression)
"""
NEWEST: Final = "SELECT tag_name, ts, first_ts, late_count FROM public.tag_latest LIMIT %(cap)s"
# A row becomes visible some time after its received_at, so the newest rows are read again.
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
# A plain join with tag_latest would read complete chunks. One index scan per tag reads only new
# rows. The bound without a tag lets the planner leave out old chunks.
SAMPLES: Final = """
SELECT c.place::integer - 1, s.ts, s.value, s.qc
FROM unnest(%(tags)s::text[], %(after)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS c (tag_name, after, until, place)
CROSS JOIN LATERAL (
  SELECT h.ts, h.value, h.qc
  FROM public.influx_hist AS h
  WHERE h.tag_name = c.tag_name AND h.ts > c.after AND h.ts > %(oldest)s
    AND h.ts <= c.until AND h.ts <= %(until)s
  ORDER BY h.ts
  LIMIT %(each)s
) AS s
"""
BAD_SAMPLES: Final = """
SELECT c.place::integer - 1, s.ts
FROM unnest(%(tags)s::text[], %(after)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS c (tag_name, after, until, place)
CROSS JOIN LATERAL (
  SELECT r.ts
  FROM public.ingest_reject AS r
  WHERE r.tag_name = c.tag_name AND r.received_at > c.after - interval '2 minutes'
    AND r.ts > c.after AND r.ts <= c.until AND r.reason = ANY (%(bad)s)
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
AMOUNT: Final = """
SELECT coalesce(sum(n), 0)::bigint
FROM public.influx_agg_1h
WHERE tag_name = ANY (%(tags)s) AND bucket >= %(since)s::timestamptz - interval '1 hour'
"""


class Refused(NamedTuple):
    """Refused samples of a tag: time of the newest bad one, and the number ahead of the clock."""

    tag_name: str
    bad_us: int | None
    ahead: int
    value: float | None
    received_us: int


class Newest(NamedTuple):
    """The times of the newest and the first sample of a tag, and its number of late samples."""

    tag_name: str
    ts_us: int
    first_us: int
    late: int


@dataclass(frozen=True, slots=True)
class Polled:
    """The work for the alarm worker.

    Attributes:
        now_us: the database's clock before the other statements ran.
        version: changes with every change of a rule.
        newest: the newest sample of each tag.
        refused: tags with refused samples since the last poll.
        due: alarms whose shelf time is over, or that have been acknowledged for too long.
    """

    now_us: int
    version: str
    newest: list[Newest]
    refused: list[Refused]
    due: list[tuple[str, str]]


class Cursor(NamedTuple):
    """The stored memory of a tag."""

    tag_name: str
    seen_us: int | None
    lag_s: float
    late: int
    memory: dict[str, Any]


async def poll(conn: AsyncConnection, refused_since_us: int) -> Polled:
    """Look for work, in one round trip.

    Args:
        conn: the worker's connection.
        refused_since_us: time of receipt of the newest refused sample of the last poll.
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
        [Newest(*row) for row in await newest.fetchall()],
        [Refused(*row) for row in await refused.fetchall()],
        await due.fetchall(),
    )


async def samples(
    conn: AsyncConnection, after: Sequence[tuple[str, int]], until: int | Sequence[int], each: int
) -> list[tuple[int, int, float, int | None]]:
    """New samples of tags: place of the tag in ``after``, time, value and ``qc``; by tag and time.

    Args:
        conn: the worker's connection.
        after: tags, each with the time after which its samples are new.
        until: no sample after this time; one time for all tags or one for each.
        each: most samples of a tag.
    """
    cursor = in_microseconds(conn)
    oldest = min(since for _, since in after)
    params = _after(after, until, each) | {"oldest": moment(oldest)}
    return await (await cursor.execute(SAMPLES, params)).fetchall()


async def bad_samples(
    conn: AsyncConnection, after: Sequence[tuple[str, int]], until: int | Sequence[int], each: int
) -> list[tuple[int, int]]:
    """As :func:`samples`, for refused samples without a usable value: place and time."""
    cursor = in_microseconds(conn)
    params = _after(after, until, each) | {"bad": BAD}
    return await (await cursor.execute(BAD_SAMPLES, params)).fetchall()


def _after(
    after: Sequence[tuple[str, int]], until: int | Sequence[int], each: int
) -> dict[str, object]:
    ends = [until] * len(after) if isinstance(until, int) else until
    return {
        "tags": [tag for tag, _ in after],
        "after": [moment(since) for _, since in after],
        "ends": [moment(end) for end in ends],
        "until": moment(max(ends)),
        "each": each,
    }


async def recent_samples(
    conn: AsyncConnection, judged_to: Sequence[tuple[str, int]], doubted: int
) -> list[tuple[int, int, float]]:
    """The usable samples of five minutes before ``judged_to``: place of the tag, time, value."""
    params = {
        "tags": [tag for tag, _ in judged_to],
        "seen": [moment(at) for _, at in judged_to],
        "oldest": moment(min(at for _, at in judged_to) - 300_000_000),
        "doubted": doubted,
    }
    cursor = await in_microseconds(conn).execute(RECENT, params)
    return await cursor.fetchall()


async def count_samples(conn: AsyncConnection, tags: list[str], since_us: int) -> int:
    """The approximate number of samples of the tags since a time."""
    cursor = await conn.execute(AMOUNT, {"tags": tags, "since": moment(since_us)})
    row = await cursor.fetchone()
    assert row is not None, "an aggregate has one row"
    return int(row[0])


async def cursors(conn: AsyncConnection) -> list[Cursor]:
    """The stored memory of each tag, by tag."""
    cursor = await in_microseconds(conn).execute(CURSORS, {"cap": MAX_TAGS})
    return [Cursor(*row) for row in await cursor.fetchall()]


async def clock(conn: AsyncConnection) -> datetime:
    """The database's clock."""
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    now: datetime = row[0]
    return now
