"""``influx_latest``: the newest sample of each tag, in any order of arrival."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import AsyncConnection, sql

from tests.plant import Sample, clock, insert

T0 = datetime(2026, 6, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


async def latest(conn: AsyncConnection, tag: str) -> tuple[object, ...] | None:
    cursor = await conn.execute(
        "SELECT l.value, l.ts, t.first_ts FROM public.influx_latest AS l"
        " JOIN public.tag_latest AS t USING (tag_name) WHERE tag_name = %s",
        (tag,),
    )
    return await cursor.fetchone()


async def test_the_first_sample_of_a_tag_is_its_first_and_its_newest(
    conn: AsyncConnection,
) -> None:
    await insert(conn, [(at(0), "ONE", 1.5)])
    assert await latest(conn, "ONE") == (1.5, at(0), at(0))


async def test_a_late_sample_moves_only_the_first(conn: AsyncConnection) -> None:
    await insert(conn, [(at(10), "LATE", 10.0)])
    await insert(conn, [(at(5), "LATE", 5.0)])
    assert await latest(conn, "LATE") == (10.0, at(10), at(5))


async def test_many_rows_of_many_tags_in_one_statement(conn: AsyncConnection) -> None:
    await insert(conn, [(at(n), f"MANY{n % 3}", float(n)) for n in range(30)])
    assert [await latest(conn, f"MANY{n}") for n in range(3)] == [
        (27.0, at(27), at(0)),
        (28.0, at(28), at(1)),
        (29.0, at(29), at(2)),
    ]


async def test_an_upsert_of_the_newest_sample_changes_its_value(conn: AsyncConnection) -> None:
    await insert(conn, [(at(1), "UP", 1.0), (at(2), "UP", 2.0)])
    await insert(conn, [(at(2), "UP", 22.0)])
    assert await latest(conn, "UP") == (22.0, at(2), at(1))


async def test_an_upsert_of_an_older_sample_changes_nothing(conn: AsyncConnection) -> None:
    await insert(conn, [(at(1), "OLD", 1.0), (at(2), "OLD", 2.0)])
    await insert(conn, [(at(1), "OLD", 11.0)])
    assert await latest(conn, "OLD") == (2.0, at(2), at(1))


async def test_an_update_is_followed(conn: AsyncConnection) -> None:
    await insert(conn, [(at(1), "SET", 1.0)])
    await conn.execute("UPDATE public.influx_hist SET value = 7 WHERE tag_name = 'SET'")
    assert await latest(conn, "SET") == (7.0, at(1), at(1))


async def test_a_sample_in_a_compressed_chunk_is_followed(conn: AsyncConnection) -> None:
    await insert(conn, [(at(n), "DEEP", float(n)) for n in range(50)])
    await conn.execute(
        "SELECT compress_chunk(format('%%I.%%I', chunk_schema, chunk_name)::regclass,"
        " if_not_compressed => true) FROM timescaledb_information.chunks"
        " WHERE hypertable_name = 'influx_hist' AND range_start <= %s AND range_end > %s",
        (at(0), at(0)),
    )
    await insert(conn, [(at(49), "DEEP", 490.0), (at(51), "DEEP", 51.0), (at(-1), "DEEP", -1.0)])
    assert await latest(conn, "DEEP") == (51.0, at(51), at(-1))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(
        st.lists(
            st.tuples(st.integers(0, 9), st.integers(-(10**9), 10**9).map(lambda n: n / 1000)),
            min_size=1,
            max_size=5,
            unique_by=lambda pair: pair[0],
        ),
        min_size=1,
        max_size=6,
    )
)
async def test_any_order_of_batches_ends_with_the_newest(
    conn: AsyncConnection, batches: list[list[tuple[int, float]]]
) -> None:
    await conn.execute("DELETE FROM public.tag_latest WHERE tag_name = 'ANY'")
    await conn.execute("DELETE FROM public.influx_hist WHERE tag_name = 'ANY'")
    written: dict[int, float] = {}
    for batch in batches:
        rows: list[Sample] = [(at(minute), "ANY", value) for minute, value in batch]
        await insert(conn, rows)
        written |= dict(batch)
    newest = max(written)
    assert await latest(conn, "ANY") == (written[newest], at(newest), at(min(written)))


async def test_the_live_view_ends_at_an_hour(conn: AsyncConnection) -> None:
    now = await clock(conn)
    ages = (5, 3500, 3700, 90_000)
    await insert(conn, [(now - timedelta(seconds=age), "LIVE", float(age)) for age in ages])
    cursor = await conn.execute(
        "SELECT value FROM public.influx_live WHERE tag_name = 'LIVE' ORDER BY ts DESC"
    )
    assert await cursor.fetchall() == [(5.0,), (3500.0,)]


@pytest.mark.parametrize("view", ["influx_latest", "influx_live"])
async def test_a_reader_needs_no_right_on_the_tables_of_a_view(
    conn: AsyncConnection, view: str
) -> None:
    async with conn.transaction(force_rollback=True):
        await conn.execute("REVOKE SELECT ON public.tag_latest, public.influx_hist FROM eco_ro")
        await conn.execute("SET LOCAL ROLE eco_ro")
        await conn.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", view))
        )
