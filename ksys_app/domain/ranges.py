"""Time ranges, parsed from the two texts ``from`` and ``to`` (PRD §33.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final, Literal
from zoneinfo import ZoneInfo

from ksys_app.domain.local_time import first_at, rounded_down, shown, stepped, wall_time
from ksys_app.domain.windows import (
    BUCKET_WIDTH,
    VIEW,
    BucketName,
    Window,
    bucket_for,
    edges,
    first_bucket,
)
from ksys_app.models.message import Message

Resolution = Literal["raw", "1m", "10m", "1h", "1d"]
"""A bucket width, or ``raw`` for the samples themselves."""

NOW: Final = "now"
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_YEAR: Final = 2099
MOST_YEARS: Final = 10
LONGEST: Final = timedelta(days=3653)
MOST_BUCKETS: Final = 10_000
"""Most buckets of one tag."""
LONGEST_RAW: Final = timedelta(hours=2)
RAW_VIEW: Final = "influx_hist"

_ELAPSED: Final = {"s": 1, "m": 60, "h": 3600}
RELATIVE: Final = re.compile(r"now(?:-([1-9][0-9]{0,8})([smhdwMy]))?(?:/([hdwM]))?")
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6})?)?"
_OFFSET: Final = "(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
_ABSOLUTE: Final = re.compile(f"{_DAY}(?:[T ]{_CLOCK}{_OFFSET}?)?")
# In every time zone, days begin at a multiple of a quarter of an hour.
_QUARTER: Final = timedelta(minutes=15)
_SECOND: Final = timedelta(seconds=1)
# A range that ends now includes the bucket that begins now.
_TICK: Final = timedelta.resolution
_SETTLED: Final = timedelta(hours=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# In every zone, the last year is over then.
_TOO_LATE: Final = datetime(LAST_YEAR + 1, 1, 2, tzinfo=UTC)
_SHOWN: Final = 40


class WrongRange(ValueError):
    """The texts are no range; ``sentence`` names the text and what is allowed."""

    def __init__(self, sentence: Message) -> None:
        super().__init__(sentence.key)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Range:
    """A time range, UTC. Its end is exclusive and never after now.

    Attributes:
        start: its start.
        end: its end.
        ends_now: whether its end is ``now``, so that it moves with time.
        bucket: the width of its buckets, or ``raw`` for samples.
        settled: whether it ended so long ago that late samples have arrived.
        slides: what identifies it while both of its ends move with time; empty if one does not.
    """

    start: datetime
    end: datetime
    ends_now: bool
    bucket: Resolution
    settled: bool = False
    slides: str = ""

    @property
    def duration(self) -> timedelta:
        """Its length."""
        return self.end - self.start

    @property
    def width(self) -> timedelta:
        """The length of one bucket, zero for ``raw``."""
        return timedelta() if self.bucket == "raw" else BUCKET_WIDTH[self.bucket]

    @property
    def view(self) -> str:
        """The relation that has its rows."""
        return RAW_VIEW if self.bucket == "raw" else VIEW[self.bucket]

    @property
    def label(self) -> str:
        """Its two ends in UTC, for the log."""
        return "/".join(end.isoformat(timespec="seconds") for end in (self.start, self.end))

    def bounds(self, width: timedelta) -> tuple[datetime, datetime | None]:
        """Rounded bounds that select the same rows, for the key of a cached answer.

        A row belongs to the range if its bucket begins at or after the first time and before the
        second time. The second time is None if the range ends now.

        Args:
            width: the length of the row's bucket, zero for a sample.
        """
        step = min(width, _QUARTER) or _SECOND
        return _up(self.start, step), None if self.ends_now else _up(self.end, step)


Period = Window | Range
"""The period of a request: a window that ends now, or a range."""


def axis(
    period: Period, width: timedelta, now: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The start of the first bucket and the end of the last bucket of a period, for a chart.

    Args:
        period: the window or range.
        width: length of a bucket, zero for samples.
        now: the database's clock.
        zone: the zone of daily buckets.
    """
    if isinstance(period, Window):
        return edges(period, width, now, zone)
    start, end = period.bounds(width)
    if not width:
        return start, end or now
    return first_bucket(start, width, zone), first_bucket(end or now + _TICK, width, zone)


