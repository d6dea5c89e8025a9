"""Why a table has no rows: what looks alike has several reasons, and each asks for another deed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.timefmt import local_offset
from ksys_app.domain.windows import FEATURE_WIDTH, reaching
from ksys_app.models.message import Message
from ksys_app.models.rows import Tag


def empty_texts(
    known: Tag | None, period: Period, asked_at: datetime, zone: ZoneInfo
) -> tuple[Message, Message]:
    """Why a table has no rows, and what to do about it.

    Args:
        known: the tag, None where its chart has data, and only the table's own buckets do not fit.
        period: the window or the range of the table.
        asked_at: when the database was asked.
        zone: the display zone.
    """
    if isinstance(period, Range):
        return _empty_range(known, period, zone)
    if known is None:
        return Message("pages.series_narrow"), _choose(timedelta(), FEATURE_WIDTH)
    if known.last_ts is None:
        return Message("pages.series_never"), Message("pages.series_never_do")
    last = Message("pages.series_last", {"time": local_offset(known.last_ts, zone)})
    values = {"last": last, "choose": _choose(asked_at - known.last_ts)}
    return Message("pages.series_empty"), Message("pages.series_do", values)


def _empty_range(known: Tag | None, span: Range, zone: ZoneInfo) -> tuple[Message, Message]:
    if known is None:
        return Message("pages.series_narrow"), Message()
    if known.last_ts is None:
        return Message("pages.series_never"), Message("pages.series_never_do")
    first, last = known.first_ts or known.last_ts, known.last_ts
    ends = {"first": local_offset(first, zone), "last": local_offset(last, zone)}
    if span.end <= first:
        return Message("pages.range_empty"), Message("pages.range_before", ends)
    if span.start > last:
        return Message("pages.range_empty"), Message("pages.range_after", ends)
    return Message("pages.range_empty"), Message("pages.range_between", ends)


def _choose(age: timedelta, width: timedelta = timedelta()) -> Message:
    window = reaching(max(age, timedelta()), width)
    if window is None:
        return Message("pages.series_old")
    return Message("pages.series_choose", {"window": Message(f"windows.{window.label}")})


def fetched(fetched_ms: int) -> datetime:
    """The time of an answer."""
    return datetime.fromtimestamp(fetched_ms / 1000, UTC)
