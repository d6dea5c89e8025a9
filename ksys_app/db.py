"""The pool's life, one way to ask, and driver errors mapped once (PRD §6.3, §7.2).

Every session is guarded by connection options, because ``SET LOCAL`` under autocommit does
nothing (PRD decisions 6 and 30).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ksys_app import log
from ksys_app.errors import (
    BadParameter,
    ConfigError,
    DatabaseTimeout,
    DatabaseUnreachable,
    KsysError,
    SchemaDrift,
)
from ksys_app.settings import Settings, safe_dsn, with_options
from ksys_app.utils.cache import TTL, Answer, Kind, TTLCache, cache_key

T = TypeVar("T")
Query = str | sql.Composed
Params = Mapping[str, object]

POOL_WAIT_S: Final = 2.0
CONNECT_TIMEOUT_S: Final = 3
RECONNECT_S: Final = 4.0
# The server's own timeout should win; this one is for a server that does not answer at all.
CLIENT_MARGIN_S: Final = 1.0
TIMEOUT: Final = "SELECT set_config('statement_timeout', %(timeout)s, true)"
LOST: Final = (DatabaseUnreachable, DatabaseTimeout)


def session_options(statement_timeout_ms: int) -> dict[str, str]:
    """Session settings of every connection of the app."""
    return {
        "statement_timeout": str(statement_timeout_ms),
        "idle_in_transaction_session_timeout": "5000",
        "TimeZone": "UTC",
        "default_transaction_read_only": "on",
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
    }


@dataclass(slots=True)
class Counters:
    """What the pool did since it opened."""

    statements: int = 0
    failures: int = 0


class Database:
    """An async pool of guarded, read-only sessions and the cache in front of it.

    Args:
        dsn: where; the app's own, role ``eco_ro``.
        settings: timeouts, pool and cache sizes.
    """

    def __init__(self, dsn: str, settings: Settings) -> None:
        self.name = safe_dsn(dsn)
        self.counters = Counters()
        self.cache = TTLCache(settings.cache_mb * 2**20, serve_stale_on=LOST)
        self._timeout_s = settings.statement_timeout_ms / 1000
        self._lost_since: float | None = None
        self._pool = AsyncConnectionPool(
            with_options(
                dsn,
                session_options(settings.statement_timeout_ms),
                connect_timeout=CONNECT_TIMEOUT_S,
                application_name="ksys_app",
            ),
            min_size=1,
            max_size=settings.pool_max,
            timeout=POOL_WAIT_S,
            # Small, so that a request after the database's return tries at once.
            reconnect_timeout=RECONNECT_S,
            check=AsyncConnectionPool.check_connection,
            kwargs={"autocommit": True, "prepare_threshold": None},
            open=False,
        )

    async def open(self) -> None:
        """Open the pool; a database that is away is not an error yet."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=2.0)

    @property
    def lost_for_s(self) -> float | None:
        """Seconds since the database was lost, None while it answers."""
        return None if self._lost_since is None else time.monotonic() - self._lost_since

    def pool_stats(self) -> dict[str, int]:
        """Connections of the pool: size, available, waiting requests."""
        stats = self._pool.get_stats()
        return {
            "size": stats.get("pool_size", 0),
            "available": stats.get("pool_available", 0),
            "waiting": stats.get("requests_waiting", 0),
            "max": self._pool.max_size,
        }

    async def fetch_all(
        self, model: type[T], statement: Query, params: Params, timeout_s: float | None = None
    ) -> list[T]:
        """Every row of ``statement`` as ``model``.

        Args:
            model: type of a row, its fields named as the columns.
            statement: the SQL.
            params: its parameters.
            timeout_s: longest it may take, in place of the session's timeout.

        Raises:
            DatabaseUnreachable: no connection, or it broke.
            DatabaseTimeout: the statement took longer than it may.
            SchemaDrift: a relation, a column or a privilege is missing.
        """
        async with (
            self._connection(timeout_s or self._timeout_s) as conn,
            conn.cursor(row_factory=class_row(model)) as cursor,
        ):
            if timeout_s is None:
                await cursor.execute(statement, dict(params))
                return await cursor.fetchall()
            async with conn.transaction():
                await cursor.execute(TIMEOUT, {"timeout": str(_milliseconds(timeout_s))})
                await cursor.execute(statement, dict(params))
                return await cursor.fetchall()

    async def fetch_cached(
        self, kind: Kind, model: type[T], statement: Query, params: Params
    ) -> Answer[T]:
        """As :meth:`fetch_all`, through the cache with the TTL of ``kind``."""
        text = statement if isinstance(statement, str) else statement.as_string(None)
        return await self.cache.get(
            cache_key(text, params),
            TTL[kind],
            lambda: self.fetch_all(model, statement, params),
        )

    @asynccontextmanager
    async def _connection(self, timeout_s: float) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._pool.connection() as conn:
                async with asyncio.timeout(timeout_s + CLIENT_MARGIN_S):
                    yield conn
        except Exception as error:
            mapped = map_error(error, self.name)
            if isinstance(mapped, LOST):
                self._failed(mapped)
            if mapped is None:
                raise
            raise mapped from error
        self._answered()

    def _failed(self, error: KsysError) -> None:
        self.counters.failures += 1
        if self._lost_since is None:
            self._lost_since = time.monotonic()
            log.event("db_fail", code=error.code, database=self.name, error=error.message)

    def _answered(self) -> None:
        self.counters.statements += 1
        lost_for = self.lost_for_s
        if lost_for is not None:
            self._lost_since = None
            log.event("db_recover", database=self.name, dur_ms=lost_for * 1000)


