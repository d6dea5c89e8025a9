"""The chart's own functions, run by Node: times of a zone, holes, ranges."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ksys_app.ops.embedded import NODE

CLIENT = Path(__file__).resolve().parents[2] / "ksys_app" / "components" / "client"


def run(script: str, expression: str, *arguments: Any) -> Any:
    """The value of an expression over a script's exports, and over ``given``."""
    code = (
        f"import * as m from {json.dumps((CLIENT / script).as_uri())};"
        f"const given = {json.dumps(arguments)};"
        f"console.log(JSON.stringify({expression}))"
    )
    done = subprocess.run(
        [str(NODE), "--no-warnings", "--input-type=module", "-e", code],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def ms(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("zone", "start", "end", "first", "count"),
    [
        ("Asia/Seoul", "2025-08-15T12:10", "2025-08-15T13:10", "2025-08-15T12:10", 7),
        ("Asia/Seoul", "2025-08-14T13:00", "2025-08-15T13:00", "2025-08-14T15:00", 8),
        ("Asia/Kolkata", "2025-08-14T13:00", "2025-08-15T13:00", "2025-08-14T15:00", 8),
        ("Asia/Seoul", "2025-08-01T13:00", "2025-08-08T12:00", "2025-08-02T00:00", 7),
        # Days of 23 and 25 hours still begin at midnight.
        ("Europe/Berlin", "2025-03-28T12:00", "2025-04-02T12:00", "2025-03-29T00:00", 5),
        ("Europe/Berlin", "2025-10-24T12:00", "2025-10-29T12:00", "2025-10-25T00:00", 5),
        ("Asia/Seoul", "2024-08-20T00:00", "2025-08-15T00:00", "2024-09-01T00:00", 12),
    ],
)
def test_an_axis_is_marked_at_round_times_of_the_zone(
    zone: str, start: str, end: str, first: str, count: int
) -> None:
    expression = "m.ticks(given[0], given[1], given[2], given[3])"
    found = run(
        "zone.js", expression, ms(start, zone), ms(end, zone), zone, 13 if count == 12 else 8
    )
    assert found[0] == ms(first, zone)
    assert len(found) == count
    assert found == sorted(set(found))
    if count < 8:
        return
    local = [datetime.fromtimestamp(at / 1000, ZoneInfo(zone)) for at in found]
    assert all(at.second == 0 and at.minute == 0 for at in local)


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Asia/Kolkata", "America/St_Johns", "UTC"])
def test_a_time_is_written_as_the_server_writes_it(zone: str) -> None:
    at = datetime(2025, 8, 15, 7, 26, 7, tzinfo=UTC)
    told = run("zone.js", "m.stamp(given[0], given[1])", int(at.timestamp() * 1000), zone)
    assert told == at.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")


COLUMNS = {
    "bucket_s": 60,
    "columns": {
        "bucket": [0, 60_000, 240_000, 300_000, 600_000],
        "low": [1, 2, None, 4, 5],
        "high": [2, 4, 6, 8, 9],
    },
}


def test_a_line_has_a_pair_of_nothing_in_each_hole() -> None:
    made = run("holes.js", "m.line(m.prepared(given[0]), 'high')", COLUMNS)
    assert made["points"] == [
        *([0, 2], [60_000, 4], [120_000, None], [240_000, 6], [300_000, 8]),
        *([360_000, None], [600_000, 9]),
    ]
    assert made["places"] == [0, 1, 3, 4, 6]


def test_a_band_ends_at_a_hole_and_where_a_side_is_missing() -> None:
    assert run("holes.js", "m.runs(m.prepared(given[0]), 'low', 'high')", COLUMNS) == [
        [0, 1],
        [3, 3],
        [4, 4],
    ]


def test_a_day_of_25_hours_is_no_hole() -> None:
    hour = 3_600_000
    days = {"bucket_s": 86_400, "columns": {"bucket": [0, 25 * hour, 48 * hour], "a": [1, 2, 3]}}
    assert len(run("holes.js", "m.line(m.prepared(given[0]), 'a').points", days)) == 3


@pytest.mark.parametrize(
    ("at", "index"), [(-5, 0), (29_000, 0), (31_000, 1), (160_000, 2), (9_999_999, 4)]
)
def test_the_nearest_bucket(at: int, index: int) -> None:
    assert run("holes.js", "m.nearest(m.prepared(given[0]), given[1])", COLUMNS, at) == index


def test_the_range_has_a_tenth_of_room_and_ignores_what_is_missing_or_outside() -> None:
    expression = "m.extent(m.prepared(given[0]), ['low', 'high'], given[1], given[2])"
    assert run("holes.js", expression, COLUMNS, 0, 600_000) == pytest.approx([0.2, 9.8])
    assert run("holes.js", expression, COLUMNS, 200_000, 310_000) == pytest.approx([3.6, 8.4])
    assert run("holes.js", expression, COLUMNS, 700_000, 800_000) == [0, 1]
    flat = {"bucket_s": 60, "columns": {"bucket": [0], "low": [190], "high": [190]}}
    assert run("holes.js", expression, flat, 0, 1) == pytest.approx([171, 209])
