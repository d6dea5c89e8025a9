"""Captions of a page's selection, as messages that the browser translates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.ranges import Range, Resolution
from ksys_app.domain.windows import Window
from ksys_app.models.health import Replica
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule
from ksys_app.texts import DASH
from ksys_app.texts.ranges import range_name

_OF_SAMPLES: Final = {
    "pages.window_caption": "pages.window_caption_raw",
    "pages.range_caption": "pages.range_caption_raw",
}


def window_caption(
    window: Window, days: str | None = None, bucket: Resolution | None = None
) -> Message:
    """The caption of a window: ``5 minutes, one point per minute``.

    Args:
        window: the window.
        days: the zone of its daily buckets, if the caption must name it.
        bucket: the bucket width, or ``raw`` for samples; None for the width of the window.
    """
    values = {"window": Message(f"windows.{window.label}")}
    return _with_day_zone(
        _of_buckets("pages.window_caption", values, bucket or window.bucket), days
    )


def range_caption(
    start: str,
    end: str,
    span: Range,
    zone: ZoneInfo,
    days: str | None = None,
    bucket: Resolution | None = None,
) -> Message:
    """The caption of a range: ``Yesterday, one point per minute``.

    Args:
        start: the text of the range's start.
        end: the text of the range's end.
        span: the range.
        zone: the display zone.
        days: the zone of its daily buckets, if the caption must name it.
        bucket: the bucket width, or ``raw`` for samples; None for the width of the range.
    """
    values = {"range": range_name(start, end, span, zone)}
    return _with_day_zone(_of_buckets("pages.range_caption", values, bucket or span.bucket), days)


def _of_buckets(key: str, values: dict[str, Message], bucket: Resolution) -> Message:
    if bucket == "raw":
        return Message(_OF_SAMPLES[key], values)
    return Message(key, values | {"bucket": Message(f"pages.bucket_{bucket}")})


def _with_day_zone(caption: Message, days: str | None) -> Message:
    if days is None:
        return caption
    return Message("pages.window_of_days", {"caption": caption, "zone": days})


def delta_caption(window: Window) -> Message:
    """The caption of a tile's change: ``vs the minute before``."""
    return Message("pages.delta_note", {"bucket": Message(f"pages.bucket_{window.bucket}")})


def detail_note(rule: QcRule | None) -> Message:
    """Why the limits of a tag are not in force; an empty message if they are."""
    if rule is None:
        return Message("pages.no_limits")
    if rule.enabled is False:
        return Message("pages.rule_off")
    if not rule.faults:
        return Message()
    return Message("pages.rule_faults", {"faults": [fault.sentence for fault in rule.faults]})


def replica_note(replica: Replica | None) -> Message:
    """How far a read replica is behind its primary; an empty message for a primary."""
    if replica is None:
        return Message()
    lag = DASH if replica.lag_s is None else round(replica.lag_s)
    key = "pages.replica" if replica.connected else "pages.replica_cut"
    return Message(key, {"seconds": lag})


def scale_sentence(value_s: str, unit: str, low: str, high: str, limits: Sequence[str]) -> Message:
    """The scale of limits as a sentence, for screen readers.

    Example: ``190.0 °C among the limits Range low 0, L 20, Range high 200``.

    Args:
        value_s: the value on the scale.
        unit: the unit of the value; may be empty.
        low: the low end of the range; empty for none.
        high: the high end of the range; empty for none.
        limits: the limits between both ends, from low to high.
    """
    first = [Message("pages.scale_low", {"value": low})] if low else []
    last = [Message("pages.scale_high", {"value": high})] if high else []
    value = f"{value_s} {unit}".rstrip()
    return Message("pages.scale_says", {"value": value, "limits": [*first, *limits, *last]})
