"""Files of samples that tests create, and a database with the schema."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.errors import ConfigError
from ksys_app.ops.recovery import pg_programs
from ksys_app.ops.schema import refresh
from tests.conftest import ZONE, Plant
from tests.database import TestDatabases
from tests.plant import Sample, clock, insert

HEADER = "ts,tag_name,value"
MakeFile = Callable[..., Path]


@pytest.fixture(scope="module")
def dsn(plant_db: Plant) -> str:
    return plant_db.dsn


@pytest.fixture(scope="module")
def conn(plant_db: Plant) -> AsyncConnection:
    return plant_db.conn


@pytest.fixture
def csv(tmp_path: Path) -> MakeFile:
    """Writes lines under the header of a sample file, gzipped where the name says so."""

    def make(lines: Sequence[str], name: str = "samples.csv", header: str = HEADER) -> Path:
        content = "\n".join([header, *lines]).encode() + b"\n"
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return make


def line(ts: datetime, tag: str, value: float) -> str:
    return f"{ts.isoformat()},{tag},{value!r}"


def lines(samples: Sequence[Sample]) -> list[str]:
    return [line(*sample) for sample in samples]


@pytest.fixture
async def server(databases: TestDatabases) -> AsyncIterator[str]:
    """A database of a server with its own ``pg_dump`` and ``pg_restore``, filled and compressed."""
    if databases.kind == "embedded":
        pytest.skip("the embedded database cannot be dumped")
    dsn = await databases.fresh()
    try:
        async with await connect(dsn) as conn:
            row = await (await conn.execute("SHOW server_version_num")).fetchone()
            assert row is not None
            try:
                for program in ("pg_dump", "pg_restore"):
                    await pg_programs.find(program, int(row[0]) // 10_000)  # type: ignore[arg-type]
            except ConfigError as error:
                pytest.skip(error.message)
            now = await clock(conn)
            for tag in ("A", "온도"):
                await insert(
                    conn, [(now - n * timedelta(minutes=13), tag, n / 7) for n in range(3000)]
                )
            await conn.execute("INSERT INTO public.influx_qc_rule (tag_name) VALUES ('A')")
            await refresh.refresh(dsn, ZoneInfo(ZONE))
            await conn.execute(
                "SELECT compress_chunk(c, true) FROM"
                " show_chunks('public.influx_hist', older_than => interval '9 days') AS c"
            )
        yield dsn
    finally:
        await databases.drop(dsn)


@pytest.fixture
async def empty(databases: TestDatabases) -> AsyncIterator[str]:
    dsn = await databases.fresh(schema=False)
    yield dsn
    await databases.drop(dsn)
