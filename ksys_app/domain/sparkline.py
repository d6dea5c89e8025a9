"""A window's series as one SVG path, small enough to be part of a tile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ksys_app.domain.figures import brief, finite

WIDTH: Final = 100.0
HEIGHT: Final = 24.0
PADDING: Final = 0.1


def domain(values: Sequence[float], limits: Sequence[float]) -> tuple[float, float] | None:
    """The values at the bottom and the top of the box; None without a finite value.

    The box contains the series, and each limit that is no further away than the height of the
    series. A limit further away would make the series flat.
    """
    good = [value for value in values if finite(value) is not None]
    if not good:
        return None
    low, high = min(good), max(good)
    reach = (high - low) or abs(high) * 0.05 or 1.0
    near = [limit for limit in limits if low - reach <= limit <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    pad = ((high - low) or reach) * PADDING
    return low - pad, high + pad


def height_of(value: float, span: tuple[float, float]) -> float:
    """Distance from the top of the box to ``value``, in units of the box, one decimal."""
    return round(HEIGHT * (span[1] - value) / (span[1] - span[0]), 1)


def path(
    at: Sequence[float], values: Sequence[float], span: tuple[float, float], max_gap: float
) -> str:
    """SVG path data of the points, broken where two points are further apart than ``max_gap``.

    Args:
        at: positions from 0 (window start) to 1 (now), ascending.
        values: one value for each position; a value that is not finite breaks the line.
        span: values at the bottom and the top of the box, from :func:`domain`.
        max_gap: the largest distance in ``at`` that a line may cross.
    """
    parts: list[str] = []
    before = -math.inf
    top, width = span[1], span[1] - span[0]
    for x, value in zip(at, values, strict=True):
        if value is None or not math.isfinite(value):
            before = -math.inf
            continue
        y = _tenths(round(HEIGHT * (top - value) / width, 1))
        if x - before <= max_gap:
            parts.append(f"L{_across(x)} {y}")
        else:
            parts.append(f"M{_across(x)} {y}h.1")
        before = x
    return "".join(parts)


# All tags share a few positions and a few heights, so their texts are cached.
@lru_cache(1024)
def _tenths(y: float) -> str:
    return f"{y:g}"


@lru_cache(1024)
def _across(x: float) -> str:
    return f"{x * WIDTH:.1f}".removesuffix(".0")


def visible(limits: Sequence[float | None], span: tuple[float, float]) -> tuple[float, ...]:
    """Heights of the limits inside the box."""
    return tuple(
        height_of(limit, span)
        for limit in limits
        if limit is not None and span[0] <= limit <= span[1]
    )


def hint(name: str, limit: float, *, above: bool, broken: bool = False) -> str:
    """The text for a limit outside the box, with its side: ``H 80000 ↑``.

    If the value is past the limit (``broken``), the page writes a word instead of the arrow.
    """
    text = f"{name} {brief(limit)}"
    return text if broken else f"{text} {'↑' if above else '↓'}"


def outside(
    limits: Sequence[tuple[str, float]], span: tuple[float, float]
) -> tuple[tuple[str, float] | None, tuple[str, float] | None]:
    """The nearest limit above the box and the nearest one below it; None if there is none."""
    above = [limit for limit in limits if limit[1] > span[1]]
    below = [limit for limit in limits if limit[1] < span[0]]
    return (
        min(above, key=lambda limit: limit[1], default=None),
        max(below, key=lambda limit: limit[1], default=None),
    )
