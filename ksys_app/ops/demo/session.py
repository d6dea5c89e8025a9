"""Shared parts of the demos: the lock of the folder, the end at a signal, passwords, screens."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ksys_app.errors import ConfigError
from ksys_app.ops.schema import schema
from ksys_app.ops.serving import frontend
from ksys_app.security import access_problem
from ksys_app.settings import Settings
from ksys_app.utils import private

RESTART_S = 5.0
Report = Callable[[str, int, int], None]
"""Called during long work with the step, the amount done and the total; 0 and 0 if not counted."""


async def until_stopped(stop: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
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


def require_access(settings: Settings) -> None:
    """Check that the settings restrict who can use the pages.

    A demo has its own connection for the operator.

    Raises:
        ConfigError: the pages would be open to everyone.
    """
    own = settings.model_copy(update={"ts_operator_dsn": settings.ts_operator_dsn or "demo"})
    if problem := access_problem(own):
        raise ConfigError(problem)


def passwords(data_dir: Path) -> dict[str, str | None]:
    """The passwords of the roles in this folder; a role without a password gets one now."""
    file = data_dir / "passwords.json"
    stored = dict(json.loads(file.read_text("utf-8"))) if file.exists() else {}
    every: dict[str, str | None] = {role: secrets.token_urlsafe(24) for role in schema.ROLES}
    every |= stored
    if every != stored:
        with private.open_text(file) as new:
            new.write(json.dumps(every))
    return every


async def show_screens(url: str, count: int) -> None:
    """Run the process of ``count`` screens until cancelled; it prints a line each minute."""
    if count:
        await _run_process("ksys_app.ops.demo.screens", url, str(count))


async def keep_alarms(dsn: str) -> None:
    """Run ``ksys alarms run`` until cancelled; start it again if it ends by itself.

    Args:
        dsn: the database, role ``eco_alarm`` or the owner.
    """
    while True:
        await _run_process("ksys_app", "alarms", "run", TS_ALARM_DSN=dsn)
        await asyncio.sleep(RESTART_S)


async def _run_process(module: str, *arguments: str, **settings: str) -> None:
    """Run a module in a separate process until it ends; cancellation ends it with SIGTERM."""
    # Use a new session, so that Ctrl-C does not reach the process directly.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        env=os.environ | settings,
        start_new_session=True,
    )
    try:
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@contextmanager
def only_one(data_dir: Path, port: int) -> Iterator[None]:
    """Lock the folder for this process; if another process has the lock, the error names it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with open(data_dir / "demo.lock", "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ConfigError(
                f"a demo is already running on {data_dir}: {lock.read().strip()}"
            ) from None
        lock.truncate(0)
        lock.write(f"http://localhost:{port} (process {os.getpid()})")
        lock.flush()
        yield
