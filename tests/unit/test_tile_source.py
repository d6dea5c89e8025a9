"""The tiles of a window from rows and rules, and their lines in the log."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from ksys_app.domain.ordering import Selection
from ksys_app.domain.windows import LABELS, parse_window
from ksys_app.errors import DatabaseUnreachable
from ksys_app.models.rows import Spark
from ksys_app.services.tiles import TileSource
from tests.ticks import NOW, RULE, Lines, Rows, row

M5, SEOUL = Selection(parse_window("5m")), ZoneInfo("Asia/Seoul")


@pytest.fixture
def source(rows: Rows) -> TileSource:
    return TileSource(SEOUL, max_tags=3)


async def test_one_tile_a_tag_with_the_clock_of_the_database(source: TileSource) -> None:
    tile_set = await source.load(M5)
    assert [tile.title for tile in tile_set.tiles] == ["D100", "D101", "D302"]
    assert tile_set.tiles[0].range_label == "0.0 ~ 200.0"
    assert (tile_set.selection, tile_set.db_now) == (M5, NOW)
    assert (tile_set.fetched_ms, tile_set.error, tile_set.age_s) == (1_755_242_771_000, None, 0.0)
    assert not tile_set.truncated


async def test_a_plant_without_tags_has_no_tiles(source: TileSource, rows: Rows) -> None:
    rows.tiles = ()
    tile_set = await source.load(M5)
    assert (tile_set.tiles, tile_set.db_now, tile_set.truncated) == ((), None, False)


async def test_tags_beyond_the_limit_are_cut_off_and_counted(
    source: TileSource, rows: Rows, lines: Lines
) -> None:
    assert not (await source.load(M5)).truncated
    assert lines.named("payload_bloat") == []
    rows.tiles = tuple(row(f"D{i}") for i in range(100, 110))
    tile_set = await source.load(M5)
    assert [tile.title for tile in tile_set.tiles] == ["D100", "D101", "D102"]
    assert (tile_set.truncated, tile_set.more) == (True, 7)
    assert rows.caps == [4, 4]
    assert [level for level, line in lines.of if "payload_bloat" in line] == [logging.WARNING]
    assert "limit=3" in lines.named("payload_bloat")[0]


async def test_what_the_cache_serves_in_place_of_an_answer_keeps_error_and_age(
    source: TileSource, rows: Rows, lines: Lines
) -> None:
    rows.error = DatabaseUnreachable("db.plant does not answer")
    tile_set = await source.load(M5)
    assert (tile_set.error, tile_set.age_s, len(tile_set.tiles)) == (rows.error, 12.0, 3)
    assert "cache_hit=true" in lines.named("snapshot_refresh")[0]


@pytest.mark.parametrize("label", LABELS)
async def test_a_line_crosses_one_empty_slot_of_48_or_one_missing_bucket(
    source: TileSource, rows: Rows, label: str
) -> None:
    window = parse_window(label)
    slot, bucket = 1 / 48, window.width / window.duration
    allowed = max(2 * slot, bucket)
    for gap, lines_drawn in ((allowed * 1.01, 1), (max(3 * slot, 2 * bucket), 2)):
        rows.sparks = {"D100": Spark("D100", [0.0, gap], [1.0, 2.0])}
        tile_set = await source.load(Selection(window))
        assert tile_set.drawings(tile_set.tiles)[0].spark.count("M") == lines_drawn


async def test_each_load_is_logged_with_the_common_fields(
    source: TileSource, rows: Rows, lines: Lines
) -> None:
    rows.takes_s = 0.02
    began = time.monotonic()
    await source.load(Selection(parse_window("48h")))
    load_ms = (time.monotonic() - began) * 1000
    (line,) = lines.named("snapshot_refresh")
    # The log has one decimal.
    assert 20 <= float(line.partition("dur_ms=")[2].split()[0]) <= load_ms + 0.1
    assert line.startswith("snapshot_refresh range=48h tag=- view=influx_agg_10m rowcount=3 dur_ms")
    assert line.endswith(" cache_hit=false")


async def test_faults_of_a_rule_are_logged_where_they_begin_and_where_they_end(
    rows: Rows, source: TileSource, lines: Lines
) -> None:
    await source.load(M5)
    rows.rules = (replace(RULE, warn_max=float("nan")),)
    await source.load(M5)
    await source.load(Selection(parse_window("24h")))
    rows.rules = (RULE,)
    await source.load(M5)
    faults = [line.partition("faults=")[2] for line in lines.named("rule_fault")]
    assert faults == ['"warn_max: nan is not a finite number"', "-"]


async def test_a_thousand_faulty_rules_do_not_flood_the_log(
    rows: Rows, source: TileSource, lines: Lines
) -> None:
    rows.rules = tuple(replace(RULE, tag_name=f"T{n}", max_step=-1.0) for n in range(1000))
    await source.load(M5)
    assert len(lines.named("rule_fault")) == 20
