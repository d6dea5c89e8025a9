"""Which part of a long list is in the document (PRD §14.3)."""

from __future__ import annotations

import pytest

from tests.node import run

CUT = "m.renderedItems(given[0], given[1] ?? undefined, 60)"


def items(count: int) -> list[str]:
    return [f"tag {at}" for at in range(count)]


@pytest.mark.parametrize(
    ("count", "part", "places"),
    [
        (9, None, range(9)),
        (60, {"from": 30, "to": 40}, range(60)),
        (61, None, range(60)),
        (2000, {"from": 1980, "to": 2001}, range(1980, 2000)),
        # The list has become shorter since its part was measured.
        (100, {"from": 150, "to": 180}, range(0)),
        (0, None, range(0)),
    ],
)
def test_a_part_has_its_items_with_their_places(
    count: int, part: dict[str, int] | None, places: range
) -> None:
    shown = run("lib/parts.js", CUT, items(count), part)
    assert [(item, at) for item, at, _, _ in shown] == [(f"tag {at}", at) for at in places]
    assert [stop for *_, stop in shown] == [at == places[0] for at in places]
    assert all(away is None for _, _, away, _ in shown)


@pytest.mark.parametrize(
    ("at", "places"),
    [(500, [499, 500, 501, 900, 901]), (898, [897, 898, 899, 900, 901]), (900, [899, 900, 901])],
)
def test_what_has_the_focus_stays_with_what_is_beside_it(at: int, places: list[int]) -> None:
    part = {"from": 900, "to": 902, "focused": f"tag {at}", "beside": 1, "columns": 3}
    shown = run("lib/parts.js", CUT, items(2000), part)
    assert [(item, place) for item, place, _, _ in shown] == [(f"tag {at}", at) for at in places]
    far = [away and away["--away"] for _, _, away, _ in shown]
    assert far == [None if place >= 900 else place // 3 for place in places]
    assert not any(stop for *_, stop in shown), "the tabulator key enters at what had the focus"


def test_a_removed_item_is_not_rendered() -> None:
    shown = run("lib/parts.js", CUT, items(100), {"from": 10, "to": 12, "focused": "gone"})
    assert [(place, stop) for _, place, _, stop in shown] == [(10, True), (11, False)]