def parse_range(start: str, end: str, now: datetime, zone: ZoneInfo) -> Range:
    """The range from ``start`` to ``end``; an empty ``end`` is now.

    A text has one of these forms:

    - ``now``, or ``now-6h`` with the units s, m and h, or d, w, M and y of the local calendar;
    - the same rounded down to h, d, w (from Monday) or M: ``now/d``, ``now-1d/d``;
    - ISO 8601 with an offset, or in local time: ``2026-11-03T22:00``, ``2026-11-03 22:00``,
      ``2026-11-03``.

    If a local time comes twice, it means its first occurrence. If the clocks jump over it, it means
    the moment after the jump. An end after now becomes now.

    Args:
        start: the text of its start.
        end: the text of its end.
        now: the database's clock.
        zone: the display zone.

    Raises:
        WrongRange: a text is not a time, or the two are no range.
    """
    first = parse_moment("from", start, now, zone)
    last = parse_moment("to", end.strip() or NOW, now, zone)
    shown = {"start": _quoted(start), "end": _quoted(end.strip() or NOW)}
    if last <= first <= now:
        raise WrongRange(Message("errors.range_order", shown))
    if first >= now:
        raise WrongRange(Message("errors.range_future", shown))
    last = min(last, now)
    if last - first > LONGEST:
        raise WrongRange(Message("errors.range_long", {"years": MOST_YEARS}))
    # A local day of 25 hours gets the buckets of a day.
    length = min(last - first, wall_time(last, zone) - wall_time(first, zone))
    live = (end.strip() or NOW) == NOW
    moving = moves(start) and moves(end.strip() or NOW)
    slides = f"{now - first} {now - last}" if moving else ""
    return Range(first, last, live, bucket_for(length), settled(last, now), slides)


def moves(text: str) -> bool:
    """Whether the moment of a text moves with time at every instant, as that of ``now-6h`` does."""
    relative = RELATIVE.fullmatch(text.strip())
    return relative is not None and relative[3] is None


def parse_moment(name: str, text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment of one text, UTC. Errors name the text by ``name``.

    Raises:
        WrongRange: the text is not a time, or its year is not in 2000 to 2099.
    """
    values = {"name": name, "text": _quoted(text)}
    try:
        found = _read(text.strip(), now, zone)
    except ValueError:
        raise WrongRange(Message("errors.range_text", values)) from None
    except OverflowError:
        # Only a date that is written in full can be too late for a datetime.
        found = _TOO_LATE if text.strip().startswith("9") else _EPOCH
    if found < EARLIEST:
        raise WrongRange(Message("errors.range_early", values | {"year": EARLIEST.year}))
    if found >= _TOO_LATE:
        raise WrongRange(Message("errors.range_late", values | {"year": LAST_YEAR}))
    return found


def settled(end: datetime, now: datetime) -> bool:
    """Whether late samples before ``end`` have arrived."""
    return end <= now - _SETTLED


def finest(span: Range) -> Resolution:
    """The finest resolution of a range: samples, or at most ``MOST_BUCKETS`` buckets."""
    if span.duration <= LONGEST_RAW:
        return "raw"
    names: tuple[BucketName, ...] = tuple(BUCKET_WIDTH)
    return next(n for n in names if ceil(span.duration / BUCKET_WIDTH[n]) <= MOST_BUCKETS)


def with_bucket(span: Range, bucket: Resolution) -> Range:
    """The same range with other buckets.

    Raises:
        WrongRange: the range would have too many buckets.
    """
    names: tuple[Resolution, ...] = ("raw", *BUCKET_WIDTH)
    least = finest(span)
    if names.index(bucket) < names.index(least):
        values = {"bucket": bucket, "finest": least}
        raise WrongRange(Message("errors.bucket_fine", values))
    return replace(span, bucket=bucket)


def _read(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    relative = RELATIVE.fullmatch(text)
    if relative:
        back, unit, rounding = relative.groups()
        moment = _back(now, int(back), unit, zone) if back else now
        return rounded_down(moment, rounding, zone) if rounding else moment
    if not _ABSOLUTE.fullmatch(text):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    return first_at(found, zone) if found.tzinfo is None else found.astimezone(UTC)


def _back(now: datetime, count: int, unit: str, zone: ZoneInfo) -> datetime:
    if unit in _ELAPSED:
        return now - timedelta(seconds=count * _ELAPSED[unit])
    return first_at(stepped(shown(now, zone), -count, unit), zone)


def _up(moment: datetime, step: timedelta) -> datetime:
    return moment + (_EPOCH - moment) % step


def _quoted(text: str) -> str:
    return repr(text[:_SHOWN])
