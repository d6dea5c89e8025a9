"""The newest sample of a tag when clocks run ahead and rows are deleted (PRD decision 33)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import AsyncConnection

from ksys_app.domain.windows import WINDOWS
from ksys_app.ops.schema import schema
from ksys_app.queries.metrics import buckets
from ksys_app.queries.realtime import tile_rows
from ksys_app.queries.sparklines import sparks
from ksys_app.queries.tags import find_tag
from tests.plant import clock, insert

MINUTE = timedelta(minutes=1)


async def latest(conn: AsyncConnection, tag: str) -> list[tuple[object, ...]]:
    cursor = await conn.execute(
        "SELECT value, ts, first_ts FROM public.tag_latest WHERE tag_name = %s", [tag]
    )
    return await cursor.fetchall()


async def settle(conn: AsyncConnection) -> None:
    await conn.execute("CALL public.settle_tags()")


async def delete(conn: AsyncConnection, tag: str, condition: str = "true") -> None:
    await conn.execute(
        f"DELETE FROM public.influx_hist WHERE tag_name = %s AND {condition}",  # type: ignore[arg-type]
        [tag],
    )


async def allow_ahead(conn: AsyncConnection, seconds: int) -> None:
    """Change how far ahead a sample may be, as `ksys db init` does with KSYS_MAX_AHEAD_S."""
    (step,) = [step for step in schema.plan() if step.name == "055_ingest"]
    async with conn.transaction():
        await conn.execute("SELECT set_config('ksys.max_ahead_s', %s, true)", [str(seconds)])
        await conn.execute(step.sql.encode())


async def test_a_sample_ahead_hides_none_that_follows(conn: AsyncConnection) -> None:
    now = await clock(conn)
    await insert(conn, [(now + 10 * MINUTE, "AHEAD", 190.0)])
    assert await latest(conn, "AHEAD") == []
    await insert(conn, [(now - MINUTE, "AHEAD", 240.0), (now, "AHEAD", 245.0)])
    assert await latest(conn, "AHEAD") == [(245.0, now, now - MINUTE)]
    (row,) = (await tile_rows(WINDOWS[0], 10, ["AHEAD"])).rows
    assert (row.value, row.ts) == (245.0, now)


async def test_no_window_reaches_past_now(conn: AsyncConnection) -> None:
    now = await clock(conn)
    rows = [(now + n * MINUTE, "WINDOW", 9.0) for n in (2, 10, 100, 100_000)]
    await insert(conn, [*rows, (now - timedelta(seconds=1), "WINDOW", 1.0)])
    for window in WINDOWS:
        (row,) = (await tile_rows(window, 10, ["WINDOW"])).rows
        (line,) = (await sparks(window, 10, ["WINDOW"])).rows
        assert all(0 <= at <= 1 for at in line.at), window.label
        counts = [b.n for b in (await buckets("WINDOW", window)).rows]
        if window.duration == MINUTE:
            # It is empty by now if the sample's minute began before it.
            assert (row.max in (None, 1.0), counts in ([], [1])) == (True, True)
        else:
            assert (row.count, row.min, row.max, row.last) == (1, 1.0, 1.0, 1.0), window.label
            assert counts == [1], window.label


async def test_a_sample_is_taken_in_when_its_time_has_come(conn: AsyncConnection) -> None:
    now = await clock(conn)
    later, far = now + 30 * MINUTE, now + 3000 * MINUTE
    await insert(conn, [(now, "COMES", 1.0), (later, "COMES", 2.0), (far, "COMES", 3.0)])
    await insert(conn, [(later, "ALONE", 4.0), (later, "AGAIN", 5.0)])
    await settle(conn)
    assert await latest(conn, "COMES") == [(1.0, now, now)]
    assert await latest(conn, "ALONE") == []
    try:
        await allow_ahead(conn, 3600)
        # The sample is sent again in time; the refused row does not replace it.
        await insert(conn, [(later, "AGAIN", 6.0)])
        await settle(conn)
    finally:
        await allow_ahead(conn, 60)
    assert await latest(conn, "COMES") == [(2.0, later, now)]
    assert await latest(conn, "ALONE") == [(4.0, later, later)]
    assert await latest(conn, "AGAIN") == [(6.0, later, later)]
    cursor = await conn.execute(
        "SELECT tag_name, ts FROM ingest_reject WHERE tag_name IN ('COMES', 'ALONE', 'AGAIN')"
    )
    assert await cursor.fetchall() == [("COMES", far)]
    await delete(conn, "COMES", "ts > now()")
    await delete(conn, "ALONE")
    await delete(conn, "AGAIN")


async def test_a_tag_with_only_samples_ahead_exists_and_is_bad(conn: AsyncConnection) -> None:
    now = await clock(conn)
    await insert(conn, [(now + timedelta(hours=9), "KST", 1.0)])
    assert await find_tag("KST") is not None
    (row,) = (await tile_rows(WINDOWS[0], 10, ["KST"])).rows
    assert (row.value, row.refused, row.refused_value) == (None, 1, 1.0)


async def test_a_chunk_of_a_refused_row_is_dropped(conn: AsyncConnection) -> None:
    now = await clock(conn)
    chunks = (
        "SELECT count(*) FROM timescaledb_information.chunks"
        " WHERE hypertable_name = 'influx_hist' AND range_start > now()"
    )
    await insert(conn, [(now + timedelta(days=n), "FAR", 1.0) for n in (30, 300, 3000)])
    await settle(conn)
    assert await (await conn.execute(chunks)).fetchall() == [(0,)]


async def test_one_sample_years_ahead_deleted_again_leaves_nothing(conn: AsyncConnection) -> None:
    now = await clock(conn)
    await insert(conn, [(now - MINUTE, "YEARS", 5.0)])
    await insert(conn, [(datetime(now.year + 4, 1, 1, tzinfo=now.tzinfo), "YEARS", 7.0)])
    await delete(conn, "YEARS", "ts > now()")
    await settle(conn)
    assert await latest(conn, "YEARS") == [(5.0, now - MINUTE, now - MINUTE)]


async def test_a_deleted_newest_sample_falls_back_to_the_one_before(conn: AsyncConnection) -> None:
    now = await clock(conn)
    await insert(conn, [(now - n * MINUTE, "BACK", float(n)) for n in range(5)])
    await delete(conn, "BACK", "value = 0")
    await settle(conn)
    assert await latest(conn, "BACK") == [(1.0, now - MINUTE, now - 4 * MINUTE)]
    await delete(conn, "BACK", "value = 4")
    await settle(conn)
    assert await latest(conn, "BACK") == [(1.0, now - MINUTE, now - 3 * MINUTE)]


async def test_a_moved_newest_sample_is_followed(conn: AsyncConnection) -> None:
    now = await clock(conn)
    await insert(conn, [(now - MINUTE, "MOVED", 1.0), (now, "MOVED", 2.0)])
    await conn.execute(
        "UPDATE influx_hist SET ts = ts - interval '30 s' WHERE tag_name = 'MOVED' AND value = 2"
    )
    await settle(conn)
    assert await latest(conn, "MOVED") == [(2.0, now - MINUTE / 2, now - MINUTE)]


async def test_a_tag_without_any_row_is_gone(conn: AsyncConnection) -> None:
    await insert(conn, [(await clock(conn), "GONE", 1.0)])
    await delete(conn, "GONE")
    await settle(conn)
    assert await latest(conn, "GONE") == []


async def test_a_sample_of_a_compressed_chunk_may_be_deleted(conn: AsyncConnection) -> None:
    then = await clock(conn) - timedelta(days=40)
    await insert(conn, [(then, "PACKED", 1.0), (then + MINUTE, "PACKED", 2.0)])
    await conn.execute(
        "SELECT compress_chunk(c, true) FROM show_chunks('public.influx_hist',"
        " older_than => interval '30 days') AS c"
    )
    await delete(conn, "PACKED", "value = 2")
    await settle(conn)
    assert await latest(conn, "PACKED") == [(1.0, then, then)]


async def test_a_sample_that_the_retention_drops_stays_the_newest(conn: AsyncConnection) -> None:
    now = await clock(conn)
    await insert(conn, [(now - timedelta(days=300), "SILENT", 1.0), (now, "LIVE", 1.0)])
    await conn.execute(
        "SELECT drop_chunks('public.influx_hist', older_than => interval '200 days')"
    )
    await conn.execute("INSERT INTO tag_recheck (tag_name) VALUES ('SILENT')")
    await settle(conn)
    assert len(await latest(conn, "SILENT")) == 1


async def test_an_emptied_table_leaves_no_newest_sample(conn: AsyncConnection) -> None:
    async with conn.transaction(force_rollback=True):
        await insert(conn, [(await clock(conn), "EMPTIED", 1.0)])
        await conn.execute("TRUNCATE public.influx_hist")
        await settle(conn)
        assert await latest(conn, "EMPTIED") == []


STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "delete", "settle"]), st.integers(-6, 6)), max_size=12
)


@pytest.mark.parametrize("tag", ["RANDOM"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_after_any_steps_it_is_the_newest_that_is_not_ahead(
    conn: AsyncConnection, tag: str, steps: list[tuple[str, int]]
) -> None:
    await delete(conn, tag)
    # Samples ahead in an earlier example would be taken in when their time has come.
    await conn.execute("DELETE FROM ingest_reject WHERE tag_name = %s", [tag])
    await settle(conn)
    now = await clock(conn)
    written: dict[int, float] = {}
    for number, (what, place) in enumerate(steps):
        ts = now + place * 10 * MINUTE
        if what == "write":
            await insert(conn, [(ts, tag, float(number))])
            written[place] = float(number)
        elif what == "delete":
            await conn.execute("DELETE FROM influx_hist WHERE tag_name = %s AND ts = %s", [tag, ts])
            written.pop(place, None)
        else:
            await settle(conn)
    await settle(conn)
    past = sorted(place for place in written if place <= 0)
    wanted = (
        [(written[past[-1]], now + past[-1] * 10 * MINUTE, now + past[0] * 10 * MINUTE)]
        if past
        else []
    )
    assert await latest(conn, tag) == wanted
