"""Correlation of two tags, at one lag or over lags, and of all pairs of tags (PRD §33.8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ksys_app.domain.relations.placed import Numbers, Placed, pairs

MOST_LAG: Final = 200
"""The largest lag, in buckets."""
AS_STRONG: Final = 0.02
FEWEST: Final = 3
"""The least number of pairs for a correlation."""


@dataclass(frozen=True, slots=True)
class Line:
    """The straight line of least squares through pairs.

    Attributes:
        n: number of pairs.
        r: Pearson's correlation. All figures are None below 3 pairs or if x or y never changes.
        slope: by how much y grows with x.
        intercept: y of the line where x is 0.
    """

    n: int
    r: float | None = None
    slope: float | None = None
    intercept: float | None = None


@dataclass(frozen=True, slots=True)
class Lagged:
    """The correlation at one lag, and its number of pairs."""

    lag: int
    r: float | None
    n: int


def line(x: Numbers, y: Numbers) -> Line:
    """The line through pairs of values."""
    n = len(x)
    if n < FEWEST or x.min() == x.max() or y.min() == y.max():
        return Line(n)
    (mean_x, away_x, scale_x), (mean_y, away_y, scale_y) = _away(x), _away(y)
    xx, yy, xy = float(away_x @ away_x), float(away_y @ away_y), float(away_x @ away_y)
    slope = xy / xx * (scale_y / scale_x)
    return Line(n, _r(xx, yy, xy), slope, mean_y - slope * mean_x)


def lags(x: Placed, y: Placed) -> list[Lagged]:
    """The correlation of x with later and with earlier values of y.

    A lag of 3 compares x with y three buckets later. Each lag uses all pairs that exist at it.

    Returns:
        Lags from -L to L; L is half of the buckets from the first to the last, at most 200.
    """
    if not len(x.place) or not len(y.place):
        return []
    first = min(x.place[0], y.place[0])
    length = int(max(x.place[-1], y.place[-1]) - first) + 1
    most = min(MOST_LAG, length // 2)
    of_x, of_y = (_dense(tag, int(first), length) for tag in (x, y))
    found = []
    for lag in range(-most, most + 1):
        late = of_y[max(0, lag) : length + min(0, lag)]
        early = of_x[max(0, -lag) : length - max(0, lag)]
        finite = ~(np.isnan(early) | np.isnan(late))
        at_lag = line(early[finite], late[finite])
        found.append(Lagged(lag, at_lag.r, at_lag.n))
    return found


def best(found: Sequence[Lagged]) -> Lagged | None:
    """The lag with the strongest correlation; among peaks within 0.02 of it, the shortest lag.

    A periodic series correlates at every period, so the shortest lag explains best. Lags with less
    than half of the most pairs are left out, because a few pairs can agree by chance.
    """
    most = max((lagged.n for lagged in found), default=0)
    usable = [lagged for lagged in found if lagged.r is not None and 2 * lagged.n >= most]
    strongest = max((abs(lagged.r or 0.0) for lagged in usable), default=0.0)
    size = {lagged.lag: abs(lagged.r or 0.0) for lagged in usable}
    strong = [
        lagged
        for lagged in usable
        if size[lagged.lag] >= strongest - AS_STRONG
        and size[lagged.lag] >= max(size.get(lagged.lag - 1, 0.0), size.get(lagged.lag + 1, 0.0))
    ]
    return min(strong, key=lambda lagged: (abs(lagged.lag), -abs(lagged.r or 0.0)), default=None)


def matrix(tags: Sequence[Placed]) -> list[list[Line]]:
    """The line of each pair of tags; r is the same in both directions."""
    lines = [[Line(0)] * len(tags) for _ in tags]
    for row, x in enumerate(tags):
        for column, y in enumerate(tags[: row + 1]):
            both = pairs(x, y)
            found = line(both.x, both.y)
            lines[row][column] = lines[column][row] = Line(found.n, found.r)
    return lines


def _away(values: Numbers) -> tuple[float, Numbers, float]:
    """The mean, the distances from it divided by the largest distance, and the largest distance."""
    mean = float(values.mean())
    away = values - mean
    scale = float(np.abs(away).max())
    return mean, away / scale, scale


def _r(xx: float, yy: float, xy: float) -> float:
    # Rounding may give a value slightly beyond 1.
    return max(-1.0, min(1.0, xy / float(np.sqrt(xx) * np.sqrt(yy))))


def _dense(tag: Placed, first: int, length: int) -> Numbers:
    dense = np.full(length, np.nan)
    dense[tag.place - first] = tag.value
    return dense
