"""The state of all tags at once, by group (PRD §14.3)."""

from __future__ import annotations

from typing import Any

import pytest

from ksys_app.domain.names import group_of
from tests.node import run


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


def row(title: str, **values: Any) -> dict[str, Any]:
    return {
        "title": title,
        "status_level": 0,
        "alarm_level": 0,
        "comm": "ok",
        "still_s": 0,
    } | values


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, "ok"),
        ({"status_level": 1}, "warn"),
        ({"status_level": 1, "alarm_level": 2, "comm": "lost"}, "crit"),
        ({"alarm_level": 1, "comm": "lost"}, "old"),
        ({"alarm_level": 1, "comm": "late"}, "warn"),
        ({"comm": "late"}, "old"),
        ({"still_s": 900}, "still"),
        ({"comm": "never"}, "never"),
    ],
)
def test_a_cell_shows_the_worst_of_its_tag(values: dict[str, Any], kind: str) -> None:
    assert run("lib/cells.js", "m.kindOf(given[0])", row("A", **values)) == kind


def test_groups_are_in_order_with_their_cells_and_counts() -> None:
    rows = [row("B1", alarm_level=2), row("A1"), row("B2", comm="lost"), row("B3", comm="late")]
    given = {"rows": rows, "groups": ["B", "A", "B", "B"]}
    found = run("lib/cells.js", "m.byGroup(given[0], (a, b) => a < b ? -1 : 1)", given)
    assert [(one["name"], one["counts"]) for one in found] == [
        ("A", {}),
        ("B", {"crit": 1, "old": 2}),
    ]
    assert [cell["title"] for cell in found[1]["cells"]] == ["B1", "B2", "B3"]
