"""The unit of an expression, and warnings where units do not match (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ksys_app.models.expressions import Apply, Flaw, Name, Node, Number
from ksys_app.models.message import Message
from ksys_app.models.rows import MAX_UNIT

Unit = str | None
"""None is unknown, an empty text is a plain number."""

_KEEPING: Final = frozenset({"neg", "abs", "round", "avg", "shift", "delta"})
_ALIKE: Final = frozenset({"+", "-", "%", "min", "max", "clamp"})
_HOURLY: Final = "/h"


def unit_of(node: Node, units: Mapping[str, str]) -> tuple[str, list[Flaw]]:
    """The unit of a tree, empty if it has none or is unknown, and a warning for each mismatch.

    Args:
        node: a tree without names of saved expressions.
        units: the unit of each tag that has one.
    """
    found: list[Flaw] = []
    return _unit(node, units, found) or "", found


def _unit(node: Node, units: Mapping[str, str], found: list[Flaw]) -> Unit:
    if isinstance(node, Number):
        return ""
    if isinstance(node, Name):
        return units.get(node.name) or None
    args = [_unit(arg, units, found) for arg in node.args]
    if node.what == "if":
        _alike(args[:2], node, found)
        return _alike(args[2:], node, found)
    if node.what in _ALIKE and node.ago is None:
        return _alike(args, node, found)
    if node.what in _KEEPING or node.ago is not None:
        return args[0]
    return _derived_unit(node, args)


def _alike(args: list[Unit], node: Apply, found: list[Flaw]) -> Unit:
    """The unit of values that must have the same unit; a plain number matches every unit."""
    named = list(dict.fromkeys(unit for unit in args if unit))
    if len(named) > 1:
        values = {"left": named[0], "right": named[1]}
        found.append(Flaw(Message("expressions.units_differ", values), node.span))
    if None in args or len(named) > 1:
        return None
    return named[0] if named else ""


def _derived_unit(node: Apply, args: list[Unit]) -> Unit:
    """The unit of a product, a quotient, a power, a rate or an integral."""
    unit = args[0]
    if None in args or unit is None:
        return None
    if node.what in ("*", "/"):
        return _product(unit, args[1] or "", node.what)
    if node.what == "rate":
        return _short(f"{_factor(unit)}{_HOURLY}") if unit else None
    if node.what == "integral":
        if unit.endswith(_HOURLY):
            return unit.removesuffix(_HOURLY)
        return _short(f"{_factor(unit)}·h") if unit else "h"
    # A power, a root or a logarithm of a plain number is a plain number.
    return None if any(args) else ""


def _product(left: str, right: str, sign: str) -> Unit:
    if not right:
        return left
    if sign == "*":
        return _short(f"{_factor(left)}·{_factor(right)}") if left else right
    if left == right:
        return ""
    return _short(f"{_factor(left) or '1'}/{_factor(right)}")


def _factor(unit: str) -> str:
    return f"({unit})" if "/" in unit or "·" in unit else unit


def _short(unit: str) -> Unit:
    return unit if len(unit) <= MAX_UNIT else None
