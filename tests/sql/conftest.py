"""A database with the schema for each module: its owner's DSN and connection."""

from __future__ import annotations

import pytest
from psycopg import AsyncConnection

from tests.conftest import Plant


@pytest.fixture(scope="module")
def dsn(plant_db: Plant) -> str:
    return plant_db.dsn


@pytest.fixture(scope="module")
def conn(plant_db: Plant) -> AsyncConnection:
    return plant_db.conn
