"""Runs every SELECT with guards and a cache; also opens the connection of a command (PRD §6.3).

No guard depends on settings of the session, so statements behave alike directly and through a
pooler (PRD decisions 6 and 30).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, TypeVar

import psycopg
from psycopg import sql

from ksys_app import meters
from ksys_app.driver.arrays import read_arrays, reads_arrays
from ksys_app.driver.command import connect as connect, user_of
from ksys_app.driver.connection import KEEPALIVE, Connection, Silent
from ksys_app.driver.counters import Counters
from ksys_app.driver.failures import map_error, refused
from ksys_app.driver.guards import GUARDS, guarding
from ksys_app.driver.outage import Outage
from ksys_app.driver.pool import Busy, Pool
from ksys_app.driver.pulse import Pulse
from ksys_app.driver.refusal import refusal
from ksys_app.driver.restoring import restoring
from ksys_app.driver.rows import first_row, rows_of
from ksys_app.driver.standby import Standby
from ksys_app.errors import AWAY, DatabaseFault, DatabaseUnreachable, KsysError
from ksys_app.models.message import Message
from ksys_app.models.series import Clock, Version
from ksys_app.settings import Settings, safe_dsn, with_parameters
from ksys_app.utils.cache import TTL, Answer, Kind, TTLCache, cache_key

T = TypeVar("T")
Query = str | sql.Composed
Params = Mapping[str, object]
Compute = Callable[[], Awaitable[Sequence[T]]]

# Time beyond the statement timeout, for the connection and the answer. A running server ends the
# statement itself; this limit ends the wait for one that does not answer.
MARGIN_S: Final = 2.0
UNACKNOWLEDGED_MS: Final = 10_000  # A server that acknowledges no data for so long is dead.
PING: Final = "SELECT now() AS now LIMIT 1"


class Database:
    """A pool of connections, with guards on each statement, and a cache.

    Args:
        dsn: the database, with role ``eco_ro``, or with ``eco_op`` to change something.
        settings: timeouts, pool size and cache size.
        writes: whether statements may change something.

    Attributes:
        standby: how far the database is behind its primary, if it is a read replica.
    """

    def __init__(self, dsn: str, settings: Settings, *, writes: bool = False) -> None:
        self.name = safe_dsn(dsn)
        self.counters = Counters()
        self.standby = Standby()
        self.cache = TTLCache(settings.cache_mb * 2**20, serve_stale_on=(*AWAY, DatabaseFault))
        self._timeout_s = settings.statement_timeout_ms / 1000
        self._outage = Outage(self.name)
        self._user = user_of(dsn)
        self._refusal: tuple[str, KsysError] | None = None
        self._dsn = with_parameters(
            dsn, application_name="ksys_app", tcp_user_timeout=UNACKNOWLEDGED_MS, **KEEPALIVE
        )
        self._writes = writes
        self._pool = Pool(self._open, settings.pool_max)
        self.pulse = Pulse(self._ping)

    async def close(self) -> None:
        """Close every connection."""
        await self.pulse.close()
        await self._pool.close()

    @property
    def lost_for_s(self) -> float | None:
        """Seconds since the database stopped answering, None while it answers."""
        began_at = self._outage.began_at
        return None if began_at is None else time.monotonic() - began_at

    def pool_stats(self) -> dict[str, int]:
        """Number of connections, of unused ones, of waiting callers, and the most connections."""
        return self._pool.stats()

    async def fetch_all(
        self,
        model: type[T],
        statement: Query,
        params: Params,
        timeout_s: float | None = None,
        *,
        name: str = meters.OTHER,
    ) -> list[T]:
        """Every row of ``statement`` as a ``model``; meters count its time, rows and errors.

        Args:
            model: type of a row; its fields have the names of the columns.
            statement: the SQL.
            params: parameters of the statement.
            timeout_s: longest time for the statement, in place of the setting, seconds.
            name: name of the statement in the meters.

        Raises:
            DatabaseUnreachable: there is no connection, or it broke.
            DatabaseTimeout: the statement took too long.
            DatabaseRestoring: a restore is running or was interrupted.
            SchemaDrift: a relation, a column or a privilege is missing.
        """
        with meters.statement(name) as counted:
            rows = await self._fetch(model, statement, params, timeout_s or self._timeout_s)
            counted(len(rows))
            return rows

    async def _fetch(
        self, model: type[T], statement: Query, params: Params, seconds: float
    ) -> list[T]:
        async with self._connection(seconds) as conn:
            # Text would take five times as long to read, most of all lists of numbers.
            guards, cursor = conn.cursor(), conn.cursor(row_factory=rows_of(model), binary=True)
            if reads_arrays(model):
                read_arrays(cursor)
            failure: psycopg.Error | None = None
            try:
                # Without a BEGIN, a pipeline is one transaction and one round trip to the server.
                async with conn.pipeline():
                    await guards.execute(GUARDS, guarding(seconds, read_only=not self._writes))
                    await cursor.execute(statement, dict(params))
            except psycopg.Error as error:
                failure = error
            restores, stands_by = (await first_row(guards))[:2] or (False, False)
            if restores:
                # A restore explains any failure. The session keeps its first settings even after
                # the restore, so it is closed.
                await conn.close()
                raise restoring(self.name) from failure
            if failure is not None:
                raise failure
            rows = await cursor.fetchall()
            await self.standby.look(conn, stands_by)
            return rows

    async def fetch_cached(
        self,
        kind: Kind,
        model: type[T],
        statement: Query,
        params: Params,
        *,
        name: str = meters.OTHER,
        key: Params | None = None,
        version: str = "",
        read_for: object = None,
    ) -> Answer[T]:
        """As :meth:`fetch_all`, through the cache with the TTL of ``kind``.

        While the database is away, every call runs the statement. If the database does not answer,
        the cached rows are returned, marked stale.

        Args:
            kind: kind of the rows; it decides the TTL.
            model: type of a row; its fields have the names of the columns.
            statement: the SQL.
            params: parameters of the statement.
            name: name of the statement in the meters.
            key: what identifies the rows, if different statements or parameters return the same
                rows. With ``name`` it replaces statement and parameters in the key of the cache.
            version: version of the rows; only during an outage are rows of another one returned.
            read_for: what the rows are read for; it is kept with them.
        """
        text = statement if isinstance(statement, str) else statement.as_string(None)
        entry = cache_key(text, params) if key is None else cache_key(name, key)
        load = partial(self.fetch_all, model, statement, params, name=name)
        return await self._cached(kind, entry, version, load, name, read_for)

    async def fetch_versioned(
        self,
        kind: Kind,
        model: type[T],
        statement: Query,
        params: Params,
        version: Query,
        *,
        name: str = meters.OTHER,
        checked: Kind = "live",
    ) -> Answer[T]:
        """As :meth:`fetch_cached`, but the rows are read again as soon as the version has changed.

        Args:
            kind: kind of the rows; its TTL is valid while the version stays the same.
            model: type of a row; its fields have the names of the columns.
            statement: the SQL.
            params: parameters of the statement.
            version: SQL that returns a text ``version``, which differs after each change.
            name: name of the statement in the meters.
            checked: kind of the version; it decides its TTL.
        """
        current = await self.fetch_cached(checked, Version, version, {}, name=f"{name}_version")
        text = statement if isinstance(statement, str) else statement.as_string(None)
        key = cache_key(text, params)
        if current.error is not None:
            # The database would not answer the statement either. Do not wait for it again.
            stale: Answer[T] | None = self.cache.stale(key, current.error)
            if stale is not None:
                return meters.count_answer(name, stale)
        load = partial(self.fetch_all, model, statement, params, name=name)
        return await self._cached(kind, key, current.rows[0].version, load, name)

    async def compute_cached(
        self, kind: Kind, name: str, key: Params, version: str, compute: Compute[T]
    ) -> Answer[T]:
        """What ``compute`` returns from several statements, through the cache."""
        return await self._cached(kind, cache_key(name, key), version, compute, name)

    async def _cached(
        self,
        kind: Kind,
        entry: str,
        version: str,
        load: Compute[T],
        name: str,
        read_for: object = None,
    ) -> Answer[T]:
        ttl = 0 if self.pulse.away else TTL[kind]
        answer = await self.cache.get(entry, ttl, load, version, read_for)
        return meters.count_answer(name, answer)

    @asynccontextmanager
    async def _connection(self, timeout_s: float) -> AsyncIterator[Connection]:
        began = time.monotonic()
        try:
            long = timeout_s > self._timeout_s
            async with self._pool.connection(timeout_s + MARGIN_S, long=long) as conn:
                yield conn
        except Exception as error:
            mapped = map_error(error, self.name)
            # A statement that began before the database returned belongs to the outage that has
            # ended. So does a silence that began before, even if the statement began later.
            if isinstance(error, Silent):
                began = min(began, time.monotonic() - error.seconds)
            over = self._outage.is_over_for(began)
            if isinstance(mapped, AWAY):
                self.counters.failures += 1
                self._outage.record_failure(mapped, time.monotonic(), over=over)
            if not (over or isinstance(error, Busy)):
                away = isinstance(error, Silent) or isinstance(mapped, DatabaseUnreachable)
                self.pulse.report(away=away)
            if mapped is None or mapped is error:
                raise
            raise mapped from error
        self.counters.statements += 1
        self.pulse.report(away=False)
        self._outage.record_answer(time.monotonic())

    async def _open(self, seconds: float) -> Connection:
        try:
            conn = await Connection.open(self._dsn, seconds)
        except Silent:
            raise
        except psycopg.OperationalError as error:
            raise await self._refused(error) from error
        self._refusal = None
        return conn

    async def _refused(self, error: psycopg.OperationalError) -> KsysError:
        """The error for a refused connection. Only a new message starts a new search."""
        words = str(error)
        if self._refusal is None or self._refusal[0] != words:
            why = await refusal(error, self._dsn)
            self._refusal = words, refused(why, self.name, self._user)
        # For pages and HTTP every cause is the same error.
        return DatabaseUnreachable(self._refusal[1].sentence)

    async def _ping(self) -> None:
        with suppress(KsysError):
            await self.fetch_all(Clock, PING, {}, name="ping")


_current: Database | None = None
_operator: Database | None = None


def use(database: Database | None, operator: Database | None = None) -> None:
    """Set the results of :func:`current` and :func:`operator`; None at shutdown."""
    global _current, _operator  # The lifespan opens them, after the fork.
    _current, _operator = database, operator


def operator() -> Database | None:
    """The pool of this process for changes, role ``eco_op``; None without ``TS_OPERATOR_DSN``."""
    return _operator


def current() -> Database:
    """The database of this process.

    Raises:
        DatabaseUnreachable: the app has not opened one yet.
    """
    if _current is None:
        raise DatabaseUnreachable(Message("errors.starting"))
    return _current
