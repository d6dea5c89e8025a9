"""Parse and write the address of ``/comm``: tags, days, hour, view, search, order (PRD §28.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from ksys_app.domain.comm import FIRST_START
from ksys_app.domain.comm_order import COLUMNS
from ksys_app.domain.names import clean_filter
from ksys_app.errors import BadParameter
from ksys_app.models.comm import WORST
from ksys_app.models.message import Message
from ksys_app.states.series_link import valid_tag
from ksys_app.states.views import names_in, names_text

MAX_TAGS: Final = 9
VIEWS: Final = ("hours", "overview")


@dataclass(frozen=True, slots=True)
class Selection:
    """The selection of the page.

    Attributes:
        tags: the tags that are shown by hours; empty for the default tag.
        start: the first of the 30 days; None for the 30 days that end today.
        view: ``hours`` or ``overview``.
        cell_tag: the tag of the selected hour; empty for the first tag.
        bucket: the start of the selected hour, UTC; None if no hour is selected.
        search: words that a tag of the overview must contain.
        sort: the column that orders the overview, or ``worst``.
        descending: whether the greatest value comes first.
    """

    tags: tuple[str, ...] = ()
    start: date | None = None
    view: str = VIEWS[0]
    cell_tag: str = ""
    bucket: datetime | None = None
    search: str = ""
    sort: str = WORST
    descending: bool = False


def parse_selection(query: Mapping[str, str]) -> Selection:
    """The selection of a query: ``tags=D100,D101&start=2026-02-01&cell=D100@2026-02-03T04:00Z``.

    ``tag=`` adds one tag, whatever characters its name has. In ``tags``, a comma of a name is
    written ``%2C``.

    Raises:
        BadParameter: there are too many tags, a name cannot be that of a tag, ``start`` is not a
            day, or the view or the column does not exist.
    """
    named = names_in(query.get("tags", ""))
    tags = tuple(dict.fromkeys(filter(None, [*named, query.get("tag", "")])))
    for tag in tags:
        valid_tag(tag)
    if len(tags) > MAX_TAGS:
        values = {"most": MAX_TAGS, "count": len(tags)}
        raise BadParameter(Message("errors.too_many_tags", values))
    view = query.get("view", VIEWS[0])
    if view not in VIEWS:
        raise BadParameter(
            Message("errors.unknown_view", {"view": repr(view[:40]), "views": list(VIEWS)})
        )
    minus, sort = _order(query.get("sort", WORST))
    cell_tag, _, stamp = query.get("cell", "").rpartition("@")
    return Selection(
        tags=tags,
        start=parse_day(query["start"]) if "start" in query else None,
        view=view,
        cell_tag=cell_tag,
        bucket=parse_hour(stamp),
        search=clean_filter(query.get("search", "")),
        sort=sort,
        descending=bool(minus),
    )


def link(selection: Selection) -> str:
    """The address of a selection, as :func:`parse_selection` reads it, without defaults."""
    cell = ""
    if selection.bucket is not None:
        cell = f"{selection.cell_tag}@{selection.bucket:%Y-%m-%dT%H:%MZ}"
    chosen = {
        "tags": names_text(selection.tags),
        "start": "" if selection.start is None else selection.start.isoformat(),
        "cell": cell,
        "view": "" if selection.view == VIEWS[0] else selection.view,
        "search": selection.search,
        "sort": "" if selection.sort == WORST else "-" * selection.descending + selection.sort,
    }
    query = urlencode({key: value for key, value in chosen.items() if value}, safe=",@:")
    return f"/comm?{query}" if query else "/comm"


def _order(text: str) -> tuple[str, str]:
    """The sign and the column of ``sort``: ``-longest`` puts the longest value first.

    Raises:
        BadParameter: the column does not exist.
    """
    column = text.removeprefix("-")
    if column not in COLUMNS and text != WORST:
        values = {"sort": repr(text[:40]), "columns": list(COLUMNS)}
        raise BadParameter(Message("errors.unknown_sort", values))
    return text[: len(text) - len(column)], column


def csv_links(tags: Sequence[str], start: str) -> dict[str, str]:
    """The addresses of the CSV files of these tags: ``cells`` and ``outages``."""
    query = urlencode({"tag": tags, "start": start}, doseq=True)
    return {name: f"/api/v1/comm/{name}.csv?{query}" for name in ("cells", "outages")}


def moved_start(start: str, days: int, last: str) -> date | None:
    """The first of the 30 days after a step; None if the step leads past the last possible day.

    Args:
        start: the first day now, ``YYYY-MM-DD``; empty before the page has loaded.
        days: the step in days; negative for a step back.
        last: the last possible first day, ``YYYY-MM-DD``.
    """
    if not start:
        return None
    # A browser may send any day.
    begin, step = max(FIRST_START, parse_day(start)), timedelta(days=days)
    if days > 0 and (not last or begin > parse_day(last) - step):
        return None
    return max(FIRST_START, begin + step)


def parse_day(text: str) -> date:
    """The day of a text ``YYYY-MM-DD``.

    Raises:
        BadParameter: the text is not such a day.
    """
    try:
        if len(text) != len("YYYY-MM-DD"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameter(Message("errors.not_a_day", {"day": repr(text[:40])})) from None


def parse_hour(text: str) -> datetime | None:
    """The time of an ISO 8601 text with an offset, in UTC; None for any other text."""
    try:
        ts = datetime.fromisoformat(text)
        return ts.astimezone(UTC) if ts.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
