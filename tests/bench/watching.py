"""Growing numbers of screens: what a tick costs the app, and how long it takes to arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ksys_app.ops.demo.screens.client import Client
from ksys_app.ops.demo.screens.screens import Screens, now_ms
from ksys_app.ops.demo.screens.tick_counts import count_ticks
from tests.bench.app import App
from tests.bench.cost import point
from tests.bench.figures import figure
from tests.bench.findings import Findings
from tests.bench.profiles import Profile

SECTION, RECEIVED, MEMORY = "Screens", "Screens, a tick of each", "Memory of the app"
# A tick of this process may have been read, and not arrived everywhere.
ARRIVED_S = 2.0
PROBE_S = 0.5
LONGEST_S = 120


async def measure(profile: Profile, app: App, found: Findings) -> None:
    """Add the figures of each number of screens, and the memory after all are closed."""
    before = app.memory_mib()
    found.add(figure(MEMORY, "no screen", "resident", "MiB", [before]))
    async with Screens(app.url) as screens:
        for count in profile.screens:
            found.say(f"screens: {count}")
            with found.failing(f"{count} screens"):
                await screens.grow(count)
                await _watch(profile, app, screens, found)
    found.say("screens closed: waiting for the memory")
    await asyncio.sleep(profile.freed_s)
    subject = f"{profile.screens[-1]} screens closed"
    found.add(figure(MEMORY, subject, "resident", "MiB", [app.memory_mib()]))


async def _watch(profile: Profile, app: App, screens: Screens, found: Findings) -> None:
    count = len(screens.all)
    subject = f"{count} screen" + ("s" if count > 1 else "")
    began, spent = now_ms(), []
    async with _probing(app) as waits:
        for _ in range(profile.ticks):
            before = app.processor_ms()
            await asyncio.sleep(profile.tick_s)
            spent.append(app.processor_ms() - before)
        await _one_tick(screens, began)
    ended = now_ms()
    await asyncio.sleep(min(ARRIVED_S, profile.tick_s))
    screens.check()
    got = count_ticks(screens.all, began, ended)
    opened = [screen.opened_ms for screen in screens.all]
    cost = figure(SECTION, subject, "app in a tick", "ms", spent)
    slowest = figure(SECTION, subject, "slowest screen", "ms", got.slowest)
    resident = figure(MEMORY, subject, "resident", "MiB", [app.memory_mib()])
    for one in (
        cost,
        figure(SECTION, subject, "read to receipt", "ms", got.lags),
        slowest,
        figure(SECTION, subject, "other requests", "ms", waits),
        figure(SECTION, subject, "first tiles", "ms", opened),
        figure(RECEIVED, subject, "websocket", "kB", [got.socket / 1000]),
        figure(RECEIVED, subject, "fetched", "kB", [got.fetched / 1000]),
        figure(RECEIVED, subject, "ticks missed", "", [got.missed]),
        figure(RECEIVED, subject, "reconnects", "", [got.reconnects]),
        resident,
    ):
        found.add(one)
    for what, of in (("app in a tick", cost), ("slowest screen", slowest), ("memory", resident)):
        found.grows(what, "screens", point(count, of))


async def _one_tick(screens: Screens, began: float) -> None:
    """Wait until a screen has a tick, which takes long on a busy machine.

    Raises:
        TimeoutError: there is none after two minutes.
    """
    async with asyncio.timeout(LONGEST_S):
        while not any(tick.read_ms >= began for one in screens.all for tick in one.ticks):
            screens.check()
            await asyncio.sleep(PROBE_S)


@asynccontextmanager
async def _probing(app: App) -> AsyncIterator[list[float]]:
    """Milliseconds of a request without the database, which is repeated until the end."""
    waits: list[float] = []

    async def probe() -> None:
        async with Client(app.url) as client:
            while True:
                waits.append((await client.get("/ping")).ms)
                await asyncio.sleep(PROBE_S)

    task = asyncio.create_task(probe())
    try:
        yield waits
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
