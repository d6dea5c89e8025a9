"""Numbers as text: one rule in Python and in the browser, by a table and by a property test."""

from __future__ import annotations

import math
import random
import re
import struct
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain import columns, figures
from tests.node import run

NAN, INF = float("nan"), float("inf")
Span = tuple[float, float]


@pytest.mark.parametrize("value", [None, NAN, INF, -INF])
def test_what_is_not_a_number_is_missing(value: float | None) -> None:
    assert figures.finite(value) is None


def test_zero_is_a_number() -> None:
    assert figures.finite(0.0) == 0.0


# A span, and the decimals that tell a thousandth of it apart.
SPANS: list[tuple[Span | None, int]] = [
    ((0, 20_000), -1),
    ((0, 200), 1),
    ((0, 100), 1),
    ((0, 10), 2),
    ((0, 1), 3),
    ((0, 0.5), 4),
    ((0, 1e-9), 12),
    ((1e-9, 1e-5), 9),
    ((0, 5e9), -6),
    ((123456791, 123456848), 2),
    ((3234567890, 3234567990), 1),
    # Without a width a thousandth of the value.
    ((190, 190), 1),
    ((7.77, 7.77), 3),
    ((3.79e-6, 3.79e-6), 9),
    ((0, 0), 1),
    ((-0.0, 0.0), 1),
    # What 15 digits cannot tell apart is no width.
    ((0.3, 0.1 + 0.2), 4),
    ((-1e300, 5), -297),
    ((-1.7e308, 1.7e308), -305),
    ((0, 5e-324), 327),
    ((5, 3), 3),
    (None, 1),
    ((0, INF), 1),
    ((NAN, 1), 1),
]


@pytest.mark.parametrize(("span", "decimals"), SPANS, ids=str)
def test_decimals_tell_a_thousandth_of_the_span_apart(span: Span | None, decimals: int) -> None:
    assert figures.places(span) == decimals


def test_the_browser_counts_the_same_decimals() -> None:
    spans = [span for span, _ in SPANS if span is not None and all(map(math.isfinite, span))]
    assert run("lib/figures.js", "given.map((one) => m.places(...one))", *spans) == [
        figures.places(span) for span in spans
    ]
    assert run(
        "lib/figures.js", "[m.places(0, Infinity), m.places(NaN, 1), m.places(null, 1)]"
    ) == [
        1,
        1,
        1,
    ]


# A number and its decimals; what is written; what is written briefly.
CASES: list[tuple[float | None, int, str, str]] = [
    (190, 1, "190.0", "190"),
    (0.12345, 4, "0.1235", "0.12345"),
    (-3.25, 2, "-3.25", "-3.25"),
    (16_000, -1, "16000.0", "16000"),
    # Halves go away from zero, in both languages.
    (0.25, 1, "0.3", "0.25"),
    (-0.25, 1, "-0.3", "-0.25"),
    (2.5, 1, "2.5", "2.5"),
    (1.005, 2, "1.01", "1.005"),
    (0.05, 1, "0.1", "0.05"),
    (0.049, 1, "0.0", "0.049"),
    (99.95, 1, "100.0", "99.95"),
    (0.125, 2, "0.13", "0.125"),
    (2_500_000_000.5, 0, "2.500000001e9", "2.500000001e9"),
    # Zero has no sign, a trace of one neither.
    (-0.04, 1, "0.0", "-0.04"),
    (-0.0, 1, "0.0", "0"),
    (0, 9, "0.0", "0"),
    (0, 4, "0.0000", "0"),
    (0.1 + 0.2, 4, "0.3000", "0.3"),
    (0.1 + 0.2, 20, "0.30000000000000", "0.3"),
    (123456791, 2, "123456791.00", "123456791"),
    (999_999_999, 1, "999999999.0", "999999999"),
    (999_999_999.96, 1, "1000000000.0", "1000000000"),
    # From a thousand million on, and below a ten-thousandth, exponents in steps of three.
    (1e9, 1, "1.0000000000e9", "1e9"),
    (3234567890, 1, "3.2345678900e9", "3.23456789e9"),
    (3234567990, 1, "3.2345679900e9", "3.23456799e9"),
    (3234567890, -6, "3.234567890e9", "3.23456789e9"),
    (-1252524523898.18, -1, "-1.252524523898e12", "-1.252524523898e12"),
    (1252524523898.18, 4, "1.25252452389818e12", "1.252524523898e12"),
    (999_999_999_999.9, -6, "1.00000000000e12", "1e12"),
    (1e15, 1, "1.00000000000000e15", "1e15"),
    (1e300, -297, "1.000e300", "1e300"),
    (-1.7976931348623157e308, -305, "-179.8e306", "-179.769e306"),
    (2e200, 1, "200.000000000000e198", "200e198"),
    (3.79e-6, 9, "3.790e-6", "3.79e-6"),
    (3.79e-6, 8, "3.79e-6", "3.79e-6"),
    (5e-8, 9, "50e-9", "50e-9"),
    (4.4e-12, 9, "4e-12", "4.4e-12"),
    (-9.9999999e-5, 7, "-100e-6", "-100e-6"),
    (1e-4, 7, "0.0001000", "0.0001"),
    (3.79e-6, 1, "0.0", "3.79e-6"),
    (5e-324, 327, "4.941e-324", "4.94066e-324"),
    (2.2250738585072014e-308, 311, "22.25e-309", "22.2507e-309"),
    (None, 1, "–", "–"),
    (NAN, 1, "–", "–"),
    (INF, 1, "–", "–"),
    (-INF, 1, "–", "–"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "decimals", "text", "brief"), CASES, ids=str)
