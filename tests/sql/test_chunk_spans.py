"""``ksys db init --tags`` sets the span of new chunks; ``ksys db status`` judges it."""

from __future__ import annotations

from datetime import timedelta

from psycopg import AsyncConnection

from ksys_app.ops import chunk_spans
from ksys_app.ops.verify import verify
from tests.conftest import ZONE
from tests.ksys import ksys
from tests.plant import clock, insert

SPANS = """
SELECT coalesce(a.view_name, d.hypertable_name), d.time_interval
FROM timescaledb_information.dimensions AS d
LEFT JOIN timescaledb_information.continuous_aggregates AS a
  ON a.materialization_hypertable_name = d.hypertable_name
"""
WEEK = timedelta(days=7)


async def spans(conn: AsyncConnection) -> dict[str, timedelta]:
    return dict(await (await conn.execute(SPANS)).fetchall())


async def test_the_span_of_new_chunks_follows_the_tags_and_status_warns_if_it_does_not_suit(
    conn: AsyncConnection, dsn: str
) -> None:
    before = await spans(conn)
    assert before["influx_hist"] == WEEK
    assert await chunk_spans.advice(conn) == [], "nothing is known without samples"
    code, out, _ = await ksys("db", "init", "--dry-run", "--tags", "100000", TS_ADMIN_DSN=dsn)
    assert code == 0
    assert "-- 100,000 tags write 100,000 samples a second (one a second from each)" in out
    assert "-- new chunks of influx_hist cover 6 h, those of influx_agg_1m, features_5m" in out
    assert await spans(conn) == before

    code, out, err = await ksys("db", "init", "--tags", "100000", TS_ADMIN_DSN=dsn)
    assert code == 0, err
    assert "do not fit in 25 % of the memory" in out
    after = await spans(conn)
    changed = {name: span for name, span in after.items() if span != before[name]}
    assert changed == {
        "influx_hist": timedelta(hours=6),
        **dict.fromkeys(chunk_spans.AGGREGATES, timedelta(hours=60)),
    }
    checks = {check.name: check for check in await verify.verify(dsn, zone=ZONE)}
    assert checks["hypertable influx_hist"].ok

    now = await clock(conn)
    await insert(conn, [(now - timedelta(minutes=n), "ONE", 1.0) for n in range(5, 10)])
    (advice,) = await chunk_spans.advice(conn)
    assert advice == (
        "chunks of 6 h are too short for 1 tags with 0.0014 samples a second: 7 d suits them; "
        "run ksys db init --tags 1"
    )
    code, out, _ = await ksys("db", "init", "--tags", "9", TS_ADMIN_DSN=dsn)
    assert "9 tags write 0.013 samples a second (measured)" in out
    assert await spans(conn) == before
    assert await chunk_spans.advice(conn) == []
