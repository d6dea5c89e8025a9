"""Parse, validate and write the parts of a series link, because anybody can write a link."""

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


def valid_tag(name: str) -> str:
    """``name``, if a tag can have this name.

    Raises:
        BadParameter: no tag can have this name.
    """
    flaw = lookup_flaw(name)
    if flaw is not None:
        raise BadParameter(flaw)
    return name


def parse_zoom(text: str) -> list[int]:
    """The zoom of a link, e.g. ``1755300000000-1755303600000``; empty for any other text."""
    parts = text.split("-")
    valid = all(part.isdecimal() and len(part) < MAX_DIGITS for part in parts)
    return valid_zoom([int(part) for part in parts]) if valid else []


def valid_zoom(zoom: Sequence[int]) -> list[int]:
    """``zoom``, if it is two times in epoch milliseconds, the earlier first; else empty."""
    if len(zoom) != 2:
        return []
    start, end = zoom
    return [start, end] if 0 < start < end < MAX_MS else []


def zoom_text(zoom: Sequence[int]) -> str:
    """A zoom as a link writes it."""
    return "-".join(map(str, zoom))


def zoom_period(zoom: Sequence[int]) -> dict[str, str]:
    """The parameters of a zoom for the export: ``from`` and ``to``.

    Empty without a zoom, and for a zoom outside this century, which the export refuses.
    """
    if not zoom or not CENTURY_MS[0] <= zoom[0] < zoom[1] < CENTURY_MS[1]:
        return {}
    start, end = (datetime.fromtimestamp(ms / 1000, UTC).isoformat() for ms in zoom)
    return {"from": start, "to": end}


def chart_url(endpoint: str, params: Mapping[str, str]) -> str:
    """The address from which a chart fetches its columns.

    Args:
        endpoint: the path below ``/api/v1/``.
        params: the query parameters: tag, period, bands.
    """
    return f"/api/v1/{endpoint}?{urlencode({**params, 'format': 'columns'})}"


def file_url(kind: str, params: Mapping[str, str]) -> str:
    """The address of the rows of a table as a CSV file."""
    return f"/api/v1/export.csv?{urlencode({**params, 'kind': kind})}"


def zoom_url(kind: str, params: Mapping[str, str], zoom: Sequence[int], bucket: str = "") -> str:
    """The address of the rows of a zoom as a CSV file; empty if the zoom cannot be exported.

    Args:
        kind: the kind of rows, as the export names it.
        params: the query parameters: tag, period, bands.
        zoom: two times in epoch milliseconds, or nothing.
        bucket: the bucket width of the whole period. Without it, the zoom of a range would get the
            bucket width that fits its own length.
    """
    period = zoom_period(zoom)
    if not period:
        return ""
    if "from" not in params:
        return f"{file_url(kind, params)}&{urlencode(period)}"
    buckets = {"bucket": bucket} if kind == "buckets" else {}
    return file_url(kind, {**params, **period, **buckets})


def valid_series(text: str, all_series: Sequence[str]) -> list[str]:
    """The series that a text such as ``avg,min`` names, in the order of ``all_series``.

    An empty text names all series.
    """
    if not text:
        return list(all_series)
    named = text.split(",")
    return [key for key in all_series if key in named]


def series_text(shown: Sequence[str], all_series: Sequence[str]) -> str:
    """The shown series as a link writes them; an empty text if all are shown."""
    return "" if len(shown) == len(all_series) else ",".join(shown) or "none"


def view_params(
    shown: Sequence[str], all_series: Sequence[str], zoom: Sequence[int], page: int
) -> dict[str, str]:
    """The parameters of chart and table in a link; an empty text for a default."""
    return {
        "series": series_text(shown, all_series),
        "zoom": zoom_text(zoom),
        "page": str(page) if page > 1 else "",
    }


def valid_page(text: str) -> int:
    """The page number that the text names; 1 for any other text."""
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1
