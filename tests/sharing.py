"""Shared state of the processes of one test run: a folder, file locks, and turns of serial tests.

``make test`` runs the test files in several worker processes. The first process of a run creates
the folder and puts its path into the environment, which the workers inherit.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO

VARIABLE = "TEST_RUN_FOLDER"
PREFIX = "ksys-test-"
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 4 * 1024**3

_alive: list[IO[str]] = []


def begin() -> None:
    """Create the folder of this run, unless the process is a worker, which has the path already."""
    if VARIABLE in os.environ:
        return
    parent = _parent()
    _remove_abandoned(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    # Lock the folder before it gets its name, so that another run does not see it as abandoned.
    _alive.append(_locked(folder / "alive.new", fcntl.LOCK_EX))
    (folder / "alive.new").rename(folder / "alive")
    os.environ[VARIABLE] = str(folder)


def end() -> None:
    """Remove the folder, in the process that created it."""
    if _alive:
        shutil.rmtree(os.environ.pop(VARIABLE))
        _alive.pop().close()


def folder() -> Path:
    """The folder of this run."""
    return Path(os.environ[VARIABLE])


@asynccontextmanager
async def one_at_a_time(name: str) -> AsyncIterator[None]:
    """Run the block while no other task in any process of this run is in a block of ``name``."""
    handle = await asyncio.to_thread(_locked, folder() / f"{name}.lock", fcntl.LOCK_EX)
    try:
        yield
    finally:
        handle.close()


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Run the block while no other process of this run is in a block of ``name``."""
    with _locked(folder() / f"{name}.lock", fcntl.LOCK_EX):
        yield


@contextmanager
def turn(alone: bool) -> Iterator[None]:
    """Wait until a test may run, together with tests of other workers or ``alone``.

    While a test waits to run alone, it holds the gate, so that no further test begins.
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
    """A folder in memory if there is enough, because copies and syncs are fast there."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED:
        return MEMORY
    return Path(tempfile.gettempdir())


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of killed runs: no process holds their locks."""
    for alive in parent.glob(f"{PREFIX}*/alive"):
        # A run that ends at this moment removes its folder itself.
        with suppress(FileNotFoundError, BlockingIOError), alive.open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(alive.parent, ignore_errors=True)
