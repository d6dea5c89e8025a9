"""`ksys db status`: sizes, chunks, lag and what to look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from ksys_app.errors import SchemaDrift
from ksys_app.ops import expected
from ksys_app.ops.refresh import refresh
from ksys_app.ops.status import Newest, Rate, clock_warnings, rate_warnings, status
from tests.database import TestDatabases
from tests.plant import clock, insert

NOW = datetime(2026, 8, 14, tzinfo=UTC)


async def test_a_database_without_samples_has_a_state_too(dsn: str) -> None:
    found = await status(dsn)
    assert found.newest is None
    assert {(lag.materialized_to, lag.newest_bucket) for lag in found.lags} == {(None, None)}
    assert found.warnings == []


async def test_it_tells_the_state_of_the_database(dsn: str, conn: AsyncConnection) -> None:
    now = await clock(conn)
    minute = timedelta(minutes=1)
    await insert(conn, [(now - n * minute, "S1", 1.0) for n in range(60)])
    await insert(conn, [(now - n * minute / 12, "S12", 1.0) for n in range(720)])
    await insert(conn, [(now - n * 5 * minute, "S5", 1.0) for n in range(12)])
    await insert(conn, [(now - timedelta(days=20), "OLD", 1.0)])
    await conn.execute(
        "SELECT compress_chunk(c, true)"
        " FROM show_chunks('public.influx_hist', older_than => interval '9 days')"
        " AS c"
    )
    await refresh(dsn)

    found = await status(dsn)
    assert found.server.timescaledb
    assert found.server.size > 1_000_000
    assert [item.name for item in found.storage] == [*expected.HYPERTABLES, *expected.REFRESH]
    raw = found.storage[0]
    assert raw.chunks >= 2
    assert raw.compressed_chunks == 1
    assert raw.size > 0
    assert raw.before is not None
    assert found.newest is not None
    assert found.newest.ts == now
    assert [lag.name for lag in found.lags] == list(expected.REFRESH)
    for lag in found.lags:
        assert lag.behind == timedelta(0), lag.name
        assert lag.materialized_to is not None
        assert lag.materialized_to <= found.server.now
    assert len(found.jobs) == 12
    assert sorted(warning.split()[0] for warning in found.warnings) == ["S12", "S5"]

    await conn.execute(
        "INSERT INTO public.ingest_expectation (tag_name, exp_per_min) VALUES ('S12', 12)"
    )
    assert [w.split()[0] for w in (await status(dsn)).warnings] == ["S5"]


@pytest.mark.parametrize(
    ("observed", "wanted", "warns"),
    [(1, 1, False), (2, 1, False), (2.5, 1, True), (6, 12, False), (5, 12, True), (0, 1, True)],
)
def test_a_rate_is_judged_against_its_expectation(
    observed: float, wanted: int, warns: bool
) -> None:
    assert bool(rate_warnings([Rate("D100", observed, wanted)])) is warns


def test_a_sample_from_the_future_is_named() -> None:
    assert clock_warnings(None, NOW) == []
    assert clock_warnings(Newest("D100", NOW + timedelta(seconds=30)), NOW) == []
    (warning,) = clock_warnings(Newest("D100", NOW + timedelta(days=1)), NOW)
    assert warning == "D100 has a sample from the future: 2026-08-15 00:00:00Z"


async def test_an_empty_database_is_told(databases: TestDatabases) -> None:
    dsn = await databases.fresh(schema=False)
    try:
        with pytest.raises(SchemaDrift, match="run ksys db init"):
            await status(dsn)
    finally:
        await databases.drop(dsn)
