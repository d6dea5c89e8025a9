"""What anybody can write into a link is made valid or left out."""

from __future__ import annotations

import pytest

from ksys_app.states.series_link import valid_page, valid_series, valid_zoom


@pytest.mark.parametrize(
    ("given", "valid"),
    [
        ([1, 2], [1, 2]),
        (["1755300000000", "1755303600000"], [1755300000000, 1755303600000]),
        ([1.6, 3.4], [2, 3]),
        ([2, 1], []),
        ([1, 1], []),
        ([0, 5], []),
        ([1], []),
        ([1, 2, 3], []),
        ([""], []),
        (["a", "b"], []),
        ([float("nan"), 2], []),
        ([1, float("inf")], []),
        ([1, 10**30], []),
        ([None, 2], []),
        ("12", []),
        (None, []),
        ({"a": 1}, []),
    ],
)
def test_a_zoom_is_two_times_in_order(given: object, valid: list[int]) -> None:
    assert valid_zoom(given) == valid


def test_series_keep_their_order_and_unknown_ones_are_dropped() -> None:
    known = ("avg", "min", "max")
    assert valid_series("max,avg,nope", known) == ["avg", "max"]
    assert valid_series("", known) == ["avg", "min", "max"]
    assert valid_series("none", known) == []


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("", 1), ("0", 1), ("-3", 1), ("x", 1), ("9" * 9, 1), ("²", 1)]
)
def test_a_page_is_a_number(text: str, number: int) -> None:
    assert valid_page(text) == number
