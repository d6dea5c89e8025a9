"""Content and name of a file of the workbench (PRD §33.11)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.node import run

SCRIPT = "explore/files/request.js"
HOUR = 3_600_000
DATA = {
    "from": 1_700_000_000_000,
    "to": 1_700_000_000_000 + 24 * HOUR,
    "bucket": "1m",
    "series": [{"compare": None}],
}
THEN = DATA | {"series": [{"compare": {"from": 1_700_000_000_000 - 24 * HOUR}}]}
ASKS: dict[str, Any] = {
    "kind": "csv",
    "tags": ["D100", "유량 & 1"],
    "span": ["all", [DATA["from"], DATA["to"]]],
    "data": DATA,
    "timeQuery": "window=24h",
    "compare": "",
    "bucket": "",
    "layout": "columns",
    "figures": "avg",
}
PART = ["part", [DATA["from"] + HOUR, DATA["from"] + 2 * HOUR]]


def url(**changes: Any) -> tuple[str, list[tuple[str, str]]]:
    address = urlsplit(run(SCRIPT, "m.fileUrl(given[0])", ASKS | changes))
    return address.path, parse_qsl(address.query)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, {"window": "24h", "bucket": "1m", "fields": "avg"}),
        # A chosen width of the page is that of its answer.
        ({"timeQuery": "from=now-2d&to=now-1d&bucket=1m"}, {"from": "now-2d", "to": "now-1d"}),
        ({"bucket": "raw"}, {"bucket": "raw", "fields": "last"}),
        ({"data": DATA | {"bucket": "raw"}}, {"bucket": "raw", "fields": "last"}),
        ({"compare": "yesterday", "data": THEN}, {"compare": "yesterday"}),
        ({"span": PART}, {"from": "2023-11-14T23:13:20.000Z", "to": "2023-11-15T00:13:20.000Z"}),
        # Beside a part is what the chart has beside it, not the time before the part.
        (
            {"span": PART, "compare": "previous", "data": THEN},
            {"compare": "2023-11-13T23:13:20.000Z"},
        ),
    ],
)
def test_a_file_has_what_the_chart_shows(changes: dict[str, Any], wanted: dict[str, str]) -> None:
    path, query = url(**changes)
    assert path == "/api/v1/series.csv"
    assert [value for name, value in query if name == "tag"] == ["D100", "유량 & 1"]
    found = dict(query)
    assert len(query) == len(found) + 1
    assert wanted.items() <= found.items()
    assert ("window" in found) != ("from" in found)


def test_the_parts_of_the_time_come_after_all_of_it() -> None:
    none, some = run(
        SCRIPT,
        "[{zoom: [], part: []}, {zoom: [1, 5], part: [2, 3]}]"
        ".map((one) => m.spansOf({data: {from: 0, to: 9}, ...one}))",
    )
    assert none == [["all", [0, 9]]]
    assert some == [["all", [0, 9]], ["zoom", [1, 5]], ["part", [2, 3]]]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [({}, 1440), ({"layout": "rows"}, 2880), ({"bucket": "1h"}, 24), ({"bucket": "raw"}, 0)],
)
def test_how_long_a_file_is(changes: dict[str, Any], lines: int) -> None:
    assert run(SCRIPT, "m.lineCount(given[0])", ASKS | changes) == lines


def test_names_of_files_are_those_of_the_server_and_safe() -> None:
    header = "attachment; filename=\"__.csv\"; filename*=UTF-8''%EC%9C%A0%EB%9F%89%20a.csv"
    assert run(SCRIPT, "given.map((one) => m.fileNameOf(one, 'x'))", header, None) == [
        "유량 a.csv",
        "x",
    ]
    names = run(
        SCRIPT,
        "m.pictureName(['a/b:' + 'c'.repeat(90), 'd'], '2026-11-28 09:00:00', 'png')",
    )
    assert names == "a_b." + "c" * 46 + " and 1 more 2026-11-28 09.00.00.png"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (123_456, "123 KB"), (72_425_701, "72.4 MB")],
)
def test_a_size_in_words(size: int, text: str) -> None:
    assert run(SCRIPT, "m.sizeText(given[0])", size) == text


TABLES = "explore/files/rows.js"


@pytest.mark.parametrize(
    ("rel", "body", "rows"),
    [
        (
            "xy",
            {
                "points": {"t": [0, 60_000], "x": [1.5, 2], "y": [3, 4]},
                "x": {"tag_name": "A"},
                "y": {"tag_name": "B"},
            },
            [
                ["bucket", "A", "B"],
                ["1970-01-01T09:00:00+09:00", 1.5, 3],
                ["1970-01-01T09:01:00+09:00", 2, 4],
            ],
        ),
        (
            "xy",
            {
                "points": None,
                "cells": {"x": [0, 1, 2], "y": [5, 6], "column": [1], "row": [0], "n": [7]},
                "x": {"tag_name": "A"},
                "y": {"tag_name": "B"},
            },
            [["A from", "A to", "B from", "B to", "n"], [1, 2, 5, 6, 7]],
        ),
        (
            "histogram",
            {"edges": [0, 1, 2], "seconds": [60, 30]},
            [["from", "to", "seconds"], [0, 1, 60], [1, 2, 30]],
        ),
        (
            "matrix",
            {"tags": [{"tag_name": "A"}, {"tag_name": "B"}], "r": [[1, None], [None, 1]]}
            | {"n": [[5, 2], [2, 6]]},
            [
                ["x", "y", "r", "n"],
                *(["A", "A", 1, 5], ["A", "B", None, 2]),
                *(["B", "A", None, 2], ["B", "B", 1, 6]),
            ],
        ),
    ],
)
def test_a_relation_is_a_table(rel: str, body: Any, rows: list[list[Any]]) -> None:
    assert run(TABLES, "m.relationRows(...given)", rel, body, "Asia/Seoul") == rows


def test_a_week_is_a_table_of_168_hours() -> None:
    hours = [[day * 24 + hour for hour in range(24)] for day in range(7)]
    rows = run(TABLES, "m.relationRows('heatmap', given[0])", {"mean": hours, "n": hours})
    assert (len(rows), rows[1], rows[-1]) == (169, ["Mon", 0, 0, 0], ["Sun", 23, 167, 167])


def test_events_are_a_table_in_words() -> None:
    event = {
        **{"kind": "alarm", "tag_name": "A", "from": "f", "to": None, "ongoing": True},
        **{"clipped": False, "level": "H", "priority": 2, "count": 1},
        "text": {"key": "s.high", "values": {}},
    }
    rows = run(TABLES, "m.eventRows(...given)", {"events": [event]}, {"s": {"high": "High"}})
    assert rows[1] == ["alarm", "A", "f", None, "true", "false", "H", 2, 1, "High"]


def test_each_shown_panel_has_its_table() -> None:
    one, two = run(
        TABLES,
        "[{tags: ['A'], compare: '', relation: {}},"
        " {tags: ['A', 'B'], compare: 'previous', relation: {}}].map(m.tablesOf)",
    )
    assert one == ["stats", "events"]
    assert two == ["stats", "compare", "relations", "events"]
