"""Bounds for stored JSON values: the size of integers and the depth of nesting."""

from __future__ import annotations

from typing import Final

EXACT_DIGITS: Final = 18
"""Integers of more digits may not fit into 64 bits; the product does not compute with them."""


def plain_integer(digits: str) -> int | float:
    """Parse an integer of a JSON document; a long integer becomes a float and loses digits."""
    return int(digits) if len(digits) <= EXACT_DIGITS else float(digits)


def too_deep(value: object, most: int) -> bool:
    """Whether objects and lists are nested in more than ``most`` levels."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
