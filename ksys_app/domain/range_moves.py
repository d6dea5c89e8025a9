"""Move a range to one side, or zoom out of it; the results are texts (PRD §33.1)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from ksys_app.domain.local_time import first_at, shown, stepped, wall_time
from ksys_app.domain.ranges import EARLIEST, LONGEST, NOW, RELATIVE, parse_moment, parse_range


def shifted(start: str, end: str, halves: int, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The texts of the range moved by ``halves`` of its length: 2 is one length later.

    A range between two equal times of day moves by whole days, or by months if the days of the
    month are equal too. A moved range that would begin after now ends now instead.

    Raises:
        WrongRange: a text is not a time, or the two are no range.
    """
    first, last = _ordered(start, end, now, zone)
    length = last - first
    beside = [moved(end_of_range, first, last, halves, zone) for end_of_range in (first, last)]
    if beside[0] >= now:
        beside = [now - length, now]
    if beside[0] < EARLIEST:
        beside = [EARLIEST, EARLIEST + length]
    first, last = beside
    return range_text(max(first, last - LONGEST), zone), range_text(last, zone)


def zoomed_out(start: str, end: str, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The texts of a range twice as long with the same middle; a range that ends now still does.

    Raises:
        WrongRange: a text is not a time, or the two are no range.
    """
    first, last = _ordered(start, end, now, zone)
    length = min(2 * (last - first), LONGEST)
    live = (end.strip() or NOW) == NOW
    last = now if live else min(last + (length - (last - first)) / 2, max(last, now))
    first = max(last - length, EARLIEST)
    relative = RELATIVE.fullmatch(start.strip())
    if live and relative and relative[1] and not relative[3] and length < LONGEST:
        return f"now-{2 * int(relative[1])}{relative[2]}", NOW
    return range_text(first, zone), NOW if live else range_text(last, zone)


def range_text(moment: datetime, zone: ZoneInfo) -> str:
    """The text that :func:`parse_moment` reads as this moment, with its offset only if needed."""
    local = moment.astimezone(zone)
    wall = shown(moment, zone)
    if first_at(wall, zone) != moment:
        return local.isoformat()
    return wall.isoformat(timespec="auto" if wall.second or wall.microsecond else "minutes")


def _ordered(start: str, end: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The two ends of the texts; an end after now is not cut."""
    parse_range(start, end, now, zone)
    first = parse_moment("from", start, now, zone)
    last = parse_moment("to", end.strip() or NOW, now, zone)
    return first, min(last, first + LONGEST)


def moved(
    moment: datetime, first: datetime, last: datetime, halves: int, zone: ZoneInfo
) -> datetime:
    """An end of the range from ``first`` to ``last``, moved by halves of its length."""
    low, high = wall_time(first, zone), wall_time(last, zone)
    # In an hour that comes twice, a local time does not identify a moment.
    clear = all(
        first_at(wall_time(end_of_range, zone), zone) == end_of_range
        for end_of_range in (first, last)
    )
    if halves % 2 or low.time() != high.time() or not clear:
        return moment + (last - first) * halves / 2
    steps, wall = halves // 2, wall_time(moment, zone)
    if low.day == high.day:
        months = (high.year - low.year) * 12 + high.month - low.month
        return first_at(stepped(wall, months * steps, "M"), zone)
    return first_at(stepped(wall, (high - low).days * steps, "d"), zone)
