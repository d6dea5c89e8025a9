"""Why a table has no rows: what looks alike has several reasons, and each asks for another deed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ksys_app.domain.timefmt import local_offset
from ksys_app.domain.windows import FEATURE_WIDTH, reaching
from ksys_app.models.rows import Tag
from ksys_app.texts import T


def empty_texts(known: Tag | None, asked_at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Why a table has no rows, and what to do about it.

    Args:
        known: the tag, None where its chart has data, and only the table's own buckets do not fit.
        asked_at: when the database was asked.
        zone: the display zone.
    """
    if known is None:
        return T.series_narrow, _choose(timedelta(), FEATURE_WIDTH)
    if known.last_ts is None:
        return T.series_never, T.series_never_do
    last = T.series_last.format(time=local_offset(known.last_ts, zone))
    return T.series_empty, f"{last} {_choose(asked_at - known.last_ts)}"


def _choose(age: timedelta, width: timedelta = timedelta()) -> str:
    window = reaching(max(age, timedelta()), width)
    return T.series_old if window is None else T.series_choose.format(window=window.title)


def fetched(fetched_ms: int) -> datetime:
    """The time of an answer."""
    return datetime.fromtimestamp(fetched_ms / 1000, UTC)
