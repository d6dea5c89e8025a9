"""``ksys demo``: runs the embedded database, a simulated plant and the app."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo

from ksys_app import log
from ksys_app.errors import ConfigError, NotStarted
from ksys_app.ops.demo.plant import feed, folder, history, replay
from ksys_app.ops.demo.plant.simulator import Plant
from ksys_app.ops.embedded import EmbeddedDatabase, supervise
from ksys_app.ops.jobs.runner import Runner
from ksys_app.ops.masterdata import qc
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES
from ksys_app.ops.schema import schema
from ksys_app.ops.serving import frontend
from ksys_app.ops.serving.serve import address_of, require_free, served
from ksys_app.ops.stopping import stop_signal
from ksys_app.settings import Settings

ROLES: Final = ("eco_ro", "eco_rw")
Report = Callable[[str, int, int], None]
"""Called during long work with the step, the done amount and the total; 0 of 0 if not counted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a demo.

    Attributes:
        port: port of the app.
        data_dir: folder of the database and the secrets.
        with_feed: whether the demo writes samples.
        replay: a file of samples that replaces the simulator.
    """

    port: int
    data_dir: Path
    with_feed: bool
    replay: Path | None


async def run(plan: Plan, settings: Settings, report: Report) -> None:
    """Start everything, print the address, and stop everything at SIGINT or SIGTERM.

    Raises:
        ConfigError: another demo uses the folder, the port is in use, or the file cannot be read.
        DatabaseUnreachable: the embedded database did not start.
        NotStarted: the app did not start, or ended by itself.
    """
    if plan.replay is not None:
        replay.check(plan.replay)
    plan.data_dir.mkdir(parents=True, exist_ok=True)
    stop = stop_signal()
    with _only_one(plan):
        require_free(settings.host, plan.port)
        if plan.with_feed:
            folder.claim(plan.data_dir, "simulator" if plan.replay is None else "replay")
        database = EmbeddedDatabase(plan.data_dir / "database")
        await database.start()
        try:
            print(f"database: {database.dsn}", flush=True)
            await _until_stopped(stop, lambda: _serve(plan, settings, database, stop, report))
        finally:
            await database.stop()


async def _until_stopped(stop: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work``; the stop event cancels it, which is no error."""
    working = asyncio.ensure_future(work())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        frontend.abandon()
        working.cancel()
    stopping.cancel()
    (done,) = await asyncio.gather(working, return_exceptions=True)
    if isinstance(done, BaseException) and not isinstance(done, asyncio.CancelledError):
        raise done


async def _serve(
    plan: Plan,
    settings: Settings,
    database: EmbeddedDatabase,
    stop: asyncio.Event,
    report: Report,
) -> None:
    building = asyncio.create_task(
        asyncio.to_thread(frontend.ensure_built, lambda step: report(step, 0, 0))
    )
    passwords = _passwords(plan.data_dir)
    await schema.apply(
        database.dsn, zone=settings.tz, passwords=passwords, max_ahead_s=settings.max_ahead_s
    )
    await qc.sync(database.dsn, qc.RULES_CSV, RULES)
    await qc.sync(database.dsn, qc.EXPECTATIONS_CSV, EXPECTATIONS)
    plant = Plant()
    if plan.with_feed and plan.replay is None:
        now = datetime.now(UTC)
        loaded = await history.load(database.dsn, settings.zone, plant, now, on_progress=report)
        if loaded is not None:
            log.line("history", {"rows": loaded.rows, "seconds": loaded.seconds})
    pages = await building
    dsn = make_conninfo(database.dsn, user="eco_ro", password=passwords["eco_ro"])
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise(database))
        async with served(dsn, settings.host, plan.port, pages) as server:
            # Importing the app takes seconds of this loop: what connects meanwhile would take the
            # database for lost.
            runner = Runner(database.dsn)
            tasks.create_task(runner.watch(stop))
            if plan.replay is not None:
                tasks.create_task(replay.feed(database.dsn, plan.replay, plan.data_dir, stop))
            elif plan.with_feed:
                tasks.create_task(feed.feed(database.dsn, plant, stop))
            # The engine does one thing at a time: what is due now would keep the first page
            # waiting.
            await runner.passed.wait()
            print(f"ready: {address_of('127.0.0.1', plan.port, settings.base)}", flush=True)
            # Do not await the task itself: a cancellation here would cancel the server midway.
            await asyncio.wait([server])
            raise NotStarted("the app ended by itself; the log above says why")


def _passwords(data_dir: Path) -> dict[str, str | None]:
    """The roles' passwords of this folder, created at the first start."""
    file = data_dir / "passwords.json"
    if not file.exists():
        made = json.dumps({role: secrets.token_urlsafe(24) for role in ROLES})
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as new:
            new.write(made)
    return dict(json.loads(file.read_text("utf-8")))


@contextmanager
def _only_one(plan: Plan) -> Iterator[None]:
    """Lock the folder for this process; if another process has it, the error names that process."""
    with open(plan.data_dir / "demo.lock", "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ConfigError(
                f"a demo is already running on {plan.data_dir}: {lock.read().strip()}"
            ) from None
        lock.truncate(0)
        lock.write(f"http://localhost:{plan.port} (process {os.getpid()})")
        lock.flush()
        yield