def test_a_number_is_written(value: float | None, decimals: int, text: str, brief: str) -> None:
    assert figures.figure(value, decimals) == text
    if value is not None:
        assert figures.brief(value) == brief


def test_the_browser_writes_the_same() -> None:
    cases = [case for case in CASES if figures.finite(case[0]) is not None]
    arguments = [[value, decimals] for value, decimals, _, _ in cases]
    expression = "given.map(([value, places]) => [m.figure(value, places), m.brief(value)])"
    assert run("lib/figures.js", expression, *arguments) == [
        [text, brief] for _, _, text, brief in cases
    ]
    nothing = "[null, undefined, NaN, Infinity, -Infinity, '5'].map((one) => m.figure(one, 1))"
    assert run("lib/figures.js", nothing) == [figures.DASH] * 6


NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e6, 1e6)
    | st.integers(-(10**13), 10**13).map(float)
    | st.decimals(-10_000, 10_000, places=3).map(float)
    | st.integers(-(2**20), 2**20).map(lambda n: n / 64)
)


def any_number(source: random.Random) -> float:
    """Any double, or a double such as a plant has."""
    while True:
        (value,) = struct.unpack("<d", source.randbytes(8))
        if math.isfinite(value):
            break
    exact = source.randrange(-(2**24), 2**24) / 2 ** source.randrange(12)
    plain = round(source.uniform(-1, 1) * 10 ** source.randrange(-7, 14), source.randrange(6))
    return float(source.choice([value, exact, plain, plain + exact]))


def test_both_languages_agree_on_fifty_thousand_numbers() -> None:
    source = random.Random(11)
    agree([(any_number(source), any_number(source), any_number(source)) for _ in range(50_000)])


@settings(max_examples=20)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=100))
def test_both_languages_agree_on_every_number(many: list[tuple[float, float, float]]) -> None:
    agree(many)


def agree(many: list[tuple[float, float, float]]) -> None:
    expression = (
        "given.map(([value, low, high]) =>"
        " [m.places(low, high), m.figure(value, m.places(low, high)), m.brief(value)])"
    )
    wanted = [
        [
            figures.places((low, high)),
            figures.figure(value, figures.places((low, high))),
            figures.brief(value),
        ]
        for value, low, high in many
    ]
    found = run("lib/figures.js", expression, *many)
    assert [pair for pair in zip(many, wanted, found, strict=True) if pair[1] != pair[2]] == []


