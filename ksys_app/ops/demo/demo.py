"""``ksys demo``: runs the embedded database, a simulated plant and the app."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg.conninfo import make_conninfo

from ksys_app import log
from ksys_app.errors import NotStarted
from ksys_app.ops.demo.plant import feed, folder, history, replay
from ksys_app.ops.demo.plant.simulator import Plant
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
from ksys_app.ops.masterdata import qc
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES
from ksys_app.ops.schema import schema
from ksys_app.ops.serving import frontend
from ksys_app.ops.serving.serve import address_of, require_free, served
from ksys_app.ops.stopping import stop_signal
from ksys_app.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a demo.

    Attributes:
        port: port of the app.
        data_dir: folder of the database and the secrets.
        with_feed: whether the demo writes samples.
        replay: a file of samples that replaces the simulator.
        screens: number of screens that follow ``/``.
    """

    port: int
    data_dir: Path
    with_feed: bool
    replay: Path | None
    screens: int = 0


async def run(plan: Plan, settings: Settings, report: Report) -> None:
    """Start everything, print the address, and stop everything at SIGINT or SIGTERM.

    Raises:
        ConfigError: another demo uses the folder, the port is in use, the file cannot be read, or
            the pages would be open to everyone.
        DatabaseUnreachable: the embedded database did not start.
        NotStarted: the app did not start, or ended by itself.
    """
    require_access(settings)
    if plan.replay is not None:
        replay.check(plan.replay)
    stop = stop_signal()
    with only_one(plan.data_dir, plan.port):
        require_free(settings.host, plan.port)
        if plan.with_feed:
            folder.claim(plan.data_dir, "simulator" if plan.replay is None else "replay")
        database = EmbeddedDatabase(plan.data_dir / "database")
        await database.start()
        try:
            print(f"database: {database.dsn}", flush=True)
            await until_stopped(stop, lambda: _serve(plan, settings, database, stop, report))
        finally:
            await database.stop()


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
    secrets = passwords(plan.data_dir)
    await schema.apply(
        database.dsn, zone=settings.tz, passwords=secrets, max_ahead_s=settings.max_ahead_s
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
    dsn, operator_dsn, alarm_dsn = (
        make_conninfo(database.dsn, user=role, password=secrets[role])
        for role in ("eco_ro", "eco_op", "eco_alarm")
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise(database))
        async with served(dsn, operator_dsn, settings.host, plan.port, pages) as server:
            # Importing the app blocks this loop for seconds. A program that connects in this time
            # would consider the database lost, so start these programs now.
            runner = Runner(database.dsn)
            tasks.create_task(runner.watch(stop))
            if plan.replay is not None:
                tasks.create_task(replay.feed(database.dsn, plan.replay, plan.data_dir, stop))
            elif plan.with_feed:
                tasks.create_task(feed.feed(database.dsn, plant, stop))
            # The engine executes one statement at a time. Wait for the jobs that are due, because
            # the first page would wait for them.
            await runner.passed.wait()
            url = address_of("127.0.0.1", plan.port, settings.base)
            print(f"ready: {url}", flush=True)
            tasks.create_task(keep_alarms(alarm_dsn))
            tasks.create_task(show_screens(url, plan.screens))
            # Do not await the task itself: a cancellation here would cancel the server midway.
            await asyncio.wait([server])
            raise NotStarted("the app ended by itself; the log above says why")
