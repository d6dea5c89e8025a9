"""``ksys check``: connects to each DSN and reports its findings (PRD §10)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row

from ksys_app.db import connect
from ksys_app.driver import standby
from ksys_app.driver.failures import map_error
from ksys_app.driver.restoring import IS_RESTORING, restoring
from ksys_app.errors import ConfigError, KsysError
from ksys_app.ops import golden
from ksys_app.ops.check_alarms import alarm_rights, alarms
from ksys_app.ops.check_extensions import extensions
from ksys_app.ops.check_operator import callable_by, operator
from ksys_app.ops.check_replica import replica
from ksys_app.ops.embedded import IS_EMBEDDED
from ksys_app.ops.relations import Relation, few_names, not_owned
from ksys_app.security import Finding
from ksys_app.settings import safe_dsn

Variable = Literal["TS_DSN", "TS_OPERATOR_DSN", "TS_ALARM_DSN", "TS_ADMIN_DSN"]
# The age of a sample is computed with the database's clock. With a larger difference, the ages do
# not match the clocks of the readers.
MAX_CLOCK_S: Final = 2.0
# The purpose of each other DSN, and the name of the check that it leads to the database of TS_DSN.
MEANS: Final = {
    "TS_ADMIN_DSN": ("ksys db says", "one database"),
    "TS_OPERATOR_DSN": ("the app writes", "one database of the operator"),
    "TS_ALARM_DSN": ("the alarm worker evaluates", "one database of the alarm worker"),
}
NO_SCHEMA: Final = "the database has no ksys schema; run ksys db init"

FACTS: Final = f"""
SELECT current_database()::text AS database, current_user::text AS role, pg_backend_pid() AS pid,
       current_setting('server_version') AS postgres,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb,
       pg_is_in_recovery() AS standby, {IS_RESTORING} AS restoring,
       ({IS_EMBEDDED}) AS embedded,
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS oid,
       pg_postmaster_start_time() AS started,
       rolsuper AS superuser, rolsuper OR rolcreaterole AS creates_roles,
       has_database_privilege(current_database(), 'CREATE') AS creates_in_database,
       coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace
                 WHERE nspname = 'public'), false) AS uses_schema,
       coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace
                 WHERE nspname = 'public'), false) AS creates_in_schema
