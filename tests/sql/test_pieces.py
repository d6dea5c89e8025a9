"""Statistics of a window from coarse buckets, with finer ones at both ends, equal the minutes'."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from ksys_app import db
from ksys_app.domain.buckets import bucket_start
from ksys_app.domain.ordering import Selection
from ksys_app.domain.pieces import Piece, pieces
from ksys_app.domain.upkeep import REFRESH
from ksys_app.domain.windows import VIEW, WINDOWS, BucketName, Window, parse_window
from ksys_app.models.rows import TileRow
from ksys_app.queries.pieces import bounds, newest_buckets, older_buckets, shape
from ksys_app.queries.realtime import tile_rows
from ksys_app.queries.statistics import past_rows
from ksys_app.services.pieces import past_of, plan
from ksys_app.services.tiles import TileSource
from tests import plant
from tests.conftest import Plant

TAGS = ("DENSE", "SPARSE", "GONE")
STATISTICS = ("count", "min", "max", "first", "last", "prev_last")
COARSER: tuple[BucketName, ...] = ("10m", "1h", "1d")
STATS = """
SELECT tag_name, sum(n) AS n, min(min) AS min, max(max) AS max, first(first, bucket) AS first,
       last(last, bucket) AS last, sum(sum) / sum(n) AS mean
