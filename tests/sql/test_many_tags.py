"""Five thousand new tags at once, in a database without any tags."""

from __future__ import annotations

import asyncio

import pytest
from psycopg import AsyncConnection

from ksys_app.domain.pieces import Piece
from ksys_app.domain.windows import parse_window
from ksys_app.queries.pieces import shape
from ksys_app.queries.realtime import tile_params, tile_rows, tiles_statement
from tests.plant import clock, insert

TAGS = 5000
# The statement used to take 14 minutes here; it takes seconds. This means that it hangs.
HANGS_S = 240


@pytest.fixture(scope="module")
async def crowd(conn: AsyncConnection) -> int:
    """The number of tags in a database without any statistics."""
    await conn.execute("ALTER TABLE public.tag_latest SET (autovacuum_enabled = false)")
    await conn.execute(
        "INSERT INTO public.influx_hist (ts, tag_name, value)"
        " SELECT now() - n * interval '50 s', 'T' || lpad(tag::text, 5, '0'), tag"
        " FROM generate_series(1, %s) AS tag, generate_series(0, 5) AS n",
        [TAGS],
    )
    assert await estimated_tags(conn) <= 0
    return TAGS


async def estimated_tags(conn: AsyncConnection) -> float:
    """The planner's estimate of the number of tags; -1 without statistics."""
    cursor = await conn.execute(
        "SELECT reltuples FROM pg_class WHERE oid = 'public.tag_latest'::regclass"
    )
    row = await cursor.fetchone()
    assert row is not None
    return float(row[0])


@pytest.mark.parametrize("label", ["5m", "24h", "12m"])
async def test_all_tiles_are_read_without_statistics(
    conn: AsyncConnection, crowd: int, label: str
) -> None:
    window = parse_window(label)
    plan = (Piece(window.bucket),)
    async with asyncio.timeout(HANGS_S):
        params = tile_params(window, plan, crowd + 1)
        cursor = await conn.execute(tiles_statement(window.bucket, shape(plan)), params)
        rows = await cursor.fetchall()
    assert len(rows) == crowd


async def test_a_tag_among_many_is_found_alone(conn: AsyncConnection, crowd: int) -> None:
    # The samples are as old as this module, and a busy machine needs minutes for its first tests.
    (row,) = (await tile_rows(parse_window("60m"), 10, ["T04990"])).rows
    assert (row.value, row.min, row.max) == (4990.0, 4990.0, 4990.0)


async def test_statistics_are_gathered_when_the_tags_have_grown_by_a_fifth(
    conn: AsyncConnection, crowd: int
) -> None:
    await conn.execute("CALL public.settle_tags()")
    assert await estimated_tags(conn) == crowd
    now = await clock(conn)
    await insert(conn, [(now, f"MORE{n}", 1.0) for n in range(crowd // 6)])
    await conn.execute("CALL public.settle_tags()")
    assert await estimated_tags(conn) == crowd, "a sixth more is not worth it"
    await insert(conn, [(now, f"YET{n}", 1.0) for n in range(crowd // 6)])
    await conn.execute("CALL public.settle_tags()")
    assert await estimated_tags(conn) == crowd + 2 * (crowd // 6)
