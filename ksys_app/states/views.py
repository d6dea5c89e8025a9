"""Convert domain values to the texts and whole numbers that pages show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlencode
from zoneinfo import ZoneInfo

from ksys_app.domain.figures import figure
from ksys_app.domain.kpi import LIMIT_COLUMNS, active
from ksys_app.domain.timefmt import epoch_ms, local_offset
from ksys_app.errors import BadParameter, KsysError, UnknownTag
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule
from ksys_app.models.views import Problem, SeriesRow
from ksys_app.services.several import SeveralSeries
from ksys_app.utils import request

# Error code to what a page offers when the address asks for what does not exist.
WAYS_OUT: Final = {BadParameter.code: "open", UnknownTag.code: "choose"}


def problem(
    error: Exception,
    since_ms: int,
    retry_in_s: float = 0.0,
    ways_out: Mapping[str, str] = WAYS_OUT,
) -> Problem:
    """The content of an error box. An unexpected error is described without its details.

    Args:
        error: the error.
        since_ms: the time of the first failure, epoch milliseconds.
        retry_in_s: seconds until the page tries again; 0 for never.
        ways_out: error code to what the page offers.
    """
    code = error.code if isinstance(error, KsysError) else KsysError.code
    message = error.sentence if isinstance(error, KsysError) else Message("errors.page_failed")
    runbook = f"docs/runbooks/{code}.md"
    way = ways_out.get(code, "")
    error_id = error.request_id if isinstance(error, KsysError) else ""
    request_id = error_id or request.current()
    return Problem(code, message, since_ms, round(retry_in_s), runbook, way, request_id)


def page_link(path: str, selection: dict[str, str]) -> str:
    """The address of a page with its selection, ``/trend?tag=…``, without empty values."""
    chosen = {key: value for key, value in selection.items() if value}
    return f"{path}?{urlencode(chosen, safe=',:/')}"


def names_text(names: Iterable[str]) -> str:
    """The names as a link writes them: separated by commas; a comma in a name is ``%2C``.

    The address encodes the text once more, so other characters are left as they are: a link with
    Korean names would have three times as many characters.
    """
    return ",".join(name.replace("%", "%25").replace(",", "%2C") for name in names)


def names_in(text: str) -> list[str]:
    """The names that :func:`names_text` wrote."""
    return [unquote(name) for name in text.split(",") if name]


def series_row(
    num: int, row: Any, columns: Iterable[str], zone: ZoneInfo, places: int
) -> SeriesRow:
    """A bucket as the table shows it. Counts have no decimals."""
    cells = [_figure(getattr(row, name), places) for name in columns]
    return SeriesRow(num, epoch_ms(row.bucket), local_offset(row.bucket, zone), cells)


def _figure(value: float | None, places: int) -> str:
    return str(value) if isinstance(value, int) else figure(value, places)


def drawn_limits(rule: QcRule | None) -> dict[str, float]:
    """Column to limit, for the limits that a chart draws; empty for a disabled rule."""
    judged = active(rule)
    limits = ((name, getattr(judged, name, None)) for name in LIMIT_COLUMNS)
    return {name: value for name, value in limits if value is not None}


def tag_facts(series: SeveralSeries) -> dict[str, dict[str, Any]]:
    """Tag to its title, unit and range, for each tag of the series that has a rule."""
    rules = {tag: series.rules[tag] for tag in series.tags if tag in series.rules}
    return {
        tag: {
            "title": rule.title,
            "unit": rule.unit,
            "range": None if None in (ends := [rule.min_val, rule.max_val]) else ends,
        }
        for tag, rule in rules.items()
    }
