"""Columns as differences are the same numbers again, decoded by the browser (PRD §33.2)."""

from __future__ import annotations

import json

import numpy as np
import orjson
from hypothesis import example, given, settings, strategies as st
from psycopg.adapt import PyFormat, Transformer

from ksys_app.api.encoding import encoded
from ksys_app.domain.columns import round_array
from ksys_app.domain.deltas import as_deltas
from ksys_app.driver.arrays import Numbers
from tests.node import run

ANY = st.floats(allow_nan=False, allow_infinity=False)
SHORT = st.tuples(st.integers(-(2**53), 2**53), st.integers(0, 15)).map(
    lambda one: one[0] / 10 ** one[1]
)
COLUMNS = st.lists(st.none() | ANY, max_size=40) | st.lists(st.none() | SHORT, max_size=40)


def sent(body: object) -> object:
    """The body as a client reads it."""
    return json.loads(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY))


def floats(columns: dict[str, list[float | None]]) -> list[list[float | None]]:
    """The columns; JavaScript writes large numbers with other digits than Python."""
    return [[None if one is None else float(one) for one in column] for column in columns.values()]


@given(st.lists(COLUMNS, min_size=60, max_size=120))
@settings(max_examples=3, deadline=None)
@example(
    [[], [None], [None, 1.5, None, 1.25, 1.25], [0.1, 0.2, 0.3], [2.0**52, -(2.0**52)], [5e-324]]
)
def test_columns_decode_to_the_same_numbers(columns: list[list[float | None]]) -> None:
    short = encoded({"columns": {str(at): one for at, one in enumerate(columns)}})
    found = run("explore/decode.js", "m.decoded(given[0])", sent(short))
    assert floats(found["columns"]) == columns


def test_an_answer_decodes_to_the_plain_one() -> None:
    rng, times = np.random.default_rng(2), np.arange(500) * 60_000 + 1_764_000_000_000
    columns = {
        name: round_array(np.where(rng.random(500) < 0.1, np.nan, rng.normal(50, 9, 500)), 2, 1)
        for name in ("avg", "min")
    }
    columns["n"] = rng.integers(1, 60, 500)
    others = [None if at % 7 == 0 else int(one) for at, one in enumerate(times)]
    compare = {"from": "x", "to": "y", "columns": dict(columns)}
    tag = {"tag_name": "A", "columns": columns, "compare": compare}
    plain = {"times": times, "other_times": others, "series": [tag, {**tag, "columns": {}}]}
    alone = {"tag_name": "A", "columns": columns | {"bucket": times}, "compare": compare}
    short = [encoded(plain), encoded(alone)]
    columns_of = short[0]["series"][0]["columns"]
    assert {one["decimals"] for one in columns_of.values()} == {0, 2}
    decoded = run("explore/decode.js", "given[0].map(m.decoded)", sent(short))
    assert decoded == [sent(plain), sent(alone)]
    assert run("explore/decode.js", "given[0].map(m.decoded)", decoded) == decoded


def test_a_number_that_would_lose_a_digit_stays() -> None:
    assert as_deltas([0.1 + 0.2]) is None
    assert as_deltas([1e300, 1.0]) is None
    assert as_deltas([2.0**53]) is None


@given(st.lists(st.none() | st.floats(), max_size=40))
def test_a_list_of_numbers_is_read_as_an_array(values: list[float | None]) -> None:
    typed = [*values, 0.5]  # so that the list has the type of numbers
    dumper = Transformer().get_dumper(typed, PyFormat.BINARY)
    data = dumper.dump(typed)
    assert data is not None
    wanted = np.array(typed, dtype=np.float64)
    found = Numbers(1022).load(data)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, wanted)


def test_an_empty_list_is_an_empty_array() -> None:
    empty = (0).to_bytes(4) + (0).to_bytes(4) + (701).to_bytes(4)
    assert Numbers(1022).load(empty).tolist() == []
