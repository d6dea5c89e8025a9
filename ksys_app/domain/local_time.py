"""Days, months and hours by the clocks of a time zone, across changes of these clocks (PRD §33.1).

A *wall time* is a time without a zone, as a clock on the wall shows it.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = {"d": 1, "w": 7}
MONTHS: Final = {"M": 1, "y": 12}


def first_at(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, UTC, at which the clocks of ``zone`` show ``wall`` or later.

    If the time comes twice, this is its first occurrence. If the clocks jump over it, this is the
    moment after the jump.
    """
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if shown(found, zone) == wall:
        return found
    # The clocks jump over this time. The jump lies between the moments of fold=1 and fold=0.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while found - before > timedelta.resolution:
        middle = before + (found - before) / 2
        before, found = (before, middle) if shown(middle, zone) >= wall else (middle, found)
    return found


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """The time that the clocks of ``zone`` show, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """As :func:`shown`, but the start of a day is midnight even if the clocks jump over it."""
    local = shown(moment, zone)
    midnight = datetime.combine(local.date(), time())
    return midnight if first_at(midnight, zone) == moment else local


def stepped(wall: datetime, count: int, unit: str) -> datetime:
    """The wall time ``count`` days, weeks, months or years later; in a shorter month its last day.

    Raises:
        OverflowError: there is no such year.
    """
    if unit in DAYS:
        return wall + timedelta(days=count * DAYS[unit])
    year, month = divmod(wall.year * 12 + wall.month - 1 + count * MONTHS[unit], 12)
    if not 1 <= year <= 9998:
        raise OverflowError(year)
    day = min(wall.day, monthrange(year, month + 1)[1])
    return wall.replace(year=year, month=month + 1, day=day)


def rounded_down(moment: datetime, unit: str, zone: ZoneInfo) -> datetime:
    """The start of the hour, day, week (Monday) or month, UTC: ``h``, ``d``, ``w`` or ``M``."""
    local = moment.astimezone(zone)
    if unit == "h":
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    back = {"d": 0, "w": local.weekday(), "M": local.day - 1}[unit]
    return first_at(datetime.combine(local.date() - timedelta(days=back), time()), zone)
