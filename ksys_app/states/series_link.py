"""What a link or a browser says of a course, made valid: anybody can write a link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

MAX_MS: Final = 8_640_000_000_000_000


def valid_zoom(zoom: Any) -> list[int]:
    """Two times in epoch milliseconds, the earlier first; empty for anything else."""
    if not isinstance(zoom, list) or len(zoom) != 2:
        return []
    try:
        start, end = (round(float(part)) for part in zoom)
    except (TypeError, ValueError, OverflowError):
        return []
    return [start, end] if 0 < start < end < MAX_MS else []


def valid_series(text: str, known: Sequence[str]) -> list[str]:
    """The series named in ``avg,min``, in their own order; every one for an empty text."""
    if not text:
        return list(known)
    wanted = text.split(",")
    return [key for key in known if key in wanted]


def valid_page(text: str) -> int:
    """A page's number, 1 for anything else."""
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1
