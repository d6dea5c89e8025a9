"""The buckets on which expressions are evaluated, without gaps (PRD §33.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.buckets import midnight
from ksys_app.domain.expressions.functions import minutes
from ksys_app.domain.offsets import Moments, local_seconds, offsets
from ksys_app.domain.windows import BUCKET_WIDTH, BucketName
from ksys_app.models.expressions import Ago, Apply, Node

Numbers = NDArray[np.float64]
DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1)


class Reach(NamedTuple):
    """How far an expression looks back before a bucket."""

    minutes: int = 0
    buckets: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """All buckets of a time range, and the buckets before it that functions look back to.

    Attributes:
        starts: start of each bucket, seconds since 1970, ascending.
        hours: length of each bucket in hours; for the running bucket the part that has passed.
        first: index of the first bucket of the range.
        zone: the display zone; a day back is the same time of day in this zone.
        lead: how many buckets before the range an evaluation also returns.
    """

    starts: Moments
    hours: Numbers
    first: int
    zone: ZoneInfo
    lead: int = 0

    @property
    def returned(self) -> int:
        """Index of the first bucket that an evaluation returns."""
        return self.first - self.lead


def reach(node: Node) -> Reach:
    """How far a tree looks back: as far as its furthest argument, plus its own time."""
    if not isinstance(node, Apply):
        return Reach()
    reaches = [reach(arg) for arg in node.args]
    furthest = Reach(max(each.minutes for each in reaches), max(each.buckets for each in reaches))
    if node.what in ("delta", "rate"):
        return furthest._replace(buckets=furthest.buckets + 1)
    if node.ago is None:
        return furthest
    # A day with a clock change may have one hour more.
    more = 60 if node.ago.unit in "dw" else 0
    return furthest._replace(minutes=furthest.minutes + minutes(node.ago) + more)


def grid(
    start: datetime,
    end: datetime,
    now: datetime,
    bucket: BucketName,
    looks: Reach,
    zone: ZoneInfo,
    days: ZoneInfo,
    lead: int = 0,
) -> Grid:
    """The buckets from ``start`` to ``end``, and the earlier buckets that ``looks`` needs.

    A short range may have no bucket. Then ``start`` and ``end`` are equal.

    Args:
        start: start of the first bucket of the range.
        end: end of the last bucket of the range.
        now: the clock, for the length of the running bucket.
        bucket: the bucket width.
        looks: how far the expression looks back.
        zone: the display zone.
        days: the zone of daily buckets.
        lead: how many buckets before the range are wanted, too.
    """
    width = BUCKET_WIDTH[bucket]
    back = timedelta(minutes=looks.minutes) + (looks.buckets + lead) * width
    if width == DAY:
        first = (start - back).astimezone(days).date() - DAY
        last = end.astimezone(days).date()
        moments = [midnight(first + DAY * n, days) for n in range((last - first).days + 1)]
        edges = np.array([round(moment.timestamp()) for moment in moments], dtype=np.int64)
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
        lead=lead,
    )


def aligned(on: Grid, starts: Sequence[int], values: Sequence[float | None]) -> Numbers:
    """The values of a series in the buckets of a grid; a hole is NaN.

    Args:
        on: the grid.
        starts: the starts of the buckets of the series, ascending; others than in the grid are
            left out.
        values: its values; None and values that are not finite are holes.
    """
    column = np.full(len(on.starts), np.nan)
    if len(starts):
        moments, numbers = np.array(starts, dtype=np.int64), np.array(values, dtype=np.float64)
        at = np.searchsorted(on.starts, moments)
        inside = at < len(on.starts)
        inside[inside] = on.starts[at[inside]] == moments[inside]
        column[at[inside]] = np.where(np.isfinite(numbers), numbers, np.nan)[inside]
    return column


def before(on: Grid, ago: Ago) -> tuple[Moments, NDArray[np.bool_]]:
    """The moment ``ago`` before the start of each bucket, and whether that local time exists.

    A day or a week back is the same local time of day. A local time that exists twice means its
    first occurrence. A local time that does not exist becomes later by the length of the gap.

    Args:
        on: the grid.
        ago: how long before.

    Returns:
        The moments, seconds since 1970, and True where the local time exists.
    """
    if ago.unit in "mh":
        return on.starts - 60 * minutes(ago), np.ones(len(on.starts), dtype=np.bool_)
    local = local_seconds(on.starts, on.zone)
    wanted = local - 60 * minutes(ago)
    moments = wanted - offsets(wanted, lambda at: _EPOCH.replace(tzinfo=on.zone) + _seconds(at))
    local_then = local_seconds(moments, on.zone)
    return moments, local_then == wanted


def _seconds(at: int) -> timedelta:
    return timedelta(seconds=at)
