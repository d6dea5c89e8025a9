"""Editing rules: computed values, differences and problems (PRD §32.9)."""

from __future__ import annotations

from typing import Any

import pytest

from ksys_app.domain.rule_edit import (
    Operation,
    cells,
    computed,
    contradiction,
    edited,
    rule_problems,
)
from ksys_app.domain.rule_paste import pasted
from ksys_app.models.limits import AlarmRule, Cell, Limits
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule

RULE = QcRule("T", 0.0, 200.0, max_gap_seconds=60, warn_max=0.1)
NOW = Limits(RULE, 3, True, {"HIGH": AlarmRule(priority=2)})


@pytest.mark.parametrize(
    ("column", "operation", "value", "expected"),
    [
        ("warn_max", "set", 5.0, 5.0),
        ("warn_max", "set", None, None),
        ("enabled", "set", False, False),
        ("warn_max", "add", 0.2, 0.3),
        ("warn_max", "scale", 3, 0.3),
        ("crit_max", "add", 5, None),
        ("crit_max", "range", 95, 190.0),
        ("max_gap_seconds", "scale", 1.51, 91),
    ],
)
def test_a_value_is_computed(column: str, operation: Operation, value: Any, expected: Any) -> None:
    assert computed(RULE, column, operation, value) == expected


def test_a_value_that_cannot_be_computed_is_an_error_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"limit_no_range") as error:
        computed(QcRule("T"), "crit_max", "range", 95)
    assert isinstance(error.value.args[0], Message)
    with pytest.raises(ValueError, match=r"limit_no_number"):
        computed(RULE, "enabled", "add", 1)


@pytest.mark.parametrize("operation", ["set", "add", "scale", "range"])
@pytest.mark.parametrize("value", [1e300, -1e300, float("inf"), float("nan")])
def test_what_no_reader_of_json_can_hold_is_no_whole_number(
    operation: Operation, value: float
) -> None:
    with pytest.raises(ValueError, match=r"limit_no_number"):
        computed(RULE, "max_gap_seconds", operation, value)


@pytest.mark.parametrize("value", ["1e300", "-1e300", "inf", "nan", "9" * 400])
def test_nor_is_it_in_a_spreadsheet(value: str) -> None:
    with pytest.raises(ValueError, match=r"paste_value"):
        pasted(f"tag_name\tmax_gap_seconds\nT\t{value}")


def test_an_edit_names_what_differs() -> None:
    new = edited(NOW, {"warn_max": 5.0, "max_val": 200.0}, {"HIGH": None, "LOW": AlarmRule(1)})
    assert cells(NOW, new) == (
        Cell("warn_max", 0.1, 5.0),
        Cell("HIGH.priority", 2, None),
        Cell("LOW.priority", None, 1),
    )


def test_what_is_wrong_is_named_at_its_column() -> None:
    single = rule_problems(QcRule("T", 5.0, 1.0, max_step=-1.0))
    assert [(one.column, one.what.key) for one in single] == [("max_step", "faults.not_above_zero")]
    assert [one.column for one in rule_problems(QcRule("T", 5.0, 1.0))] == ["min_val"]
    assert rule_problems(RULE) == ()


def test_a_contradiction_has_what_is_not_equal_in_all_three() -> None:
    theirs = {"rule": {"warn_max": 7.0, "min_val": 0.0, "max_val": 200.0, "max_gap_seconds": 60}}
    base = {"rule": {"warn_max": 0.1, "min_val": 0.0, "max_val": 200.0}, "settings": {}}
    found = contradiction(NOW, 4, theirs, base)
    assert ("warn_max", 0.1, 7.0, 0.1) in found.cells
    assert ("max_gap_seconds", 60, 60, None) in found.cells
    assert ("HIGH.priority", 2, None, None) in found.cells
    assert "max_val" not in {name for name, *_ in found.cells}
