"""The selection of ``/comm`` in its address: tags, days, hour, view, search, order (PRD §28.3)."""

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
from ksys_app.states.series_link import asked_tag
from ksys_app.states.views import names_in, names_text

MAX_TAGS: Final = 9
VIEWS: Final = ("hours", "overview")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected.

    Attributes:
        tags: tags shown by hours; none: the first one.
        start: first of the 30 days; None: those that end today.
        view: ``hours`` or ``overview``.
        cell_tag: whose hour is selected; empty: the first tag's.
        bucket: the selected hour, UTC; None: none.
        search: words that a tag of the overview must hold.
        sort: the column that the overview is ordered by, or ``worst``.
        descending: the greatest first.
    """

    tags: tuple[str, ...] = ()
    start: date | None = None
    view: str = VIEWS[0]
    cell_tag: str = ""
    bucket: datetime | None = None
    search: str = ""
    sort: str = WORST
    descending: bool = False


def read(query: Mapping[str, str]) -> Selection:
    """The selection of ``?tags=D100,D101&start=2026-02-01&cell=D100@2026-02-03T04:00Z``.

    ``tag=`` names one more tag, whatever signs it holds; in ``tags`` a comma of a name is ``%2C``.

    Raises:
        BadParameter: too many tags, or what no tag can be called, no day, or a view that does not
            exist.
    """
    listed = names_in(query.get("tags", ""))
    tags = tuple(dict.fromkeys(filter(None, [*listed, query.get("tag", "")])))
    for tag in tags:
        asked_tag(tag)
    if len(tags) > MAX_TAGS:
        most = {"most": MAX_TAGS, "count": len(tags)}
        raise BadParameter(Message("errors.too_many_tags", most))
    view = query.get("view", VIEWS[0])
    if view not in VIEWS:
        known = {"view": repr(view[:40]), "views": list(VIEWS)}
        raise BadParameter(Message("errors.unknown_view", known))
    minus, sort = _order(query.get("sort", WORST))
    cell_tag, _, stamp = query.get("cell", "").rpartition("@")
    return Selection(
        tags=tags,
        start=day(query["start"]) if "start" in query else None,
        view=view,
        cell_tag=cell_tag,
        bucket=hour(stamp),
        search=clean_filter(query.get("search", "")),
        sort=sort,
        descending=bool(minus),
    )


def link(selection: Selection) -> str:
    """The address that :func:`read` understands, nothing empty in it."""
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
    """The sign and the column of ``sort``: ``-longest`` puts the longest first."""
    column = text.removeprefix("-")
    if column not in COLUMNS and text != WORST:
        values = {"sort": repr(text[:40]), "columns": list(COLUMNS)}
        raise BadParameter(Message("errors.unknown_sort", values))
    return text[: len(text) - len(column)], column


def csv_links(tags: Sequence[str], start: str) -> dict[str, str]:
    """Where ``cells`` and ``outages`` of these tags are served as files."""
    query = urlencode({"tag": tags, "start": start}, doseq=True)
    return {name: f"/api/v1/comm/{name}.csv?{query}" for name in ("cells", "outages")}


def moved(start: str, days: int, last: str) -> date | None:
    """The day on which the 30 days begin after a step; None where there is none to go to.

    Args:
        start: where they begin, ``YYYY-MM-DD``, empty while that is not known.
        days: the step, less than 0 for one back.
        last: the last day on which they may begin.
    """
    if not start:
        return None
    # A browser may send any day.
    begin, step = max(FIRST_START, day(start)), timedelta(days=days)
    if days > 0 and (not last or begin > day(last) - step):
        return None
    return max(FIRST_START, begin + step)


def day(text: str) -> date:
    """A day written ``YYYY-MM-DD``.

    Raises:
        BadParameter: it is none.
    """
    try:
        if len(text) != len("YYYY-MM-DD"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameter(Message("errors.not_a_day", {"day": repr(text[:40])})) from None


def hour(text: str) -> datetime | None:
    """A time with its offset, as UTC; None for anything else."""
    try:
        ts = datetime.fromisoformat(text)
        return ts.astimezone(UTC) if ts.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
