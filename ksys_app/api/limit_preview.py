"""The HTTP endpoints that replay past samples against proposed limits (PRD §32.9)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from ksys_app.api import responses
from ksys_app.api.limit_schemas import RuleBody
from ksys_app.api.params import NoQuery, TagName
from ksys_app.api.render import json_response, time
from ksys_app.api.schemas import Count, Exact, Moment, Seconds
from ksys_app.models.alarms import Condition, Level
from ksys_app.models.limits import Edit
from ksys_app.models.rule_preview import Preview, Summary
from ksys_app.services import rule_preview as service, runtime

router = APIRouter(prefix="/api/v1/rules/preview")
LINES: Final = "application/x-ndjson"
STREAMED_PATHS: Final = (f"{router.prefix}/exact",)
"""Paths whose lines are sent one by one. Compression would hold lines back, so it is off here."""


class PreviewRule(RuleBody):
    """A tag, the new values, and how many days to look back."""

    tag_name: TagName
    days: Annotated[int, Field(ge=1, le=service.MOST_DAYS)] = service.MOST_DAYS


class ConditionCount(Exact):
    """How many alarms a condition had."""

    condition: Condition
    count: Count


class Standing(Exact):
    """A condition that is in alarm at the end, and its level."""

    condition: Condition
    level: Level


class SummaryShape(Exact):
    """The alarms of the span; times in seconds."""

    raises: Count
    per_day: Annotated[float, Field(ge=0)]
    events: Count
    longest_s: Seconds
    in_alarm_s: Seconds
    chatter: Count
    by_condition: list[ConditionCount]
    active: list[Standing]


class PreviewShape(Exact):
    """The alarms with the limits in force, and with the proposed ones."""

    start: Moment
    end: Moment
    reached: Moment
    exact: bool
    samples: Count
    truncated: bool
    before: SummaryShape
    after: SummaryShape
    not_judged: list[Literal["GAP", "STEP", "RATE", "SPIKE"]]


@router.post("", summary="What limits would have done", responses=responses.dry_run(PreviewShape))
async def preview(_query: NoQuery, sent: PreviewRule) -> Response:
    """Judge the minutes of the last days by the limits in force and by the proposed ones."""
    return json_response(_preview(await service.preview(_edit(sent), sent.days)))


@router.post(
    "/exact",
    summary="What limits would have raised, by every sample",
    response_class=StreamingResponse,
    responses=responses.dry_run_lines(PreviewShape, LINES),
)
async def exact(_query: NoQuery, request: Request, sent: PreviewRule) -> Response:
    """Judge every sample, a day at a time: a line for each day, the last one is complete."""
    previews = service.exact(_edit(sent), sent.days)
    # Read the first line before the response starts, so that an error can set the status.
    first = await anext(previews)
    return StreamingResponse(
        _lines(request, first, previews), media_type=LINES, headers={"Cache-Control": "no-store"}
    )


async def _lines(
    request: Request, first: Preview, previews: AsyncIterator[Preview]
) -> AsyncIterator[bytes]:
    # Stop the computation when the client has disconnected.
    async with aclosing(previews):  # type: ignore[type-var]
        yield orjson.dumps(_preview(first)) + b"\n"
        async for result in previews:
            yield orjson.dumps(_preview(result)) + b"\n"
            if await request.is_disconnected():
                return


def _edit(sent: PreviewRule) -> Edit:
    return Edit(sent.tag_name, None, sent.changed_values(), sent.settings_by_condition())


def _preview(result: Preview) -> dict[str, Any]:
    zone = runtime.current().zone
    return {
        "start": time(result.start, zone),
        "end": time(result.end, zone),
        "reached": time(result.reached, zone),
        "exact": result.exact,
        "samples": result.samples,
        "truncated": result.truncated,
        "before": _summary(result.before),
        "after": _summary(result.after),
        "not_judged": result.not_judged,
    }


def _summary(summary: Summary) -> dict[str, Any]:
    counts = [{"condition": name, "count": n} for name, n in summary.by_condition.items()]
    active = [{"condition": name, "level": level} for name, level in summary.active.items()]
    return asdict(summary) | {"by_condition": counts, "active": active}
