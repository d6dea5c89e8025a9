"""Rows of a tag's series over a window, one type a statement.

They are tuples, because a window has thousands of rows, and a tuple is made faster than an object.

``bucket`` is the start of a bucket, UTC. ``now`` is the database's clock, the same in every row of
one answer. ``tag_name`` is empty in the rows of one tag. Values are in the
tag's own unit, ``None`` is SQL NULL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Bucket(NamedTuple):
    """A row of one of the four aggregates: ``n`` samples, ``diff`` is ``last - first``."""

    bucket: datetime
    n: int
    avg: float
    sum: float
    min: float
    max: float
    last: float
    first: float
    diff: float
    now: datetime
    tag_name: str = ""


class Indicator(NamedTuple):
    """Moving figures of a bucket, counted in rows with data (PRD §22.1).

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
class Clock:
    """The database's clock."""

    now: datetime


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of a tag as one list for each column; a figure that nobody asked for is empty.

    ``bucket`` is in seconds since 1970, ``low`` and ``high`` are the smallest and largest value.
    """

    tag_name: str
    now: datetime
    low: float | None
    high: float | None
    bucket: list[float]
    n: list[int] = field(default_factory=list)
    avg: list[float | None] = field(default_factory=list)
    sum: list[float | None] = field(default_factory=list)
    min: list[float | None] = field(default_factory=list)
    max: list[float | None] = field(default_factory=list)
    last: list[float | None] = field(default_factory=list)
    first: list[float | None] = field(default_factory=list)
    diff: list[float | None] = field(default_factory=list)
