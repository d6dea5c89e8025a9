"""Embedded test databases: each has a copied data folder."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from pathlib import Path

from ksys_app.ops.embedded import EmbeddedDatabase, clone
from tests import sharing
from tests.database_host import DatabaseHost, HostedDatabase
from tests.templates import Apply, Step

MAX_ALIVE = 4


async def empty_folder() -> Path:
    """The data folder of an empty, stopped server; created once in a test run."""
    return await template_folder("empty", None, _nothing)


async def template_folder(name: str, parent: Path | None, fill: Apply) -> Path:
    """The data folder of a stopped server, for copies; created once in a test run.

    Args:
        name: name of the template in the test run.
        parent: the template to begin with, None for a new database.
        fill: changes the database; it takes the owner's DSN.
    """
    folder = sharing.folder() / name
    async with sharing.one_at_a_time(name):
        if not folder.exists():
            unfinished = new_folder()
            if parent is not None:
                await asyncio.to_thread(clone, parent, unfinished)
            server = EmbeddedDatabase(unfinished)
            await server.start()
            try:
                await fill(server.dsn)
            finally:
                await server.stop()
            unfinished.rename(folder)
    return folder


def new_folder() -> Path:
    """A path for a new data folder, in memory if there is enough; the folder does not exist yet."""
    return sharing.folder() / f"database-{uuid.uuid4().hex[:12]}"


async def _nothing(dsn: str) -> None:
    """Leave the database empty."""


class OwnProcess(EmbeddedDatabase):
    """A database in a process of its own, which a test may kill or stop."""

    async def discard(self) -> None:
        """End it, to remove its folder: killed, because a clean end takes as long as a start."""
        await self.stop(timeout_s=0)


class EmbeddedProvider:
    """Creates databases with copied data folders."""

    def __init__(self) -> None:
        self._host = DatabaseHost()
        self._servers: dict[str, HostedDatabase | OwnProcess] = {}

    async def fresh(self, *steps: Step, alone: bool = False) -> str:
        assert len(self._servers) < MAX_ALIVE, f"{MAX_ALIVE} databases are alive; drop one first"
        template = await _template(*steps)
        folder = new_folder()
        await asyncio.to_thread(clone, template, folder)
        server = OwnProcess(folder) if alone else HostedDatabase(self._host, folder)
        await server.start()
        self._servers[server.dsn] = server
        return server.dsn

    def process(self, dsn: str) -> EmbeddedDatabase:
        """The process of a database that was created with ``alone``."""
        server = self._servers[dsn]
        assert isinstance(server, OwnProcess), "the database is not alone in its process"
        return server

    async def drop(self, dsn: str) -> None:
        server = self._servers.pop(dsn)
        await server.discard()
        await asyncio.to_thread(shutil.rmtree, server.data_dir)

    async def stop(self, dsn: str) -> None:
        await self._servers[dsn].stop()

    async def start(self, dsn: str) -> None:
        await self._servers[dsn].start()

    async def close(self) -> None:
        for dsn in list(self._servers):
            await self.drop(dsn)
        await self._host.end()


async def _template(*steps: Step) -> Path:
    if not steps:
        return await empty_folder()
    *before, last = steps
    return await template_folder(last.name, await _template(*before), last.apply)
