"""The form of a calculated tag, run by Node (PRD §33.9)."""

from __future__ import annotations

from typing import Any

import pytest

from ksys_app.texts import LANGUAGES
from tests.node import run

DRAFT = "explore/calc/draft.js"
TYPED = {"name": "K", "text": "A + 1", "unit": " bar ", "decimals": "2", "version": 0}


@pytest.mark.parametrize(
    ("typed", "reason", "sent"),
    [
        ({}, " trial ", {"unit": "bar", "decimals": 2, "reason": "trial"}),
        ({"decimals": " "}, "r", {"unit": "bar", "decimals": None, "reason": "r"}),
    ],
)
def test_what_is_saved(typed: dict[str, Any], reason: str, sent: dict[str, Any]) -> None:
    wanted = {"text": "A + 1", "version": 0} | sent
    assert run(DRAFT, "m.bodyOf(given[0], given[1])", TYPED | typed, reason) == wanted


@pytest.mark.parametrize(
    ("typed", "reason", "failed", "missing", "wrong"),
    [
        ({}, "r", False, [], []),
        ({"decimals": " 12 "}, "r", False, [], []),
        ({"decimals": "13"}, "r", False, [], ["decimals"]),
        ({"decimals": "1.5"}, "r", False, [], ["decimals"]),
        ({"decimals": "-1"}, " ", False, ["reason"], ["decimals"]),
        ({"name": " ", "text": ""}, "", False, ["name", "text", "reason"], []),
        ({"name": " .. "}, "r", True, [], ["name_step", "text"]),
        ({"name": "a\u200bb"}, "r", False, [], ["name_hidden"]),
    ],
)
def test_what_is_in_the_way_of_saving(
    typed: dict[str, Any], reason: str, failed: bool, missing: list[str], wrong: list[str]
) -> None:
    about = {"may": True, "failed": failed}
    found = run(DRAFT, "m.problemsOf(...given)", TYPED | typed, reason, about)
    assert found["save"] == {"missing": missing, "wrong": wrong}
    assert found["remove"] == {"missing": [] if reason.strip() else ["reason"], "wrong": []}
    assert run(DRAFT, "m.isAllowed(given[0])", found["save"]) is not bool(missing + wrong)
    for language in LANGUAGES.values():
        for one in (*(f"calc_{field}" for field in missing), *(f"calc_wrong_{w}" for w in wrong)):
            assert language["explore"][one]


@pytest.mark.parametrize(("may", "wrong"), [(False, "may"), (None, "who")])
def test_without_the_right_to_save_no_other_problem_is_named(may: bool | None, wrong: str) -> None:
    expression = (
        "(({ save, remove }) => [save, save === remove])(m.problemsOf(given[0], '', given[1]))"
    )
    found = run(DRAFT, expression, TYPED, {"may": may, "failed": True})
    assert found == [{"missing": [], "wrong": [wrong]}, True]


@pytest.mark.parametrize(
    ("text", "at", "length", "parts"),
    [
        ("1 + x1", 4, 2, ["1 + ", "x1", ""]),
        ("1 +", 3, 0, ["1 +", " ", ""]),
        ("\U0001f600 + 압", 4, 1, ["\U0001f600 + ", "압", ""]),
    ],
)
def test_what_is_wrong_is_found_by_code_points(
    text: str, at: int, length: int, parts: list[str]
) -> None:
    assert run(DRAFT, "m.splitAtError(...given)", text, at, length) == parts


def test_the_preview_is_of_the_time_that_is_shown() -> None:
    found = run(DRAFT, "m.previewUrl(given[0], given[1])", "A + 1", "from=now-1h&bucket=raw")
    assert found == "/api/v1/expressions/evaluate?from=now-1h&expr=A+%2B+1&format=columns"


def test_a_hole_breaks_the_line_of_the_preview() -> None:
    columns = {"bucket": [0, 60_000, 120_000, 240_000], "avg": [1, None, 3, 2]}
    answer = {"from_ms": 0, "to_ms": 240_000, "bucket_s": 60, "columns": columns}
    assert run(DRAFT, "m.linePath(given[0])", answer) == "M0.00 29.00M50.00 1.00M100.00 15.00"
    empty = answer | {"columns": {"bucket": [], "avg": []}}
    assert run(DRAFT, "m.linePath(given[0])", empty) == ""
