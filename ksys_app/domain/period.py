"""From the time that a page shows to others: to now, and into a zoom of its chart (PRD §33.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.range_moves import range_text
from ksys_app.domain.ranges import Resolution
from ksys_app.domain.windows import BUCKET_WIDTH, WINDOWS, BucketName, Window, bucket_for

_UNITS: Final = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def window_start(window: Window) -> str:
    """The text of a window's start, as a range has it: ``now-60m``."""
    # In a range, `m` stands for minutes.
    months = window.group == "months"
    return f"now-{window.duration.days}d" if months else f"now-{window.label}"


def up_to_now(length: timedelta) -> Window | str:
    """The window of this length; where none is, the text of the start of such a range.

    Args:
        length: the length. A part of a second counts as a whole one.
    """
    for window in WINDOWS:
        if window.duration == length:
            return window
    seconds = max(1, -(-length // timedelta(seconds=1)))
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"now-{seconds // size}{unit}"


def finer_bucket(zoom: Sequence[int], bucket: Resolution) -> BucketName | None:
    """The width of the buckets of a range as long as a zoom; None where that is not finer.

    Args:
        zoom: two times in epoch milliseconds, or nothing.
        bucket: the width of the buckets that the chart shows.
    """
    if not zoom or bucket == "raw":
        return None
    found = bucket_for(timedelta(milliseconds=zoom[1] - zoom[0]))
    return found if BUCKET_WIDTH[found] < BUCKET_WIDTH[bucket] else None


def zoom_texts(zoom: Sequence[int], zone: ZoneInfo) -> tuple[str, str]:
    """The texts of the range that a zoom shows, in whole seconds.

    Args:
        zoom: two times in epoch milliseconds.
        zone: the display zone.
    """
    first, last = zoom[0] // 1000, -(-zoom[1] // 1000)
    start, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (first, last))
    return range_text(start, zone), range_text(end, zone)
