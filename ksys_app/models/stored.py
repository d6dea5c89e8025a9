"""What of a stored JSON value a reader can hold."""

from __future__ import annotations

from typing import Final

EXACT_DIGITS: Final = 18
"""A longer integer may not fit into 64 bits. Nothing computes with such a number."""


def plain_integer(digits: str) -> int | float:
    """An integer of a JSON document; a long one loses its last digits."""
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