@given(NUMBERS, st.integers(-310, 330))
def test_a_figure_is_a_number_near_the_one_it_stands_for(value: float, decimals: int) -> None:
    text = figures.figure(value, decimals)
    assert re.fullmatch(r"-?\d{1,10}(\.\d+)?|-?\d{1,3}(\.\d+)?e-?\d+", text)
    mantissa, _, power = text.partition("e")
    assert len(mantissa.strip("-").replace(".", "").lstrip("0")) <= 15
    assert int(power or 0) % 3 == 0
    assert text.strip("-0.") or not text.startswith("-")
    half = Decimal(1).scaleb(-decimals) / 2
    most = max(abs(Decimal(value)) * Decimal("1e-14"), half)
    coarse = abs(value) >= 1e15 or abs(value) < 1e-4
    assert coarse or abs(Decimal(text) - Decimal(value)) <= most


@given(st.lists(st.integers(0, 10**14), min_size=2, max_size=2, unique=True), st.integers(-12, 6))
def test_counters_that_differ_are_written_differently(pair: list[int], decimals: int) -> None:
    one, other = pair
    assert figures.figure(float(one), decimals) != figures.figure(float(other), decimals)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_what_a_thousandth_of_the_span_tells_apart_is_written_differently(
    low: float, high: float, other: float
) -> None:
    low, high = sorted((low, high))
    assume_resolvable = high - low > max(abs(low), abs(high)) * 1e-11
    if assume_resolvable and math.isfinite(high - low) and high - low > 1e-300:
        decimals = figures.places((low, high))
        assert figures.figure(low, decimals) != figures.figure(high, decimals)


RANGES: list[tuple[Span | None, bool, str]] = [
    ((0, 200), True, "0.0 ~ 200.0"),
    ((-20, 40), True, "-20.0 ~ 40.0"),
    ((0, 20_000), True, "0.0 ~ 20000.0"),
    ((4.85, 7.25), True, "4.85 ~ 7.25"),
    ((0, 0.25), True, "0.0 ~ 0.25"),
    ((1e-9, 1e-5), True, "1e-9 ~ 10e-6"),
    ((0, 1e300), True, "0.0 ~ 1e300"),
    ((-1e300, 1e300), True, "-1e300 ~ 1e300"),
    ((0, 5e-324), True, "0.0 ~ 4.941e-324"),
    ((0, 4294967295), True, "0.0 ~ 4.294967295e9"),
    ((187.97345, 192.0), False, "188.0 ~ 192.0"),
    ((7.771, 7.789), False, "7.771 ~ 7.789"),
    ((7.77, 7.77), False, "7.77 ~ 7.77"),
    ((0, 0), False, "0.0 ~ 0.0"),
    ((3234567890, 3234567990), False, "3.23456789e9 ~ 3.23456799e9"),
    (None, False, "–"),
]


@pytest.mark.parametrize(("span", "limits", "label"), RANGES, ids=str)
def test_a_range_tells_its_ends_apart(span: Span | None, limits: bool, label: str) -> None:
    assert figures.range_label(span, limits=limits) == label
    assert len(label) <= 40


FULL = [
    (190.0, "190"),
    (0.1 + 0.2, "0.30000000000000004"),
    (-1252524523898.18, "-1252524523898.18"),
    (3.79e-6, "0.00000379"),
    (5e-324, "5e-324"),
    (1e300, "1e300"),
    (1.7976931348623157e308, "179.76931348623157e306"),
    (1e22, "10e21"),
    (-0.0, "0"),
    (None, "–"),
    (NAN, "–"),
]


@pytest.mark.parametrize(("value", "text"), FULL, ids=str)
def test_every_digit_is_at_hand(value: float | None, text: str) -> None:
    assert figures.full(value) == text


@given(NUMBERS)
def test_every_digit_names_the_number_and_no_other(value: float) -> None:
    assert float(figures.full(value)) == value


@pytest.mark.parametrize(
    ("value", "other", "text"),
    [
        (196.249992370605, 195, "196.25"),
        (200.00000004, 200, "200.00000004"),
        (123456791, 123456790, "123456791"),
        (195, 195, "195"),
        (1e-9, 0, "1e-9"),
        (3234567890.25, 3234567890, "3.2345678903e9"),
    ],
)
def test_a_violation_tells_the_value_from_its_limit(value: float, other: float, text: str) -> None:
    assert figures.brief_differing(value, other) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1440, "1440"), (9999, "9999"), (17280, "17 280"), (1_234_567, "1 234 567")],
)
def test_a_count_among_words_is_grouped_as_figures_are(number: int, text: str) -> None:
    assert figures.count(number) == text.replace(" ", "\u202f")
    assert run("lib/figures.js", "m.grouped(given[0])", str(number)) == figures.count(number)


