"""The ranges that have a name: the browser shows it in place of the two texts."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.period import window_start
from ksys_app.domain.range_moves import range_text
from ksys_app.domain.ranges import NOW, Range
from ksys_app.domain.windows import WINDOWS
from ksys_app.models.message import Message

# The key of the name in the section `ranges`, the text of the start, the text of the end.
QUICK: Final = (
    ("today", "now/d", "now"),
    ("yesterday", "now-1d/d", "now/d"),
    ("week", "now/w", "now"),
    ("last_week", "now-1w/w", "now/w"),
    ("month", "now/M", "now"),
    ("last_month", "now-1M/M", "now/M"),
    ("h6", "now-6h", "now"),
    ("d3", "now-3d", "now"),
    ("d7", "now-7d", "now"),
    ("d30", "now-30d", "now"),
)
_NAMES: Final = {(start, end): key for key, start, end in QUICK}


def range_name(start: str, end: str, span: Range, zone: ZoneInfo) -> Message:
    """A range in words: its name, else its two texts, of what is over with the times they mean.

    Args:
        start: the text of its start.
        end: the text of its end.
        span: the range.
        zone: the display zone.
    """
    key = _NAMES.get((start, end))
    if key is not None:
        return Message(f"ranges.quick_{key}")
    ends = ((start, span.start), (end, span.end))
    first, last = (
        range_text(moment.replace(microsecond=0), zone)
        if text.startswith(NOW) and end != NOW
        else text
        for text, moment in ends
    )
    return Message(
        "ranges.from_to", {"from": first.replace("T", " "), "to": last.replace("T", " ")}
    )


def window_starts() -> dict[str, str]:
    """The text of the start of each window, by its label."""
    return {window.label: window_start(window) for window in WINDOWS}
