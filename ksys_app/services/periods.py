"""Reads the period of a request: one of the windows, or a range of two texts (PRD §33.1)."""

from __future__ import annotations

from datetime import datetime

from ksys_app.domain.ranges import (
    Period,
    Resolution,
    WrongRange,
    parse_moment,
    parse_range,
    with_bucket,
)
from ksys_app.domain.windows import Window
from ksys_app.errors import BadParameter
from ksys_app.queries.comm import database_clock
from ksys_app.services import runtime


async def read_period(
    window: Window,
    start: str | None,
    end: str | None,
    bucket: Resolution | None = None,
    *,
    as_range: bool = False,
) -> Period:
    """The window, or the range from ``start`` to ``end`` by the database's clock.

    Args:
        window: the window; used if ``start`` is None.
        start: the text of the start of a range, None for the window.
        end: the text of its end, None for now.
        bucket: the buckets, None for those that belong to the length of the period. A window with
            other buckets becomes a range.
        as_range: whether to return a window as the range that ends now.

    Raises:
        BadParameter: the texts are no range, or it has too many buckets; the error says why.
    """
    if start is None and bucket in (None, window.bucket) and not as_range:
        return window
    length = round(window.duration.total_seconds())
    now, zone = await database_clock(), runtime.current().zone
    try:
        if end is not None:
            parse_moment("to", end, now, zone)
        start_text = f"now-{length}s" if start is None else start
        range_of_texts = parse_range(start_text, end or "", now, zone)
        return range_of_texts if bucket is None else with_bucket(range_of_texts, bucket)
    except WrongRange as error:
        raise BadParameter(error.sentence) from None


async def read_moment(name: str, text: str | None) -> datetime | None:
    """The time that a text names; None for no text.

    Args:
        name: name of the parameter, for an error.
        text: the text.

    Raises:
        BadParameter: the text is not a time.
    """
    if text is None:
        return None
    try:
        return parse_moment(name, text, await database_clock(), runtime.current().zone)
    except WrongRange as error:
        raise BadParameter(error.sentence) from None