FROM ({source}) AS bucket
GROUP BY tag_name
"""
MINUTES = """
SELECT * FROM public.influx_agg_1m
WHERE {width} >= %(now)s - %(window)s AND {width} <= %(now)s
"""
WIDTHS = {
    "1m": "bucket",
    "10m": "time_bucket('10 minutes', bucket)",
    "1h": "time_bucket('1 hour', bucket)",
    "1d": "time_bucket('1 day', bucket, %(zone)s)",
}


async def refresh(conn: AsyncConnection, *views: str) -> None:
    """Refresh the views like their policies, over all time."""
    for view in views:
        await conn.execute(
            sql.SQL("CALL refresh_continuous_aggregate({}, NULL, now() - {})").format(
                f"public.{view}", REFRESH[view].end
            )
        )


@pytest.fixture(scope="module")
async def conn(plant_db: Plant) -> AsyncConnection:
    """Samples of 60 days with holes, and every aggregate as its policy leaves it."""
    now = await plant.clock(plant_db.conn)
    chance = random.Random(11)
    rows = []
    for tag, count, days in (("DENSE", 4000, 60), ("SPARSE", 90, 60), ("GONE", 1500, 60)):
        holes = [chance.uniform(0, days) for _ in range(6)]
        for _ in range(count):
            age = days * chance.random() ** chance.choice((1, 4))
            gone = tag == "GONE" and age < 1.3
            if not gone and all(abs(age - hole) > 0.4 for hole in holes):
                rows.append((now - timedelta(days=age), tag, chance.gauss(100, 30)))
    await plant.insert(plant_db.conn, rows)
    await refresh(plant_db.conn, *VIEW.values())
    return plant_db.conn


async def stats(
    conn: AsyncConnection, source: sql.Composable, params: dict[str, object]
) -> dict[str, dict[str, object]]:
    """Statistics of each tag at a time that the test chooses."""
    text = sql.SQL(STATS).format(source=source).as_string(None)  # type: ignore[arg-type]
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(text.replace("now()", "%(now)s::timestamptz"), params)  # type: ignore[arg-type]
        return {row.pop("tag_name"): row for row in await cursor.fetchall()}


@pytest.mark.parametrize("window", WINDOWS[3:], ids=lambda window: window.label)
async def test_statistics_of_the_pieces_equal_those_of_the_minutes(
    conn: AsyncConnection, plant_db: Plant, window: Window
) -> None:
    chance = random.Random(window.label)
    clock = await plant.clock(conn)
    for _ in range(4):
        now = clock - timedelta(days=3 + 20 * chance.random())
        stored = {
            name: now - timedelta(days=3 * chance.random() ** 4)
            for name in chance.sample(COARSER, chance.randint(1, 3))
        }
        parts = pieces(window, now, stored, plant_db.settings.zone)
        params = {
            "now": now,
            "window": window.duration,
            "zone": plant_db.zone,
            "tags": None,
            "width": timedelta(),
        }
        widths = shape(parts)
        source = older_buckets(widths) + sql.SQL(" UNION ALL ") + newest_buckets(widths)
        found = await stats(conn, source, params | bounds(parts))
        minutes = MINUTES.format(width=WIDTHS[window.bucket])
        wanted = await stats(conn, sql.SQL(minutes), params)  # type: ignore[arg-type]
        assert found.keys() == wanted.keys()
        for tag, row in wanted.items():
            assert found[tag] == row | {"mean": pytest.approx(row["mean"], rel=1e-12)}, tag


def first_bucket(window: Window, row: TileRow, zone: ZoneInfo) -> datetime:
    """The bucket in which the window of an answer begins."""
    return bucket_start(window.view, row.now - window.duration, zone)


async def tile(window: Window, tag: str, parts: tuple[Piece, ...] | None) -> TileRow:
    (row,) = (await tile_rows(window, 10, [tag], plan=parts)).rows
    return row


@pytest.mark.parametrize("label", ["12h", "24h", "48h", "7d", "14d", "30d", "3m"])
@pytest.mark.parametrize("tag", TAGS)
async def test_a_tile_of_pieces_is_the_tile_of_the_windows_own_buckets(
    conn: AsyncConnection, plant_db: Plant, label: str, tag: str
) -> None:
    window, zone = parse_window(label), plant_db.settings.zone
    parts = await plan(window)
    assert len(parts) > 2, "the jobs are in order, so coarser buckets are used"
    while True:
        found, wanted = await tile(window, tag, parts), await tile(window, tag, None)
        if first_bucket(window, found, zone) == first_bucket(window, wanted, zone):
            break
    for name in STATISTICS:
        assert getattr(found, name) == getattr(wanted, name), name


LONG = [window for window in WINDOWS if window.bucket != "1m"]


@pytest.mark.parametrize("window", LONG, ids=lambda window: window.label)
async def test_a_tile_of_the_past_and_the_newest_buckets_is_the_tile_of_the_whole_window(
    conn: AsyncConnection, plant_db: Plant, window: Window
) -> None:
    now, width = await plant.clock(conn), window.width
    older = {"BEFORE": [window.duration], "ONE": [2 * width], "TWO": [2 * width, 9 * width]}
    rows = [(now - age, f"{tag} {window.label}", 5.0) for tag, of in older.items() for age in of]
    newest = [(now, f"{tag} {window.label}", 7.0) for tag in ("BEFORE", "ONE", "NEW")]
    await plant.insert(conn, [*rows, *newest])
    await refresh(conn, *VIEW.values())
    while True:
        past = await past_of(window)
        assert past is not None
        found = {row.tag_name: row for row in (await past_rows(window, past, 1000)).rows}
        joined = await tile_rows(window, 1000, past=(past.end, found))
        whole = await tile_rows(window, 1000)
        begin = first_bucket(window, whole.rows[0], plant_db.settings.zone)
        if past.start - window.width <= begin < past.start:
            break
    assert len(joined.rows) == len(whole.rows) > 6
    for one, other in zip(joined.rows, whole.rows, strict=True):
        for name in ("tag_name", "value", *STATISTICS):
            assert getattr(one, name) == getattr(other, name), (one.tag_name, name)


async def test_the_past_of_a_long_window_is_remembered_and_the_newest_buckets_are_read(
    plant_db: Plant, conn: AsyncConnection
) -> None:
    selection = Selection(parse_window("7d"))
    source = TileSource(plant_db.settings.zone, 1000)

    async def key() -> tuple[datetime, datetime]:
        past = await past_of(selection.window)
        assert past is not None
        return past.start, past.end

    while True:
        before = await key()
        first = {tile.title: tile for tile in (await source.load(selection)).tiles}
        now = await plant.clock(conn)
        late = now - timedelta(days=3)
        await plant.insert(conn, [(now, "DENSE", 1e9), (late, "SPARSE", 3.0)])
        await refresh(conn, *VIEW.values())
        second = {tile.title: tile for tile in (await source.load(selection)).tiles}
        selected = Selection(selection.window, tags=("SPARSE",))
        named = (await source.load(selected)).tiles
        # Otherwise a bucket has ended meanwhile, and the past was read again.
        if await key() == before:
            break
    assert second["DENSE"].count == first["DENSE"].count + 1
    assert (second["DENSE"].max, second["DENSE"].last) == (1e9, 1e9)
    assert second["SPARSE"].count == first["SPARSE"].count
    assert named[0].count == first["SPARSE"].count + 1


async def test_a_window_is_read_at_once_if_the_cap_may_hide_tags_of_the_past(
    plant_db: Plant, conn: AsyncConnection
) -> None:
    selection = Selection(parse_window("30d"))
    (tile, *_) = (await TileSource(plant_db.settings.zone, 1).load(selection)).tiles
    (row, *_) = (await tile_rows(selection.window, 2)).rows
    assert (tile.title, tile.count) == (row.tag_name, row.count)


async def counted(conn: AsyncConnection, parts: tuple[Piece, ...] | None) -> int:
    return (await tile(parse_window("24h"), "LATE", parts)).count


async def test_a_late_sample_passes_from_level_to_level(conn: AsyncConnection) -> None:
    window = parse_window("24h")
    await plant.insert(conn, [(await hours_ago(conn, 6), "LATE", 1.0)])
    parts = await plan(window)
    await refresh(conn, "influx_agg_1m")
    assert (await counted(conn, None), await counted(conn, parts)) == (1, 0)
    await refresh(conn, "influx_agg_10m")
    assert await counted(conn, parts) == 0
    await refresh(conn, "influx_agg_1h")
    assert await counted(conn, parts) == 1


async def test_hours_are_not_used_while_nobody_refreshes_them(
    conn: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = parse_window("24h")
    await conn.execute(
        "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs"
        " WHERE hypertable_name = 'influx_agg_1h' AND proc_name LIKE 'policy_refresh%'"
    )
    before = await counted(conn, None)
    await plant.insert(conn, [(await hours_ago(conn, 7), "LATE", 2.0)])
    await refresh(conn, "influx_agg_1m", "influx_agg_10m")
    monkeypatch.setattr(db, "TTL", {**db.TTL, "upkeep": 0.0})
    parts = await plan(window)
    assert {piece.bucket for piece in parts} == {"1m", "10m"}
    assert await counted(conn, parts) == before + 1


async def hours_ago(conn: AsyncConnection, hours: int) -> datetime:
    return await plant.clock(conn) - timedelta(hours=hours)
