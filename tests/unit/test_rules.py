"""Stored rules and expectations: unusable values are left out and named, the others count."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, strategies as st

from ksys_app.domain.meta import MAX_META, read_meta
from ksys_app.domain.rules import LIMITS, rule_faults, usable_expectation, usable_rule, value_fault
from ksys_app.models.rows import Expectation, QcRule, StoredExpectation, StoredRule
from ksys_app.texts import say

NAN, INF = float("nan"), float("inf")
# The others say how the row was read, and what a calculated tag adds to it.
STORED_FIELDS = {field.name for field in fields(QcRule) if field.compare}
SOUND = StoredRule(
    tag_name="T1",
    min_val=0.0,
    max_val=100.0,
    max_step=5.0,
    max_gap_seconds=60,
    allow_negative=False,
    enabled=True,
    meta='{"unit": "bar", "title": "Feed line pressure"}',
    meta_bytes=60,
    warn_min=10.0,
    warn_max=90.0,
    crit_min=5.0,
    crit_max=95.0,
    roc_max_per_min=3.0,
    spike_zscore=4.0,
    deadband_pct=1.0,
)


def test_a_sound_row_is_the_rule_it_says() -> None:
    rule = usable_rule(SOUND)
    assert rule == QcRule(
        "T1",
        0.0,
        100.0,
        5.0,
        60,
        False,
        True,
        {"unit": "bar", "title": "Feed line pressure"},
        10.0,
        90.0,
        5.0,
        95.0,
        3.0,
        4.0,
        1.0,
    )
    assert (rule.unit, rule.title, rule.faults) == ("bar", "Feed line pressure", ())


def test_a_row_of_nothing_but_nulls_judges_nothing() -> None:
    nulls: dict[str, Any] = dict.fromkeys(StoredRule.__slots__)
    assert usable_rule(StoredRule(**nulls | {"tag_name": "T1"})) == QcRule("T1", enabled=None)


# What another writer stored, what is wrong with it, and which columns are not used for it.
ROWS: list[tuple[dict[str, Any], str, set[str]]] = [
    ({"max_val": NAN}, "max_val: nan is not a finite number", {"max_val"}),
    ({"min_val": -INF}, "min_val: -inf is not a finite number", {"min_val"}),
    ({"warn_max": INF}, "warn_max: inf is not a finite number", {"warn_max"}),
    ({"max_step": 0.0}, "max_step: 0 must be above 0", {"max_step"}),
    ({"max_step": NAN}, "max_step: nan is not a finite number", {"max_step"}),
    ({"roc_max_per_min": -1.0}, "roc_max_per_min: -1 must be above 0", {"roc_max_per_min"}),
    ({"spike_zscore": -0.0}, "spike_zscore: -0 must be above 0", {"spike_zscore"}),
    (
        {"max_gap_seconds": 0},
        "max_gap_seconds: 0 must be from 1 to 2147483647",
        {"max_gap_seconds"},
    ),
    (
        {"max_gap_seconds": -(2**31)},
        "max_gap_seconds: -2147483648 must be from 1 to 2147483647",
        {"max_gap_seconds"},
    ),
    ({"deadband_pct": 1e308}, "deadband_pct: 1e+308 must be from 0 to 25", {"deadband_pct"}),
    ({"deadband_pct": -1.0}, "deadband_pct: -1 must be from 0 to 25", {"deadband_pct"}),
    # One mistyped limit goes alone, wherever it stands among the others.
    ({"warn_min": 300.0}, "warn_min: 300 must be below warn_max, which is 90", {"warn_min"}),
    ({"crit_min": 12.0}, "crit_min: 12 must be at most warn_min, which is 10",
     {"crit_min", "warn_min"}),
    ({"crit_max": -7.0}, "warn_max: 90 must be at most crit_max, which is -7", {"crit_max"}),
    (
        {"min_val": 200.0, "max_val": 0.0, "warn_min": None, "warn_max": None,
         "crit_min": None, "crit_max": None, "deadband_pct": None},
        "min_val: 200 must be below max_val, which is 0",
        {"min_val", "max_val"},
    ),
    ({"tag_name": ""}, "tag_name: must be a name", set()),
    ({"tag_name": " T1 "}, "tag_name: ' T1 ' has blanks around it", set()),
    (
        {"tag_name": "T" * 201},
        f"tag_name: '{'T' * 59}…' is longer than 200 characters",
        set(),
    ),
    ({"meta": "[1, 2]"}, "meta: is a list, not a JSON object", {"meta"}),
    ({"meta": '"abc"'}, "meta: is a text, not a JSON object", {"meta"}),
    ({"meta": "5"}, "meta: is a number, not a JSON object", {"meta"}),
    ({"meta": "null"}, "meta: is null, not a JSON object", {"meta"}),
    ({"meta": "true"}, "meta: is true or false, not a JSON object", {"meta"}),
    ({"meta": '"[1]"'}, "meta: is a text, not a JSON object", {"meta"}),
    ({"meta": None, "meta_bytes": 20_000}, "meta: takes 20,000 bytes, more than 16,384", {"meta"}),
]  # fmt: skip


def _id(value: object) -> str:
    """An id that is equal in every process of a run, although a set has no order."""
    return str(sorted(value)) if isinstance(value, set) else str(value)


@pytest.mark.parametrize(("stored", "message", "left_out"), ROWS, ids=_id)
def test_what_cannot_be_used_is_named_and_left_out_alone(
    stored: dict[str, Any], message: str, left_out: set[str]
) -> None:
    row = replace(SOUND, **stored)
    rule = usable_rule(row)
    assert message in [say(fault.sentence) for fault in rule.faults]
    sound = usable_rule(SOUND)
    for name in STORED_FIELDS:
        if name in left_out:
            assert getattr(rule, name) in (None, {})
        elif name in stored:
            assert getattr(rule, name) == stored[name]
        else:
            assert getattr(rule, name) == getattr(sound, name), name


def test_a_deadband_without_room_goes_and_the_limits_stay() -> None:
    rule = usable_rule(replace(SOUND, warn_min=49.0, warn_max=51.0, deadband_pct=2.0))
    assert [fault.column for fault in rule.faults] == ["deadband_pct"]
    assert (rule.deadband_pct, rule.warn_min, rule.warn_max) == (None, 49.0, 51.0)


def test_a_range_wider_than_numbers_go_has_no_deadband() -> None:
    rule = usable_rule(replace(SOUND, min_val=-1.7e308, max_val=1.7e308))
    assert [fault.column for fault in rule.faults] == ["deadband_pct"]
    assert (rule.min_val, rule.deadband_pct) == (-1.7e308, None)


WRAPPED = json.dumps({"unit": "°C"})


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_object_encoded_again_as_text_is_read_as_the_object(times: int) -> None:
    text = WRAPPED
    for _ in range(times):
        text = json.dumps(text)
    rule = usable_rule(replace(SOUND, meta=text))
    assert rule.unit == "°C"
    assert [say(fault.sentence) for fault in rule.faults] == [
        "meta: is a JSON object inside of a text; store the object itself"
    ]


@pytest.mark.parametrize("meta", ['{"unit": null}', '{"unit": ""}', "{}", '{"title": null}'])
def test_no_unit_is_no_fault(meta: str) -> None:
    rule = usable_rule(replace(SOUND, meta=meta))
    assert (rule.unit, rule.title, rule.faults) == ("", "", ())


@pytest.mark.parametrize("key", ["unit", "title"])
@pytest.mark.parametrize(
    "value", [5, 0, True, {"a": 1}, ["°C"], "x" * 10_000, "x" * 201, "a\u202eb", "\x07"], ids=repr
)
def test_what_is_no_short_text_is_no_unit_and_no_title(key: str, value: object) -> None:
    meta = {"unit": "bar", "title": "Pressure"} | {key: value}
    rule = usable_rule(replace(SOUND, meta=json.dumps(meta)))
    other = "title" if key == "unit" else "unit"
    assert getattr(rule, key) == ""
    assert getattr(rule, other) == meta[other]
    most = 24 if key == "unit" else 200
    assert [say(fault.sentence) for fault in rule.faults] == [
        f"meta: {key} must be a printable text of at most {most} characters"
    ]


def test_blanks_of_any_kind_in_a_unit_are_one_blank() -> None:
    rule = usable_rule(replace(SOUND, meta='{"unit": " kg\\u00a0/\\n h "}'))
    assert (rule.unit, rule.faults) == ("kg / h", ())


@pytest.mark.parametrize(
    "text",
    [
        "[" * 8000 + "]" * 8000,
        '{"a":' * 100 + "1" + "}" * 100,
        '{"n": ' + "9" * 5000 + "}",
        '{"n": 123456789012345678901234567890, "unit": "bar"}',
        '{"n": 1e400}',
        '{"n": ' + "9" * MAX_META + "}",
        "{",
        "",
    ],
    ids=lambda text: text[:20],
)
def test_whatever_json_the_table_holds_can_be_read_and_sent(text: str) -> None:
    meta, _wrong = read_meta(text, 1)
    assert isinstance(meta, dict)
    orjson.dumps(meta)


def test_an_integer_of_many_digits_costs_nothing_but_its_digits() -> None:
    meta, message = read_meta('{"n": 123456789012345678901234567890, "unit": "bar"}')
    assert (meta, message) == ({"n": 1.2345678901234568e29, "unit": "bar"}, None)


ANY = st.none() | st.floats()
STORED = st.builds(
    StoredRule,
    tag_name=st.text(max_size=5),
    **dict.fromkeys((*LIMITS, "max_step", "roc_max_per_min", "spike_zscore", "deadband_pct"), ANY),
    max_gap_seconds=st.none() | st.integers(-(2**31), 2**31 - 1),
    allow_negative=st.none() | st.booleans(),
    enabled=st.none() | st.booleans(),
    meta=st.none()
    | st.text(max_size=20)
    | st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("unit"), inner),
    ).map(lambda value: json.dumps(value, allow_nan=False) if _finite(value) else "{}"),
    meta_bytes=st.none() | st.integers(0, 2**31 - 1),
)


def _finite(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@given(STORED)
def test_of_whatever_is_stored_comes_a_rule_that_a_file_could_hold(row: StoredRule) -> None:
    rule = usable_rule(row)
    values = {name: getattr(rule, name) for name in STORED_FIELDS}
    assert [name for name, value in values.items() if name not in {"tag_name", "meta"}
            and value_fault(name, value)] == []  # fmt: skip
    assert rule_faults(rule) == []
    assert len(rule.unit) <= 24
    assert rule.unit.isprintable()
    orjson.dumps(values["meta"])
    used = {name: value for name, value in values.items() if value is not None and name != "meta"}
    assert all(getattr(row, name) == value for name, value in used.items())
    lost = {
        name
        for name in (*LIMITS, "max_step", "max_gap_seconds", "deadband_pct")
        if getattr(row, name) is not None and values[name] is None
    }
    assert (not lost) or rule.faults


@given(STORED)
def test_every_value_of_a_row_without_a_fault_is_used(row: StoredRule) -> None:
    rule = usable_rule(row)
    if not rule.faults:
        for name in STORED_FIELDS - {"meta"}:
            assert getattr(rule, name) == getattr(row, name)


# Stored: messages a minute, the two limits; then what is used, and what is wrong.
EXPECTED: list[tuple[tuple[int | None, str | None, str | None], tuple[int, float, float], str]] = [
    ((12, "0.98", "0.95"), (12, 0.98, 0.95), ""),
    ((12, "0.9", "0.9"), (12, 0.9, 0.9), ""),
    ((12, "1", "0"), (12, 1.0, 0.0), ""),
    ((0, "0.98", "0.95"), (1, 0.98, 0.95), "exp_per_min: 0 must be from 1 to 2147483647"),
    ((-5, "0.98", "0.95"), (1, 0.98, 0.95), "exp_per_min: -5 must be from 1 to 2147483647"),
    ((2**31 - 1, "0.98", "0.95"), (2**31 - 1, 0.98, 0.95), ""),
    ((12, "NaN", "0.95"), (12, 0.98, 0.95), "slo_warn: NaN is not a finite number"),
    ((12, "0.98", "NaN"), (12, 0.98, 0.95), "slo_crit: NaN is not a finite number"),
    ((12, "Infinity", "-Infinity"), (12, 0.98, 0.95), "slo_warn: Infinity is not a finite number"),
    ((12, "98", "0.95"), (12, 0.98, 0.95), "slo_warn: 98 must be from 0 to 1"),
    ((12, "0.98", "-0.1"), (12, 0.98, 0.95), "slo_crit: -0.1 must be from 0 to 1"),
    ((12, "0.9", "0.95"), (12, 0.98, 0.95),
     "slo_crit: 0.95 must be at most slo_warn, which is 0.9"),
    # A default gives way to the limit that is given.
    ((12, "0.9", "2"), (12, 0.9, 0.9), "slo_crit: 2 must be from 0 to 1"),
    ((12, "2", "0.99"), (12, 0.99, 0.99), "slo_warn: 2 must be from 0 to 1"),
    ((12, "1e400", "1e-400"), (12, 0.98, 0.0), "slo_warn: 1E+400 is not a finite number"),
    ((None, None, None), (1, 0.98, 0.95), ""),
]  # fmt: skip


@pytest.mark.parametrize(("stored", "used", "message"), EXPECTED, ids=_id)
def test_an_expectation_that_cannot_be_used_has_defaults_and_is_named(
    stored: tuple[int | None, str | None, str | None], used: tuple[int, float, float], message: str
) -> None:
    rate, warn, crit = stored
    limits = [None if limit is None else Decimal(limit) for limit in (warn, crit)]
    expectation, faults = usable_expectation(StoredExpectation("T1", rate, *limits))
    assert expectation == Expectation("T1", *used)
    assert [say(fault.sentence) for fault in faults][:1] == ([message] if message else [])


@given(
    st.none() | st.integers(-(2**31), 2**31 - 1),
    st.none() | st.decimals(),
    st.none() | st.decimals(),
)
def test_of_whatever_is_stored_comes_an_expectation_to_judge_by(
    rate: int | None, warn: Decimal | None, crit: Decimal | None
) -> None:
    limits = [None if one is not None and one.is_snan() else one for one in (warn, crit)]
    expectation, _faults = usable_expectation(StoredExpectation("T1", rate, *limits))
    assert expectation.exp_per_min >= 1
    assert 0 <= expectation.slo_crit <= expectation.slo_warn <= 1
    assert math.isfinite(expectation.slo_warn)
