"""Query parameters and response shapes of the relations between tags (PRD §33.8)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ksys_app.api.params import PeriodParams, TagName, TagNames
from ksys_app.api.responses import Aging, Figure
from ksys_app.api.schemas import Count, Exact, Moment, Seconds, Window
from ksys_app.api.statistics import OverLimit, Source
from ksys_app.domain.ranges import Resolution
from ksys_app.domain.relations.correlation import MOST_LAG

Lag = Annotated[int, Field(ge=-MOST_LAG, le=MOST_LAG)]
Correlation = Annotated[float, Field(ge=-1, le=1)] | None


class PairParams(PeriodParams):
    """Two tags, a window or a range, the bucket width, and the lag of ``y`` in buckets."""

    x: TagName
    y: TagName
    lag: Lag = 0
    bucket: Resolution | None = None


class OneParams(PeriodParams):
    """A tag, a window or a range, and the bucket width."""

    tag: TagName
    bucket: Resolution | None = None


class WeekParams(PeriodParams):
    """A tag, a window or a range, and the bucket width, which is at most an hour."""

    tag: TagName
    bucket: Literal["raw", "1m", "10m", "1h"] | None = None


class MatrixParams(PeriodParams):
    """Up to nine tags, a window or a range, and the bucket width."""

    tag: TagNames
    bucket: Resolution | None = None


class RelatedTag(Exact):
    """A tag, and with how many decimals its values are shown; below 0 to tens or hundreds."""

    tag_name: str
    title: str
    unit: str
    decimals: int


class Head(Aging):
    """The time of the values, and whether they are samples or means of buckets.

    ``truncated``: a tag has more than 10,000 samples, and these are the newest 10,000.
    """

    window: Window | None
    from_: Moment = Field(alias="from")
    to: Moment
    bucket: Resolution
    bucket_s: Count
    source: Source
    truncated: bool


class Points(Exact):
    """Each pair: when its bucket begins (epoch milliseconds), and both values."""

    t: list[int]
    x: list[Figure]
    y: list[Figure]


class Cells(Exact):
    """Pairs counted in cells of equal size: the edges, and column, row and count of each cell."""

    x: list[float]
    y: list[float]
    column: list[Count]
    row: list[Count]
    n: list[Count]


class Lags(Exact):
    """The correlation at each lag, in buckets, and of how many pairs it is."""

    lag: list[int]
    r: list[Correlation]
    n: list[Count]


class BestLag(Exact):
    """The lag with the strongest correlation; of peaks as strong but for 0.02, the shortest."""

    lag: Lag
    r: Annotated[float, Field(ge=-1, le=1)]
    n: Count


class Pair(Head):
    """Two tags in the buckets that both have, ``y`` read ``lag`` buckets later than ``x``.

    ``y = slope * x + intercept`` is the line of least squares. ``points``, or from 5,001 pairs on
    ``cells``; the other is null.
    """

    x: RelatedTag
    y: RelatedTag
    lag: Lag
    n: Count
    r: Correlation
    slope: float | None
    intercept: float | None
    points: Points | None
    cells: Cells | None
    lags: Lags
    best: BestLag | None


class Histogram(Head):
    """For how long a tag was in each bin; each value counts as long as it holds."""

    tag: RelatedTag
    n: Count
    covered_s: Seconds
    mean: float | None
    p50: float | None
    edges: list[float]
    seconds: list[Seconds]
    limits: list[OverLimit]


class WeekMeans(Head):
    """The mean of each hour of the week, and of how many values: 7 rows from Monday, 24 hours."""

    tag: RelatedTag
    mean: Annotated[list[list[Figure]], Field(min_length=7, max_length=7)]
    n: Annotated[list[list[Count]], Field(min_length=7, max_length=7)]


class Matrix(Head):
    """The correlation of each tag with each, and of how many pairs."""

    tags: list[RelatedTag]
    r: list[list[Correlation]]
    n: list[list[Count]]
