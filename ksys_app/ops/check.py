"""What a check of ``ksys db verify`` is, and how it writes spans of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the answer.

    Attributes:
        name: what was checked, e.g. ``index idx_hist_tag_ts``.
        ok: whether it is as expected.
        detail: what was found; where it is not ok, what is wrong.
    """

    name: str
    ok: bool
    detail: str


def days(span: timedelta) -> str:
    """A span in its largest whole unit, e.g. ``7 d`` or ``10 min``."""
    seconds = span.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"
