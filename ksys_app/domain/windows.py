"""The 13 windows and the bucket width of each (PRD §5.1, decision 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from ksys_app.models.message import Message

BucketName = Literal["1m", "10m", "1h", "1d"]
Group = Literal["minutes", "hours", "days", "months"]

BUCKET_WIDTH: Final[Mapping[BucketName, timedelta]] = MappingProxyType(
    {
        "1m": timedelta(minutes=1),
        "10m": timedelta(minutes=10),
        "1h": timedelta(hours=1),
        "1d": timedelta(days=1),
    }
)
FEATURE_WIDTH: Final = timedelta(minutes=5)
"""Bucket width of ``features_5m``, the same in every window."""
VIEW: Final[Mapping[BucketName, str]] = MappingProxyType(
    {
        "1m": "influx_agg_1m",
        "10m": "influx_agg_10m",
        "1h": "influx_agg_1h",
        "1d": "influx_agg_1d",
    }
)


def bucket_for(duration: timedelta) -> BucketName:
    """The bucket width for a window; the duration decides, never the name (PRD §5.1)."""
    if duration <= timedelta(hours=24):
        return "1m"
    if duration <= timedelta(days=14):
        return "10m"
    if duration <= timedelta(days=90):
        return "1h"
    return "1d"


@dataclass(frozen=True, slots=True)
class Window:
    """A time range ending now.

    Attributes:
        label: its name in URLs and in the API.
        duration: its length; 3m, 6m and 12m are 90, 180 and 365 days (PRD decision 3).
        group: the group in the menu, so that nobody reads ``3m`` as minutes.
    """

    label: str
    duration: timedelta
    group: Group

    @property
    def bucket(self) -> BucketName:
        """The name of its bucket width."""
        return bucket_for(self.duration)

    @property
    def width(self) -> timedelta:
        """The length of one bucket."""
        return BUCKET_WIDTH[self.bucket]

    @property
    def view(self) -> str:
        """The continuous aggregate that has its buckets."""
        return VIEW[self.bucket]


def _minutes(n: int) -> timedelta:
    return timedelta(minutes=n)


def _days(n: int) -> timedelta:
    return timedelta(days=n)


WINDOWS: Final[tuple[Window, ...]] = (
    Window("1m", _minutes(1), "minutes"),
    Window("5m", _minutes(5), "minutes"),
    Window("10m", _minutes(10), "minutes"),
    Window("60m", _minutes(60), "minutes"),
    Window("12h", timedelta(hours=12), "hours"),
    Window("24h", timedelta(hours=24), "hours"),
    Window("48h", timedelta(hours=48), "hours"),
    Window("7d", _days(7), "days"),
    Window("14d", _days(14), "days"),
    Window("30d", _days(30), "days"),
    Window("3m", _days(90), "months"),
    Window("6m", _days(180), "months"),
    Window("12m", _days(365), "months"),
)
LABELS: Final[tuple[str, ...]] = tuple(window.label for window in WINDOWS)
DEFAULT_WINDOW: Final = "5m"
SPARK_POINTS: Final = 48
"""Slots of a tile's sparkline."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BY_LABEL: Final = {window.label: window for window in WINDOWS}


class UnknownWindow(ValueError):
    """The label names none of the 13 windows; ``sentence`` lists all labels."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        values = {"window": repr(label[:40]), "windows": " ".join(LABELS)}
        self.sentence = Message("errors.unknown_window", values)


def parse_window(label: str) -> Window:
    """The window named ``label``.

    Raises:
        UnknownWindow: no window has this label.
    """
    try:
        return _BY_LABEL[label]
    except KeyError:
        raise UnknownWindow(label) from None


def reaching(age: timedelta, width: timedelta = timedelta()) -> Window | None:
    """The shortest window that is certain to show a sample of this age; None without one.

    Args:
        age: age of the sample. Its bucket may have begun up to one bucket width earlier.
        width: width of the shown buckets, where they are wider than the window's own.
    """
    wide = (window for window in WINDOWS if age + max(window.width, width) <= window.duration)
    return next(wide, None)


def spark_bucket(window: Window, points: int) -> BucketName:
    """The coarsest bucket width with at least ``points`` buckets; never finer than the window's."""
    enough: list[BucketName] = [
        name
        for name, width in BUCKET_WIDTH.items()
        if width >= window.width and window.duration / width >= points
    ]
    return enough[-1] if enough else window.bucket


def edges(
    window: Window, width: timedelta, now: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The start of the first bucket of a window and the end of its current one, for a chart axis.

    The result stays the same until the current bucket ends.

    Args:
        window: the time range.
        width: length of a bucket. A day is a day of ``zone``; shorter buckets follow UTC.
        now: the database's clock.
        zone: the display zone.
    """
    first = first_bucket(now - window.duration, width, zone)
    return first, _next(_begin(now, width, zone), width, zone)


def first_bucket(moment: datetime, width: timedelta, zone: ZoneInfo) -> datetime:
    """The start of the first bucket that begins at ``moment`` or later.

    Args:
        moment: the moment.
        width: length of a bucket. A day is a day of ``zone``; shorter buckets follow UTC.
        zone: the display zone.
    """
    begin = _begin(moment, width, zone)
    return begin if begin == moment else _next(begin, width, zone)


def _begin(moment: datetime, width: timedelta, zone: ZoneInfo) -> datetime:
    if width >= BUCKET_WIDTH["1d"]:
        local = datetime.combine(moment.astimezone(zone).date(), time(), zone)
        return local.astimezone(UTC)
    return moment - (moment - _EPOCH) % width


def _next(begin: datetime, width: timedelta, zone: ZoneInfo) -> datetime:
    # A day and a half later is the next day, even after a day of 23 or 25 hours.
    return _begin(begin + width * 1.5, width, zone)


def slices(
    start: datetime, now: datetime, width: timedelta
) -> Iterator[tuple[datetime, datetime | None]]:
    """The time from ``start`` on, split into slices of ``width``; the last slice has no end."""
    while start + width < now:
        yield start, start + width
        start += width
    yield start, None
