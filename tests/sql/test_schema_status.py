"""``ksys db status``: sizes, chunks, lag and problems."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection

from ksys_app.domain import upkeep
from ksys_app.errors import SchemaDrift
from ksys_app.ops.masterdata.rates import Rate, rate_warnings
from ksys_app.ops.schema.refresh import refresh
from ksys_app.ops.verify.status import status
from tests.conftest import ZONE
from tests.database import TestDatabases
from tests.plant import clock, insert

NOW = datetime(2026, 8, 14, tzinfo=UTC)


async def test_a_database_without_samples_has_a_state_too(dsn: str) -> None:
    found = await status(dsn, ZONE)
    assert found.newest is None
    assert {(lag.stored_to, lag.newest_bucket) for lag in found.lags} == {(None, None)}
    assert found.warnings == []


async def test_status_has_the_state_of_the_database(dsn: str, conn: AsyncConnection) -> None:
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
    await refresh(dsn, ZoneInfo(ZONE))

    found = await status(dsn, ZONE)
    assert found.server.timescaledb
    assert found.server.size > 1_000_000
    assert [item.name for item in found.storage] == [*upkeep.HYPERTABLES, *upkeep.REFRESH]
    raw = found.storage[0]
    assert raw.chunks >= 2
    assert raw.compressed_chunks == 1
    assert raw.size > 0
    assert raw.before is not None
    assert found.newest is not None
    assert found.newest.ts == now
    assert [lag.name for lag in found.lags] == list(upkeep.REFRESH)
    for lag in found.lags:
        assert lag.behind == timedelta(0), lag.name
        assert lag.stored_to is not None
        assert lag.stored_to <= found.server.now
    assert len(found.jobs) == 15
    assert sorted(warning.split()[0] for warning in found.warnings) == ["S12", "S5"]

    await conn.execute(
        "INSERT INTO public.ingest_expectation (tag_name, exp_per_min) VALUES ('S12', 12)"
    )
    assert [w.split()[0] for w in (await status(dsn, ZONE)).warnings] == ["S5"]


@pytest.mark.parametrize(
    ("observed", "wanted", "warns"),
    [(1, 1, False), (2, 1, False), (2.5, 1, True), (6, 12, False), (5, 12, True), (0, 1, True)],
)
def test_a_rate_is_judged_against_its_expectation(
    observed: float, wanted: int, warns: bool
) -> None:
    assert bool(rate_warnings([Rate("D100", observed, wanted)])) is warns


async def test_refused_samples_are_reported_and_hide_nothing(
    dsn: str, conn: AsyncConnection
) -> None:
    now = await clock(conn)
    far = datetime(now.year + 4, 1, 1, tzinfo=UTC)
    await insert(conn, [(now, "HERE", 1.0)])
    await insert(conn, [(far, f"AHEAD{n}", 1.0) for n in range(3)])
    await insert(conn, [(now, "PLC_SWAP", 2e200), (now - timedelta(seconds=1), "PLC_SWAP", 2e200)])
    found = await status(dsn, ZONE)
    assert found.newest is not None
    assert found.newest.ts <= found.server.now
    assert all(lag.newest_bucket is not None for lag in found.lags)
    refused = [warning for warning in found.warnings if "refused" in warning]
    assert [warning.split(":")[0] for warning in refused] == [
        "PLC_SWAP",
        "AHEAD0",
        "AHEAD1",
        "AHEAD2",
    ]
    assert "2 samples refused in the last day (MAGNITUDE)" in refused[0]
    assert refused[0].endswith(" 2e+200")
    assert f"(AHEAD), the newest {far:%Y-%m-%d}" in refused[1]


async def test_refused_rows_without_a_tag_and_of_one_statement_are_named(
    dsn: str, conn: AsyncConnection
) -> None:
    """Rows of one statement were received at once: the newest is the one of the newest time."""
    await conn.execute(
        "INSERT INTO public.influx_hist (ts, tag_name, value)"
        " SELECT now() - n * interval '1 s', tag, CASE n WHEN 0 THEN 3e200 ELSE 1e200 END"
        " FROM generate_series(0, 9) AS n,"
        " unnest(ARRAY[NULL, 'ONE STATEMENT', E'two\nlines']) AS tag ORDER BY n"
    )
    warnings = "\n".join((await status(dsn, ZONE)).warnings)
    assert "\nno tag: 10 samples refused in the last day (NO_TAG)" in warnings
    assert "\n'two\\nlines': 10 samples refused" in warnings
    (line,) = [line for line in warnings.splitlines() if line.startswith("ONE STATEMENT")]
    assert line.endswith(" 3e+200")


async def test_an_empty_database_is_reported(databases: TestDatabases) -> None:
    dsn = await databases.fresh(schema=False)
    try:
        with pytest.raises(SchemaDrift, match="run ksys db init"):
            await status(dsn, ZONE)
    finally:
        await databases.drop(dsn)