def _milliseconds(seconds: float) -> int:
    """At least one: none at all would switch the timeout off."""
    return max(1, round(seconds * 1000))


_current: Database | None = None


def use(database: Database | None) -> None:
    """Make ``database`` the one that :func:`current` answers; None at shutdown."""
    global _current  # one pool a process, opened in the lifespan: after the fork
    _current = database


def current() -> Database:
    """The database of this process.

    Raises:
        DatabaseUnreachable: the app has not opened one yet.
    """
    if _current is None:
        raise DatabaseUnreachable("the app is starting; no database is open yet")
    return _current


def map_error(error: BaseException, name: str) -> KsysError | None:
    """The product's error for one of the driver's, None where it is none of ours.

    Args:
        error: what was raised.
        name: the database without its secrets, for the message.
    """
    if isinstance(error, KsysError):
        return error
    if isinstance(error, psycopg.errors.QueryCanceled | TimeoutError):
        return DatabaseTimeout(f"{name} took too long to answer; try a shorter window")
    if isinstance(
        error,
        psycopg.errors.UndefinedTable
        | psycopg.errors.UndefinedColumn
        | psycopg.errors.UndefinedFunction,
    ):
        return SchemaDrift(
            f"{name} lacks what this version reads ({_first_line(error)}); run ksys db init"
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return SchemaDrift(f"{name} denies it ({_first_line(error)}); run ksys db init to grant it")
    if isinstance(error, psycopg.DataError):
        return BadParameter(f"the database refuses a value: {_first_line(error)}")
    if isinstance(error, PoolTimeout | psycopg.OperationalError | psycopg.InterfaceError | OSError):
        return DatabaseUnreachable(f"{name} does not answer ({_first_line(error)})")
    return None


async def connect(dsn: str, *, timeout_s: int = 5, **options: str) -> AsyncConnection:
    """One autocommit connection for a command, its failure told in one sentence.

    Raises:
        ConfigError: the password or the database's name is wrong.
        DatabaseUnreachable: nothing answers there.
    """
    name = safe_dsn(dsn)
    guards = {"TimeZone": "UTC", "plan_cache_mode": "force_custom_plan", "jit": "off"} | options
    try:
        return await AsyncConnection.connect(
            with_options(dsn, guards, connect_timeout=timeout_s, application_name="ksys"),
            autocommit=True,
            prepare_threshold=None,
        )
    except psycopg.OperationalError as error:
        raise connect_error(error, name, str(conninfo_to_dict(dsn).get("user") or "")) from error


def connect_error(error: psycopg.OperationalError, name: str, user: str) -> KsysError:
    """What a refused connection means, and what to do about it."""
    text = str(error)
    if "password authentication failed" in text or "no password supplied" in text:
        return ConfigError(f"{name} refuses the password of {user!r}; correct it in the DSN")
    if "role" in text and "does not exist" in text:
        return ConfigError(f"{name} knows no role {user!r}; correct the user in the DSN")
    if "database" in text and "does not exist" in text:
        return ConfigError(f"{name} has no such database; create it or correct the DSN")
    return DatabaseUnreachable(
        f"{name} does not answer ({_first_line(error)}); check that it runs "
        "and the DSN's host and port"
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
