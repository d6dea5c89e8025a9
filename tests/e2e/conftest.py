"""The product in production mode, opened in a real Chromium."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.ops.demo.plant.simulator import TAGS, Plant
from ksys_app.ops.masterdata import qc
from ksys_app.ops.serving import frontend
from tests import ksys, plant
from tests.conftest import RO_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.ports import free_port
from tests.waiting import until

# The first one has no windows, and needs half the processor time a page.
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Glyphs as wide as in a window.
    "--font-render-hinting=none",
]
# After these times something hangs; even a busy machine is faster.
START_S = 240
STOP_S = 60
SHOWN_MS = 60_000
ANSWER_S = 60
# A statement that waits for a processor is no failure of the database.
STATEMENT_MS = 30_000
# The demo's plant, and how often its tags send.
SOURCE = Plant()
EVERY_S = 5
expect.set_options(timeout=SHOWN_MS)
ksys.import_app()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The machine's own Chromium."""
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium; apt-get install chromium-headless-shell")
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        await chromium.close()


Process = asyncio.subprocess.Process | ksys.Running


@dataclass
class Site:
    """A database and the app serving it, in a process of its own.

    Attributes:
        databases: where the database comes from.
        dsn: its owner's DSN.
        port: where the app listens.
        process: the app.
        log: lines of its log so far.
        reader: the task that reads the log.
    """

    databases: TestDatabases
    dsn: str
    port: int
    process: Process
    log: list[str] = field(default_factory=list)
    reader: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Origin of the pages."""
        return f"http://127.0.0.1:{self.port}"

    def events(self, name: str) -> int:
        """How often an event was logged so far."""
        return sum(f" {name} " in line for line in self.log)

    async def logged(self, pattern: str, since: int = 0) -> re.Match[str]:
        """Wait until a line of the log, from line ``since`` on, matches; returns the match.

        A line that the app wrote before it answered may arrive here after the answer.
        """
        matches: list[re.Match[str]] = []

        async def found() -> bool:
            lines = (re.search(pattern, line) for line in self.log[since:])
            matches.extend(match for match in lines if match)
            return bool(matches)

        await until(found)
        return matches[0]


@cache
def _build_once() -> None:
    """Build the pages, if their sources have changed since the last build."""
    frontend.ensure_built()


async def start_site(
    databases: TestDatabases,
    dsn: str,
    tick_s: float = 1.0,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Site:
    """Serve ``dsn`` as ``ksys run`` does."""
    await asyncio.to_thread(_build_once)
    port = port or free_port()
    variables = {
        "KSYS_STATEMENT_TIMEOUT_MS": str(STATEMENT_MS),
        **os.environ,
        "TS_DSN": databases.as_role(dsn, "eco_ro", RO_PASSWORD),
        "KSYS_TICK_SECONDS": str(tick_s),
        "TZ": ZONE,
        **(environment or {}),
    }
    process: Process
    if "PYTHONPATH" in variables:  # tests change the app with it; only a new interpreter reads it
        process = await asyncio.create_subprocess_exec(
            *(ksys.KSYS, "run", "--port", str(port)),
            env=variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=ksys.LONGEST_LINE,
        )
    else:
        process = await ksys.Running.start("run", "--port", str(port), environment=variables)
    site = Site(databases, dsn, port, process)
    ready = asyncio.Event()
    site.reader = asyncio.create_task(_read_log(site, ready))
    try:
        await asyncio.wait_for(ready.wait(), START_S)
    except TimeoutError:
        pytest.fail("the app did not start:\n" + "\n".join(site.log))
    return site


async def _read_log(site: Site, ready: asyncio.Event) -> None:
    assert site.process.stdout is not None
    async for line in site.process.stdout:
        site.log.append(line.decode().rstrip())
        if site.log[-1].startswith("ready: "):
            ready.set()


async def stop_site(site: Site) -> None:
    """End the app as Ctrl-C does, and read its log to the end."""
    if site.process.returncode is None:
        site.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(STOP_S):
        await site.process.wait()
        if site.reader is not None:
            await site.reader


async def seed(dsn: str) -> None:
    """The demo's rules and the last twenty minutes of its nine tags."""
    await qc.sync(dsn, qc.RULES_CSV, qc.RULES)
    await qc.sync(dsn, qc.EXPECTATIONS_CSV, qc.EXPECTATIONS)
    now = int(datetime.now(UTC).timestamp())
    async with await connect(dsn) as conn:
        for start in range(now - 1200, now, 300):
            await plant.insert(conn, list(_samples(range(start, start + 300, EVERY_S))))


