"""``ksys demo --scale``: a plant of any size, its history and feed, and the app."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from ksys_app.domain.chunks import span_for
from ksys_app.errors import ConfigError, NotStarted
from ksys_app.ops import chunk_spans
from ksys_app.ops.demo.plant import folder
from ksys_app.ops.demo.scale import sizing, store
from ksys_app.ops.demo.scale.feed import feed
from ksys_app.ops.demo.scale.fill import History
from ksys_app.ops.demo.scale.sizing import Size
from ksys_app.ops.demo.session import (
    Report,
    keep_alarms,
    only_one,
    passwords,
    require_access,
    show_screens,
    until_stopped,
)
from ksys_app.ops.embedded import EmbeddedDatabase, supervise
from ksys_app.ops.jobs.runner import Runner
from ksys_app.ops.owner import owner, require_direct
from ksys_app.ops.schema import schema
from ksys_app.ops.serving import frontend
from ksys_app.ops.serving.serve import address_of, require_free, served
from ksys_app.ops.stopping import stop_signal
from ksys_app.settings import Settings, safe_dsn

# Two demos would write the same seconds twice.
LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('ksys demo --scale'))"
DATA_FOLDER: Final = "SHOW data_directory"


@dataclass(frozen=True, slots=True)
class ScalePlan:
    """The options of a demo of any size.

    Attributes:
        port: port of the app.
        data_dir: folder of the embedded database.
        size: the plant.
        screens: number of screens that follow ``/``.
    """

    port: int
    data_dir: Path
    size: Size
    screens: int = 0


@dataclass(frozen=True, slots=True)
class _Database:
    """The database of the plant.

    Attributes:
        dsn: the owner's DSN.
        secrets: passwords of the roles.
        folder: a folder on the disk of the data, None if the data are not on this machine.
        embedded: the embedded database, None for a server.
    """

    dsn: str
    secrets: dict[str, str | None]
    folder: Path | None
    embedded: EmbeddedDatabase | None

    @property
    def app_dsn(self) -> str:
        """The DSN of the app, which only reads, with any role."""
        if self.embedded is None:
            return self.dsn
        return make_conninfo(self.dsn, user="eco_ro", password=self.secrets["eco_ro"])

    @property
    def operator_dsn(self) -> str | None:
        """The DSN for changes by people; None for a server, whose settings may have one."""
        if self.embedded is None:
            return None
        return make_conninfo(self.dsn, user="eco_op", password=self.secrets["eco_op"])

    @property
    def alarm_dsn(self) -> str:
        """The DSN of the alarm worker; on a server the owner's, which has a password."""
        if self.embedded is None:
            return self.dsn
        return make_conninfo(self.dsn, user="eco_alarm", password=self.secrets["eco_alarm"])


async def run(plan: ScalePlan, settings: Settings, report: Report) -> None:
    """Start everything, print the address, and stop everything at SIGINT or SIGTERM.

    Raises:
        ConfigError: the database or the disk cannot hold the plant, the database holds something
            else, another demo uses it, or the port is in use.
        DatabaseUnreachable: the database does not answer.
        NotStarted: the app did not start, or ended by itself.
    """
    require_access(settings)
    sizing.require_engine(plan.size)
    stop = stop_signal()
    with only_one(plan.data_dir, plan.port) if plan.size.embedded else nullcontext():
        require_free(settings.host, plan.port)
        async with _database(plan, settings) as database:
            await until_stopped(stop, lambda: _serve(plan, settings, database, stop, report))


@asynccontextmanager
async def _database(plan: ScalePlan, settings: Settings) -> AsyncIterator[_Database]:
    """The database of the plant: a locked database of a server, or the started embedded one."""
    if plan.size.embedded:
        embedded = EmbeddedDatabase(plan.data_dir / "database")
        await embedded.start()
        try:
            print(f"database: {embedded.dsn}", flush=True)
            yield _Database(embedded.dsn, passwords(plan.data_dir), plan.data_dir, embedded)
        finally:
            await embedded.stop()
        return
    dsn = settings.admin_dsn()
    async with owner(dsn) as conn:
        await require_direct(conn, dsn)
        if await (await conn.execute(LOCK)).fetchone() != (True,):
            raise ConfigError(f"another ksys demo --scale is running on {safe_dsn(dsn)}")
        print(f"database: {safe_dsn(dsn)}", flush=True)
        yield _Database(dsn, settings.role_passwords(), await _data_folder(conn), None)


