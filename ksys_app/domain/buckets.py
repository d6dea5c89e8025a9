"""The buckets of each aggregate: their width, their bounds, and how many one call refreshes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final, NamedTuple

from ksys_app.domain.upkeep import WIDTHS

Span = tuple[datetime, datetime]
"""From here up to, without, there."""
DAY: Final = timedelta(days=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Grain(NamedTuple):
    """The bucket of an aggregate, and how much of it one call refreshes."""

    width: timedelta
    slice: timedelta


# Slices end at midnight UTC, the end of a bucket of every width but a day's: days are not sliced.
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
# The levels that each aggregate is built on, down to the raw samples. Its days may be built on
# minutes alone; naming more levels than there are does no harm.
FINER: Final[dict[str, tuple[str, ...]]] = {
    "influx_agg_1m": (),
    "features_5m": (),
    "influx_agg_10m": ("influx_agg_1m",),
    "influx_agg_1h": ("influx_agg_1m", "influx_agg_10m"),
    "comm_recv_1h": ("influx_agg_1m",),
    "influx_agg_1d": ("influx_agg_1m", "influx_agg_10m", "influx_agg_1h"),
}


def midnight(day: date, zone: tzinfo) -> datetime:
    """Where a day of ``zone`` begins, UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def bucket_start(view: str, ts: datetime, zone: tzinfo) -> datetime:
    """Where the bucket of ``view`` that holds ``ts`` begins, UTC; days are those of ``zone``."""
    width = GRAINS[view].width
    if width == DAY:
        return midnight(ts.astimezone(zone).date(), zone)
    return ts.astimezone(UTC) - (ts - EPOCH) % width


def bucket_end(view: str, ts: datetime, zone: tzinfo) -> datetime:
    """Where the bucket of ``view`` that holds ``ts`` ends, UTC; days are those of ``zone``."""
    width = GRAINS[view].width
    if width == DAY:
        return midnight(ts.astimezone(zone).date() + DAY, zone)
    return bucket_start(view, ts, zone) + width


def cut(view: str, span: Span) -> Iterator[Span]:
    """A span in pieces that one call refreshes, none too short to hold a bucket."""
    width, step = GRAINS[view]
    start, end = span
    cuts = [start]
    at = midnight(start.astimezone(UTC).date(), UTC)
    while (at := at + step) < end - 3 * width:
        cuts.append(at)
    cuts.append(end)
    yield from pairwise(cuts)
