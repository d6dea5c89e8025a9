"""Moving averages, bands and slope of a series, and how far back they look (PRD §22.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Band = Literal["plant", "bollinger"]

LOOKBACK_ROWS: Final = 60
# A tag with gaps finds its 60 rows in six times the time that 60 rows without gaps take.
LOOKBACK_BUCKETS: Final = 6 * LOOKBACK_ROWS


def lookback(width: timedelta) -> timedelta:
    """How far before a window to read for the 60 rows before its first one: 6 h for minutes.

    Args:
        width: the length of one bucket.
    """
    return LOOKBACK_BUCKETS * width


class Moving(NamedTuple):
    """The indicators of a series, one array each; NaN where there are too few rows before."""

    sma_10: Numbers
    sma_60: Numbers
    bb_top: Numbers
    bb_bot: Numbers
    slope_60: Numbers
    sma_20: Numbers
    sd_20: Numbers


def moving(averages: Sequence[float] | Numbers, band: Band) -> Moving:
    """The indicators of a series, as the statement of ``queries.indicators`` computes them.

    A row with fewer rows before it uses those that exist. ``sd_20`` and the bands are NaN in the
    first row, and ``slope_60`` is NaN in the first 60 rows.

    Args:
        averages: the averages of the buckets with data, ascending by time, all of them finite.
        band: the centre of the bands.
    """
    avg = np.array(averages, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        sma_20, sd_20 = _mean(avg, 20), _deviation(avg, 20)
        centre = sma_20 if band == "bollinger" else avg
        before = np.concatenate([np.full(LOOKBACK_ROWS, np.nan), avg])[: len(avg)]
        return Moving(
            sma_10=_mean(avg, 10),
            sma_60=_mean(avg, LOOKBACK_ROWS),
            bb_top=centre + 2 * sd_20,
            bb_bot=centre - 2 * sd_20,
            slope_60=avg - before,
            sma_20=sma_20,
            sd_20=sd_20,
        )


def _mean(values: Numbers, length: int) -> Numbers:
    """The mean of each value and up to ``length - 1`` values before it."""
    found: Numbers = np.nansum(_frames(values, length), axis=1) / _counts(values, length)
    return found


def _deviation(values: Numbers, length: int) -> Numbers:
    """The sample standard deviation of the same values, NaN for a single one."""
    apart = _frames(values, length) - _mean(values, length)[:, np.newaxis]
    counts = _counts(values, length)
    spread = np.nansum(apart * apart, axis=1) / np.where(counts > 1, counts - 1, np.nan)
    found: Numbers = np.sqrt(spread)
    return found


def _frames(values: Numbers, length: int) -> Numbers:
    """A line for each value: the value and the ``length - 1`` before it, NaN where none is."""
    if not len(values):
        return np.empty((0, length))
    padded = np.concatenate([np.full(length - 1, np.nan), values])
    return np.lib.stride_tricks.sliding_window_view(padded, length)


def _counts(values: Numbers, length: int) -> Numbers:
    return np.minimum(np.arange(1, len(values) + 1), length).astype(np.float64)
