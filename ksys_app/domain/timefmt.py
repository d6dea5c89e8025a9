"""Times as text in the display zone; inside the product every time is UTC (PRD decision 26)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def local_seconds(ts: datetime, zone: ZoneInfo) -> str:
    """``2025-08-15 16:26:07`` in the display zone."""
    return ts.astimezone(zone).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def local_minute(ts: datetime, zone: ZoneInfo) -> str:
    """``2025-08-15 16:26+09:00`` in the display zone, for times that are exact to a minute only."""
    return ts.astimezone(zone).isoformat(sep=" ", timespec="minutes")


def local_offset(ts: datetime, zone: ZoneInfo) -> str:
    """``2025-08-15 16:26:07+09:00`` in the display zone."""
    return ts.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def iso_local(ts: datetime, zone: ZoneInfo) -> str:
    """ISO 8601 in the display zone, with fractions of a second: ``2025-08-15T16:26:07+09:00``."""
    return ts.astimezone(zone).isoformat()


def epoch_ms(ts: datetime) -> int:
    """Milliseconds since 1970, for browsers."""
    return int(ts.timestamp() * 1000)


def age_label(seconds: float) -> str:
    """An age in one or two units: ``4 s``, ``3 min``, ``2 h 05 min``, ``5 d 3 h``."""
    total = max(0, int(seconds))
    if total < 120:
        return f"{total} s"
    minutes = total // 60
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"
