"""The state of all tags at once, by group (PRD §14.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ksys_app.domain.names import group_of
from ksys_app.domain.ordering import kind
from tests.node import run
from tests.unit.test_ordering import tile


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("U01.PT0001", "U01"),
        ("D100", "D"),
        ("Mill-1/motor", "Mill"),
        ("보일러 압력", "보일러"),
        ("압력12", "압력"),
        ("100", "100"),
        ("pressure", "pressure"),
        (".x", ".x"),
    ],
)
def test_the_group_is_what_stands_before_a_separator_or_the_number(name: str, group: str) -> None:
    assert group_of(name) == group


def row(title: str, kind: str = "ok") -> dict[str, Any]:
    return {"title": title, "kind": kind}


@pytest.mark.parametrize(
    ("values", "worst"),
    [
        ({}, "ok"),
        ({"status": 1}, "warn"),
        ({"status": 1, "alarm": 2, "comm": "lost"}, "crit"),
        ({"alarm": 1, "comm": "lost"}, "old"),
        ({"alarm": 1, "comm": "late"}, "warn"),
        ({"comm": "late"}, "old"),
        ({"comm": "never"}, "never"),
    ],
)
def test_a_cell_shows_the_worst_of_its_tag(values: dict[str, Any], worst: str) -> None:
    assert kind(tile("A", **values)) == worst


def test_a_cell_shows_that_a_value_is_unchanged_where_nothing_worse_is_wrong() -> None:
    assert kind(replace(tile("A"), unchanged_s=900.0)) == "still"
    assert kind(replace(tile("A", alarm=1), unchanged_s=900.0)) == "warn"


GROUPS = """(() => {
  const order = (a, b) => a < b ? -1 : 1;
  let held = [];
  return given.map((tiles) => {
    const before = held;
    held = m.byGroup(tiles, order, before);
    return held.map((group) => ({ ...group, same: before.includes(group) }));
  });
})()"""


def test_groups_are_in_order_with_their_cells_and_counts() -> None:
    rows = [row("B1", "crit"), row("A1"), row("B2", "old"), row("B3", "old")]
    (found,) = run("lib/cells.js", GROUPS, {"rows": rows, "groups": ["B", "A", "B", "B"]})
    assert [(one["name"], one["counts"]) for one in found] == [
        ("A", {}),
        ("B", {"crit": 1, "old": 2}),
    ]
    assert [cell["title"] for cell in found[1]["cells"]] == ["B1", "B2", "B3"]


def test_a_brief_group_has_cells_for_tags_that_are_not_normal_alone() -> None:
    group = {"cells": [row("A1"), row("A2", "never"), row("A3", "crit")]}
    found = run("lib/cells.js", "given.map((brief) => m.cellsOf(given[0], brief))", group, True)
    assert [[cell["title"] for cell in cells] for cells in found[1:]] == [["A2", "A3"]]
    assert run("lib/cells.js", "m.cellsOf(given[0], false)", group) == group["cells"]


def test_the_tags_of_a_filter_have_their_cells_by_name() -> None:
    tiles = {"rows": [row("A1"), row("B1"), row("B2")], "groups": ["A", "B", "B"]}
    found = run("lib/cells.js", "m.tilesAt(given[0], given[1])", tiles, [2, 0, 9])
    assert found == {"rows": [row("A1"), row("B2")], "groups": ["A", "B"]}


def test_only_groups_with_another_tag_or_trouble_are_new() -> None:
    names = ["A", "B"]
    first = {"rows": [row("A1"), row("B1")], "groups": names}
    warned = {"rows": [row("A1"), row("B1", "warn")], "groups": names}
    grown = {"rows": [row("A1"), row("B1", "warn"), row("A2")], "groups": [*names, "A"]}
    found = run("lib/cells.js", GROUPS, first, first, warned, grown)
    assert [[group["same"] for group in groups] for groups in found] == [
        [False, False],
        [True, True],
        [True, False],
        [False, True],
    ]
