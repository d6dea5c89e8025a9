"""The rows of several tags as columns over times that they share (PRD §33.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.columns import drawn
from ksys_app.domain.compare import Comparison
from ksys_app.domain.kpi import decimals
from ksys_app.models.rows import QcRule
from ksys_app.models.series import Columns

Numbers = NDArray[np.float64]
# A chart of several tags has a thousandth of each span; one tag alone also has seven digits.
_FEWEST_DIGITS: Final = 1


@dataclass(frozen=True, slots=True)
class Placed:
    """The rows of a tag that are drawn.

    Attributes:
        columns: all of its rows.
        rule: its rule.
        place: where each is drawn, seconds since 1970.
        time: the time of each, seconds since 1970.
        kept: which rows these are, None for all.
    """

    columns: Columns
    rule: QcRule | None
    place: Numbers
    time: Numbers
    kept: NDArray[np.bool_] | None = None

    def figure(self, name: str, *, short: bool) -> list[Any]:
        """A figure of these rows, with all its digits, or short for a chart."""
        values = getattr(self.columns, name)
        if self.kept is not None:
            values = np.array(values)[self.kept].tolist()
        if name == "n" or not short:
            return list(values)
        return drawn(values, self._decimals())

    def on(self, axis: Numbers, name: str) -> list[Any]:
        """A figure at each time of an axis, short for a chart; None where there is no row."""
        values = np.array(self.figure(name, short=False), dtype=np.float64)
        if len(values) != len(axis):
            whole = np.full(len(axis), np.nan)
            whole[np.searchsorted(axis, self.place)] = values
            values = whole
        if name == "n":
            return [None if np.isnan(one) else int(one) for one in values.tolist()]
        return drawn(values, self._decimals(), _FEWEST_DIGITS)

    def _decimals(self) -> int:
        return decimals(self.rule, self.columns.low, self.columns.high)


def placed(
    found: Sequence[tuple[Columns, QcRule | None]], comparison: Comparison | None
) -> list[Placed]:
    """The rows of each tag where they are drawn.

    Args:
        found: the rows and the rule of each tag.
        comparison: what says where rows are drawn, None for at their own time.
    """
    made: list[Placed] = []
    times: list[float] = []
    places = np.array([], dtype=np.float64)
    for columns, rule in found:
        own = np.array(columns.bucket, dtype=np.float64)
        # Most tags have the same times.
        if columns.bucket != times or not made:
            times, places = columns.bucket, _places(own, comparison)
        kept = ~np.isnan(places)
        if kept.all():
            made.append(Placed(columns, rule, places, own))
        else:
            made.append(Placed(columns, rule, places[kept], own[kept], kept))
    return made


def shared_axis(rows: Sequence[Placed]) -> Numbers:
    """The times at which any of these rows is drawn, ascending."""
    first, *rest = (one.place for one in rows)
    if all(np.array_equal(first, one) for one in rest):
        return first
    return np.unique(np.concatenate([first, *rest]))


def times_on(axis: Numbers, rows: Sequence[Placed]) -> list[int | None]:
    """The own time of the rows that are drawn at each time of an axis, epoch milliseconds."""
    times = np.full(len(axis), np.nan)
    for one in rows:
        times[np.searchsorted(axis, one.place)] = one.time
    return [None if np.isnan(one) else int(one * 1000) for one in times.tolist()]


def milliseconds(seconds: Numbers) -> list[int]:
    """Epoch milliseconds, cut as :func:`epoch_ms` does."""
    made: list[int] = np.trunc(seconds * 1000).astype(np.int64).tolist()
    return made


def _places(times: Numbers, comparison: Comparison | None) -> Numbers:
    if comparison is None:
        return times
    if comparison.zone is None:
        return times + comparison.later.total_seconds()
    found = (comparison.place(datetime.fromtimestamp(one, UTC)) for one in times.tolist())
    return np.array([np.nan if one is None else one.timestamp() for one in found], dtype=np.float64)
