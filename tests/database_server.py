"""Test databases on one PostgreSQL server: copies of a template database."""

from __future__ import annotations

import asyncio
import uuid

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from testcontainers.core.container import DockerContainer

from tests.templates import Step

IMAGE = "timescale/timescaledb-ha:pg16.14-ts2.28.3-all"
DOCKER_READY_S = 120.0
CLONE_ATTEMPTS = 20
EMPTY = "template0"


class ServerProvider:
    """Databases on one PostgreSQL server."""

    def __init__(self, admin_dsn: str, container: DockerContainer | None = None) -> None:
        self._admin_dsn = admin_dsn
        self._container = container
        self._names: dict[str, str] = {}
        self._templates: dict[str, str] = {}
        self._lock = asyncio.Lock()

    @classmethod
    async def in_docker(cls) -> ServerProvider:
        password = uuid.uuid4().hex
        container = (
            DockerContainer(IMAGE)
            .with_env("POSTGRES_PASSWORD", password)
            .with_env("TIMESCALEDB_TELEMETRY", "off")
            .with_exposed_ports(5432)
        )
        await asyncio.to_thread(container.start)
        host, port = container.get_container_host_ip(), container.get_exposed_port(5432)
        dsn = f"postgresql://postgres:{password}@{host}:{port}/postgres"
        deadline = asyncio.get_running_loop().time() + DOCKER_READY_S
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(dsn, connect_timeout=5)
            except psycopg.OperationalError:
                if asyncio.get_running_loop().time() > deadline:
                    await asyncio.to_thread(container.stop)
                    raise
                await asyncio.sleep(0.5)
            else:
                await connection.close()
                return cls(dsn, container)

    async def fresh(self, *steps: Step, alone: bool = False) -> str:
        async with self._lock:
            return await self._create(await self._template(*steps))

    async def drop(self, dsn: str) -> None:
        name = self._names.pop(dsn)
        await self._run("DROP DATABASE {} WITH (FORCE)", name)

    async def stop(self, dsn: str) -> None:
        await self._run("ALTER DATABASE {} ALLOW_CONNECTIONS false", self._names[dsn])
        await self._end_backends(self._names[dsn])

    async def start(self, dsn: str) -> None:
        await self._run("ALTER DATABASE {} ALLOW_CONNECTIONS true", self._names[dsn])

    async def close(self) -> None:
        if self._container is not None:
            await asyncio.to_thread(self._container.stop)
            return
        for dsn in list(self._names):
            await self.drop(dsn)

    async def _template(self, *steps: Step) -> str:
        if not steps:
            return EMPTY
        *before, last = steps
        if last.name not in self._templates:
            dsn = await self._create(await self._template(*before))
            await last.apply(dsn)
            self._templates[last.name] = self._names[dsn]
        return self._templates[last.name]

    async def _create(self, template: str) -> str:
        name = f"ksys_test_{uuid.uuid4().hex[:12]}"
        if template != EMPTY:
            # TimescaleDB's scheduler keeps a connection open, and PostgreSQL cannot copy a database
            # with connections.
            await self._run("ALTER DATABASE {} ALLOW_CONNECTIONS false", template)
        for attempt in range(CLONE_ATTEMPTS):
            await self._end_backends(template)
            try:
                await self._run("CREATE DATABASE {} TEMPLATE {}", name, template)
                break
            except psycopg.errors.ObjectInUse:
                if attempt == CLONE_ATTEMPTS - 1:
                    raise
                await asyncio.sleep(0.1)
        dsn = make_conninfo(self._admin_dsn, dbname=name)
        self._names[dsn] = name
        return dsn

    async def _run(self, statement: str, *names: str) -> None:
        async with await psycopg.AsyncConnection.connect(
            self._admin_dsn, autocommit=True
        ) as connection:
            await connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    async def _end_backends(self, name: str) -> None:
        async with await psycopg.AsyncConnection.connect(
            self._admin_dsn, autocommit=True
        ) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