async def _data_folder(conn: AsyncConnection) -> Path | None:
    """The folder of a server's data, if it is on this machine."""
    if conn.info.hostaddr not in ("", "127.0.0.1", "::1"):
        return None
    row = await (await conn.execute(DATA_FOLDER)).fetchone()
    return None if row is None else await asyncio.to_thread(_existing, Path(row[0]))


def _existing(path: Path) -> Path | None:
    return path if path.is_dir() else None


async def _serve(
    plan: ScalePlan,
    settings: Settings,
    database: _Database,
    stop: asyncio.Event,
    report: Report,
) -> None:
    building = asyncio.create_task(
        asyncio.to_thread(frontend.ensure_built, lambda step: report(step, 0, 0))
    )
    begin = await _prepare(plan, settings, database)
    history = History(database.dsn, settings.zone, plan.size, begin, report)
    await history.write_newest()
    if settings.max_tags < plan.size.tags:
        os.environ["KSYS_MAX_TAGS"] = str(plan.size.tags)
    pages = await building
    async with asyncio.TaskGroup() as tasks:
        if database.embedded is not None:
            tasks.create_task(supervise(database.embedded))
        dsn, operator = database.app_dsn, database.operator_dsn or settings.ts_operator_dsn
        async with served(dsn, operator, settings.host, plan.port, pages) as server:
            runner = Runner(database.dsn)
            tasks.create_task(runner.watch(stop))
            tasks.create_task(feed(database.dsn, begin, plan.size, stop))
            await runner.passed.wait()
            url = address_of("127.0.0.1", plan.port, settings.base)
            print(f"ready: {url}", flush=True)
            tasks.create_task(keep_alarms(database.alarm_dsn))
            tasks.create_task(show_screens(url, plan.screens))
            tasks.create_task(history.run(stop))
            # Do not await the task itself: a cancellation here would cancel the server midway.
            await asyncio.wait([server])
            raise NotStarted("the app ended by itself; the log above says why")


async def _prepare(plan: ScalePlan, settings: Settings, database: _Database) -> int:
    """Check the database and the disk, print the plan, and write schema, tags and rules.

    Returns:
        The second at which the live feed begins.
    """
    size = plan.size
    async with owner(database.dsn) as conn:
        await store.require_own(conn, safe_dsn(database.dsn), size)
        await _print_plan(conn, size, database.folder)
        if database.embedded is not None:
            folder.claim(plan.data_dir, f"plant of {size.tags} tags")
        await schema.apply(
            database.dsn,
            zone=settings.tz,
            passwords=database.secrets,
            max_ahead_s=settings.max_ahead_s,
        )
        # An earlier start has decided where the history begins.
        await store.create(conn, size, size.days * sizing.DAY_S)
        if database.embedded is not None:
            await store.set_chunk(conn, size.part_s)
        else:
            await chunk_spans.set_spans(database.dsn, size.tags, 1 / size.every)
        return await store.now(conn) + 1


async def _print_plan(conn: AsyncConnection, size: Size, on: Path | None) -> None:
    """Print what will be written; raise ConfigError if the disk has too little room."""
    left = await store.left(conn, size)
    chunk = timedelta(seconds=size.part_s)
    if not size.embedded:
        load = await chunk_spans.read_load(conn, size.tags, 1 / size.every)
        assert load is not None, "the number of tags is given"
        chunk = span_for(load)
    needed = round(size.disk_bytes(int(chunk.total_seconds())) * left / size.rows)
    if left:
        print(
            f"plant: {size.tags:,} tags, {size.interval}; {left:,} samples of the history "
            f"are missing: up to {sizing.amount(needed)} of disk, "
            f"{max(1, round(size.seconds(left) / 60)):,} min",
            flush=True,
        )
    daily = size.samples(sizing.DAY_S) * sizing.COMPRESSED_BYTES
    print(f"plant: each further day takes {sizing.amount(daily)} of disk", flush=True)
    if on is not None:
        disk = shutil.disk_usage(on)
        sizing.require_disk(size, needed, disk.free, disk.total)
