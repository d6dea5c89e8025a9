"""The shifts of the plant and their times by the local clock (PRD §33.7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.local_time import first_at, shown

DAY_MINUTES: Final = 1440
MOST_SHIFTS: Final = 12
MOST_NAME: Final = 40
EXAMPLE: Final = "day 06:00-14:00,evening 14:00-22:00,night 22:00-06:00"
_CLOCK: Final = "([01][0-9]|2[0-3]):([0-5][0-9])"
_SHIFT: Final = re.compile(rf"(\S.*?)\s+{_CLOCK}\s*[-–]\s*(?:{_CLOCK}|(24):(00))")


@dataclass(frozen=True, slots=True)
class Shift:
    """A daily shift, in minutes after midnight by the local clock.

    ``end`` is after ``start``. It is after 1440 if the shift ends on the next day.
    """

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShiftSpan:
    """A shift of one day.

    Attributes:
        name: the name of the shift.
        start: when it begins, UTC.
        end: when it ends.
        shaded: whether a chart shades it; alternates from shift to shift.
    """

    name: str
    start: datetime
    end: datetime
    shaded: bool


def parse_shifts(text: str) -> tuple[Shift, ...]:
    """The shifts of a text like ``day 06:00-14:00,night 22:00-06:00``, by their start.

    A shift that ends at or before its start ends on the next day. There may be gaps between shifts.

    Raises:
        ValueError: a part is no shift, there are too many, or two of them overlap.
    """
    found = [_shift(part.strip()) for part in text.split(",") if part.strip()]
    if len(found) > MOST_SHIFTS:
        raise ValueError(f"has {len(found)} shifts; at most {MOST_SHIFTS}")
    ordered = sorted(found, key=lambda shift: shift.start)
    for place, shift in enumerate(ordered):
        following = ordered[(place + 1) % len(ordered)]
        begins = following.start if place + 1 < len(ordered) else following.start + DAY_MINUTES
        if shift.end > begins:
            raise ValueError(f"has two shifts at once: {shift.name!r} and {following.name!r}")
    return tuple(ordered)


def _shift(part: str) -> Shift:
    match = _SHIFT.fullmatch(part)
    if match is None:
        raise ValueError(f"has {part[:60]!r}, which is no shift; an example is {EXAMPLE}")
    name, *clock = match.groups()
    if len(name) > MOST_NAME:
        raise ValueError(f"has a shift with a name of more than {MOST_NAME} characters")
    first_hour, first_minute, hour, minute = [int(number) for number in clock if number is not None]
    start, end = 60 * first_hour + first_minute, 60 * hour + minute
    return Shift(name, start, end if end > start else end + DAY_MINUTES)


def shift_spans(
    shifts: Sequence[Shift], start: datetime, end: datetime, zone: ZoneInfo, most: int
) -> list[ShiftSpan] | None:
    """The shifts that overlap a range, ascending; None if there are more than ``most``.

    A shift begins and ends by the clocks of ``zone``, so a clock change makes it shorter or longer.
    A shift that the clocks jump over completely is left out.

    Args:
        shifts: the shifts of a day, by their start.
        start: start of the range.
        end: its end.
        zone: the display zone.
        most: most spans.
    """
    first = shown(start, zone).date() - timedelta(days=1)
    days = (shown(end, zone).date() - first).days + 1
    if len(shifts) * days > most + 3 * len(shifts):
        return None
    found = []
    for number in range(days):
        day = datetime.combine(first + timedelta(days=number), time())
        for place, shift in enumerate(shifts):
            begins = first_at(day + timedelta(minutes=shift.start), zone)
            ends = first_at(day + timedelta(minutes=shift.end), zone)
            if begins < ends and begins < end and ends > start:
                shaded = (day.toordinal() * len(shifts) + place) % 2 == 1
                found.append(ShiftSpan(shift.name, begins, ends, shaded))
    return found if len(found) <= most else None
