"""What the processes of one test run share: a folder, locks of files, the turn of a serial test.

``make test`` runs the test files in several worker processes. The first process of a run makes the
folder and names it in the environment, which its workers inherit.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO

VARIABLE = "TEST_RUN_FOLDER"
PREFIX = "ksys-test-"
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 4 * 1024**3

_alive: list[IO[str]] = []


def begin() -> None:
    """Make the folder of this run, unless the process is a worker and has it."""
    if VARIABLE in os.environ:
        return
    parent = _parent()
    _remove_abandoned(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    # It appears locked: another run that begins now must not take it for an abandoned one.
    _alive.append(_locked(folder / "alive.new", fcntl.LOCK_EX))
    (folder / "alive.new").rename(folder / "alive")
    os.environ[VARIABLE] = str(folder)


def end() -> None:
    """Remove the folder, in the process that made it."""
    if _alive:
        shutil.rmtree(os.environ.pop(VARIABLE))
        _alive.pop().close()


def folder() -> Path:
    """The folder of this run."""
    return Path(os.environ[VARIABLE])


@asynccontextmanager
async def one_at_a_time(name: str) -> AsyncIterator[None]:
    """Keep every other task of every process of this run out of ``name`` meanwhile."""
    handle = await asyncio.to_thread(_locked, folder() / f"{name}.lock", fcntl.LOCK_EX)
    try:
        yield
    finally:
        handle.close()


@contextmanager
def turn(alone: bool) -> Iterator[None]:
    """Wait until a test may run: beside those of other workers, or ``alone``.

    Whoever waits to be alone holds the gate, so that no further test begins meanwhile.
    """
    with _locked(folder() / "gate.lock", fcntl.LOCK_EX if alone else fcntl.LOCK_SH) as gate:
        running = _locked(folder() / "running.lock", fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            gate.close()
        with running:
            yield


def _locked(path: Path, kind: int) -> IO[str]:
    handle = path.open("a")
    fcntl.flock(handle, kind)
    return handle


def _parent() -> Path:
    """Memory where there is enough of it: copies and syncs of data folders cost nothing there."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED:
        return MEMORY
    return Path(tempfile.gettempdir())


def _remove_abandoned(parent: Path) -> None:
    """Remove what a killed run left: nobody holds its lock any more."""
    for left in parent.glob(f"{PREFIX}*/alive"):
        with left.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(left.parent, ignore_errors=True)
