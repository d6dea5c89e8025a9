"""How a cost grows: the exponent that fits it, and whether it grows faster than linear."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.bench.figures import Figure

# Growth by this exponent is still called linear: 10 times the size costs up to 12.6 times as much.
LINEAR = 1.1


@dataclass(frozen=True, slots=True)
class Point:
    """A cost at a size, with what it may be less or more by."""

    size: float
    cost: float
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """How a cost grows with a size.

    Attributes:
        what: what costs.
        over: what grows: tags, history, screens.
        points: what was measured, by size.
        exponent: of the power law through the points: 0 constant, 1 linear, 2 quadratic.
        faster: the sizes between which it grows faster than linear; empty if it does nowhere.
    """

    what: str
    over: str
    points: tuple[Point, ...]
    exponent: float
    faster: tuple[float, ...] = ()


def fitted(what: str, over: str, points: Sequence[Point]) -> Cost | None:
    """The growth through these points; None if there are not two sizes with a cost.

    The exponent is the slope of the least squares line through the logarithms. A constant part
    hides growth from it. So the steps between two sizes are looked at as well: a step counts as
    faster than linear if its slope exceeds ``LINEAR`` even when the smaller cost is more by its
    spread, and the larger cost is less by its spread.
    """
    usable = sorted((one for one in points if one.size > 0 < one.cost), key=lambda one: one.size)
    if len({one.size for one in usable}) < 2:
        return None
    steps = [*pairwise(usable), (usable[0], usable[-1])]
    steep = [step for step in steps if _least_slope(*step) > LINEAR]
    sizes = {one.size for step in steep for one in step}
    faster = (min(sizes), max(sizes)) if sizes else ()
    return Cost(what, over, tuple(usable), round(_slope(usable), 2), faster)


def point(size: float, of: Figure) -> Point:
    """A figure as a point."""
    return Point(size, of.p50, of.spread)


def _slope(points: Sequence[Point]) -> float:
    sizes = [math.log(one.size) for one in points]
    costs = [math.log(one.cost) for one in points]
    mean_size, mean_cost = sum(sizes) / len(sizes), sum(costs) / len(costs)
    pairs = zip(sizes, costs, strict=True)
    above = sum((size - mean_size) * (cost - mean_cost) for size, cost in pairs)
    return above / sum((size - mean_size) ** 2 for size in sizes)


def _least_slope(before: Point, after: Point) -> float:
    most, least = before.cost + before.spread, after.cost - after.spread
    if least <= 0 or before.size == after.size:
        return 0.0
    return math.log(least / most) / math.log(after.size / before.size)
