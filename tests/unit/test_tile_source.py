"""The tiles of a window from rows and rules, and what is remembered and logged in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ksys_app import db
from ksys_app.domain.ordering import Selection
from ksys_app.domain.windows import LABELS, parse_window
from ksys_app.errors import DatabaseUnreachable
from ksys_app.log import logger
from ksys_app.models.rows import StoredRule, TileRow
from ksys_app.queries.aggregates import DayZone
from ksys_app.tile_source import TileSource
from ksys_app.utils.cache import Answer

NOW = datetime(2025, 8, 15, 7, 26, 11, tzinfo=UTC)
M5, SEOUL = Selection(parse_window("5m")), ZoneInfo("Asia/Seoul")
EMPTY: Any = dict.fromkeys(StoredRule.__slots__)
RULE = StoredRule(
    **EMPTY
    | {"tag_name": "D100", "enabled": True, "min_val": 0.0, "max_val": 200.0, "warn_max": 195.0}
    | {"crit_max": 198.0, "deadband_pct": 1.0}
)


def row(tag: str, value: float | None = 190.0) -> TileRow:
    seen = value is not None
    return TileRow(
        tag_name=tag,
        now=NOW,
        value=value,
        ts=NOW - timedelta(seconds=4) if seen else None,
        count=int(seen),
        min=value,
        max=value,
        first=value,
        last=value,
        prev_last=value,
        spark_at=[0.0, 0.06, 0.5],
        spark=[1.0, 2.0, 3.0],
        prev_value=None,
        prev_ts=None,
        recent_mean=None,
        recent_std=None,
        exp_per_min=12,
    )


class Rows:
    """Answers the two queries of a tick with given rows in place of a database."""

    def __init__(self) -> None:
        self.rules: tuple[StoredRule, ...] = (RULE,)
        self.tiles: tuple[TileRow, ...] = (row("D100"), row("D101"), row("D302", None))
        self.error: Exception | None = None
        self.caps: list[object] = []
        self.takes_s = 0.0

    async def fetch_cached(
        self, _kind: str, _model: type, _statement: object, params: dict[str, Any], *, name: str
    ) -> Answer[Any]:
        if name == "day_zone":
            return Answer((DayZone("Asia/Seoul"),), 1, 1)
        assert name == "tiles"
        await asyncio.sleep(self.takes_s)
        self.caps.append(params["cap"])
        asked = params["tags"]
        chosen = [row for row in self.tiles if asked is None or row.tag_name in asked]
        tiles = tuple(chosen[: params["cap"]])
        stale = self.error is not None
        return Answer(tiles, len(tiles), 1_755_242_771_000, stale, self.error, 12.0 * stale)

    async def fetch_versioned(self, *_asked: object, name: str) -> Answer[Any]:
        assert name == "rules"
        return Answer(self.rules, len(self.rules), 1)


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.of: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.of.append((record.levelno, record.getMessage()))

    def named(self, event: str) -> list[str]:
        return [line for _, line in self.of if line.split()[0] == event]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Rows:
    made = Rows()
    monkeypatch.setattr(db, "_current", made)
    return made


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, level = Lines(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


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


async def test_more_tags_than_may_be_shown_are_cut_off_and_said_so(
    source: TileSource, rows: Rows, lines: Lines
) -> None:
    assert not (await source.load(M5)).truncated
    assert lines.named("payload_bloat") == []
    rows.tiles = tuple(row(f"D{i}") for i in range(100, 110))
    tile_set = await source.load(M5)
    assert [tile.title for tile in tile_set.tiles] == ["D100", "D101", "D102"]
    assert tile_set.truncated
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


async def test_a_limit_is_held_from_load_to_load_whatever_the_window(
    source: TileSource, rows: Rows
) -> None:
    seen = []
    for value, label in ((193.5, "5m"), (195.0, "5m"), (193.5, "24h"), (192.5, "5m")):
        rows.tiles = (row("D100", value),)
        tile_set = await source.load(Selection(parse_window(label)))
        seen.append(tile_set.tiles[0].alarm_level)
    assert seen == [0, 1, 1, 0]


async def test_one_tag_alone_leaves_what_is_held_of_the_others(
    source: TileSource, rows: Rows, lines: Lines
) -> None:
    rows.tiles = (row("D100", 195.0), row("D101"))
    await source.load(M5)
    alone = await source.load(Selection(M5.window, tag="D101"))
    assert [tile.title for tile in alone.tiles] == ["D101"]
    assert " tag=D101 view=" in lines.named("snapshot_refresh")[1]
    rows.tiles = (row("D100", 193.5), row("D101"))
    assert (await source.load(M5)).tiles[0].alarm_level == 1


@pytest.mark.parametrize("label", LABELS)
async def test_a_line_crosses_one_empty_slot_of_48_or_one_missing_bucket(
    source: TileSource, rows: Rows, label: str
) -> None:
    window = parse_window(label)
    slot, bucket = 1 / 48, window.width / window.duration
    allowed = max(2 * slot, bucket)
    for gap, lines_drawn in ((allowed * 1.01, 1), (max(3 * slot, 2 * bucket), 2)):
        rows.tiles = (replace(row("D100"), spark_at=[0.0, gap], spark=[1.0, 2.0]),)
        tile_set = await source.load(Selection(window))
        assert tile_set.tiles[0].spark.count("M") == lines_drawn


async def test_each_load_is_logged_with_the_common_fields(
    source: TileSource, rows: Rows, lines: Lines
) -> None:
    rows.takes_s = 0.02
    await source.load(Selection(parse_window("48h")))
    (line,) = lines.named("snapshot_refresh")
    assert 20 <= float(line.partition("dur_ms=")[2].split()[0]) < 2000
    assert line.startswith("snapshot_refresh range=48h tag=- view=influx_agg_10m rowcount=3 dur_ms")
    assert line.endswith(" cache_hit=false")


async def test_an_alarm_is_logged_when_its_reason_changes(
    source: TileSource, rows: Rows, lines: Lines
) -> None:
    for value in (190.0, 196.0, 196.5, 199.0, 190.0, 190.0):
        rows.tiles = (row("D100", value), row("D101"))
        await source.load(M5)
    told = [line.partition("alarm=")[2] for line in lines.named("qc_badge_eval")]
    assert [alarm.strip('"').split()[:2] for alarm in told] == [
        ["warn", "H"],
        ["crit", "HH"],
        ["-"],
    ]
    for line in lines.named("qc_badge_eval"):
        assert " tag=D100 " in line
        assert 0 <= float(line.partition("dur_ms=")[2].split()[0]) < 1000


async def test_faults_of_a_rule_are_logged_where_they_begin_and_where_they_end(
    rows: Rows, source: TileSource, lines: Lines
) -> None:
    await source.load(M5)
    rows.rules = (replace(RULE, warn_max=float("nan")),)
    await source.load(M5)
    await source.load(Selection(parse_window("24h")))
    rows.rules = (RULE,)
    await source.load(M5)
    told = [line.partition("faults=")[2] for line in lines.named("rule_fault")]
    assert told == ['"warn_max: nan is not a finite number"', "-"]


async def test_a_thousand_faulty_rules_do_not_flood_the_log(
    rows: Rows, source: TileSource, lines: Lines
) -> None:
    rows.rules = tuple(replace(RULE, tag_name=f"T{n}", max_step=-1.0) for n in range(1000))
    await source.load(M5)
    assert len(lines.named("rule_fault")) == 20
