"""Many embedded test databases in one process, which compiles the engine only once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from pathlib import Path
from typing import Final

from ksys_app.ops.embedded import COLLECT_ALONE, NODE, OPTIMIZE_LATE
from tests.ports import free_port

SCRIPT: Final = Path(__file__).with_name("database_host.mjs")


class DatabaseHost:
    """The process. It starts with the first database and ends with :meth:`end`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    async def open(self, folder: Path, port: int) -> None:
        """Serve the database of a folder on a port."""
        await self._ask(act="open", folder=str(folder), port=port)

    async def close(self, port: int) -> None:
        """End the connections to the database on a port, and close it; its folder stays."""
        await self._ask(act="close", port=port)

    async def end(self) -> None:
        """End the process."""
        if self._process is not None:
            await asyncio.to_thread(self._process.communicate)
            self._process = None

    async def _ask(self, **request: str | int) -> None:
        error = await asyncio.to_thread(self._answer, json.dumps(request))
        if error is not None:
            raise AssertionError(error)

    def _answer(self, request: str) -> str | None:
        with self._turn:
            if self._process is None:
                self._process = subprocess.Popen(
                    [NODE, OPTIMIZE_LATE, COLLECT_ALONE, SCRIPT],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
            stdin, stdout = self._process.stdin, self._process.stdout
            assert stdin is not None
            assert stdout is not None
            stdin.write(f"{request}\n")
            stdin.flush()
            answer = stdout.readline()
        if not answer:
            return f"the process of the databases ended with code {self._process.wait()}"
        error: str | None = json.loads(answer)["error"]
        return error


class HostedDatabase:
    """A database of a host."""

    def __init__(self, host: DatabaseHost, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._host, self._port, self._open = host, free_port(), False

    @property
    def dsn(self) -> str:
        """DSN of the owner."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    async def start(self) -> None:
        """Serve it."""
        if not self._open:
            await self._host.open(self.data_dir, self._port)
            self._open = True

    async def stop(self) -> None:
        """Close it; the data stays."""
        if self._open:
            self._open = False
            await self._host.close(self._port)

    async def discard(self) -> None:
        """Close it, to remove its folder."""
        await self.stop()
