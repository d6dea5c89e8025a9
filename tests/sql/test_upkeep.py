"""Statistics and dead rows in a database without background processes."""

from __future__ import annotations

from datetime import timedelta

from ksys_app.ops.jobs.upkeep import upkeep
from tests import plant
from tests.conftest import Plant

ESTIMATE = """
SELECT reltuples FROM pg_class WHERE oid = (
  SELECT format('%I.%I', chunk_schema, chunk_name)::regclass
  FROM timescaledb_information.chunks
  WHERE hypertable_name = 'influx_hist' ORDER BY range_end DESC LIMIT 1)
"""


async def test_the_newest_chunk_has_statistics(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    rows = [(now - timedelta(seconds=i), "U1", float(i)) for i in range(500)]
    await plant.insert(plant_db.conn, rows)
    await upkeep(plant_db.conn)
    row = await (await plant_db.conn.execute(ESTIMATE)).fetchone()
    assert row is not None
    assert row[0] >= 1
