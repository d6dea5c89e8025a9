"""Parameters of a link are corrected or ignored."""

from __future__ import annotations

import pytest

from ksys_app.states.series_link import (
    MAX_MS,
    chart_url,
    file_url,
    parse_zoom,
    valid_page,
    valid_series,
    valid_zoom,
    view_params,
    zoom_period,
    zoom_url,
)


@pytest.mark.parametrize(
    ("given", "valid"),
    [
        ([1, 2], [1, 2]),
        ([1755300000000, 1755303600000], [1755300000000, 1755303600000]),
        ([2, 1], []),
        ([1, 1], []),
        ([0, 5], []),
        ([-1, 5], []),
        ([], []),
        ([1], []),
        ([1, 2, 3], []),
        ([1, 10**30], []),
    ],
)
def test_a_zoom_is_two_times_in_order(given: list[int], valid: list[int]) -> None:
    assert valid_zoom(given) == valid
    assert parse_zoom("-".join(map(str, given))) == valid


@pytest.mark.parametrize(
    "text", ["", "-", "a-b", "1", "1-b", "1.5-2", "١-²", "9" * 99 + "-1", "1--2"]
)
def test_what_is_no_zoom_in_a_link_shows_all(text: str) -> None:
    assert parse_zoom(text) == []


def test_series_keep_their_order_and_unknown_ones_are_dropped() -> None:
    all_series = ("avg", "min", "max")
    assert valid_series("max,avg,nope", all_series) == ["avg", "max"]
    assert valid_series("", all_series) == ["avg", "min", "max"]
    assert valid_series("none", all_series) == []


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("", 1), ("0", 1), ("-3", 1), ("x", 1), ("9" * 9, 1), ("²", 1)]
)
def test_a_page_is_a_number(text: str, number: int) -> None:
    assert valid_page(text) == number


def test_a_zoom_is_a_period_of_the_export() -> None:
    assert zoom_period([1_756_214_780_000, 1_756_218_380_500]) == {
        "from": "2025-08-26T13:26:20+00:00",
        "to": "2025-08-26T14:26:20.500000+00:00",
    }


@pytest.mark.parametrize("zoom", [[], [5, 9], [1_756_214_780_000, MAX_MS - 1]])
def test_a_zoom_that_the_export_does_not_take_is_no_period(zoom: list[int]) -> None:
    assert zoom_period(zoom) == {}


def test_chart_and_files_ask_for_the_same_tag_whatever_its_name() -> None:
    parameters = {"tag": "a&b=c 50 %", "window": "24h"}
    tag = "tag=a%26b%3Dc+50+%25&window=24h"
    assert chart_url("timeseries", parameters) == f"/api/v1/timeseries?{tag}&format=columns"
    assert file_url("buckets", parameters) == f"/api/v1/export.csv?{tag}&kind=buckets"
    zoomed = zoom_url("buckets", parameters, [1_756_214_780_000, 1_756_218_380_000])
    assert zoomed.startswith(
        f"{file_url('buckets', parameters)}&from=2025-08-26T13%3A26%3A20%2B00%3A00&to="
    )
    assert zoom_url("buckets", parameters, []) == ""


def test_the_file_of_a_zoom_of_a_range_has_the_buckets_of_the_range() -> None:
    parameters = {"tag": "A", "from": "now-7d", "to": "now"}
    zoom = [1_756_214_780_000, 1_756_218_380_000]
    times = "from=2025-08-26T13%3A26%3A20%2B00%3A00&to=2025-08-26T14%3A26%3A20%2B00%3A00"
    assert zoom_url("buckets", parameters, zoom, "10m") == (
        f"/api/v1/export.csv?tag=A&{times}&bucket=10m&kind=buckets"
    )
    # Features have one width.
    assert zoom_url("features", parameters, zoom, "10m") == (
        f"/api/v1/export.csv?tag=A&{times}&kind=features"
    )


@pytest.mark.parametrize(
    ("shown", "series"), [(["avg", "max"], ""), (["max"], "max"), ([], "none")]
)
def test_a_link_says_only_what_is_not_as_it_is_at_first(shown: list[str], series: str) -> None:
    all_series = ("avg", "max")
    assert view_params(shown, all_series, [], 1) == {"series": series, "zoom": "", "page": ""}
    assert view_params(shown, all_series, [5, 9], 2) == {
        "series": series,
        "zoom": "5-9",
        "page": "2",
    }
    assert valid_series(series, all_series) == shown
