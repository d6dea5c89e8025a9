"""An alarm in words: the badge of a tile, the column of a table, ``alarm`` in HTTP (PRD §5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ksys_app.domain.figures import apart, brief
from ksys_app.models.tiles import Violation

NO_ALARM: Final = "-"
_SIGNS: Final = {
    **{"HH": "≥", "H": "≥", "LL": "≤", "L": "≤"},
    **{"RANGE": "outside", "NEGATIVE": "<", "STEP": ">", "RATE": ">"},
}
_HELD: Final = "in the deadband of"


def alarm(violations: Sequence[Violation]) -> str:
    """The worst violation, ``crit HH 196.2 ≥ 195``, or ``-`` where there is none."""
    return f"{kind(violations)} {figures(violations[0])}" if violations else NO_ALARM


def kind(violations: Sequence[Violation]) -> str:
    """How bad the worst violation is and which rule it breaks, ``crit HH``, or ``-``."""
    return f"{violations[0].level} {violations[0].reason}" if violations else NO_ALARM


def figures(violation: Violation) -> str:
    """``196.2 ≥ 195``: what breaks the rule and its limit, with the digits that tell them apart."""
    value, limit = violation.value, violation.limit
    if value is None or limit is None:
        return _bad(violation)
    match violation.reason:
        case "GAP":
            return f"{value:.0f} s > {limit:.0f} s"
        case "SPIKE":
            # Of a tag that stood almost still the score may have any number of digits.
            return f"z {f'{value:.1f}' if value < 1e6 else brief(value)} > {brief(limit)}"
    sign = _HELD if violation.held else _SIGNS[violation.reason]
    unit = "/min" if violation.reason == "RATE" else ""
    ends = _range(violation) if violation.reason == "RANGE" else f"{apart(limit, value)}{unit}"
    return f"{apart(value, limit)}{unit} {sign} {ends}"


def _bad(violation: Violation) -> str:
    if not violation.note:
        return "not a number"
    value = "" if violation.value is None else f" {violation.value:g}"
    return f"{violation.note}{value}, {violation.count} in 5 min"


def _range(violation: Violation) -> str:
    low = "" if violation.low is None else brief(violation.low)
    high = "" if violation.high is None else brief(violation.high)
    return f"{low}..{high}"
