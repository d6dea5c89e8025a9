"""Requests and texts of relations in the browser, run by Node (PRD §33.8)."""

from __future__ import annotations

from typing import Any

import pytest

from ksys_app.texts import LANGUAGES
from tests.node import run

FOLDER = "explore/relations"
TAG = {"title": "", "unit": "bar", "decimals": 1}


@pytest.mark.parametrize(
    ("relation", "tags", "wanted"),
    [
        ({}, ["A", "B", "C"], ["xy", "A", "B", 0]),
        ({"rel": "xy", "y": "A"}, ["A", "B"], ["xy", "B", "A", 0]),
        ({"rel": "xy", "x": "B", "lag": "-900"}, ["A", "B"], ["xy", "B", "A", -200]),
        ({"rel": "matrix", "x": "GONE", "lag": 3}, ["A"], ["matrix", "A", "", 3]),
        ({"rel": "pie"}, [], ["xy", "", "", 0]),
    ],
)
def test_without_a_choice_the_first_tags_are_related(
    relation: dict[str, Any], tags: list[str], wanted: list[Any]
) -> None:
    found = run(f"{FOLDER}/requests.js", "m.chosen(given[0], given[1])", relation, tags)
    assert [found[name] for name in ("rel", "x", "y", "lag")] == wanted


def test_a_selected_part_comes_before_the_zoom_and_the_whole_time() -> None:
    def query_of(**more: Any) -> str:
        state = {"timeQuery": "window=24h&bucket=1h", "part": [], "zoom": []} | more
        text: str = run(f"{FOLDER}/requests.js", "String(m.timeOf(given[0]))", state)
        return text.replace("%3A", ":")

    ends = "from=1970-01-01T00:00:01.000Z&to=1970-01-01T00:00:02.000Z"
    assert query_of() == "window=24h&bucket=1h"
    assert query_of(zoom=[0, 9_000], part=[1_000, 2_000]) == f"bucket=1h&{ends}"
    assert query_of(zoom=[1_000, 2_000]) == f"bucket=1h&{ends}"


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (["xy", "A", "B/C", 0], "xy?window=7d&bucket=1d&x=A&y=B%2FC"),
        (["xy", "A", "B", -2], "xy?window=7d&bucket=1d&x=A&y=B&lag=-2"),
        (["xy", "A", "", 0], None),
        (["histogram", "A", "B", 5], "histogram?window=7d&bucket=1d&tag=A"),
        (["heatmap", "A", "B", 0], "heatmap?window=7d&tag=A"),
        (["matrix", "A", "B", 0], "matrix?window=7d&bucket=1d&tag=A&tag=B"),
    ],
)
def test_each_relation_has_its_request(one: list[Any], wanted: str | None) -> None:
    relation = dict(zip(("rel", "x", "y", "lag"), one, strict=True))
    expression = "m.requestOf(given[0], ['A', 'B'], new URLSearchParams('window=7d&bucket=1d'))"
    found = run(f"{FOLDER}/requests.js", expression, relation)
    assert found == (None if wanted is None else f"/api/v1/relations/{wanted}")


def test_correlation_lag_and_line_in_words() -> None:
    texts = LANGUAGES["en"]
    expression = """[
      given[0].map((r) => [m.strength(r), m.signed(r)]),
      [[0, 60], [3, 600], [-2, 0], [-300, 60], [5, 86400]]
        .map(([lag, width]) => m.lagText(lag, width, 'B', given[1], given[2])),
      m.formula({
        x: { tag_name: 'A' }, y: { tag_name: 'B' }, slope: -0.51234567, intercept: -12,
      }),
      [0, 0.04, 12.345, 99.96, 100].map(m.percent),
    ]"""
    r = [0.999, -0.7, 0.5, -0.3, 0.29, -0.004]
    words, lags, line, parts = run(
        f"{FOLDER}/requests.js", expression, r, dict(texts["explore"]), dict(texts["live"])
    )
    assert words == [
        ["strong_up", "+1.00"],
        ["strong_down", "-0.70"],
        ["some_up", "+0.50"],
        ["some_down", "-0.30"],
        ["weak", "+0.29"],
        ["weak", "0.00"],
    ]
    assert lags == [
        "At the same time",
        "B read 30 min later",
        "B read 2 s earlier",
        "B read 5 h earlier",
        "B read 5 d 0 h later",
    ]
    assert line == "B = -0.5123 × A - 12"
    assert parts == ["0", "< 0.1", "12.3", "100", "100"]


