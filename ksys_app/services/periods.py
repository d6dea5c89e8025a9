"""Which time a request asks for: one of the windows, or a range by two texts (PRD §33.1)."""

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
        window: the window, if no range is asked for.
        start: the text of the start of a range, None for the window.
        end: the text of its end, None for now.
        bucket: other buckets than those of the length. A window with other buckets is a range.
        as_range: give a window as the range that it is now.

    Raises:
        BadParameter: the texts are no range, or the buckets are too many; the error says why.
    """
    if start is None and bucket in (None, window.bucket) and not as_range:
        return window
    length = round(window.duration.total_seconds())
    now, zone = await database_clock(), runtime.current().zone
    try:
        if end is not None:
            parse_moment("to", end, now, zone)
        first = f"now-{length}s" if start is None else start
        span = parse_range(first, end or "", now, zone)
        return span if bucket is None else with_bucket(span, bucket)
    except WrongRange as error:
        raise BadParameter(error.said) from None


async def read_moment(name: str, text: str | None) -> datetime | None:
    """The moment of a text, None for none; ``name`` says in an error which text it is.

    Raises:
        BadParameter: it is not a time.
    """
    if text is None:
        return None
    try:
        return parse_moment(name, text, await database_clock(), runtime.current().zone)
    except WrongRange as error:
        raise BadParameter(error.said) from None
