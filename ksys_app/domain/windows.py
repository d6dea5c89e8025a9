"""The 13 windows and the bucket each is shown in (PRD §5.1, decision 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

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
"""Of the buckets of ``features_5m``, whatever the window."""
VIEW: Final[Mapping[BucketName, str]] = MappingProxyType(
    {
        "1m": "influx_agg_1m",
        "10m": "influx_agg_10m",
        "1h": "influx_agg_1h",
        "1d": "influx_agg_1d",
    }
)


def bucket_for(duration: timedelta) -> BucketName:
    """The bucket a window of ``duration`` is shown in: by duration, never by name (PRD §5.1)."""
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
        label: how the URL and the API name it.
        duration: its length; 3m, 6m and 12m are 90, 180 and 365 days (PRD decision 3).
        group: the menu group, so that ``3m`` is not read as minutes.
        title: how the menu spells it out.
    """

    label: str
    duration: timedelta
    group: Group
    title: str

    @property
    def bucket(self) -> BucketName:
        """The width of its buckets."""
        return bucket_for(self.duration)

    @property
    def width(self) -> timedelta:
        """The length of one bucket."""
        return BUCKET_WIDTH[self.bucket]

    @property
    def view(self) -> str:
        """The continuous aggregate that holds its buckets."""
        return VIEW[self.bucket]


def _minutes(n: int) -> timedelta:
    return timedelta(minutes=n)


def _days(n: int) -> timedelta:
    return timedelta(days=n)


WINDOWS: Final[tuple[Window, ...]] = (
    Window("1m", _minutes(1), "minutes", "1 minute"),
    Window("5m", _minutes(5), "minutes", "5 minutes"),
    Window("10m", _minutes(10), "minutes", "10 minutes"),
    Window("60m", _minutes(60), "minutes", "60 minutes"),
    Window("12h", timedelta(hours=12), "hours", "12 hours"),
    Window("24h", timedelta(hours=24), "hours", "24 hours"),
    Window("48h", timedelta(hours=48), "hours", "48 hours"),
    Window("7d", _days(7), "days", "7 days"),
    Window("14d", _days(14), "days", "14 days"),
    Window("30d", _days(30), "days", "30 days"),
    Window("3m", _days(90), "months", "3 months"),
    Window("6m", _days(180), "months", "6 months"),
    Window("12m", _days(365), "months", "12 months"),
)
LABELS: Final[tuple[str, ...]] = tuple(window.label for window in WINDOWS)
DEFAULT_WINDOW: Final = "5m"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BY_LABEL: Final = {window.label: window for window in WINDOWS}


class UnknownWindow(ValueError):
    """The label names none of the 13 windows; the message lists them."""


def parse_window(label: str) -> Window:
    """The window named ``label``.

    Raises:
        UnknownWindow: the label is none of the 13.
    """
    try:
        return _BY_LABEL[label]
    except KeyError:
        known = " ".join(LABELS)
        raise UnknownWindow(f"window {label[:40]!r} is unknown; use one of {known}") from None


def reaching(age: timedelta, width: timedelta = timedelta()) -> Window | None:
    """The shortest window in which a sample of that age surely is, None where no window reaches it.

    Args:
        age: of the sample; the bucket that holds it began up to a bucket earlier.
        width: of the buckets that are shown, where they are wider than the window's own.
    """
    wide = (one for one in WINDOWS if age + max(one.width, width) <= one.duration)
    return next(wide, None)


def spark_bucket(window: Window, points: int) -> BucketName:
    """The coarsest bucket, not finer than the window's own, that still gives ``points`` of them."""
    enough: list[BucketName] = [
        name
        for name, width in BUCKET_WIDTH.items()
        if width >= window.width and window.duration / width >= points
    ]
    return enough[-1] if enough else window.bucket


def edges(
    window: Window, width: timedelta, now: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """When the window's first bucket begins and its running one ends; the same all bucket long.

    Args:
        window: the time range.
        width: length of a bucket; a day is one of ``zone``, anything shorter counts in UTC.
        now: the database's clock.
        zone: the display zone.
    """
    start = now - window.duration
    first = _begin(start, width, zone)
    return (first if first == start else _next(first, width, zone)), _next(
        _begin(now, width, zone), width, zone
    )


def _begin(moment: datetime, width: timedelta, zone: ZoneInfo) -> datetime:
    if width >= BUCKET_WIDTH["1d"]:
        local = datetime.combine(moment.astimezone(zone).date(), time(), zone)
        return local.astimezone(UTC)
    return moment - (moment - _EPOCH) % width


def _next(begin: datetime, width: timedelta, zone: ZoneInfo) -> datetime:
    # A day and a half later is the next day, also where a day has 23 or 25 hours.
    return _begin(begin + width * 1.5, width, zone)


def slices(
    start: datetime, now: datetime, width: timedelta
) -> Iterator[tuple[datetime, datetime | None]]:
    """The time from ``start`` on in stretches of ``width``; the last one has no end."""
    while start + width < now:
        yield start, start + width
        start += width
    yield start, None
