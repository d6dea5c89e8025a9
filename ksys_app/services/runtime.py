"""The shared parts of one process, such as database, tiles and feed; the lifespan opens them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ksys_app import db, meters
from ksys_app.errors import DatabaseUnreachable, Forbidden
from ksys_app.models.message import Message
from ksys_app.services import loop_lag
from ksys_app.services.access import Access
from ksys_app.services.alarm_feed import AlarmFeed
from ksys_app.services.comm import CommSource
from ksys_app.services.live import LiveFeed
from ksys_app.services.live_tiles import LiveTiles
from ksys_app.services.tiles import TileSource
from ksys_app.settings import Settings

if TYPE_CHECKING:
    from ksys_app.services.sign_in import SignIn

OPERATOR_POOL: Final = 2


@dataclass(frozen=True, slots=True)
class Runtime:
    """The open parts, for states and HTTP.

    ``connected`` returns whether the tab with a token has a websocket. ``access`` reads sessions
    and tokens; it is None without TS_OPERATOR_DSN. ``sign_in`` is None unless people log in at an
    identity provider.
    """

    settings: Settings
    zone: ZoneInfo
    database: db.Database
    tiles: LiveTiles
    comm: CommSource
    feed: LiveFeed
    alarms: AlarmFeed
    connected: Callable[[str], bool]
    access: Access | None = None
    sign_in: SignIn | None = None


_current: Runtime | None = None


def current() -> Runtime:
    """The open parts of this process.

    Raises:
        DatabaseUnreachable: the app is still starting.
    """
    if _current is None:
        raise DatabaseUnreachable(Message("errors.starting"))
    return _current


def access() -> Access:
    """Sessions and tokens of this process.

    Raises:
        Forbidden: nobody can log in, because TS_OPERATOR_DSN is not set.
        DatabaseUnreachable: the app is still starting.
    """
    opened_access = current().access
    if opened_access is None:
        raise Forbidden(Message("errors.no_operator"))
    return opened_access


def _sign_in(settings: Settings, access: Access | None) -> SignIn | None:
    """The logins at the identity provider, None if people do not log in there."""
    if settings.auth != "oidc" or access is None:
        return None
    # Its libraries take a third of a second to load, and most plants do not need them.
    from ksys_app.services import sign_in

    return sign_in.of_settings(settings, access)


def _operator(settings: Settings) -> db.Database | None:
    """The pool for changes that people make, with few connections: changes are rare."""
    if settings.ts_operator_dsn is None:
        return None
    small = settings.model_copy(update={"pool_max": OPERATOR_POOL})
    return db.Database(settings.ts_operator_dsn, small, writes=True)


@asynccontextmanager
async def opened(
    settings: Settings, connected: Callable[[str], bool] = lambda token: True
) -> AsyncIterator[Runtime]:
    """Open all parts and close them at the end; the app also starts while the database is away."""
    global _current
    database = db.Database(settings.app_dsn(), settings)
    operator = _operator(settings)
    db.use(database, operator)
    # Sequence numbers must differ from those of an earlier start and of other processes.
    first_seq = time.time_ns() // 1_000_000
    alarms = AlarmFeed(lambda: database.pulse.away, first_seq=first_seq)
    tiles = LiveTiles(TileSource(settings.zone, settings.max_tags, alarms))
    comm = CommSource(settings.zone, settings.max_tags)
    sessions = None if operator is None else Access(operator)
    feed = LiveFeed(
        tiles.tick, settings.tick_seconds, database.pulse, read=tiles.read, first_seq=first_seq
    )
    lag = asyncio.create_task(loop_lag.watch(meters.LOOP_LAG.observe), name="loop lag")
    signing = _sign_in(settings, sessions)
    _current = Runtime(
        settings, settings.zone, database, tiles, comm, feed, alarms, connected, sessions, signing
    )
    try:
        yield _current
    finally:
        _current = None
        lag.cancel()
        await feed.close()
        if sessions is not None:
            await sessions.close()
        db.use(None)
        await database.close()
        if operator is not None:
            await operator.close()
