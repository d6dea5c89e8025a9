"""What a link or a browser says of a series, made valid: anybody can write a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from ksys_app.domain.names import lookup_flaw
from ksys_app.errors import BadParameter

MAX_MS: Final = 8_640_000_000_000_000
MAX_DIGITS: Final = 17
CENTURY_MS: Final = (
    int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000),
    int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000),
)


def asked_tag(name: str) -> str:
    """The tag that a link names.

    Raises:
        BadParameter: no tag can be called so.
    """
    wrong = lookup_flaw(name)
    if wrong is not None:
        raise BadParameter(wrong)
    return name


def asked_zoom(text: str) -> list[int]:
    """The zoom that a link has as ``1755300000000-1755303600000``; empty for anything else."""
    parts = text.split("-")
    whole = all(part.isdecimal() and len(part) < MAX_DIGITS for part in parts)
    return valid_zoom([int(part) for part in parts]) if whole else []


def valid_zoom(zoom: Sequence[int]) -> list[int]:
    """Two times in epoch milliseconds, the earlier first; empty for anything else."""
    if len(zoom) != 2:
        return []
    start, end = zoom
    return [start, end] if 0 < start < end < MAX_MS else []


def zoom_period(zoom: Sequence[int]) -> dict[str, str]:
    """A zoom as the export takes it: ``from`` and ``to``; empty for no zoom, or one of no time now.

    The export takes times of this century; a link may name any.
    """
    if not zoom or not CENTURY_MS[0] <= zoom[0] < zoom[1] < CENTURY_MS[1]:
        return {}
    start, end = (datetime.fromtimestamp(ms / 1000, UTC).isoformat() for ms in zoom)
    return {"from": start, "to": end}


def chart_url(endpoint: str, asked: Mapping[str, str]) -> str:
    """Where a chart asks for its columns.

    Args:
        endpoint: under ``/api/v1/``.
        asked: what is asked for: tag, window, bands.
    """
    return f"/api/v1/{endpoint}?{urlencode({**asked, 'format': 'columns'})}"


def file_url(kind: str, asked: Mapping[str, str]) -> str:
    """Where the rows of a table are served as a file."""
    return f"/api/v1/export.csv?{urlencode({**asked, 'kind': kind})}"


def zoom_url(kind: str, asked: Mapping[str, str], zoom: Sequence[int], bucket: str = "") -> str:
    """The same of the rows of a zoom; empty for no zoom, or one of no time now.

    Args:
        kind: which rows.
        asked: what is asked for.
        zoom: two times in epoch milliseconds, or nothing.
        bucket: the width of the buckets of what is asked for. Alone, the zoom of a range would have
            those of its own length.
    """
    period = zoom_period(zoom)
    if not period:
        return ""
    if "from" not in asked:
        return f"{file_url(kind, asked)}&{urlencode(period)}"
    buckets = {"bucket": bucket} if kind == "buckets" else {}
    return file_url(kind, {**asked, **period, **buckets})


def valid_series(text: str, known: Sequence[str]) -> list[str]:
    """The series named in ``avg,min``, in their own order; every one for an empty text."""
    if not text:
        return list(known)
    wanted = text.split(",")
    return [key for key in known if key in wanted]


def series_text(shown: Sequence[str], known: Sequence[str]) -> str:
    """The series that are shown, for a link; empty for all of them."""
    return "" if len(shown) == len(known) else ",".join(shown) or "none"


def shown_part(
    shown: Sequence[str], known: Sequence[str], zoom: Sequence[int], page: int
) -> dict[str, str]:
    """What a link says of chart and table; nothing of what is as it is at first."""
    return {
        "series": series_text(shown, known),
        "zoom": "-".join(map(str, zoom)),
        "page": str(page) if page > 1 else "",
    }


def valid_page(text: str) -> int:
    """A page's number, 1 for anything else."""
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1