def _samples(ticks: range) -> list[plant.Sample]:
    return [
        (datetime.fromtimestamp(t, UTC), tag, value)
        for t in ticks
        for tag, value in zip(TAGS, _values(t), strict=True)
    ]


def _values(t: int) -> list[float]:
    """The demo's values at every fifth second, and between them on a line.

    The noise of every second would rise faster than the rules allow, so tags would be normal and
    not normal by turns.
    """
    into = t % EVERY_S
    before, after = SOURCE.healthy(t - into), SOURCE.healthy(t - into + EVERY_S)
    pairs = zip(before, after, strict=True)
    return [round(low + (high - low) * into / EVERY_S, 3) for low, high in pairs]


@pytest.fixture(scope="module")
async def site(databases: TestDatabases) -> AsyncIterator[Site]:
    """The app over nine tags that go on reporting every second."""
    dsn = await databases.fresh()
    await seed(dsn)
    served = await start_site(databases, dsn)
    async with every_second(dsn, _report):
        yield served
    await stop_site(served)
    await databases.drop(dsn)


async def _report(conn: AsyncConnection) -> None:
    now = int(datetime.now(UTC).timestamp())
    await plant.insert(conn, _samples(range(now, now + 1)))


@asynccontextmanager
async def every_second(
    dsn: str, write: Callable[[AsyncConnection], Awaitable[None]]
) -> AsyncIterator[None]:
    """Call ``write`` once a second in the block, also after the database was away."""

    async def keep_writing() -> None:
        while True:
            try:
                async with await connect(dsn) as conn:
                    while True:
                        await write(conn)
                        await asyncio.sleep(1)
            except Exception:  # the tests stop and start the database
                await asyncio.sleep(0.5)

    writer = asyncio.create_task(keep_writing())
    try:
        yield
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser context of its own, without storage of another test."""
    context = await new_context(browser, viewport={"width": 1280, "height": 900})
    yield context
    await context.close()


async def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A context with these options of Playwright, whose pages wait as long as ``expect`` does."""
    context = await browser.new_context(**options)
    context.set_default_timeout(SHOWN_MS)
    return context


# Writes each violation of the content security policy to the console.
REPORT_VIOLATIONS: Final = """addEventListener('securitypolicyviolation', (event) => console.error(
  `violation of ${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile}`))"""


async def policy_watched(context: BrowserContext) -> list[str]:
    """Violations of the content security policy on all pages of ``context``, as they happen."""
    violations: list[str] = []

    def add(message: ConsoleMessage) -> None:
        if "violat" in message.text.lower() or "content security" in message.text.lower():
            violations.append(f"{message.page.url if message.page else ''}: {message.text}")

    context.on("console", add)
    await context.add_init_script(REPORT_VIOLATIONS)
    return violations


@pytest.fixture
async def page(context: BrowserContext, site: Site) -> Page:
    """``/`` with its tiles."""
    return await opened(context, site)


async def opened(context: BrowserContext, site: Site, path: str = "/") -> Page:
    """A tab on ``path`` that shows tiles."""
    tab = await context.new_page()
    await tab.goto(site.url + path)
    await tab.get_by_test_id("tile-D100").wait_for()
    return tab
