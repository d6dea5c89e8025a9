"""Test databases that are embedded: each a process of its own over a copied folder."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path

from ksys_app.ops.embedded import EmbeddedDatabase, clone

MAX_ALIVE = 4

Apply = Callable[[str], Awaitable[None]]

_making_empty = asyncio.Lock()


@lru_cache(maxsize=1)
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="ksys-test-")


async def empty_folder() -> Path:
    """The folder of a stopped embedded server with nothing in it; made once in a test run."""
    async with _making_empty:
        folder = Path(_scratch().name) / "empty"
        if not folder.exists():
            unfinished = folder.with_suffix(".new")
            server = EmbeddedDatabase(unfinished)
            await server.start()
            await server.stop()
            unfinished.rename(folder)
        return folder


class EmbeddedProvider:
    """Databases of which each is a process of its own over a copied folder."""

    def __init__(self, apply: Apply) -> None:
        self.servers: dict[str, EmbeddedDatabase] = {}
        self._apply = apply
        self._root = Path(tempfile.mkdtemp(dir=_scratch().name))
        self._lock = asyncio.Lock()

    async def fresh(self, schema: bool) -> str:
        assert len(self.servers) < MAX_ALIVE, f"{MAX_ALIVE} databases are alive; drop one first"
        async with self._lock:
            template = await self._with_schema() if schema else await empty_folder()
        folder = self._root / uuid.uuid4().hex[:12]
        await asyncio.to_thread(clone, template, folder)
        server = EmbeddedDatabase(folder)
        await server.start()
        self.servers[server.dsn] = server
        return server.dsn

    async def drop(self, dsn: str) -> None:
        server = self.servers.pop(dsn)
        await server.stop()
        await asyncio.to_thread(shutil.rmtree, server.data_dir)

    async def stop(self, dsn: str) -> None:
        await self.servers[dsn].stop()

    async def start(self, dsn: str) -> None:
        await self.servers[dsn].start()

    async def close(self) -> None:
        for dsn in list(self.servers):
            await self.drop(dsn)
        await asyncio.to_thread(shutil.rmtree, self._root)

    async def _with_schema(self) -> Path:
        folder = self._root / "schema"
        if not folder.exists():
            unfinished = self._root / uuid.uuid4().hex[:12]
            await asyncio.to_thread(clone, await empty_folder(), unfinished)
            server = EmbeddedDatabase(unfinished)
            await server.start()
            try:
                await self._apply(server.dsn)
            finally:
                await server.stop()
            unfinished.rename(folder)
        return folder
