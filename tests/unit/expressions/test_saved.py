"""Saved expressions in the places of their names, and the units of expressions (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ksys_app.domain.expressions.parse import names, parse
from ksys_app.domain.expressions.saved import MAX_LEVELS, expand, users_of
from ksys_app.domain.expressions.tokens import BadExpression
from ksys_app.domain.expressions.units import unit_of
from ksys_app.models.expressions import Flaw, Node, Span
from ksys_app.texts import say

UNITS = {"P": "bar", "Q": "m³/h", "T1": "°C", "T2": "°C", "E": "kWh"}


def trees(texts: Mapping[str, str]) -> dict[str, Node]:
    return {name: parse(text) for name, text in texts.items()}


def flaw_of(text: str, saved: Mapping[str, str], own: str = "") -> Flaw:
    with pytest.raises(BadExpression) as caught:
        expand(parse(text), trees(saved), own)
    return caught.value.flaw


def test_a_name_is_replaced_by_its_expression_in_parentheses() -> None:
    expanded = expand(parse("head * 2"), trees({"head": "D1 + D2"}))
    assert str(expanded).count("'+'") == 1
    assert list(names(expanded)) == ["D1", "D2"]
    assert names(expanded)["D1"] == Span(0, 4), "the place of the name that leads there"


def test_what_is_not_saved_is_a_tag() -> None:
    tree = parse("D1 + D2")
    assert expand(tree, {}) == tree


def test_a_circle_is_named_at_the_name_that_leads_into_it() -> None:
    flaw = flaw_of("1 + a", {"a": "b * 2", "b": "c", "c": "D1 + a"})
    assert (flaw.sentence.key, flaw.span) == ("expressions.circle", Span(4, 1))
    circle = "saved expressions use each other in a circle: 'a' → 'b' → 'c' → 'a'"
    assert say(flaw.sentence) == circle
    assert flaw_of("own + 1", {"own": "own + 1"}, "own").sentence.key == "expressions.circle"
    assert flaw_of("x * 2", {"own": "x * 2", "x": "own"}, "own").span == Span(0, 1)


def test_expressions_lead_through_five_levels() -> None:
    chain = {f"e{n}": f"e{n + 1}" for n in range(9)}
    assert expand(parse(f"e{9 - MAX_LEVELS}"), trees(chain))
    assert flaw_of(f"e{8 - MAX_LEVELS}", chain).sentence.key == "expressions.levels"
    assert expand(parse(f"e{10 - MAX_LEVELS}"), trees(chain), "own")
    assert flaw_of(f"e{9 - MAX_LEVELS}", chain, "own").sentence.key == "expressions.levels"


def test_all_together_have_nine_tags_and_a_thousand_parts() -> None:
    many = {"a": "+".join(f"A{n}" for n in range(5)), "b": "+".join(f"B{n}" for n in range(5))}
    flaw = flaw_of("1 + a + b", many)
    assert (flaw.sentence.key, flaw.span) == ("expressions.tags", Span(8, 1))
    ten = {f"e{n}": "+".join([f"e{n + 1}"] * 50) for n in range(4)} | {"e4": "D1"}
    assert flaw_of("e0", ten).sentence.key == "expressions.large"


def test_the_users_of_an_expression_are_found() -> None:
    assert users_of("a", trees({"b": "a + 1", "c": "b", "d": "avg_1h(a)"})) == ["b", "d"]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *(("T1 - T2", "°C"), ("T1 + 5", "°C"), ("max(T1, T2, 0)", "°C"), ("-avg_1h(T1)", "°C")),
        *(("P * Q", "bar·(m³/h)"), ("P * 2", "bar"), ("2 * P", "bar"), ("T1 / T2", "")),
        *(("P / Q", "bar/(m³/h)"), ("1 / P", "1/bar"), ("rate(E)", "kWh/h"), ("E / 2", "kWh")),
        *(("integral(Q)", "m³"), ("integral(P)", "bar·h"), ("P ^ 2", ""), ("sqrt(P)", "")),
        *(("if(P > 3, T1, T2)", "°C"), ("X + P", ""), ("X", ""), ("1 + 1", ""), ("exp(1)", "")),
        *(("shift_1d(P) - P", "bar"), ("P*Q*Q*Q*Q", ""), ("round(P, 1)", "bar")),
    ],
)
def test_an_expression_has_the_unit_that_follows(text: str, unit: str) -> None:
    assert unit_of(parse(text), UNITS) == (unit, [])


@pytest.mark.parametrize("text", ["P + T1", "max(P, 1, T1)", "if(P > T1, 1, 2)", "P % T1"])
def test_units_that_do_not_fit_are_a_warning_with_its_place(text: str) -> None:
    unit, (flaw,) = unit_of(parse(text), UNITS)
    assert unit == ""
    assert say(flaw.sentence) == "the units bar and °C differ"
    assert text[flaw.span.at :][: flaw.span.length] in ("+", "max", "if", "%")
