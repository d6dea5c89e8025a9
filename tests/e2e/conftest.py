"""The product in production mode, opened in a real Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)

from ksys_app.db import connect
from ksys_app.ops.demo.plant.simulator import TAGS, Plant
from ksys_app.ops.masterdata import qc
from ksys_app.ops.serving import frontend
from tests import plant
from tests.conftest import RO_PASSWORD, ZONE
from tests.database import TestDatabases

# The first one is Chromium without its own windows, at half the processor time a page.
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
# For what hangs; what is slow on a busy machine still passes.
START_S = 240
STOP_S = 60
SHOWN_MS = 60_000
ANSWER_S = 60
expect.set_options(timeout=SHOWN_MS)


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


@dataclass
class Site:
    """A database and the app serving it, in a process of its own.

    Attributes:
        databases: where the database comes from.
        dsn: its owner's DSN.
        port: where the app listens.
        process: the app.
        log: lines of its log so far.
    """

    databases: TestDatabases
    dsn: str
    port: int
    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Origin of the pages."""
        return f"http://127.0.0.1:{self.port}"

    def events(self, name: str) -> int:
        """How often an event was logged so far."""
        return sum(f" {name} " in line for line in self.log)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start_site(
    databases: TestDatabases,
    dsn: str,
    tick_s: float = 1.0,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Site:
    """Serve ``dsn`` as ``ksys run`` does."""
    await asyncio.to_thread(frontend.ensure_built)
    port = port or free_port()
    variables = os.environ | {
        "TS_DSN": databases.as_role(dsn, "eco_ro", RO_PASSWORD),
        "KSYS_TICK_SECONDS": str(tick_s),
        "TZ": ZONE,
        **(environment or {}),
    }
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("ksys"),
        *("run", "--port", str(port)),
        env=variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    site = Site(databases, dsn, port, process)
    ready = asyncio.Event()
    asyncio.get_running_loop().create_task(_listen(site, ready))
    try:
        await asyncio.wait_for(ready.wait(), START_S)
    except TimeoutError:
        pytest.fail("the app did not start:\n" + "\n".join(site.log))
    return site


async def _listen(site: Site, ready: asyncio.Event) -> None:
    assert site.process.stdout is not None
    async for line in site.process.stdout:
        site.log.append(line.decode().rstrip())
        if site.log[-1].startswith("ready: "):
            ready.set()


async def stop_site(site: Site) -> None:
    """End the app as Ctrl-C does."""
    if site.process.returncode is None:
        site.process.send_signal(signal.SIGINT)
        await asyncio.wait_for(site.process.wait(), STOP_S)


async def seed(dsn: str) -> None:
    """The demo's rules and the last twenty minutes of its nine tags."""
    await qc.sync(dsn, qc.RULES_CSV, qc.RULES)
    await qc.sync(dsn, qc.EXPECTATIONS_CSV, qc.EXPECTATIONS)
    now = int(datetime.now(UTC).timestamp())
    async with await connect(dsn) as conn:
        for start in range(now - 1200, now, 300):
            await plant.insert(conn, list(_samples(range(start, start + 300, 5))))


def _samples(ticks: range) -> list[plant.Sample]:
    source = Plant()
    return [
        (datetime.fromtimestamp(t, UTC), tag, value)
        for t in ticks
        for tag, value in zip(TAGS, source.healthy(t), strict=True)
    ]


@pytest.fixture(scope="module")
async def site(databases: TestDatabases) -> AsyncIterator[Site]:
    """The app over nine tags that go on reporting every second."""
    dsn = await databases.fresh()
    await seed(dsn)
    served = await start_site(databases, dsn)
    writer = asyncio.create_task(_keep_reporting(dsn))
    yield served
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    await stop_site(served)
    await databases.drop(dsn)


async def _keep_reporting(dsn: str) -> None:
    while True:
        try:
            async with await connect(dsn) as conn:
                while True:
                    now = int(datetime.now(UTC).timestamp())
                    await plant.insert(conn, _samples(range(now, now + 1)))
                    await asyncio.sleep(1)
        except Exception:  # the tests stop and start the database
            await asyncio.sleep(0.5)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of its own: no storage of another test."""
    made = await browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(SHOWN_MS)
    yield made
    await made.close()


# Writes each violation of the content security policy to the console.
TELL_VIOLATIONS: Final = """addEventListener('securitypolicyviolation', (seen) => console.error(
  `violation of ${seen.effectiveDirective}: ${seen.blockedURI} ${seen.sourceFile}`))"""


async def policy_watched(context: BrowserContext) -> list[str]:
    """Violations of the content security policy on all pages of ``context``, as they happen."""
    seen: list[str] = []

    def told(message: ConsoleMessage) -> None:
        if "violat" in message.text.lower() or "content security" in message.text.lower():
            seen.append(f"{message.page.url if message.page else ''}: {message.text}")

    context.on("console", told)
    await context.add_init_script(TELL_VIOLATIONS)
    return seen


@pytest.fixture
async def page(context: BrowserContext, site: Site) -> Page:
    """``/`` with its tiles."""
    return await opened(context, site)


async def opened(context: BrowserContext, site: Site, path: str = "/") -> Page:
    """A tab on ``path``, once its tiles are there."""
    tab = await context.new_page()
    await tab.goto(site.url + path)
    await tab.get_by_test_id("tile-D100").wait_for()
    return tab
