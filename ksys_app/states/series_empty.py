"""Say why a table has no rows, and what a person can do. Each reason has its own advice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.timefmt import local_offset
from ksys_app.domain.windows import FEATURE_WIDTH, reaching
from ksys_app.models.message import Message
from ksys_app.models.rows import Tag
from ksys_app.services.tags import MOST_SHOWN


def empty_texts(
    tag: Tag | None, period: Period, answered_at: datetime, zone: ZoneInfo
) -> tuple[Message, Message]:
    """Why a table has no rows, and what to do about it.

    Args:
        tag: the tag; None if its chart has data, and only the table's own buckets do not fit.
        period: the window or the range of the table.
        answered_at: the time of the answer.
        zone: the display zone.
    """
    if tag is not None and tag.expression is not None:
        needs = {"expression": tag.expression[:MOST_SHOWN]}
        return Message("pages.calculated_empty"), Message("pages.calculated_empty_do", needs)
    if isinstance(period, Range):
        return _empty_range(tag, period, zone)
    if tag is None:
        return Message("pages.series_narrow"), _choose_window(timedelta(), FEATURE_WIDTH)
    if tag.last_ts is None:
        return Message("pages.series_never"), Message("pages.series_never_do")
    last = Message("pages.series_last", {"time": local_offset(tag.last_ts, zone)})
    values = {"last": last, "choose": _choose_window(answered_at - tag.last_ts)}
    return Message("pages.series_empty"), Message("pages.series_do", values)


def _empty_range(tag: Tag | None, span: Range, zone: ZoneInfo) -> tuple[Message, Message]:
    if tag is None:
        return Message("pages.series_narrow"), Message()
    if tag.last_ts is None:
        return Message("pages.series_never"), Message("pages.series_never_do")
    first, last = tag.first_ts or tag.last_ts, tag.last_ts
    ends = {"first": local_offset(first, zone), "last": local_offset(last, zone)}
    if span.end <= first:
        return Message("pages.range_empty"), Message("pages.range_before", ends)
    if span.start > last:
        return Message("pages.range_empty"), Message("pages.range_after", ends)
    return Message("pages.range_empty"), Message("pages.range_between", ends)


def _choose_window(age: timedelta, width: timedelta = timedelta()) -> Message:
    window = reaching(max(age, timedelta()), width)
    if window is None:
        return Message("pages.series_old")
    return Message("pages.series_choose", {"window": Message(f"windows.{window.label}")})


def answer_time(fetched_ms: int) -> datetime:
    """The time of an answer, UTC."""
    return datetime.fromtimestamp(fetched_ms / 1000, UTC)
