"""Ranges derived from that of a page: one that ends now, and a zoom of its chart (PRD §33.1)."""

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
    """The start of a window as the text of a range: ``now-60m``."""
    # In a range, `m` stands for minutes, so months are written as days.
    months = window.group == "months"
    return f"now-{window.duration.days}d" if months else f"now-{window.label}"


def up_to_now(length: timedelta) -> Window | str:
    """The window of this length; without such a window, the start of a range as text.

    Args:
        length: the length, rounded up to whole seconds.
    """
    for window in WINDOWS:
        if window.duration == length:
            return window
    seconds = max(1, -(-length // timedelta(seconds=1)))
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"now-{seconds // size}{unit}"


def finer_bucket(zoom: Sequence[int], bucket: Resolution) -> BucketName | None:
    """The bucket width of a range as long as the zoom; None if it is not finer than ``bucket``.

    Args:
        zoom: two times in epoch milliseconds, or nothing.
        bucket: the width of the buckets that the chart shows.
    """
    if not zoom or bucket == "raw":
        return None
    found = bucket_for(timedelta(milliseconds=zoom[1] - zoom[0]))
    return found if BUCKET_WIDTH[found] < BUCKET_WIDTH[bucket] else None


def zoom_texts(zoom: Sequence[int], zone: ZoneInfo) -> tuple[str, str]:
    """The texts of the start and the end of a zoom, in whole seconds.

    Args:
        zoom: two times in epoch milliseconds.
        zone: the display zone.
    """
    first, last = zoom[0] // 1000, -(-zoom[1] // 1000)
    start, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (first, last))
    return range_text(start, zone), range_text(end, zone)
