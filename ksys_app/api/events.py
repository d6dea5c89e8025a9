"""``/api/v1/events``: what happened to up to nine tags in a window or a range (PRD §33.7)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from ksys_app.api import render, responses
from ksys_app.api.params import PeriodParams, TagNames
from ksys_app.api.schemas import ABSENT, Count, Exact, Moment, Nothing, Window
from ksys_app.domain.ranges import Range
from ksys_app.models.events import KINDS, Kind, Span, Wanted
from ksys_app.services import runtime
from ksys_app.services.events import Events, read_events
from ksys_app.services.periods import read_period

DEFAULT_SPANS: Final = 300
router = APIRouter(prefix="/api/v1")


class EventParams(PeriodParams):
    """Up to nine tags, a window or a range, the kinds of events, and the most spans of a kind."""

    tag: TagNames
    kind: Annotated[list[Wanted], Field(max_length=5)] = Field(default_factory=list)
    limit: Annotated[int, Field(ge=2, le=1_000)] = DEFAULT_SPANS


class ChangedCell(Exact):
    """A column of limits, or ``CONDITION.column`` of an alarm's settings, before and after."""

    column: str
    old: str | None
    new: str | None


class EventValues(Exact):
    """The values for the text of an event.

    An alarm has condition, value and limit; an anomaly has its score. A change has its first cells,
    the number of further cells, who changed them, why, from where, and the version of the limits.
    Several events have their number and their tags, nine at most.
    """

    condition: str | Nothing = ABSENT
    value: float | Nothing | None = ABSENT
    limit_value: float | Nothing | None = ABSENT
    score: float | Nothing | None = ABSENT
    cells: list[ChangedCell] | Nothing = ABSENT
    more: Count | Nothing = ABSENT
    actor: str | Nothing = ABSENT
    reason: str | Nothing = ABSENT
    source: str | Nothing = ABSENT
    version: int | Nothing = ABSENT
    n: Count | Nothing = ABSENT
    tags: list[str] | Nothing = ABSENT


class EventText(Exact):
    """The key of a text of the catalogue, and what belongs to it."""

    key: str
    values: EventValues


class EventSpan(Exact):
    """Something that happened to a tag; ``count`` is above 1 where several are merged.

    ``to`` is null while it goes on, or where its end is not recorded. ``tag_name`` is null of
    merged ones of several tags. ``clipped``: it reaches further than ``from`` and ``to`` say.
    """

    kind: Kind
    tag_name: str | None
    from_: Moment = Field(alias="from")
    to: Moment | None
    ongoing: bool
    clipped: bool
    level: str
    priority: Annotated[int, Field(ge=1, le=4)] | None
    count: Count
    text: EventText


class EventKind(Exact):
    """How many of a kind there are, and whether some of them are merged.

    ``since``: from when on they were read, null where that is the whole range.
    """

    kind: Kind
    count: Count
    merged: bool
    since: Moment | None


class EventTag(Exact):
    """A tag of the request."""

    tag_name: str
    title: str
    unit: str


class EventShift(Exact):
    """A shift that worked; ``shaded`` is that of every second one."""

    name: str
    from_: Moment = Field(alias="from")
    to: Moment
    shaded: bool


class EventList(Exact):
    """What happened to some tags, by kind and time.

    ``shifts`` is null where there are too many of them for a chart.
    """

    window: Window | None
    from_: Moment = Field(alias="from")
    to: Moment
    tags: list[EventTag]
    kinds: list[EventKind]
    events: list[EventSpan]
    shifts: list[EventShift] | None


@router.get("/events", summary="What happened to tags", responses=responses.page(EventList))
async def events(query: Annotated[EventParams, Query()]) -> Response:
    """Alarms, outages of communication, anomalies, changes of limits, and the plant's shifts.

    A kind with more than ``limit`` spans has them merged, with their number in ``count``.
    """
    span = await read_period(query.window, query.start, query.end, as_range=True)
    assert isinstance(span, Range)
    kinds = query.kind or [*KINDS, "shift"]
    result = await read_events(query.tag, span, kinds, query.limit)
    window = query.window.label if query.start is None else None
    return render.json_response({"window": window, **_body(result)})


def _body(result: Events) -> render.Json:
    zone, shifts = runtime.current().zone, result.shifts
    return {
        "from": render.time(result.span.start, zone),
        "to": render.time(result.span.end, zone),
        "tags": [
            {
                "tag_name": tag,
                "title": "" if rule is None else rule.title,
                "unit": "" if rule is None else rule.unit,
            }
            for tag, rule in result.rules
        ],
        "kinds": [
            {
                "kind": kind.kind,
                "count": kind.count,
                "merged": kind.merged,
                "since": render.time(kind.since, zone),
            }
            for kind in result.kinds
        ],
        "events": [_span(span) for kind in result.kinds for span in kind.spans],
        "shifts": None
        if shifts is None
        else [
            {
                "name": shift.name,
                "from": render.time(shift.start, zone),
                "to": render.time(shift.end, zone),
                "shaded": shift.shaded,
            }
            for shift in shifts
        ],
    }


def _span(span: Span) -> render.Json:
    zone = runtime.current().zone
    return {
        "kind": span.kind,
        "tag_name": span.tag_name,
        "from": render.time(span.start, zone),
        "to": render.time(span.end, zone),
        "ongoing": span.ongoing,
        "clipped": span.clipped,
        "level": span.level,
        "priority": span.priority,
        "count": span.count,
        "text": {"key": span.key, "values": span.values},
    }
