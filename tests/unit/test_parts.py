"""Which part of a long list is in the document (PRD §14.3)."""

from __future__ import annotations

import pytest

from tests.node import run


@pytest.mark.parametrize(
    ("count", "part", "places"),
    [
        (9, None, range(9)),
        (60, [30, 40], range(60)),
        (61, None, range(60)),
        (2000, [1980, 2001], range(1980, 2000)),
        # The list has become shorter since its part was measured.
        (100, [150, 180], range(0)),
        (0, None, range(0)),
    ],
)
def test_a_part_has_its_items_with_their_places(
    count: int, part: list[int] | None, places: range
) -> None:
    order = [f"tag {at}" for at in range(count)]
    shown = run("lib/parts.js", "m.cut(given[0], given[1] ?? undefined, 60)", order, part)
    assert shown == [[f"tag {at}", at] for at in places]
