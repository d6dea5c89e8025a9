"""The functions of expressions: their names and the number of their arguments (PRD §33.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, NamedTuple, cast

from ksys_app.models.expressions import Ago, SpanUnit

MAX_ARGS: Final = 20
MAX_AGO: Final = 31 * 24 * 60
"""Most minutes that a function looks back: 31 days."""
MINUTES: Final[Mapping[SpanUnit, int]] = MappingProxyType(
    {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
)
MAX_DIGITS: Final = 12
"""Most digits of ``round``."""


class Takes(NamedTuple):
    """The least and the most arguments of a function."""

    least: int
    most: int


ONE: Final = Takes(1, 1)
PLAIN: Final[Mapping[str, Takes]] = MappingProxyType(
    {
        **dict.fromkeys(("abs", "sqrt", "log", "exp"), ONE),
        "min": Takes(2, MAX_ARGS),
        "max": Takes(2, MAX_ARGS),
        "round": Takes(1, 2),
        "clamp": Takes(3, 3),
        "if": Takes(3, 3),
        **dict.fromkeys(("rate", "delta", "integral"), ONE),
    }
)
"""The functions that are called by their own name."""
TIMED: Final = ("avg", "min", "max", "shift")
"""The functions whose name includes a time: ``avg_1h``."""
_TIMED: Final = re.compile(r"(\w+?)_([1-9][0-9]{0,5})([mhdw])")
_EXAMPLES: Final = (*PLAIN, *(f"{name}_1h" for name in TIMED))


class Function(NamedTuple):
    """A function in an expression: its name, its time if it has one, and its arguments."""

    what: str
    ago: Ago | None
    takes: Takes


def find_function(name: str) -> Function | None:
    """The function with this name; None if there is none, or if its time is too long."""
    if name in PLAIN:
        return Function(name, None, PLAIN[name])
    found = _TIMED.fullmatch(name)
    if found is None or found[1] not in TIMED:
        return None
    ago = Ago(int(found[2]), cast(SpanUnit, found[3]))
    return Function(found[1], ago, ONE) if minutes(ago) <= MAX_AGO else None


def minutes(ago: Ago) -> int:
    """The minutes of a time back; a day has 24 hours."""
    return ago.n * MINUTES[ago.unit]


def nearest(name: str, candidates: tuple[str, ...] = _EXAMPLES) -> str:
    """The candidate that is most similar to ``name``, empty if none is similar."""
    lower = {candidate.lower(): candidate for candidate in reversed(candidates)}
    found = get_close_matches(name.lower()[:200], list(lower), n=1, cutoff=0.5)
    return lower[found[0]] if found else ""
