"""The buckets of each aggregate: width, bounds, and how many buckets one refresh call takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final, NamedTuple

from ksys_app.domain.upkeep import WIDTHS

Span = tuple[datetime, datetime]
"""Start and end of a time range; the end is not part of it."""
DAY: Final = timedelta(days=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Grain(NamedTuple):
    """The bucket width of an aggregate, and the time range that one refresh call takes."""

    width: timedelta
    slice: timedelta


# A slice ends at midnight UTC. A bucket of every width ends there too, except the daily bucket,
# which may follow another time zone. The slice of the daily aggregate is so long that no call is
# split.
GRAINS: Final = {
    view: Grain(WIDTHS[view], timedelta(days=days))
    for view, days in {
        "influx_agg_1m": 7,
        "features_5m": 7,
        "influx_agg_10m": 70,
        "influx_agg_1h": 140,
        "comm_recv_1h": 140,
        "influx_agg_1d": 10_000,
    }.items()
}
# The finer aggregates that each aggregate is computed from. The daily aggregate of some databases
# is computed from minutes alone; refreshing the other levels as well does no harm there.
FINER: Final[dict[str, tuple[str, ...]]] = {
    "influx_agg_1m": (),
    "features_5m": (),
    "influx_agg_10m": ("influx_agg_1m",),
    "influx_agg_1h": ("influx_agg_1m", "influx_agg_10m"),
    "comm_recv_1h": ("influx_agg_1m",),
    "influx_agg_1d": ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h"),
}


def midnight(day: date, zone: tzinfo) -> datetime:
    """The start of a day of ``zone``, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def bucket_start(view: str, ts: datetime, zone: tzinfo) -> datetime:
    """The start, in UTC, of the bucket of ``view`` that has ``ts``; days are days of ``zone``."""
    width = GRAINS[view].width
    if width == DAY:
        return midnight(ts.astimezone(zone).date(), zone)
    return ts.astimezone(UTC) - (ts - EPOCH) % width


def bucket_end(view: str, ts: datetime, zone: tzinfo) -> datetime:
    """The end, in UTC, of the bucket of ``view`` that has ``ts``; days are days of ``zone``."""
    width = GRAINS[view].width
    if width == DAY:
        return midnight(ts.astimezone(zone).date() + DAY, zone)
    return bucket_start(view, ts, zone) + width


def split_span(view: str, span: Span) -> Iterator[Span]:
    """Split a span into slices for one refresh call each; every slice has at least one bucket."""
    width, step = GRAINS[view]
    start, end = span
    cuts = [start]
    at = midnight(start.astimezone(UTC).date(), UTC)
    while (at := at + step) < end - 3 * width:
        cuts.append(at)
    cuts.append(end)
    yield from pairwise(cuts)
