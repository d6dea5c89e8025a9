"""Converts cells of CSV files to values; the message of a ValueError is the reason."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from ksys_app.domain import names
from ksys_app.texts import say

# The escape of NUL in JSON. After one more backslash it is plain text and no escape.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def name(cell: str) -> str:
    """A tag's name.

    Raises:
        ValueError: it is empty, has spaces around it, is too long, or has hidden characters.
    """
    wrong = names.flaw(cell)
    if wrong is not None:
        raise ValueError(say(wrong))
    return cell


def number(cell: str) -> float:
    """A finite number.

    Raises:
        ValueError: the cell is not a finite number.
    """
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f"{cell[:40]!r} is not a number") from None
    if not math.isfinite(value) or "_" in cell:
        raise ValueError(f"{cell[:40]!r} is not a finite number")
    return value


def integer(cell: str, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``.

    Raises:
        ValueError: the cell is not such a number.
    """
    try:
        value = int(cell)
    except ValueError:
        value = None
    if value is None or "_" in cell:
        raise ValueError(f"{cell[:40]!r} is not a whole number")
    if not low <= value <= high:
        raise ValueError(f"{cell[:40]} must be from {low} to {high}")
    return value


def boolean(cell: str) -> bool:
    """``true`` or ``false``, also as psql writes them: ``t``, ``f``.

    Raises:
        ValueError: it is neither.
    """
    try:
        return {"true": True, "t": True, "false": False, "f": False}[cell.lower()]
    except KeyError:
        raise ValueError(f"{cell[:40]!r} is neither true nor false") from None


def json_object(cell: str) -> dict[str, Any]:
    """A JSON object that ``jsonb`` can store.

    Raises:
        ValueError: it is not JSON, not an object, or has content that ``jsonb`` cannot store.
    """
    try:
        value = json.loads(cell)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{cell[:40]!r} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise ValueError(f"{cell[:40]!r} is not a JSON object such as {{}}")
    if _NUL.search(text):
        raise ValueError("holds a NUL character, which the database cannot store")
    return value
