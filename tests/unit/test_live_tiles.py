"""Held limits from tick to tick, and their lines in the log (PRD §5.3)."""

from __future__ import annotations

import asyncio
import time
from zoneinfo import ZoneInfo

import pytest

from ksys_app.domain.ordering import Selection
from ksys_app.domain.windows import parse_window
from ksys_app.services.live_tiles import LiveTiles
from ksys_app.services.tiles import TileSource
from tests.ticks import Lines, Rows, row

M5 = Selection(parse_window("5m"))


@pytest.fixture
def live(rows: Rows) -> LiveTiles:
    return LiveTiles(TileSource(ZoneInfo("Asia/Seoul"), max_tags=3))


async def test_a_limit_is_held_from_tick_to_tick_whatever_the_window(
    live: LiveTiles, rows: Rows
) -> None:
    levels = []
    for value, label in ((193.5, "5m"), (195.0, "5m"), (193.5, "24h"), (192.5, "5m")):
        rows.tiles = (row("D100", value),)
        tile_set = await live.tick(Selection(parse_window(label)))
        levels.append(tile_set.tiles[0].alarm_level)
    assert levels == [0, 1, 1, 0]


async def test_who_reads_sees_what_is_held_and_changes_nothing(
    live: LiveTiles, rows: Rows, lines: Lines
) -> None:
    rows.tiles = (row("D100", 195.0),)
    assert (await live.read(M5)).tiles[0].alarm_level == 1
    rows.tiles = (row("D100", 193.5),)
    assert (await live.tick(M5)).tiles[0].alarm_level == 0, "a reader makes no limit held"
    rows.tiles = (row("D100", 195.0),)
    await live.tick(M5)
    rows.tiles = (row("D100", 192.5),)
    assert (await live.read(M5)).tiles[0].alarm_level == 0
    rows.tiles = (row("D100", 193.5),)
    assert (await live.read(M5)).tiles[0].alarm_level == 1, "a reader ends none either"
    assert len(lines.named("qc_badge_eval")) == 1


async def test_one_tag_alone_leaves_what_is_held_of_the_others(
    live: LiveTiles, rows: Rows, lines: Lines
) -> None:
    rows.tiles = (row("D100", 195.0), row("D101"))
    await live.tick(M5)
    alone = await live.tick(Selection(M5.window, tags=("D101",)))
    assert [tile.title for tile in alone.tiles] == ["D101"]
    assert " tag=D101 view=" in lines.named("snapshot_refresh")[1]
    rows.tiles = (row("D100", 193.5), row("D101"))
    assert (await live.tick(M5)).tiles[0].alarm_level == 1


async def test_a_tag_that_is_gone_is_forgotten(live: LiveTiles, rows: Rows) -> None:
    rows.tiles = (row("D100", 195.0), row("D101"))
    await live.tick(M5)
    assert live.held == {"D100": {"H"}}
    rows.tiles = (row("D101"),)
    await live.tick(M5)
    assert live.held == {}


async def test_an_alarm_is_logged_when_its_reason_changes(
    live: LiveTiles, rows: Rows, lines: Lines
) -> None:
    began = time.monotonic()
    for value in (190.0, 196.0, 196.5, 199.0, 190.0, 190.0):
        rows.tiles = (row("D100", value), row("D101"))
        await live.tick(M5)
    ticks_ms = (time.monotonic() - began) * 1000
    logged = lines.named("qc_badge_eval")
    assert [line.partition("level=")[2] for line in logged] == [
        "warn reason=H value=196 limit=195",
        "crit reason=HH value=199 limit=198",
        "- reason=- value=- limit=-",
    ]
    for line in logged:
        assert " tag=D100 " in line
        # The log has one decimal.
        assert 0 <= float(line.partition("dur_ms=")[2].split()[0]) <= ticks_ms + 0.1


async def test_readers_at_the_same_time_share_one_read(live: LiveTiles, rows: Rows) -> None:
    first, second = await asyncio.gather(live.read(M5), live.read(M5))
    assert first is second
    assert len(rows.caps) == 1
    leaving = asyncio.create_task(live.read(M5))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await live.read(M5)).tiles == first.tiles
    assert (await live.read(M5)) is not first
