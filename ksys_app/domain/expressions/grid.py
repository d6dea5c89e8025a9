"""The buckets that expressions are evaluated on: one row each, without gaps (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.buckets import midnight
from ksys_app.domain.expressions.functions import minutes
from ksys_app.domain.windows import BUCKET_WIDTH, BucketName
from ksys_app.models.expressions import Ago, Apply, Node

Numbers = NDArray[np.float64]
Moments = NDArray[np.int64]
DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1)
_QUARTER: Final = 15 * 60


class Reach(NamedTuple):
    """How far an expression looks back before a bucket."""

    minutes: int = 0
    buckets: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """Every bucket of a time range, and before it those that functions look back to.

    Attributes:
        starts: start of each bucket, seconds since 1970, ascending.
        hours: its length in hours; of the running bucket the part that has passed.
        first: index of the first bucket of the range.
        zone: the display zone: a day back is the same time of day there.
    """

    starts: Moments
    hours: Numbers
    first: int
    zone: ZoneInfo


def reach(node: Node) -> Reach:
    """How far a tree looks back. Of two arguments, the one that looks back further counts."""
    if not isinstance(node, Apply):
        return Reach()
    args = [reach(one) for one in node.args]
    made = Reach(max(one.minutes for one in args), max(one.buckets for one in args))
    if node.what in ("delta", "rate"):
        return made._replace(buckets=made.buckets + 1)
    if node.ago is None:
        return made
    # A day with a change of the clock may have an hour more.
    more = 60 if node.ago.unit in "dw" else 0
    return made._replace(minutes=made.minutes + minutes(node.ago) + more)


def grid(
    start: datetime,
    end: datetime,
    now: datetime,
    bucket: BucketName,
    looks: Reach,
    zone: ZoneInfo,
    days: ZoneInfo,
) -> Grid:
    """The buckets from ``start`` up to ``end``, and those before that ``looks`` needs.

    A short range may have no bucket: then both are the same moment.

    Args:
        start: start of the first bucket of the range.
        end: end of the last one.
        now: the clock, for the length of the running bucket.
        bucket: the width.
        looks: how far the expression looks back.
        zone: the display zone.
        days: the zone of daily buckets.
    """
    width = BUCKET_WIDTH[bucket]
    back = timedelta(minutes=looks.minutes) + looks.buckets * width
    if width == DAY:
        first = (start - back).astimezone(days).date() - DAY
        last = end.astimezone(days).date()
        moments = [midnight(first + DAY * n, days) for n in range((last - first).days + 1)]
        edges = np.array([round(one.timestamp()) for one in moments], dtype=np.int64)
    else:
        step = int(width.total_seconds())
        least = int(start.timestamp()) - -(-int(back.total_seconds()) // step) * step
        edges = np.arange(least, int(end.timestamp()) + step, step, dtype=np.int64)
    edges = edges[edges <= int(end.timestamp())]
    starts = edges[:-1]
    stops = np.maximum(np.minimum(edges[1:], now.timestamp()), starts)
    return Grid(
        starts=starts,
        hours=(stops - starts) / 3600,
        first=int(np.searchsorted(edges, int(start.timestamp()))),
        zone=zone,
    )


def aligned(on: Grid, starts: Sequence[int], values: Sequence[float | None]) -> Numbers:
    """The values of a series in the buckets of a grid; a hole is NaN.

    Args:
        on: the grid.
        starts: the starts of the series' buckets, ascending; those not in the grid are left out.
        values: its values; None and what is not finite are holes.
    """
    made = np.full(len(on.starts), np.nan)
    if len(starts):
        moments, column = np.array(starts, dtype=np.int64), np.array(values, dtype=np.float64)
        at = np.searchsorted(on.starts, moments)
        inside = at < len(on.starts)
        inside[inside] = on.starts[at[inside]] == moments[inside]
        made[at[inside]] = np.where(np.isfinite(column), column, np.nan)[inside]
    return made


def before(on: Grid, ago: Ago) -> tuple[Moments, NDArray[np.bool_]]:
    """The moment so long before the start of each bucket, and whether that local time exists.

    A day and a week are those of the calendar: the same local time. A local time that exists twice
    is the first of the two. One that does not exist is later by the length of the gap.

    Args:
        on: the grid.
        ago: how long before.

    Returns:
        Seconds since 1970.
    """
    if ago.unit in "mh":
        return on.starts - 60 * minutes(ago), np.ones(len(on.starts), dtype=np.bool_)
    local = on.starts + _offsets(on.starts, lambda at: datetime.fromtimestamp(at, on.zone))
    wanted = local - 60 * minutes(ago)
    moments = wanted - _offsets(wanted, lambda at: _EPOCH.replace(tzinfo=on.zone) + _seconds(at))
    there = moments + _offsets(moments, lambda at: datetime.fromtimestamp(at, on.zone))
    return moments, there == wanted


def _seconds(at: int) -> timedelta:
    return timedelta(seconds=at)


def _offsets(moments: Moments, local: Callable[[int], datetime]) -> Moments:
    """The offset from UTC at each moment, in seconds; it is looked up once a quarter of an hour.

    Clocks change at whole quarters, in UTC and in local time.
    """
    quarters, places = np.unique(moments // _QUARTER, return_inverse=True)
    looked = [local(at * _QUARTER).utcoffset() or timedelta() for at in quarters.tolist()]
    seconds = np.array([round(one.total_seconds()) for one in looked], dtype=np.int64)
    made: Moments = seconds[places]
    return made
