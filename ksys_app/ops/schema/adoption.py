"""Rebuilds the plant's own aggregates as the schema defines them, with all buckets (PRD §12.5).

ALTER cannot change the source or the time zone of an aggregate. So one transaction creates the new
aggregate under another name, copies the stored rows, compares them, and drops the old aggregate. If
a step fails, nothing has changed. After the transaction :func:`settle` sets the watermark; it may
run again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from ksys_app import resources
from ksys_app.domain import upkeep
from ksys_app.domain.buckets import bucket_end, bucket_start
from ksys_app.errors import SchemaDrift
from ksys_app.ops import definitions, golden
from ksys_app.ops.check import Row
from ksys_app.ops.golden import Golden
from ksys_app.ops.keep import POLICIES, stored_choice
from ksys_app.ops.schema import carrying, refresh, watermark
from ksys_app.ops.schema.bounds import bounds
from ksys_app.ops.schema.steps import Step, execute, run
from ksys_app.ops.schema.watermark import Piece


class Rebuild(NamedTuple):
    """An aggregate or view that the plant may have built itself.

    Attributes:
        view: its name.
        step: the step of the schema that creates it.
        heir: the aggregate that takes over its rows; None if its rows are computed again.
    """

    view: str
    step: str
    heir: str | None


REBUILDS: Final = (
    Rebuild("influx_agg_10m", "071_ten_minutes", "influx_agg_10m"),
    Rebuild("influx_agg_1h", "072_hours", "influx_agg_1h"),
    Rebuild("influx_agg_1d", "073_days", "influx_agg_1d"),
    Rebuild("comm_success_1h", "090_comm", "comm_recv_1h"),
    Rebuild("tech_ind_1m_mv", "100_indicators", None),
)
"""In the order of the schema, from fine to coarse."""
FINER_THAN_DAYS: Final = ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h")

HAS_SAMPLES: Final = """
SELECT to_regclass('timescaledb_information.jobs') IS NOT NULL
   AND to_regclass('public.influx_hist') IS NOT NULL
"""
DEFINITIONS: Final = (resources.VERIFY / "definitions.sql").read_bytes()
READERS: Final = """
SELECT DISTINCT r.ev_class::regclass::text
FROM pg_depend AS d
JOIN pg_rewrite AS r ON r.oid = d.objid
JOIN pg_class AS c
  ON c.oid = r.ev_class AND c.relnamespace::regnamespace::text <> '_timescaledb_internal'
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid = to_regclass(%s) AND r.ev_class <> d.refobjid
ORDER BY 1
LIMIT 20
"""
# A refresh before the oldest raw sample deletes buckets that only the aggregate still holds.
DISARM: Final = """
SELECT delete_job(j.job_id)
FROM timescaledb_information.jobs AS j
JOIN timescaledb_information.continuous_aggregates AS a
  ON (a.view_schema, a.view_name) = (j.hypertable_schema, j.hypertable_name)
WHERE j.proc_name = 'policy_refresh_continuous_aggregate'
  AND a.view_schema = 'public' AND a.view_name = ANY (%s) AND a.hypertable_name = 'influx_hist'
  AND coalesce((j.config ->> 'start_offset')::interval > %s, true)
"""
CANCEL: Final = """
SELECT pg_cancel_backend(l.pid)
FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid AND a.usename = current_user
WHERE l.relation = to_regclass(%s) AND l.mode = 'ExclusiveLock' AND l.pid <> pg_backend_pid()
"""
GRANTS: Final = """
SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE a.grantee::regrole::text END
FROM pg_class AS c, aclexplode(c.relacl) AS a
WHERE c.oid = to_regclass(%s) AND a.grantee <> c.relowner AND a.privilege_type = 'SELECT'
ORDER BY 1
LIMIT 1000
"""
RETENTION: Final = """
SELECT config ->> 'drop_after', schedule_interval::text
FROM timescaledb_information.jobs
WHERE proc_name = 'policy_retention' AND hypertable_schema = 'public' AND hypertable_name = %s
LIMIT 1
"""
REFRESHED: Final = """
SELECT config ->> 'start_offset', config ->> 'end_offset', schedule_interval::text
FROM timescaledb_information.jobs
WHERE proc_name = 'policy_refresh_continuous_aggregate'
  AND hypertable_schema = 'public' AND hypertable_name = %s
