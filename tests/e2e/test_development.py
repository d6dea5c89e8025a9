"""``reflex run``: live pages that reload while somebody edits them (PRD §23)."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from ksys_app.ops.serving import frontend
from tests import docs
from tests.conftest import RO_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.e2e.conftest import START_S, STOP_S, seed
from tests.ports import free_port


@pytest.fixture
async def workplace(databases: TestDatabases, tmp_path: Path) -> AsyncIterator[tuple[Path, str]]:
    """A copy of the project that may be changed, and a database in it."""
    await asyncio.to_thread(frontend.ensure_built)
    for name in ("ksys_app", "assets", "reflex.lock"):
        shutil.copytree(docs.ROOT / name, tmp_path / name)
    # As after a first start, which installs the npm packages. Their files are shared.
    built = docs.ROOT / ".web"
    shutil.copytree(
        built, tmp_path / ".web", ignore=shutil.ignore_patterns("node_modules", "build")
    )
    shutil.copytree(
        built / "node_modules",
        tmp_path / ".web" / "node_modules",
        symlinks=True,
        ignore=shutil.ignore_patterns(".vite"),
        copy_function=_linked,
    )
    for name in ("rxconfig.py", ".gitignore"):
        shutil.copy(docs.ROOT / name, tmp_path / name)
    for name in ("docs", "db", "data"):
        (tmp_path / name).symlink_to(docs.ROOT / name)
    dsn = await databases.fresh()
    await seed(dsn)
    yield tmp_path, databases.as_role(dsn, "eco_ro", RO_PASSWORD)
    await databases.drop(dsn)


async def test_a_tile_is_live_and_a_change_of_the_code_is_shown(
    browser: Browser, workplace: tuple[Path, str]
) -> None:
    folder, dsn = workplace
    pages, app = free_port(), free_port()
    before = {name: (folder / name).read_bytes() for name in (".gitignore", "rxconfig.py")}
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("reflex"),
        *("run", "--frontend-port", str(pages), "--backend-port", str(app)),
        cwd=folder,
        env=os.environ | {"TS_DSN": dsn, "TZ": ZONE, "PYTHONPATH": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        await asyncio.wait_for(_running(process), START_S)
        page = await browser.new_page()
        # The first load bundles every package: on a busy machine it takes as long as a start.
        slow = START_S * 1000
        await page.goto(f"http://127.0.0.1:{pages}/?window=24h", timeout=slow)
        await expect(page.get_by_test_id("tile-D100")).to_be_visible(timeout=slow)
        await expect(page.get_by_test_id("status-bar")).to_contain_text("Live")
        source = folder / "ksys_app" / "pages" / "dashboard.py"
        source.write_text(source.read_text().replace("T.nav_dashboard", "T.nav_trend"))
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("Trend", timeout=slow)
        await page.close()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
        await asyncio.wait_for(process.wait(), STOP_S)
    assert before == {name: (folder / name).read_bytes() for name in before}
    for lock in (docs.ROOT / "reflex.lock").iterdir():
        assert (folder / "reflex.lock" / lock.name).read_bytes() == lock.read_bytes()


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        # On another file system.
        shutil.copy2(source, target)


async def _running(process: asyncio.subprocess.Process) -> None:
    """Return as soon as the development server says that it runs."""
    assert process.stdout is not None
    lines = []
    async for line in process.stdout:
        lines.append(line.decode())
        if "Backend running at" in lines[-1]:
            # Later output is read and dropped, because a full pipe would stop the server.
            asyncio.get_running_loop().create_task(process.stdout.read())
            return
    pytest.fail("reflex run ended:\n" + "".join(lines))
