"""The buckets that expressions are evaluated on: one row each, without gaps (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    stops = np.minimum(edges[1:].astype(np.float64), max(now.timestamp(), float(edges[-2])))
    return Grid(
        starts=edges[:-1],
        hours=(stops - edges[:-1]) / 3600,
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


def before(on: Grid, ago: Ago) -> Moments:
    """The moment so long before the start of each bucket, seconds since 1970.

    A day and a week are those of the calendar: the same local time. A local time that exists twice
    is the first of the two, and one that does not exist is later by the length of the gap.
    """
    if ago.unit in "mh":
        return on.starts - 60 * minutes(ago)
    back = timedelta(minutes=minutes(ago))
    return np.array(
        [
            round((datetime.fromtimestamp(one, on.zone) - back).astimezone(UTC).timestamp())
            for one in on.starts.tolist()
        ],
        dtype=np.int64,
    )


def exists(on: Grid, ago: Ago, moments: Moments) -> NDArray[np.bool_]:
    """Whether the local time so long before each bucket exists: not in the gap of a spring day."""
    if ago.unit in "mh":
        return np.ones(len(moments), dtype=np.bool_)
    local = _local(on.starts, on.zone) - 60 * minutes(ago)
    same: NDArray[np.bool_] = _local(moments, on.zone) == local
    return same


def _local(moments: Moments, zone: ZoneInfo) -> Moments:
    """Seconds since 1970 of the local times, as if they were UTC."""
    return np.array(
        [
            one + round((datetime.fromtimestamp(one, zone).utcoffset() or DAY * 0).total_seconds())
            for one in moments.tolist()
        ],
        dtype=np.int64,
    )