ORDER BY job_id
LIMIT 1
"""
REFRESH: Final = (
    "SELECT add_continuous_aggregate_policy(%s::regclass, start_offset => %s::interval,"
    " end_offset => %s::interval, schedule_interval => %s::interval)"
)
RETAIN: Final = (
    "SELECT add_retention_policy(%s::regclass, drop_after => %s::interval,"
    " schedule_interval => %s::interval)"
)


async def due(
    conn: AsyncConnection, zone: str, unchanged: Collection[str], rebuild: Collection[str]
) -> list[Rebuild]:
    """The aggregates and views of the plant to rebuild, from fine to coarse.

    Args:
        conn: a connection of the owner.
        zone: IANA zone whose days ``influx_agg_1d`` should count.
        unchanged: names to leave unchanged.
        rebuild: names to rebuild in any case, unless they have the schema's definition already.

    Raises:
        SchemaDrift: another view reads one of them and would have to be dropped too.
    """
    if not await has_samples(conn):
        return []
    async with conn.cursor(row_factory=dict_row) as cursor:
        found = {row["name"]: row for row in await (await cursor.execute(DEFINITIONS)).fetchall()}
    schema = golden.of(conn)
    rebuilds = [
        old
        for old in REBUILDS
        if old.view in found
        and old.view not in unchanged
        and _is_old(old, found[old.view], schema, zone, requested=old.view in rebuild)
    ]
    free: list[Rebuild] = []
    for old in rebuilds:
        rows = await (await conn.execute(READERS, (f"public.{old.view}",))).fetchall()
        ours = [name for (name,) in rows if name in schema.views]
        others = [name for (name,) in rows if name not in schema.views]
        if others:
            raise SchemaDrift(
                f"{old.view} cannot be rebuilt while {', '.join(others)} reads it; note its "
                f"definition and drop it first, or leave {old.view}: ksys db init --keep {old.view}"
            )
        if ours and old.view in rebuild:
            raise SchemaDrift(
                f"{old.view} can no longer be rebuilt: {', '.join(ours)} is built on it by now; "
                "leave out --rebuild"
            )
        # A view of this product works on top of an aggregate of the plant too, and stays.
        if not ours:
            free.append(old)
    return free


def _is_old(rebuild: Rebuild, row: Row, schema: Golden, zone: str, *, requested: bool) -> bool:
    if rebuild.heir != rebuild.view and rebuild.heir is not None:
        return bool(row["kind"] == "aggregate")
    definition = definitions.normalised(row["definition"])
    if rebuild.heir is None:
        return requested or definitions.is_indicators_view(definition)
    if definition in definitions.allowed(schema, zone)[rebuild.view]:
        return False
    return requested or definition == definitions.as_in_the_spec(schema)[rebuild.view]


async def disarm(conn: AsyncConnection) -> None:
    """Remove policies that refresh before the oldest raw sample; the schema adds its own later."""
    if await has_samples(conn):
        await conn.execute(DISARM, (list(upkeep.REFRESH), upkeep.RETENTION))


async def has_samples(conn: AsyncConnection) -> bool:
    """Whether TimescaleDB and the table of samples exist; else the plant has built nothing."""
    return await (await conn.execute(HAS_SAMPLES)).fetchone() == (True,)


async def adopt(
    conn: AsyncConnection, dsn: str, rebuild: Rebuild, step: Step, settings: Mapping[str, str]
) -> list[str]:
    """Rebuild one aggregate or view in one transaction, then set its watermark.

    Args:
        conn: an autocommit connection of the owner.
        dsn: the DSN of that connection.
        rebuild: the aggregate or view to rebuild.
        step: the step that creates it.
        settings: settings for the transaction of the step, with ``ksys.zone``.

    Returns:
        One sentence for each change.

    Raises:
        SchemaDrift: a statement failed, or rows would be lost; the old aggregate is unchanged.
    """
    zone = settings["ksys.zone"]
    if rebuild.view == carrying.DAYS:
        # The days are computed from the hours, and the plant may never have refreshed the hours for
        # late samples. So refresh the hours first, as far back as raw samples exist.
        await refresh.refresh(dsn, ZoneInfo(zone), views=FINER_THAN_DAYS)
    notes: list[str] = []

    async def work(conn: AsyncConnection, step: Step) -> None:
        notes.clear()
        notes.extend(await _rebuild(conn, rebuild, step, zone))

    await execute(conn, step, settings, work)
    await settle(conn)
    if rebuild.heir is None:
        await conn.execute(refresh.INDICATORS_CALL)
    return notes


async def _rebuild(conn: AsyncConnection, rebuild: Rebuild, step: Step, zone: str) -> Sequence[str]:
    name = f"public.{rebuild.view}"
    readers = await (await conn.execute(GRANTS, (name,))).fetchall()
    retention = await (await conn.execute(RETENTION, (rebuild.view,))).fetchone()
    policy = await (await conn.execute(REFRESHED, (rebuild.view,))).fetchone()
    if rebuild.heir is None:
        # The old index has the name of the new one. With many tags a refresh is always running.
        await conn.execute(CANCEL, (name,))
        await _drop(conn, rebuild.view)
        await run(conn, step)
        notes = ["is a table with the last 25 hours now; its job writes what has changed"]
    elif rebuild.heir == rebuild.view:
        # Readers see the old aggregate until the new one is complete.
        new = f"{rebuild.view}_new"
        await run(conn, replace(step, sql=step.sql.replace(rebuild.view, new)))
        carry = carrying.days if rebuild.view == carrying.DAYS else carrying.rows
        notes = await carry(conn, rebuild.view, new, zone)
        await _drop(conn, rebuild.view)
        await _rename(conn, new, rebuild.view)
    else:
        # A view takes the old name, and another aggregate takes the rows.
        old = f"{rebuild.view}_before"
        await _rename(conn, rebuild.view, old)
        await run(conn, step)
        notes = await carrying.messages(conn, old, rebuild.heir)
        await _drop(conn, old)
    for (role,) in readers:
        grantee = sql.SQL("PUBLIC") if role is None else sql.SQL(role)
        grant = sql.SQL("GRANT SELECT ON {} TO {}")
        await conn.execute(grant.format(sql.Identifier("public", rebuild.view), grantee))
    if policy is not None and POLICIES in await stored_choice(conn):
        await conn.execute(REFRESH, (f"public.{rebuild.heir}", *policy))
    if retention is not None:
        await conn.execute(RETAIN, (f"public.{rebuild.heir}", *retention))
    return notes


async def _drop(conn: AsyncConnection, view: str) -> None:
    statement = sql.SQL("DROP MATERIALIZED VIEW {}").format(sql.Identifier("public", view))
    await conn.execute(statement)


async def _rename(conn: AsyncConnection, view: str, name: str) -> None:
    statement = sql.SQL("ALTER MATERIALIZED VIEW {} RENAME TO {}")
    names = sql.Identifier("public", view), sql.Identifier(name)
    await conn.execute(statement.format(*names))


async def settle(conn: AsyncConnection) -> None:
    """Give a watermark to each aggregate that has rows and no watermark, so the rows are visible.

    An aggregate shows stored buckets before its watermark and computes the buckets after it. A
    refresh of only the newest stored bucket sets the watermark and leaves all other buckets
    unchanged. The finer level must be able to compute that bucket, or the refresh would delete it.
    """
    limits = await bounds(conn)
    for mark in await watermark.found(conn, watermark.ALL):
        newest = None if mark.stored_to else await watermark.newest(conn, mark.view)
        if newest is None:
            continue
        # A stored day of the old zone is no bucket of the new aggregate, so cover the whole bucket.
        piece = Piece(newest, bucket_end(mark.view, newest, limits.days))
        if piece.start == bucket_start(mark.view, newest, limits.days) and await _computes(
            conn, mark.view, newest
        ):
            await refresh.call(conn, mark.view, piece, limits.takes_options)


async def _computes(conn: AsyncConnection, view: str, bucket: datetime) -> bool:
    """Whether the aggregate, which computes every bucket now, has all stored tags of a bucket."""
    table, _ = await watermark.stored(conn, view)
    statement = sql.SQL(
        "SELECT (SELECT count(*) FROM {} WHERE bucket = %(at)s)"
        " = (SELECT count(*) FROM {} WHERE bucket = %(at)s)"
    ).format(table, sql.Identifier("public", view))
    return await (await conn.execute(statement, {"at": bucket})).fetchone() == (True,)