def test_thousands_are_grouped_from_five_digits_on() -> None:
    texts = [
        "1234.5",
        "12345.678",
        "-123456791.00",
        "1234567",
        "3.23456789e9",
        "–",
        "0.12345678",
        "",
    ]
    assert run("lib/figures.js", "given.map(m.digitGroups)", *texts) == [
        ["1234.5"],
        ["12", "345.678"],
        ["-123", "456", "791.00"],
        ["1", "234", "567"],
        ["3.23456789e9"],
        ["–"],
        ["0.12345678"],
        [""],
    ]


@pytest.mark.parametrize(
    ("low", "high", "marks", "texts"),
    [
        (123456785, 123456855, [123456800, 123456820], ["123 456 800", "123 456 820"]),
        (0, 200, [0, 50, 150], ["0", "50", "150"]),
        (11.99, 12.02, [12, 12.005, 12.01], ["12", "12.005", "12.01"]),
        (-1e-6, 1.1e-5, [0, 5e-6, 1e-5], ["0", "5e-6", "10e-6"]),
        (1.2525245e12, 1.2525246e12, [1.25252452e12, 1.25252454e12],
         ["1.25252452e12", "1.25252454e12"]),
        (0, 0.3, [0.1 + 0.2, 0.15000000000000002, 1e-18], ["0.3", "0.15", "0"]),
        (-2e5, 2e5, [-100_000, 5000], ["-100 000", "5000"]),
        (0, 1e300, [5e299], ["500e297"]),
    ],
)  # fmt: skip
def test_marks_of_an_axis_are_brief_and_never_twice_the_same(
    low: float, high: float, marks: list[float], texts: list[str]
) -> None:
    expression = "given[0].map((one) => m.mark(one, given[1], given[2]))"
    found = run("lib/figures.js", expression, marks, low, high)
    assert found == [text.replace(" ", "\u202f") for text in texts]


class TestColumns:
    """The numbers that the browser draws: short, and with the text that the table has."""

    def test_a_counter_keeps_its_units_and_nothing_is_flat(self) -> None:
        series = [123456791.0 + i for i in range(58)]
        assert columns.round_column(series, 1) == series

    def test_a_totalizer_keeps_its_last_digits(self) -> None:
        series = [1252524523898.18 + 17.03 * i for i in range(60)]
        sent = columns.round_column(series, figures.places((series[0], series[-1])))
        assert len(set(sent)) == 60
        assert all(abs(a - b) <= 0.051 for a, b in zip(series, sent, strict=True) if b is not None)

    def test_one_far_value_does_not_flatten_the_rest(self) -> None:
        series = [20 + i / 1000 for i in range(100)] + [1e9]
        assert columns.round_column(series, 1)[:100] == pytest.approx(series[:100], abs=1e-6)

    def test_what_is_no_number_is_none(self) -> None:
        assert columns.round_column([1.5, None, NAN, INF, -0.0], 1) == [1.5, None, None, None, 0.0]
        assert columns.round_column([None], 1) == [None]
        assert columns.round_column([], 1) == []

    @given(st.lists(st.none() | NUMBERS, max_size=50), st.integers(-310, 330))
    def test_at_most_15_digits_and_the_text_of_the_number_itself(
        self, values: list[float | None], decimals: int
    ) -> None:
        for value, sent in zip(values, columns.round_column(values, decimals), strict=True):
            if value is None or sent is None:
                assert value is sent is None
                continue
            assert sent == float(f"{sent:.14e}") or abs(sent) > 1e308
            assert sent == pytest.approx(value, rel=1e-6)

    @given(
        st.lists(st.decimals(0, 20, places=7).map(float) | NUMBERS, min_size=1, max_size=30),
        st.none() | st.integers(-3, 6),
    )
    def test_a_legend_writes_what_the_table_writes(
        self, values: list[float], by_rule: int | None
    ) -> None:
        by_data = figures.places((min(values), max(values)))
        decimals = by_data if by_rule is None else by_rule
        texts = [figures.figure(value, decimals) for value in values]
        sent = columns.round_column(values, decimals)
        assert [figures.figure(value, decimals) for value in sent] == texts
