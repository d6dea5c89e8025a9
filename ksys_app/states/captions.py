"""What a page says of its selection, as messages that the browser puts into words."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.windows import Window
from ksys_app.models.health import Replica
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule
from ksys_app.texts import DASH
from ksys_app.texts.ranges import range_name


def window_caption(window: Window, days: str | None = None) -> Message:
    """``5 minutes, one point per minute``; with the zone of its days, if that is given."""
    values = {"window": Message(f"windows.{window.label}"), "bucket": _bucket(window)}
    return _of_days(Message("pages.window_caption", values), days)


def range_caption(
    start: str, end: str, span: Range, zone: ZoneInfo, days: str | None = None
) -> Message:
    """``Yesterday, one point per minute``; with the zone of its days, if that is given.

    Args:
        start: the text of the range's start.
        end: the text of its end.
        span: the range.
        zone: the display zone.
        days: the zone of its days.
    """
    values = {"range": range_name(start, end, span, zone), "bucket": _bucket(span)}
    return _of_days(Message("pages.range_caption", values), days)


def _of_days(caption: Message, days: str | None) -> Message:
    if days is None:
        return caption
    return Message("pages.window_of_days", {"caption": caption, "zone": days})


def delta_caption(window: Window) -> Message:
    """What the signed change of a tile compares with: ``vs the minute before``."""
    return Message("pages.delta_note", {"bucket": _bucket(window)})


def detail_note(rule: QcRule | None) -> Message:
    """Why a tag's limits do not count, where they do not; else no sentence."""
    if rule is None:
        return Message("pages.no_limits")
    if rule.enabled is False:
        return Message("pages.rule_off")
    if not rule.faults:
        return Message()
    return Message("pages.rule_faults", {"faults": [fault.said for fault in rule.faults]})


def replica_note(replica: Replica | None) -> Message:
    """How far a read replica is behind; no sentence for a primary."""
    if replica is None:
        return Message()
    lag = DASH if replica.lag_s is None else round(replica.lag_s)
    key = "pages.replica" if replica.connected else "pages.replica_cut"
    return Message(key, {"seconds": lag})


def scale_says(value_s: str, unit: str, low: str, high: str, limits: Sequence[str]) -> Message:
    """A line of limits in words: ``190.0 °C among the limits Range low 0, L 20, Range high 200``.

    Args:
        value_s: the value on it.
        unit: its unit, may be empty.
        low: the low end of the range, empty for none.
        high: the high end.
        limits: what lies between, from low to high.
    """
    first = [Message("pages.scale_low", {"value": low})] if low else []
    last = [Message("pages.scale_high", {"value": high})] if high else []
    value = f"{value_s} {unit}".rstrip()
    return Message("pages.scale_says", {"value": value, "limits": [*first, *limits, *last]})


def _bucket(period: Period) -> Message:
    return Message(f"pages.bucket_{period.bucket}")
