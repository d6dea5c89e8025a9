"""Embedded test databases: each has its own process and a copied data folder."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from pathlib import Path

from ksys_app.ops.embedded import EmbeddedDatabase, clone
from tests import sharing
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


class EmbeddedProvider:
    """Creates databases that each have their own process and a copied data folder."""

    def __init__(self) -> None:
        self.servers: dict[str, EmbeddedDatabase] = {}

    async def fresh(self, *steps: Step) -> str:
        assert len(self.servers) < MAX_ALIVE, f"{MAX_ALIVE} databases are alive; drop one first"
        template = await _template(*steps)
        folder = new_folder()
        await asyncio.to_thread(clone, template, folder)
        server = EmbeddedDatabase(folder)
        await server.start()
        self.servers[server.dsn] = server
        return server.dsn

    async def drop(self, dsn: str) -> None:
        server = self.servers.pop(dsn)
        # Killed: a clean end takes as long as a start, and nobody reads the folder again.
        await server.stop(timeout_s=0)
        await asyncio.to_thread(shutil.rmtree, server.data_dir)

    async def stop(self, dsn: str) -> None:
        await self.servers[dsn].stop()

    async def start(self, dsn: str) -> None:
        await self.servers[dsn].start()

    async def close(self) -> None:
        for dsn in list(self.servers):
            await self.drop(dsn)


async def _template(*steps: Step) -> Path:
    if not steps:
        return await empty_folder()
    *before, last = steps
    return await template_folder(last.name, await _template(*before), last.apply)
