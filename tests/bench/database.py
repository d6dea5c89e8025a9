"""The database under measurement: a new embedded one with the demo's history, or a given one."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from ksys_app.db import connect
from ksys_app.ops.demo.plant import feed, history
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.embedded import EmbeddedDatabase
from ksys_app.ops.masterdata import qc
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES
from ksys_app.ops.schema import schema
from tests.bench.processes import processor_s

PASSWORD = "bench"
ZONE = "Asia/Seoul"
# The app plans each statement so, and for the owner the database has no such default.
AS_THE_APP = """
SELECT set_config('plan_cache_mode', 'force_custom_plan', false), set_config('jit', 'off', false)
"""
# All tags, and the first one with a recent sample.
TAGS = "SELECT tag_name FROM public.influx_latest ORDER BY tag_name LIMIT 20000"
ALIVE = """
SELECT tag_name FROM public.influx_latest
WHERE ts > (SELECT max(ts) FROM public.influx_latest) - interval '10 minutes'
ORDER BY tag_name LIMIT 1
"""
VERSIONS = """
SELECT 'postgresql', split_part(current_setting('server_version'), ' ', 1)
UNION ALL SELECT extname, extversion FROM pg_extension WHERE extname LIKE 'timescaledb%'
"""


@dataclass(frozen=True, slots=True)
class Source:
    """The database.

    Attributes:
        dsn: DSN of the app.
        owner: DSN of the owner, for inserts; None to leave them out.
        pid: the process of an embedded database; None of a server.
        silent: whether nobody writes into it, so that the bench does while ticks are measured.
    """

    dsn: str
    owner: str | None = None
    pid: int | None = None
    silent: bool = False


@asynccontextmanager
async def embedded(say: Callable[[str], None]) -> AsyncIterator[Source]:
    """A new embedded database with the demo's history, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="ksys-bench-") as folder:
        server = EmbeddedDatabase(Path(folder))
        await server.start()
        try:
            passwords: dict[str, str | None] = {"eco_ro": PASSWORD}
            await schema.apply(server.dsn, zone=ZONE, passwords=passwords)
            await qc.sync(server.dsn, qc.RULES_CSV, RULES)
            await qc.sync(server.dsn, qc.EXPECTATIONS_CSV, EXPECTATIONS)
            say("writing 400 days of history")
            await history.load(server.dsn, ZoneInfo(ZONE), Plant(), datetime.now(UTC))
            readonly = make_conninfo(server.dsn, user="eco_ro", password=PASSWORD)
            yield Source(readonly, server.dsn, server.pid, silent=True)
        finally:
            await server.stop()


@asynccontextmanager
async def writing(source: Source) -> AsyncIterator[None]:
    """The demo's plant writes into a silent database until the block is left."""
    if source.owner is None or not source.silent:
        yield
        return
    stop = asyncio.Event()
    writer = asyncio.create_task(feed.feed(source.owner, Plant(), stop))
    try:
        yield
    finally:
        stop.set()
        await writer


class Bare:
    """One open connection for bare statements; an async context manager.

    Attributes:
        local: whether the processor time of the database can be read on this machine.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._conn: AsyncConnection
        self._pid: int | None = None

    async def __aenter__(self) -> Bare:
        self._conn = await connect(self._source.dsn)
        await self._conn.execute(AS_THE_APP)
        self._pid = self._source.pid or _backend(self._conn)
        return self

    async def __aexit__(self, *_of_error: object) -> None:
        await self._conn.close()

    @property
    def local(self) -> bool:
        return self._pid is not None

    def processor_ms(self) -> float:
        """Milliseconds that the session has worked so far; of an embedded database, all of it."""
        return processor_s([] if self._pid is None else [self._pid]) * 1000

    async def run(self, statement: object, params: object = None) -> list[tuple[object, ...]]:
        """All rows of a statement."""
        cursor = await self._conn.execute(statement, params)  # type: ignore[call-overload]
        rows: list[tuple[object, ...]] = await cursor.fetchall()
        return rows

    async def names(self) -> list[str]:
        """The names of all tags."""
        return [str(name) for (name,) in await self.run(TAGS)]

    async def alive(self) -> str | None:
        """A tag with a recent sample, the same at each call; None if there is no sample."""
        found = await self.run(ALIVE)
        return str(found[0][0]) if found else None

    async def versions(self) -> dict[str, str]:
        """The versions of the server and of TimescaleDB."""
        return {str(name): str(version) for name, version in await self.run(VERSIONS)}


def _backend(conn: AsyncConnection) -> int | None:
    """The process of a session, if its server runs on this machine."""
    pid = conn.info.backend_pid
    try:
        program = Path(f"/proc/{pid}/comm").read_text("ascii")
    except OSError:
        return None
    local = conn.info.host.startswith(("/", "127.", "localhost", "::1"))
    return pid if local and program.startswith("postgres") else None