FROM pg_roles WHERE rolname = current_user
"""  # noqa: S608 - a constant of ours
RELATIONS: Final = """
SELECT w.name, w.kind, c.oid IS NOT NULL AS exists,
       coalesce(has_table_privilege(c.oid, 'SELECT'), false) AS reads,
       coalesce(has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'), false) AS writes,
       coalesce(pg_has_role(c.relowner, 'USAGE'), false) AS owns,
       pg_get_userbyid(c.relowner)::text AS owner
FROM unnest(%(names)s::text[], %(kinds)s::text[]) AS w (name, kind)
LEFT JOIN pg_class AS c ON c.relname = w.name
  AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')
ORDER BY w.name
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about the server and the role; ``pid`` is the server's process."""

    database: str
    role: str
    pid: int
    postgres: str
    timescaledb: str | None
    standby: bool
    restoring: bool
    embedded: bool
    oid: int
    started: datetime
    superuser: bool
    creates_roles: bool
    creates_in_database: bool
    uses_schema: bool
    creates_in_schema: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """The findings at a DSN; ``facts`` is None if the connection was refused.

    ``has_schema``: whether the database has tables of this product and no restore is running.
    """

    findings: list[Finding]
    facts: Facts | None = None
    has_schema: bool = False


async def look(variable: Variable, dsn: str, *, production: bool) -> Looked:
    """Connect to a DSN and report the findings.

    Args:
        variable: the variable of the DSN, which decides the checks.
        dsn: the DSN.
        production: whether it is a failure if the app's role can write.
    """
    name = safe_dsn(dsn)
    started = time.monotonic()
    try:
        async with await connect(dsn, even_restoring=True) as conn:
            seconds = time.monotonic() - started
            facts, relations = await _facts(conn)
            ahead = await _ahead_s(conn)
            found = await standby.look(conn)
            calls = await callable_by(conn)
            missing_rights = await alarm_rights(conn)
            tls = "TLS" if conn.pgconn.ssl_in_use else "no TLS"
            through = facts.pid != conn.pgconn.backend_pid
    except (KsysError, psycopg.Error, OSError) as error:
        mapped = map_error(error, name)
        if mapped is None:
            raise
        # A refused connection is a failed check. Without an answer, the database is unreachable.
        code = 3 if mapped.exit_code == 3 else 1
        return Looked([Finding(f"{variable} connection", False, mapped.message, exit_code=code)])
    words = f"{name} answers in {seconds * 1000:.0f} ms, {tls}"
    as_whom = f"database {facts.database}, role {facts.role}"
    judge = {
        "TS_DSN": lambda: _reader(facts, relations, production),
        "TS_OPERATOR_DSN": lambda: operator(facts.role, calls, facts.standby),
        "TS_ALARM_DSN": lambda: alarms(facts.role, missing_rights, facts.standby),
        "TS_ADMIN_DSN": lambda: _owner(facts, relations),
    }
    # During a restore the rights are incomplete, so advice about them would be wrong.
    rights = () if facts.restoring else judge[variable]()
    return Looked(
        [
            Finding(f"{variable} connection", True, f"{words}; {as_whom}"),
            Finding(f"{variable} pooler", True, _between(through, facts)),
            *_restore(variable, facts, name),
            _versions(variable, facts),
            _clock(variable, ahead),
            *replica(variable, found),
            *rights,
        ],
        facts,
        has_schema=not facts.restoring and any(relation.exists for relation in relations),
    )


def same_database(app: Facts, other: Facts, variable: Variable = "TS_ADMIN_DSN") -> Finding:
    """Check that both DSNs lead to the same database, or the app's DSN to a read replica of it.

    Args:
        app: facts of the app's DSN.
        other: facts of the other DSN.
        variable: the variable of the other DSN.
    """
    same = app.oid == other.oid and (app.started == other.started or app.standby)
    means, name = MEANS[variable]
    detail = (
        f"both lead to {app.database}"
        if same
        else f"TS_DSN leads to {app.database} and {variable} to {other.database}, of another "
        f"server or another database: what {means} is not what the app reads"
    )
    return Finding(name, same, detail, strict=False)


async def denied(conn: AsyncConnection, what: str) -> ConfigError:
    """The error that names the missing privilege, after the server has denied something.

    Args:
        conn: the role's connection, outside a transaction.
        what: the server's message.
    """
    if conn.closed or conn.pgconn.transaction_status != TransactionStatus.IDLE:
        return ConfigError(f"{what}; see ksys check")
    facts, relations = await _facts(conn)
    rights = next(_owner(facts, relations))
    # The message names an object outside the schema, for example a chunk.
    grant = "as a superuser, grant it what this message names"
    advice = f"{facts.role} owns every table and view; {grant}"
    return ConfigError(f"{what}; {advice if rights.ok else rights.detail}")


async def _facts(conn: AsyncConnection) -> tuple[Facts, list[Relation]]:
    async with conn.cursor(row_factory=class_row(Facts)) as cursor:
        await cursor.execute(FACTS)
        facts = await cursor.fetchone()
    assert facts is not None, "a session has a role"
    async with conn.cursor(row_factory=class_row(Relation)) as cursor:
        kinds = golden.of(conn).kinds
        await cursor.execute(RELATIONS, {"names": [*kinds], "kinds": [*kinds.values()]})
        return facts, await cursor.fetchall()


async def _ahead_s(conn: AsyncConnection) -> float:
    """How far the server's clock is ahead of this machine's clock, seconds."""
    before = time.time()
    row = await (await conn.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None
    middle = datetime.fromtimestamp((before + time.time()) / 2, UTC)
    return float((row[0] - middle).total_seconds())


def _between(through: bool, facts: Facts) -> str:
    if through:
        return "one is in between (PgBouncer or similar)"
    return f"none: {'the embedded database' if facts.embedded else 'the server itself'}"


def _versions(variable: Variable, facts: Facts) -> Finding:
    rows = [{"name": "timescaledb", "version": facts.timescaledb}] if facts.timescaledb else []
    extension = next(iter(extensions(rows)))
    standby = ", a standby" if facts.standby else ""
    page = "" if extension.ok else f"; {extension.runbook}"
    detail = f"PostgreSQL {facts.postgres}, TimescaleDB {extension.detail}{standby}{page}"
    # ksys db init creates the extension where the owner's DSN leads to an empty database.
    strict = variable == "TS_DSN" or facts.timescaledb is not None
    return Finding(f"{variable} versions", extension.ok, detail, strict)


def _restore(variable: Variable, facts: Facts, name: str) -> Iterator[Finding]:
    """A failed check while a restore is running or was interrupted; otherwise nothing."""
    if facts.restoring:
        yield Finding(f"{variable} restore", False, restoring(name).message)


def _clock(variable: Variable, ahead_s: float) -> Finding:
    fine = abs(ahead_s) <= MAX_CLOCK_S
    side = "ahead of" if ahead_s >= 0 else "behind"
    detail = f"{abs(ahead_s):.3f} s {side} this machine's"
    mend = "; synchronise both with NTP: pages count every age by the database's clock"
    return Finding(f"{variable} clock", fine, detail if fine else detail + mend, strict=False)


def _reader(facts: Facts, relations: list[Relation], production: bool) -> Iterator[Finding]:
    """Check that the app's role can read everything that the app reads, and cannot write."""
    lacks = [relation.name for relation in relations if not relation.exists]
    closed = [relation.name for relation in relations if relation.exists and not relation.reads]
    open_to = [relation.name for relation in relations if relation.exists and relation.writes]
    if len(lacks) == len(relations):
        detail = NO_SCHEMA
    elif not facts.uses_schema:
        detail = f"{facts.role} may not use schema public; run ksys db init to grant it"
    elif lacks or closed:
        parts = [f"the database lacks {few_names(lacks)}"] if lacks else []
        parts += [f"{facts.role} may not read {few_names(closed)}"] if closed else []
        detail = f"{'; '.join(parts)}; run ksys db init"
    else:
        detail = ""
    fine = f"{facts.role} reads all {len(relations)} tables and views"
    yield Finding("TS_DSN reads", not detail, detail or fine)
    may = "everything, as a superuser" if facts.superuser else few_names(open_to)
    writes = f"{facts.role} may write {may}; the app needs a role that only reads: eco_ro"
    only = not (open_to or facts.superuser)
    fine = f"{facts.role} writes nothing"
    yield Finding("TS_DSN read-only", only, fine if only else writes, strict=production)


def _owner(facts: Facts, relations: list[Relation]) -> Iterator[Finding]:
    """Check that the owner's role has the privileges for ``ksys db`` and ``ksys qc``."""
    existing = [relation for relation in relations if relation.exists]
    others = [relation.name for relation in existing if not relation.owns]
    if facts.standby:
        detail = "a standby is read-only; name the primary"
    elif others and not facts.superuser:
        detail = not_owned(facts.role, existing)
    elif not (facts.creates_in_database and facts.creates_in_schema):
        where = "schema public" if facts.creates_in_database else f"database {facts.database}"
        detail = f"{facts.role} may not create in {where}; TS_ADMIN_DSN must name the owner"
    elif not facts.creates_roles:
        detail = (
            f"{facts.role} may not create roles, which ksys db init does; as a superuser: "
            f"ALTER ROLE {facts.role} CREATEROLE"
        )
    else:
        detail = ""
    what = "a superuser" if facts.superuser else "the owner, who may create roles"
    yield Finding("TS_ADMIN_DSN rights", not detail, detail or f"{facts.role} is {what}")
    if not existing:
        yield Finding("TS_ADMIN_DSN schema", False, NO_SCHEMA, strict=False)
