"""Statistics and comparisons of /explore in the browser, run by Node (PRD §33.3)."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from tests.node import run

MODEL = "explore/stats/model.js"
DATA = {"from": 1_000_000, "to": 4_600_000, "bucketS": 60}
ONE: dict[str, Any] = {
    "tag_name": "A",
    "title": "=Flow",
    "unit": "m³/h",
    "count": 60,
    "covered_s": 3600,
    "coverage": 0.9955,
    "mean": 101.23456,
    "std": 7.0123456,
    "min": 90.0,
    "min_at": "2026-11-03T22:00:00+09:00",
    "max": 120.5,
    "max_at": "2026-11-03T22:30:00+09:00",
    "last": 99.0,
    "last_at": "2026-11-03T22:59:00+09:00",
    "p5": 91.0,
    "p50": 100.0,
    "p95": 119.0,
    "slope_per_hour": -1.23456,
    "integral": {"value": 101.2, "unit": "m³", "per_hour": 101.2},
    "limits": [{"name": "H", "value": 110.0, "side": "above", "seconds": 720, "share": 0.2}],
}
ANSWER = {"from": "f", "to": "t", "source": "minutes", "tags": [ONE]}


def test_a_difference_that_rounds_to_nothing_has_no_sign() -> None:
    script = "given[0].map((value) => m.signed(value, 2))"
    texts = run(MODEL, script, [0.004, -0.004, 0, 0.006, -1234.5, None])
    assert texts == ["0.00", "0.00", "0.00", "+0.01", "-1234.50", "–"]


def test_the_selection_comes_before_the_zoom_and_the_zoom_before_the_whole_time() -> None:
    time_query = "window=24h&bucket=10m"
    cases = [
        ([], []),
        ([2_000_000, 3_000_000], []),
        ([2_000_000, 5_000_000], [2_100_000, 2_200_000]),
    ]
    found = run(
        MODEL,
        "given[0].map(([zoom, part]) =>"
        " m.timeOf({ timeQuery: given[1], zoom, part, data: given[2] }))",
        cases,
        time_query,
        DATA,
    )
    assert [(one["of"], one["query"], one["follows"]) for one in found] == [
        ("all", "window=24h", True),
        ("zoom", "from=1970-01-01T00:33:20.000Z&to=1970-01-01T00:50:00.000Z", False),
        ("part", "from=1970-01-01T00:35:00.000Z&to=1970-01-01T00:36:40.000Z", False),
    ]
    late = run(
        MODEL, "m.timeOf(given[0])", {"timeQuery": "", "zoom": [2e6, 9e6], "part": [], "data": DATA}
    )
    assert (late["ends"], late["follows"]) == ([2_000_000, 4_600_000], True)


def test_a_request_is_the_same_in_any_order_of_the_tags() -> None:
    urls = run(
        MODEL, "given[0].map((tags) => m.statsUrl(tags, 'window=1h'))", [["B", "a&b"], ["a&b", "B"]]
    )
    assert urls == ["/api/v1/stats?window=1h&tag=B&tag=a%26b"] * 2


def test_a_value_at_a_moment_is_that_of_its_bucket_and_none_in_a_hole() -> None:
    series = {"at": [0, 60_000, 180_000], "columns": {"avg": [1.5, None, 4.0]}}
    moments = [-1, 0, 59_999, 60_000, 120_000, 239_999, 240_000]
    assert run(MODEL, "given[1].map((ms) => m.valueAt(given[0], ms, 60))", series, moments) == [
        *(None, 1.5, 1.5, None, None, 4.0, None)
    ]
    # A sample holds until the next one.
    assert run(MODEL, "m.valueAt(given[0], 10**9, 0)", series) == 4.0
    ends = run(MODEL, "m.valuesAtEnds(given[0], [0, 200000], 60)", series)
    assert ends == {"from": 1.5, "to": 4.0, "difference": 2.5}
    assert run(MODEL, "m.valuesAtEnds(given[0], [0, 60000], 60)", series)["difference"] is None


def test_a_part_is_compared_with_the_times_beside_it_also_where_the_clocks_change() -> None:
    hour = 3_600_000
    # The other day had an hour less: from the third row on the distance is another one.
    at = [n * hour for n in range(100, 106)]
    other = [ms - (24 if row < 3 else 23) * hour for row, ms in enumerate(at)]
    compare = {"at": at, "other": other}
    ends = [[at[0], at[2]], [at[1], at[4] + hour // 2], [at[0] - hour, at[5]]]
    found = run(MODEL, "given[1].map((ends) => m.comparedEnds(given[0], ends))", compare, ends)
    assert found == [
        [at[0] - 24 * hour, at[2] - 24 * hour],
        [at[1] - 24 * hour, at[4] + hour // 2 - 23 * hour],
        [at[0] - 25 * hour, at[5] - 23 * hour],
    ]
    assert run(MODEL, "m.comparedEnds(given[0], [0, 1])", {"at": [1], "other": [None]}) is None


def test_figures_are_written_as_everywhere() -> None:
    end_values = {"from": 91.0, "to": 99.0, "difference": 8.0}
    cells = run(
        MODEL, "m.cellsOf(given[0], given[1])", ONE, {"zone": "Asia/Seoul", "endValues": end_values}
    )
    assert {name: cell["text"] for name, cell in cells.items()} == {
        "at_from": "91.00",
        "at_to": "99.00",
        "difference": "+8.00",
        "mean": "101.23",
        "last": "99.00",
        "min": "90.00",
        "max": "120.50",
        "std": "7.012",
        "p5": "91.00",
        "p50": "100.00",
        "p95": "119.00",
        "slope": "-1.235 m³/h/h",
        "integral": "101.2 m³",
        "count": "60",
        "coverage": "99.6 %",
    }
    assert (cells["min"]["time"], cells["min"]["ms"]) == ("2026-11-03 22:00:00", 1_793_710_800_000)
    nothing = {
        **ONE,
        **dict.fromkeys(("count", "mean", "min", "max", "min_at", "max_at")),
        **dict.fromkeys(("std", "slope_per_hour")),
    }
    cells = run(MODEL, "m.cellsOf(given[0], { zone: 'UTC' })", {**nothing, "integral": None})
    assert [cells[name]["text"] for name in ("count", "mean", "min", "std", "slope")] == ["–"] * 5
    assert "at_from" not in cells
    assert cells["integral"]["text"] == ""


def test_a_value_is_beyond_a_limit_that_it_reaches_but_not_beyond_an_end_of_the_range() -> None:
    sides = {"MIN": "below", "LL": "below", "L": "below", "H": "above", "HH": "above"}
    limits = [{"name": name, "side": side} for name, side in {**sides, "MAX": "above"}.items()]
    signs = run(MODEL, "given[0].map(m.beyondSign)", limits)
    assert signs == ["<", "≤", "≤", "≥", "≥", ">"]


def test_two_times_have_a_difference_of_each_figure() -> None:
    other = {**ONE, "mean": 50.0, "min": 0.0, "max": None, "last": -99.0}
    lines = run(MODEL, "m.compareFigures(given[0], given[1])", ONE, other)
    assert [(line["name"], line["texts"]) for line in lines] == [
        ("mean", ["101.2", "50.0", "+51.2", "+102 %"]),
        ("min", ["90.0", "0.0", "+90.0", "–"]),
        ("max", ["120.5", "–", "–", "–"]),
        ("last", ["99.0", "-99.0", "+198.0", "+200 %"]),
    ]
    assert [line["values"][3] for line in lines][1:] == [None, None, 200]
    alone = run(MODEL, "m.compareFigures(given[0], undefined)", ONE)
    assert alone[0]["texts"] == ["101.23", "–", "–", "–"]


def test_a_file_has_all_digits_and_no_formula() -> None:
    end_values = {"A": {"from": 91.0, "to": None, "difference": None}}
    text = run(MODEL, "m.csvOf(m.statisticsRows(given[0], given[1]))", ANSWER, end_values)
    names, row = csv.reader(io.StringIO(text, newline=""))
    found = dict(zip(names, row, strict=True))
    assert found["title"] == "'=Flow"
    assert float(found["mean"]) == ONE["mean"]
    assert (found["beyond_H_s"], found["beyond_HH_s"], found["integral_unit"]) == ("720", "", "m³")
    assert (found["value_from"], found["value_to"], found["source"]) == ("91", "", "minutes")
    twice = run(MODEL, "m.csvOf(m.comparisonRows(given[0], given[0]))", ANSWER)
    rows = list(csv.DictReader(io.StringIO(twice, newline="")))
    assert [(one["figure"], one["difference"]) for one in rows] == [
        *[(name, "0") for name in ("mean", "min", "max", "last")]
    ]


def test_a_text_has_one_line_a_row() -> None:
    assert json.loads(json.dumps(run(MODEL, "m.textOf(given[0])", [["a\tb", 1], ["c\nd", 2]]))) == (
        "a b\t1\nc d\t2"
    )