def test_a_ramp_leads_from_the_one_colour_to_the_other() -> None:
    expression = "[-1, 0, 0.5, 1, 7].map((at) => m.rampColour('#000000', '#ff8010', at))"
    assert run(f"{FOLDER}/ramp.js", expression) == [
        "#000000",
        "#000000",
        "#804008",
        "#ff8010",
        "#ff8010",
    ]


def test_limits_that_are_near_are_on_the_axis_and_far_ones_are_not() -> None:
    limits = [{"name": name, "value": at} for name, at in (("L", -40), ("H", 13), ("HH", 25))]
    low, high = run(
        f"{FOLDER}/bins.js", "m.valueRange(given[0])", {"edges": [0, 10], "limits": limits}
    )
    assert low == pytest.approx(0, abs=1)
    assert 13 < high < 14


def test_the_line_reaches_over_all_pairs_and_the_newest_are_on_top() -> None:
    body = {
        "x": TAG | {"tag_name": "A"},
        "y": TAG | {"tag_name": "B"},
        "points": {"t": [1, 2, 3], "x": [0, 5, 10], "y": [1, 2, 3]},
        "cells": None,
        "slope": 0.2,
        "intercept": 1,
    }
    expression = (
        "(({ series, xAxis }) => [series.map(({ data }) => data), xAxis.name, xAxis.min])"
        "(m.pairsOption(given[0], {}, null))"
    )
    (dots, line), name, low = run(f"{FOLDER}/scatter.js", expression, body)
    assert dots == [[0, 1, 1], [5, 2, 2], [10, 3, 3]]
    assert [at for at, _ in line] == [low, 10 - low]
    assert line[0][1] == pytest.approx(1 + 0.2 * low)
    assert name == "A (bar)"


def test_the_tag_that_never_changes_is_named() -> None:
    names = {"x": {"tag_name": "A"}, "y": {"tag_name": "B"}}
    points = {"points": {"x": [1, 1, 1], "y": [1, 2, 1]}, "cells": None}
    cells = {"points": None, "cells": {"column": [0, 5], "row": [3, 3]}}
    found = run(f"{FOLDER}/requests.js", "given.map(m.constantTags)", names | points, names | cells)
    assert found == [["A"], ["B"]]


def test_lags_that_stand_alone_have_a_dot_and_the_others_a_line() -> None:
    def dots(r: list[float | None]) -> bool:
        body = {"lags": {"lag": [*range(-50, 51)], "r": r}, "best": {"lag": 0, "r": 0.5}}
        expression = "m.lagOption(given[0], 0, {}, null).series[0].showSymbol"
        return bool(run(f"{FOLDER}/scatter.js", expression, body))

    assert not dots([0.5] * 101)
    assert dots([0.5 if lag % 15 == 0 else None for lag in range(-50, 51)])


def test_a_long_name_is_a_piece_of_its_sentence_that_can_be_shortened() -> None:
    long, longer = "PLANT-1/기온 (°C)*", "PLANT-1/기온 (°C)*-OUTLET"
    text = f"Weak: {long} says little about {longer}."
    assert run("explore/relations/pieces.js", "m.pieces(...given)", text, [long, longer, "s"]) == [
        *(["Weak: ", False], [long, True]),
        *([" says little about ", False], [longer, True], [".", False]),
    ]
    assert run("explore/relations/pieces.js", "m.pieces(...given)", "A rises", ["A"]) == [
        ["A rises", False]
    ]


def test_a_name_on_a_canvas_keeps_its_end() -> None:
    names = ["D100", "P" * 24, "PUMP-HOUSE-7 " + "X" * 170 + "OUTLET-TEMP"]
    assert run("explore/relations/pieces.js", "given[0].map(m.shortName)", names) == [
        *("D100", "P" * 24, "PUMP-HOUSE-7 X…UTLET-TEMP"),
    ]
