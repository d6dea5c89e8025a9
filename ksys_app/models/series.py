"""Rows of the series of a tag over a window, with one type for each statement.

They are tuples, because a window has thousands of rows and creating a tuple is fast.

``bucket`` is the start of a bucket, UTC. ``now`` is the database's clock, the same in every row of
one answer. ``tag_name`` is empty if the rows belong to one tag. Values are in the unit of the tag,
``None`` is SQL NULL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_NONE: Final[Any] = partial(np.empty, 0)


class Bucket(NamedTuple):
    """A row of one of the four aggregates: ``n`` samples, ``diff`` is ``last - first``.

    The buckets of a calculated tag have only ``avg`` and ``last``; its samples have all figures.
    """

    bucket: datetime
    n: int | None
    avg: float | None
    sum: float | None
    min: float | None
    max: float | None
    last: float | None
    first: float | None
    diff: float | None
    now: datetime
    tag_name: str = ""


class Indicator(NamedTuple):
    """The technical indicators of a bucket, over rows with data (PRD §22.1).

    ``sd_20`` and the bands are None for a tag's first row, ``slope_60`` for its first 60.
    """

    bucket: datetime
    avg: float
    sma_10: float
    sma_60: float
    bb_top: float | None
    bb_bot: float | None
    slope_60: float | None
    sma_20: float
    sd_20: float | None
    now: datetime
    tag_name: str = ""


class Feature(NamedTuple):
    """A row of ``features_5m``; ``std_5m`` is None for a bucket with one sample."""

    bucket: datetime
    mean_5m: float
    std_5m: float | None
    min_5m: float
    max_5m: float
    p10_5m: float
    p90_5m: float
    n_5m: int
    now: datetime
    tag_name: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A text that differs after each change of some rows."""

    version: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The database's clock."""

    now: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The rows of a tag as one array for each column; a figure that was not requested is empty.

    ``bucket`` is in seconds since 1970, ``low`` and ``high`` are the smallest and largest value.
    A missing value is NaN.
    """

    ARRAYS: ClassVar[bool] = True

    tag_name: str
    now: datetime
    low: float | None
    high: float | None
    bucket: NDArray[np.float64] = field(default_factory=_NONE)
    n: NDArray[np.float64] = field(default_factory=_NONE)
    avg: NDArray[np.float64] = field(default_factory=_NONE)
    sum: NDArray[np.float64] = field(default_factory=_NONE)
    min: NDArray[np.float64] = field(default_factory=_NONE)
    max: NDArray[np.float64] = field(default_factory=_NONE)
    last: NDArray[np.float64] = field(default_factory=_NONE)
    first: NDArray[np.float64] = field(default_factory=_NONE)
    diff: NDArray[np.float64] = field(default_factory=_NONE)
