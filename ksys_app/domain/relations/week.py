"""The mean of a tag in each hour of the week (PRD §33.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.offsets import local_seconds
from ksys_app.domain.relations.placed import Numbers
from ksys_app.domain.statistics import StepSeries

DAYS: Final = 7
HOURS: Final = 24
_HOUR_S: Final = 3_600
# The first of January 1970 was a Thursday; a week begins on Monday.
_FIRST_DAY: Final = 3


@dataclass(frozen=True, slots=True)
class Week:
    """Seven rows from Monday on, of 24 hours each.

    Attributes:
        mean: the mean over time of each hour, NaN without values.
        n: the number of values of each hour.
    """

    mean: Numbers
    n: NDArray[np.int64]


def week(series: StepSeries, zone: ZoneInfo) -> Week:
    """The mean of each hour of the week by the clocks of ``zone``, over time.

    A value belongs to the hour in which it begins. An hour that comes twice includes both
    occurrences. An hour that the clocks jump over has no values of that day.
    """
    lasting = series.held > 0
    value, held = series.value[lasting], series.held[lasting]
    moments = np.floor(series.at[lasting]).astype(np.int64)
    hours = local_seconds(moments, zone) // _HOUR_S
    days = hours // HOURS + _FIRST_DAY
    cell, cells = days % DAYS * HOURS + hours % HOURS, DAYS * HOURS
    n = np.bincount(cell, minlength=cells)
    lasted = np.bincount(cell, weights=held, minlength=cells)
    total = np.bincount(cell, weights=held * value, minlength=cells)
    with np.errstate(invalid="ignore"):
        mean = np.where(n > 0, total / lasted, np.nan)
    return Week(mean.reshape(DAYS, HOURS), n.reshape(DAYS, HOURS))
