"""The density of many pairs: the number of pairs in each cell of a grid (PRD §33.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.relations.placed import Numbers, Pairs

MOST_POINTS: Final = 5_000
"""More pairs than this are counted in cells, because their points would hide each other."""
ACROSS: Final = 60
UP: Final = 40


@dataclass(frozen=True, slots=True)
class Density:
    """The cells that have pairs.

    Attributes:
        x: the edges of the columns, ascending, one more than columns.
        y: the edges of the rows, ascending, one more than rows.
        column: index of the column of each cell with pairs.
        row: index of the row of each cell with pairs.
        n: number of pairs in each of these cells.
    """

    x: Numbers
    y: Numbers
    column: NDArray[np.int64]
    row: NDArray[np.int64]
    n: NDArray[np.int64]


def density(points: Pairs) -> Density:
    """Count the pairs in 60 times 40 cells of equal size.

    An edge belongs to the cell above it, and the last edge to the last cell.
    """
    x, y = edges(points.x, ACROSS), edges(points.y, UP)
    counts, _, _ = np.histogram2d(points.x, points.y, bins=(x, y))
    column, row = np.nonzero(counts)
    return Density(x, y, column, row, counts[column, row].astype(np.int64))


def edges(values: Numbers, count: int) -> Numbers:
    """The edges of ``count`` equal parts from the smallest to the largest value.

    If all values are equal, the parts lie around this value.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        half = max(0.5, abs(low) * 1e-9)
        low, high = low - half, high + half
    answer: Numbers = np.linspace(low, high, count + 1)
    return answer
