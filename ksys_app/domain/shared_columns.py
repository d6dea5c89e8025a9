"""The rows of several tags as columns over times that they share (PRD §33.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.columns import LEAST_DIGITS, round_array
from ksys_app.domain.compare import Comparison
from ksys_app.domain.kpi import decimals
from ksys_app.models.rows import QcRule
from ksys_app.models.series import Bucket, Columns

Numbers = NDArray[np.float64]
Array = NDArray[Any]
# A chart of several tags has a thousandth of each span; one tag alone also has seven digits.
_FEWEST_DIGITS: Final = 1


@dataclass(frozen=True, slots=True)
class Placed:
    """The rows of a tag that are drawn.

    Attributes:
        columns: all of its rows.
        rule: its rule.
        place: the time at which each row is drawn, seconds since 1970.
        time: the own time of each row, seconds since 1970.
        mask: which rows of ``columns`` are drawn, None for all.
    """

    columns: Columns
    rule: QcRule | None
    place: Numbers
    time: Numbers
    mask: NDArray[np.bool_] | None = None

    def figure(self, name: str, *, short: bool) -> Array | list[int | None]:
        """A figure of the drawn rows, rounded for a chart if ``short``; NaN or None if missing."""
        values = self._values(name)
        if name == "n":
            return _integers(values)
        return round_array(values, self._decimals()) if short else values

    def _values(self, name: str) -> Numbers:
        values: Numbers = getattr(self.columns, name)
        return values if self.mask is None else values[self.mask]

    def on(self, axis: Numbers, name: str) -> Array | list[int | None]:
        """A figure at each time of an axis, rounded for a chart; NaN or None without a row."""
        values = self._values(name)
        if len(values) != len(axis):
            filled = np.full(len(axis), np.nan)
            filled[np.searchsorted(axis, self.place)] = values
            values = filled
        if name == "n":
            return _integers(values)
        finite = values[np.isfinite(values)]
        # A single value has no span from which to choose the digits.
        flat = not len(finite) or finite.min() == finite.max()
        return round_array(values, self._decimals(), LEAST_DIGITS if flat else _FEWEST_DIGITS)

    def _decimals(self) -> int:
        return decimals(self.rule, self.columns.low, self.columns.high)


def placed(
    found: Sequence[tuple[Columns, QcRule | None]], comparison: Comparison | None
) -> list[Placed]:
    """The rows of each tag, placed on the axis of a chart.

    Args:
        found: the rows and the rule of each tag.
        comparison: places the rows of a compared period; None to draw rows at their own time.
    """
    rows: list[Placed] = []
    times = places = np.empty(0)
    for columns, rule in found:
        own = columns.bucket
        # Most tags have the same times.
        if not rows or not np.array_equal(own, times):
            times, places = own, _places(own, comparison)
        mask = ~np.isnan(places)
        if mask.all():
            rows.append(Placed(columns, rule, places, own))
        else:
            rows.append(Placed(columns, rule, places[mask], own[mask], mask))
    return rows


def shared_axis(rows: Sequence[Placed]) -> Numbers:
    """The times at which any of these rows is drawn, ascending."""
    first, *rest = (tag_rows.place for tag_rows in rows)
    if all(np.array_equal(first, places) for places in rest):
        return first
    return np.unique(np.concatenate([first, *rest]))


def times_on(axis: Numbers, rows: Sequence[Placed]) -> Array | list[int | None]:
    """The own time of the rows that are drawn at each time of an axis, epoch milliseconds."""
    times = np.full(len(axis), np.nan)
    for tag_rows in rows:
        times[np.searchsorted(axis, tag_rows.place)] = tag_rows.time
    return _integers(times * 1000)


def milliseconds(seconds: Numbers) -> Array:
    """Epoch milliseconds, cut as :func:`epoch_ms` does."""
    return np.trunc(seconds * 1000).astype(np.int64)


def _integers(values: Array) -> Array | list[int | None]:
    """The values as integers; a list with None for NaN if there is a NaN."""
    if np.isnan(values).any():
        return [None if np.isnan(value) else int(value) for value in values.tolist()]
    return values.astype(np.int64)


def _places(times: Numbers, comparison: Comparison | None) -> Numbers:
    if comparison is None:
        return times
    if comparison.zone is None:
        return times + comparison.later.total_seconds()
    moments = (comparison.place(datetime.fromtimestamp(time, UTC)) for time in times.tolist())
    places = [np.nan if moment is None else moment.timestamp() for moment in moments]
    return np.array(places, dtype=np.float64)


def as_columns(tag_name: str, rows: Sequence[Bucket], figures: Sequence[str]) -> Columns | None:
    """The rows of a tag as columns, None without rows; a missing figure is NaN.

    Args:
        tag_name: the tag.
        rows: its rows, ascending.
        figures: the names of the figures; the columns of other figures are empty.
    """
    if not rows:
        return None
    averages = [row.avg for row in rows if row.avg is not None]
    columns = {
        name: np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in figures
    }
    times = np.array([row.bucket.timestamp() for row in rows])
    low, high = min(averages, default=None), max(averages, default=None)
    return Columns(tag_name, rows[0].now, low, high, times, **columns)
