"""A real TimescaleDB for the tests: ``TS_TEST_DSN``, else Docker, else the embedded one.

Every test gets its own databases. They are copies of a template: on a server of a template
database, for the embedded database of the data folder of a stopped process.
"""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import Literal, Protocol

import docker
import pytest
import requests
from docker.errors import DockerException
from psycopg.conninfo import make_conninfo

from ksys_app.db import connect
from ksys_app.errors import KsysError
from ksys_app.ops.embedded import EmbeddedDatabase
from tests.database_embedded import EmbeddedProvider, empty_folder
from tests.database_server import ServerProvider
from tests.templates import Apply, Step, named

AS_NEW = """
DO $$ BEGIN
  IF to_regclass('public.ksys_job_run') IS NOT NULL THEN
    UPDATE public.ksys_job_run SET known_since = now();
  END IF;
END $$
"""

Kind = Literal["native", "docker", "embedded"]


class Provider(Protocol):
    """Creates and removes databases."""

    async def fresh(self, *steps: Step, alone: bool = False) -> str:
        """DSN of the owner of a new database, in which these steps are done.

        With ``alone``, an embedded database has a process of its own.
        """

    async def drop(self, dsn: str) -> None:
        """Remove a database."""

    async def stop(self, dsn: str) -> None:
        """Take a database away: its sessions end and new ones are refused."""

    async def start(self, dsn: str) -> None:
        """Bring the database back, with its data."""

    async def close(self) -> None:
        """Remove everything."""


class TestDatabases:
    """Any number of fresh databases; an async context manager."""

    __test__ = False
    kind: Kind

    def __init__(self, apply: Apply) -> None:
        """Store ``apply``, which takes the owner's DSN and applies the schema."""
        self._schema = named(apply)
        self._provider: Provider

    async def __aenter__(self) -> TestDatabases:
        self.kind, self._provider = await _choose()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._provider.close()

    async def fresh(
        self, schema: bool = True, filled: Step | None = None, *, alone: bool = False
    ) -> str:
        """A new, isolated database.

        Args:
            schema: whether to apply the schema; otherwise the database is empty.
            filled: what to put into it, after the schema. It is done once for all databases with a
                step of this name.
            alone: whether an embedded database has a process of its own, for :meth:`process`.

        Returns:
            The owner's DSN.
        """
        steps = (self._schema, filled) if filled else (self._schema,)
        dsn = await self._provider.fresh(*(steps if schema else ()), alone=alone)
        if schema:
            # The template may be old; the copy is new, so no job of it counts as late.
            async with await connect(dsn) as conn:
                await conn.execute(AS_NEW)
        return dsn

    async def drop(self, dsn: str) -> None:
        """Remove a database that :meth:`fresh` created."""
        await self._provider.drop(dsn)

    async def stop(self, dsn: str) -> None:
        """Take a database away: its sessions end and new ones are refused."""
        await self._provider.stop(dsn)

    async def start(self, dsn: str) -> None:
        """Bring the database back, with its data."""
        await self._provider.start(dsn)

    @staticmethod
    def as_role(dsn: str, role: str, password: str | None = None) -> str:
        """The DSN of the same database for another role."""
        return make_conninfo(dsn, user=role, password=password)

    def process(self, dsn: str) -> EmbeddedDatabase:
        """The process of an embedded database that is alone in it; a test may kill or stop it."""
        assert isinstance(self._provider, EmbeddedProvider), "the database is not embedded"
        return self._provider.process(dsn)


async def _choose() -> tuple[Kind, Provider]:
    if dsn := os.environ.get("TS_TEST_DSN"):
        return "native", ServerProvider(dsn)
    if await asyncio.to_thread(_docker_answers):
        return "docker", await ServerProvider.in_docker()
    provider = EmbeddedProvider()
    try:
        await empty_folder()
    except KsysError as error:
        await provider.close()
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no database: {error}")
    return "embedded", provider


def _docker_answers() -> bool:
    try:
        client = docker.from_env(timeout=5)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except (DockerException, requests.RequestException):
        return False
