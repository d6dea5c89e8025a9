"""What every demo needs: its folder for itself, an end at a signal, passwords, screens."""

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
from typing import Final

from ksys_app.errors import ConfigError
from ksys_app.ops.serving import frontend

ROLES: Final = ("eco_ro", "eco_rw")
Report = Callable[[str, int, int], None]
"""Called during long work with the step, the done amount and the total; 0 of 0 if not counted."""


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


def passwords(data_dir: Path) -> dict[str, str | None]:
    """The roles' passwords of this folder, created at the first start."""
    file = data_dir / "passwords.json"
    if not file.exists():
        made = json.dumps({role: secrets.token_urlsafe(24) for role in ROLES})
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as new:
            new.write(made)
    return dict(json.loads(file.read_text("utf-8")))


async def show_screens(url: str, count: int) -> None:
    """Run the process of ``count`` screens until cancelled; it prints a line each minute."""
    if not count:
        return
    # In a session of its own, so that Ctrl-C reaches it only from here.
    module = "ksys_app.ops.demo.screens"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, url, str(count), start_new_session=True
    )
    try:
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@contextmanager
def only_one(data_dir: Path, port: int) -> Iterator[None]:
    """Lock the folder for this process; if another process has it, the error names that process."""
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
