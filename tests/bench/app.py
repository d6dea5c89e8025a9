"""The app under measurement: a process of its own, as a site runs it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

from ksys_app import resources
from ksys_app.errors import NotStarted
from tests.bench.processes import memory_mib, processor_s
from tests.bench.served import COLD, COMMAND, WARM
from tests.e2e.conftest import START_S, STOP_S
from tests.ports import free_port


@dataclass(frozen=True, slots=True)
class App:
    """The running app.

    Attributes:
        url: its origin.
        pid: its process.
    """

    url: str
    pid: int

    @contextmanager
    def cold(self) -> Iterator[None]:
        """Each answer is loaded anew until the block is left."""
        os.kill(self.pid, COLD)
        try:
            yield
        finally:
            os.kill(self.pid, WARM)

    def processor_ms(self) -> float:
        """Milliseconds of processor time so far."""
        return processor_s([self.pid]) * 1000

    def memory_mib(self) -> float:
        """Resident memory, MiB."""
        return memory_mib([self.pid])


@asynccontextmanager
async def running(dsn: str, tick_s: float) -> AsyncIterator[App]:
    """The app on a free port; it ends with the block, however the block ends.

    Raises:
        NotStarted: it ended or did not become ready; its output says why.
    """
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "run", "--port", str(port)),
        cwd=resources.ROOT,
        env=os.environ | {"TS_DSN": dsn, "KSYS_TICK_SECONDS": str(tick_s)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output: list[str] = []
    listening: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(START_S):
            await _ready(process, output)
        listening = asyncio.create_task(_drain(process))
        yield App(f"http://127.0.0.1:{port}", process.pid)
    except TimeoutError:
        raise NotStarted("the app did not start: " + "\n".join(output[-10:])) from None
    finally:
        await _stop(process)
        if listening is not None:
            await listening


async def _ready(process: asyncio.subprocess.Process, output: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        output.append(line.decode().rstrip())
        if output[-1].startswith("ready: "):
            return
    raise NotStarted("the app did not start: " + "\n".join(output[-10:]))


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read the log, because a full pipe would stop the app."""
    assert process.stdout is not None
    while await process.stdout.read(2**16):
        pass


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):  # Ctrl-C has ended it already
        process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()
