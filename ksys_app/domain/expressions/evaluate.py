"""The values of an expression in each bucket of a grid (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.expressions import moving
from ksys_app.domain.expressions.grid import Grid, before
from ksys_app.domain.expressions.rounding import rounded
from ksys_app.domain.offsets import Moments
from ksys_app.models.expressions import Ago, Apply, Name, Node, Number

Numbers = NDArray[np.float64]

_COMPARE: Final[Mapping[str, Callable[[Numbers, Numbers], NDArray[np.bool_]]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
# np.minimum and np.maximum return NaN, a hole, if either value is NaN.
_PLAIN: Final[Mapping[str, Callable[..., Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "log": np.log,
    "exp": np.exp,
    "min": lambda *args: reduce(np.minimum, args),
    "max": lambda *args: reduce(np.maximum, args),
    "clamp": lambda value, low, high: np.minimum(np.maximum(value, low), high),
    "round": lambda value, digits=None: rounded(value, 0 if digits is None else int(digits[0])),
}


@dataclass(slots=True)
class _Values:
    """Evaluates trees on one grid."""

    series: Mapping[str, Numbers]
    grid: Grid
    lookups: dict[Ago, tuple[Moments, NDArray[np.bool_]]] = field(default_factory=dict)

    def of(self, node: Node) -> Numbers:
        """The values of a tree; a result that is not finite becomes NaN, a hole."""
        if isinstance(node, Number):
            return np.full(len(self.grid.starts), node.value)
        if isinstance(node, Name):
            return self.series[node.name]
        args = [self.of(arg) for arg in node.args]
        result = self._timed(node, *args) if node.what in _TIMED or node.ago else _plain(node, args)
        return np.where(np.isfinite(result), result, np.nan)

    def _timed(self, node: Apply, values: Numbers) -> Numbers:
        if node.ago is not None:
            return self._back(node.what, values, node.ago)
        if node.what == "integral":
            return self._integral(values)
        result = np.full(len(values), np.nan)
        result[1:] = values[1:] - values[:-1]
        if node.what == "rate":
            result[1:] /= np.diff(self.grid.starts) / 3600
        return result

    def _integral(self, values: Numbers) -> Numbers:
        """The running sum of value times hours from the start of the range."""
        first, places = self.grid.first, np.arange(len(values), dtype=np.int64)
        low = np.full(len(values), first, dtype=np.int64)
        sums = moving.total(values * self.grid.hours, low, np.maximum(places + 1, first))
        sums[np.isnan(values) | (places < first)] = np.nan
        return sums

    def _back(self, what: str, values: Numbers, ago: Ago) -> Numbers:
        starts = self.grid.starts
        if ago not in self.lookups:
            self.lookups[ago] = before(self.grid, ago)
        moments, exists = self.lookups[ago]
        if what == "shift":
            at = np.minimum(np.searchsorted(starts, moments), len(starts) - 1)
            return np.where(exists & (starts[at] == moments), values[at], np.nan)
        # The bucket itself always counts, even if the time is shorter than a bucket.
        high = np.arange(1, len(starts) + 1, dtype=np.int64)
        low = np.minimum(np.searchsorted(starts, moments, side="right"), high - 1)
        if what != "avg":
            return moving.extreme(values, low, high, largest=what == "max")
        return moving.total(values, low, high) / moving.count(values, low, high)


_TIMED: Final = frozenset({"delta", "rate", "integral"})


def evaluate(node: Node, series: Mapping[str, Numbers], grid: Grid) -> Numbers:
    """The value of a tree in each bucket of the range and its lead, NaN for a hole.

    The result is a hole if an argument is a hole, or if the result is not a finite number: a
    division by zero, the root or the logarithm of a negative number, an overflow. A mean, a minimum
    or a maximum over a time skips holes.

    Args:
        node: a tree without names of saved expressions.
        series: tag to its values, one for each bucket of the grid.
        grid: the buckets.
    """
    with np.errstate(all="ignore"):
        return _Values(series, grid).of(node)[grid.returned :]


def filled(grid: Grid, *columns: Numbers) -> tuple[list[int], list[list[float]]]:
    """The buckets of the range and its lead in which a column has a value, and their values.

    Args:
        grid: the buckets.
        columns: results of :func:`evaluate`.

    Returns:
        Start of each bucket, epoch milliseconds, and the columns; a hole is NaN.
    """
    has_value = ~np.logical_and.reduce([np.isnan(column) for column in columns])
    starts = grid.starts[grid.returned :][has_value] * 1000
    return starts.tolist(), [column[has_value].tolist() for column in columns]


def _plain(node: Apply, args: list[Numbers]) -> Numbers:
    if node.what == "if":
        left, right, yes, no = args
        chosen = np.where(_COMPARE[node.compare](left, right), yes, no)
        return np.where(np.isnan(left) | np.isnan(right), np.nan, chosen)
    if node.what == "^":
        # In numpy, 1 to the power of NaN and NaN to the power of 0 are 1; here they are holes.
        holes = np.isnan(args[0]) | np.isnan(args[1])
        return np.where(holes, np.nan, np.power(*args))
    result: Numbers = _PLAIN[node.what](*args)
    return result
