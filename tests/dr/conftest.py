"""Files of samples that tests make for themselves, and a database with the schema."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from tests.conftest import Plant
from tests.plant import Sample

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
