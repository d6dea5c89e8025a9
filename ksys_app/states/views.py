"""From domain values to what pages bind to: text and whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

from ksys_app.domain.figures import figure
from ksys_app.domain.kpi import LIMIT_COLUMNS, active
from ksys_app.domain.timefmt import epoch_ms, local_offset
from ksys_app.errors import BadParameter, KsysError, UnknownTag
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule
from ksys_app.models.views import Problem, SeriesRow
from ksys_app.utils import request

# Out of a link that asks for what does not exist: asking again brings nothing.
WAYS_OUT: Final = {BadParameter.code: "open", UnknownTag.code: "choose"}


def problem(
    error: Exception,
    since_ms: int,
    retry_in_s: float = 0.0,
    ways: Mapping[str, str] = WAYS_OUT,
) -> Problem:
    """What an error box says; an error that is none of ours is told without its insides.

    Args:
        error: what went wrong.
        since_ms: since when, epoch milliseconds.
        retry_in_s: seconds until it is tried again, 0 for never.
        ways: the way out of an error, by its code.
    """
    code = error.code if isinstance(error, KsysError) else KsysError.code
    message = error.said if isinstance(error, KsysError) else Message("errors.page_failed")
    runbook = f"docs/runbooks/{code}.md"
    way = ways.get(code, "")
    own = error.request_id if isinstance(error, KsysError) else ""
    request_id = own or request.current()
    return Problem(code, message, since_ms, round(retry_in_s), runbook, way, request_id)


def page_link(path: str, selection: dict[str, str]) -> str:
    """``/trend?tag=…`` with what is selected, in one order, nothing empty."""
    chosen = {key: value for key, value in selection.items() if value}
    return f"{path}?{urlencode(chosen, safe=',:/')}"


def names_text(names: Iterable[str]) -> str:
    """Names for a link, separated by commas; a comma in a name is ``%2C``."""
    return ",".join(quote(name, safe="") for name in names)


def names_in(text: str) -> list[str]:
    """The names that :func:`names_text` wrote."""
    return [unquote(name) for name in text.split(",") if name]


def series_row(
    num: int, row: Any, columns: Iterable[str], zone: ZoneInfo, places: int
) -> SeriesRow:
    """A bucket as the table shows it; counts without decimals."""
    cells = [_figure(getattr(row, name), places) for name in columns]
    return SeriesRow(num, epoch_ms(row.bucket), local_offset(row.bucket, zone), cells)


def _figure(value: float | None, places: int) -> str:
    return str(value) if isinstance(value, int) else figure(value, places)


def drawn_limits(rule: QcRule | None) -> dict[str, float]:
    """The limits of a rule that a chart draws, those that are set; none of a disabled rule."""
    judged = active(rule)
    limits = ((name, getattr(judged, name, None)) for name in LIMIT_COLUMNS)
    return {name: value for name, value in limits if value is not None}
