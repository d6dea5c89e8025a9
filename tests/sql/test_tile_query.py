"""The live query, compared with pandas on the raw rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ksys_app.domain.windows import WINDOWS, Window, parse_window
from ksys_app.models.rows import TileRow
from ksys_app.ops.schema import refresh
from ksys_app.queries import realtime
from ksys_app.queries.sparklines import sparks
from ksys_app.services import runtime
from tests import plant
from tests.conftest import Plant

TAGS = ("W1", "W2", "W3")


@pytest.fixture(scope="module")
async def samples(plant_db: Plant) -> dict[str, list[plant.Sample]]:
    """Three tags over 400 days; everything but the newest minutes is materialized."""
    now = await plant.clock(plant_db.conn)
    samples = {tag: plant.thinning(now, tag, seed=7) for tag in TAGS}
    for rows in samples.values():
        await plant.insert(plant_db.conn, rows)
    await refresh.refresh(plant_db.dsn, plant_db.settings.zone)
    return samples


async def _row(window: Window, tag: str) -> TileRow:
    answer = await realtime.tile_rows(window, 100)
    return next(row for row in answer.rows if row.tag_name == tag)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.label)
@pytest.mark.parametrize("tag", TAGS)
async def test_a_tile_equals_an_independent_computation(
    samples: dict[str, list[plant.Sample]], plant_db: Plant, window: Window, tag: str
) -> None:
    row = await _row(window, tag)
    expected = plant.expected_tile(samples[tag], window, row.now, plant_db.zone)
    for name, value in expected.items():
        wanted = None if value is None else pytest.approx(value, rel=1e-9)
        assert getattr(row, name) == wanted, name


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.label)
async def test_the_newest_sample_is_in_every_window_at_once(
    plant_db: Plant, window: Window
) -> None:
    async def newest(now: datetime) -> TileRow:
        tag = f"new {window.label} {now}"
        await plant.insert(plant_db.conn, [(now, tag, 42.0)])
        return await _row(window, tag)

    row = await plant.in_one_minute(plant_db.conn, newest)
    assert (row.value, row.count, row.last) == (42.0, 1, 42.0)


async def test_a_window_of_one_bucket_looks_one_bucket_back(plant_db: Plant) -> None:
    window = parse_window("1m")

    async def pair(now: datetime) -> tuple[list[plant.Sample], TileRow]:
        tag = f"pair {now}"
        rows = [(now - timedelta(seconds=5 * i), tag, 100.0 + i) for i in range(40)]
        await plant.insert(plant_db.conn, rows)
        await plant_db.conn.execute(
            "CALL refresh_continuous_aggregate('public.influx_agg_1m', NULL, NULL)"
        )
        return rows, await _row(window, tag)

    rows, row = await plant.in_one_minute(plant_db.conn, pair)
    expected = plant.expected_tile(rows, window, row.now, plant_db.zone)
    assert (row.last, row.prev_last) == (expected["last"], expected["prev_last"])
    assert row.prev_last is not None


async def test_a_tag_known_only_by_its_rule_or_expectation_has_a_row(plant_db: Plant) -> None:
    await plant_db.conn.execute("INSERT INTO influx_qc_rule (tag_name) VALUES ('only-rule')")
    await plant_db.conn.execute("INSERT INTO ingest_expectation VALUES ('only-expected', 6)")
    by_rule = await _row(parse_window("5m"), "only-rule")
    expected = await _row(parse_window("5m"), "only-expected")
    assert (by_rule.value, by_rule.ts, by_rule.count) == (None, None, 0)
    assert expected.exp_per_min == 6


async def test_the_sparkline_covers_the_window_in_order(
    samples: dict[str, list[plant.Sample]],
) -> None:
    (line,) = (await sparks(parse_window("60m"), 10, ["W1"])).rows
    assert line.at == sorted(line.at)
    assert 0 <= line.at[0] < line.at[-1] <= 1 + 1 / 48
    assert 20 < len(line.value) <= 49


async def test_motion_leaves_the_newest_sample_out_of_its_own_mean(plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    old = [(now - timedelta(seconds=10 * i), "jump", 10.0 + i % 2) for i in range(1, 11)]
    await plant.insert(plant_db.conn, [*old, (now, "jump", 500.0)])
    row = await _row(parse_window("5m"), "jump")
    assert row.prev_value == 11.0
    assert row.recent_mean == pytest.approx(10.5)
    assert row.recent_std == pytest.approx(0.527, abs=1e-3)


async def test_rows_are_capped_and_by_name(plant_db: Plant) -> None:
    rows = (await realtime.tile_rows(parse_window("5m"), 2)).rows
    everything = (await realtime.tile_rows(parse_window("5m"), 10_000)).rows
    assert [row.tag_name for row in rows] == [row.tag_name for row in everything][:2]
    assert len(everything) > 2


async def test_the_clock_is_the_databases(plant_db: Plant) -> None:
    before = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(datetime.now(UTC), "any", 1.0)])
    row = await _row(parse_window("5m"), "any")
    assert before <= row.now <= await plant.clock(plant_db.conn)
    assert runtime.current().database.counters.statements > 0
