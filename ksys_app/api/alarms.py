"""The HTTP endpoints of the alarm list and of the actions on alarms (PRD §32.6)."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response

from ksys_app.api import render, responses
from ksys_app.api.alarm_params import (
    AlarmQuery,
    Commented,
    ItemBody,
    OutOfService,
    Shelving,
    Unshelving,
)
from ksys_app.api.alarm_schemas import AlarmChanges, AlarmList, AlarmOutcomes
from ksys_app.api.conditional_json import JSON
from ksys_app.api.render import Json, json_response
from ksys_app.api.stored_body import send, stored_body
from ksys_app.domain.alarms.shown import PRIORITIES, Counts
from ksys_app.domain.figures import finite
from ksys_app.errors import AuthRequired
from ksys_app.models.alarm_rows import Action, Alarm, Evaluation, Item, Outcome
from ksys_app.models.alarms import LOST
from ksys_app.models.message import Message
from ksys_app.models.rows import Latest
from ksys_app.models.visitor import VISITOR, Visitor
from ksys_app.services import runtime
from ksys_app.services.alarm_feed import AlarmSnapshot
from ksys_app.services.alarms import (
    AlarmFilter,
    AlarmListChanges,
    Change,
    alarms_of,
    can_act,
    change_alarms,
    changes_since,
    require_subject,
)
from ksys_app.texts import say
from ksys_app.wall.identity import address_of

NO_STORE: Final = {"Cache-Control": "no-store"}

_LIST: Final = responses.changes_since(AlarmList, AlarmChanges)

router = APIRouter(prefix="/api/v1/alarms")


@router.get("", summary="Alarms", responses=_LIST | responses.ANY_TAG)
async def alarms(query: AlarmQuery, request: Request) -> Response:
    """The alarms of the list, filtered by ``state``, ``tag`` and ``priority``.

    ``state=unacked``: the alarms that nobody has acknowledged. ``shelved``: the hidden alarms,
    which are shelved, suppressed or out of service. ``all``: every alarm, also the normal ones.
    Events of priority 4 are only in ``all``.

    ``tag`` and ``priority`` may appear several times. ``since`` is the ``seq`` of an earlier
    response: the response then has only the changes since, without ``limit``, or is a 304 if there
    are none. ``since=0`` returns all alarms and the first ``seq``. ``all`` ignores ``since``.
    """
    feed = runtime.current().alarms
    snapshot = await feed.now()
    if query.since == snapshot.seq and snapshot.error is None:
        return Response(status_code=304, headers=NO_STORE)
    filters = AlarmFilter(query.state, tuple(query.tag), tuple(query.priority))
    for tag in query.tag:
        await require_subject(tag)
    listed = await alarms_of(snapshot, filters)
    evaluation = feed.evaluation or snapshot.evaluation
    part = None
    if query.since is not None and query.state != "all":
        part = changes_since(snapshot, listed, query.since)

    def content() -> bytes:
        head = _head(snapshot, evaluation, len(listed))
        if part is not None:
            return orjson.dumps(head | _part(part, snapshot.values))
        return orjson.dumps(head | {"rows": _rows(listed[: query.limit], snapshot.values)})

    if snapshot.error is not None or query.state == "all":
        return Response(content(), media_type=JSON, headers=NO_STORE)
    to = None if evaluation is None else evaluation.evaluated_to
    if part is None:
        requested = f"limit {query.limit}"
    else:
        requested = "whole" if part.complete else f"since {query.since}"
    name = f"{filters} {requested} {to}"
    return send(request, await stored_body(snapshot.results, name, content), JSON, NO_STORE)


@router.post("/ack", summary="Acknowledge alarms", responses=responses.action(AlarmOutcomes))
async def ack(body: Commented, request: Request) -> Response:
    """Acknowledge these episodes. An alarm of priority 1 needs a comment."""
    return await _act(request, "ack", body.items, body.comment)


@router.post(
    "/unack", summary="Take acknowledgements back", responses=responses.action(AlarmOutcomes)
)
async def unack(body: Commented, request: Request) -> Response:
    """Make acknowledged alarms unacknowledged again."""
    return await _act(request, "unack", body.items, body.comment)


@router.post("/shelve", summary="Shelve alarms", responses=responses.action(AlarmOutcomes))
async def shelve(body: Shelving, request: Request) -> Response:
    """Hide alarms for ``minutes``, an hour without it, at most eight hours.

    ``one_shot``: at the latest until they clear. Without ``raised_at`` in an item, the condition
    is shelved whatever its episode.
    """
    change = Change("shelve", _items(body.items), body.reason, body.minutes, body.one_shot)
    return await _change(request, change)


@router.post("/unshelve", summary="End shelves", responses=responses.action(AlarmOutcomes))
async def unshelve(body: Unshelving, request: Request) -> Response:
    """Show alarms again. One that is still active has to be acknowledged again."""
    return await _act(request, "unshelve", body.items, body.reason)


@router.post("/reset", summary="Reset latches", responses=responses.action(AlarmOutcomes))
async def reset(body: Commented, request: Request) -> Response:
    """Reset alarms that stayed after they returned to normal; they must be acknowledged."""
    return await _act(request, "reset", body.items, body.comment)


@router.post("/assign", summary="Take alarms over", responses=responses.action(AlarmOutcomes))
async def assign(body: Commented, request: Request) -> Response:
    """Say that one takes care of these active alarms, also in place of somebody else.

    It ends when the alarm clears, and acknowledges nothing.
    """
    return await _act(request, "assign", body.items, body.comment)


@router.post(
    "/out_of_service",
    summary="Take alarms out of service",
    responses=responses.action(AlarmOutcomes),
)
async def out_of_service(body: OutOfService, request: Request) -> Response:
    """Hide alarms until somebody puts them back with ``end``."""
    action: Action = "in_service" if body.end else "out_of_service"
    return await _act(request, action, body.items, body.reason)


async def _act(request: Request, action: Action, items: list[ItemBody], text: str) -> Response:
    return await _change(request, Change(action, _items(items), text))


async def _change(request: Request, change: Change) -> Response:
    visitor: Visitor | None = request.scope.get(VISITOR)
    if visitor is None:
        raise AuthRequired(Message("errors.login_needed"))
    outcomes = await change_alarms(change, visitor, address_of(request.scope))
    return json_response({"results": [_result(outcome) for outcome in outcomes]})


def _items(items: list[ItemBody]) -> list[Item]:
    return [Item(item.tag_name, item.condition, item.raised_at) for item in items]


def _result(outcome: Outcome) -> Json:
    why = {} if outcome.why is None else {"message": say(outcome.why)}
    return {
        "tag_name": outcome.item.tag_name,
        "condition": outcome.item.condition,
        "raised_at": render.time(outcome.item.raised_at, runtime.current().zone),
        "result": outcome.result,
        **why,
    }


def _head(snapshot: AlarmSnapshot, evaluation: Evaluation | None, total: int) -> Json:
    zone = runtime.current().zone
    age_s = None if evaluation is None else evaluation.age_s
    return {
        "evaluated_to": render.time(None if evaluation is None else evaluation.evaluated_to, zone),
        "age_s": None if age_s is None else round(age_s, 3),
        "evaluating": evaluation is not None and evaluation.evaluating,
        "writable": can_act(),
        "seq": snapshot.seq,
        "counts": _counts(snapshot.counts),
        "total": total,
        **render.stale_mark(snapshot.error, clock.monotonic() - snapshot.read_at),
    }


def _part(part: AlarmListChanges, values: Mapping[str, Latest]) -> Json:
    return {
        "whole": part.complete,
        "rows": _rows(part.alarms, values),
        "removed": [{"tag_name": tag, "condition": name} for tag, name in part.removed],
        "values": [{"tag_name": sample.tag_name} | _now(sample) for sample in part.values],
    }


def _rows(alarms: list[Alarm], values: Mapping[str, Latest]) -> list[Json]:
    return [entry(alarm, values) for alarm in alarms]


def _counts(counts: Counts) -> Json:
    by_priority = {
        str(priority): {
            "unacked": counts.unacked.get(priority, 0),
            "acked": counts.acked.get(priority, 0),
            "returned": counts.returned.get(priority, 0),
        }
        for priority in PRIORITIES
    }
    return {
        **by_priority,
        "shelved": counts.shelved,
        "suppressed": counts.suppressed,
        "out_of_service": counts.out_of_service,
    }


def entry(alarm: Alarm, values: Mapping[str, Latest]) -> Json:
    """An alarm as a JSON object with the field names of the HTTP contract."""
    row, zone = alarm.row, runtime.current().zone
    return {
        "tag_name": row.tag_name,
        "condition": row.condition,
        "level": row.level,
        "priority": row.priority,
        "state": alarm.state,
        "raised_at": render.time(row.raised_at, zone),
        "cleared_at": render.time(row.cleared_at, zone),
        "acked_at": render.time(row.acked_at, zone),
        "acked_by": row.acked_by,
        "ack_comment": row.ack_comment,
        "assigned_to": row.assigned_to,
        "assigned_at": render.time(row.assigned_at, zone),
        "value": finite(row.value),
        "limit_value": finite(row.limit_value),
        "quality": row.quality,
        "count": row.count,
        "latched": row.latched,
        "shelved_until": render.time(row.shelved_until, zone),
        "shelved_kind": row.shelved_kind,
        "shelved_by": row.shelved_by,
        "shelved_reason": row.shelved_reason,
        "suppressed_by": row.designed_by,
        "out_of_service_at": render.time(row.oos_at, zone),
        "out_of_service_by": row.oos_by,
        "out_of_service_reason": row.oos_reason,
        "title": alarm.title,
        "unit": alarm.unit,
        "group": alarm.group,
        "message": row.message,
        "cause": row.cause,
        "consequence": row.consequence,
        "response": row.response,
        **_now(None if row.condition == LOST else values.get(row.tag_name)),
    }


def _now(sample: Latest | None) -> Json:
    return {
        "value_now": None if sample is None else finite(sample.value),
        "value_now_ts": render.time(None if sample is None else sample.ts, runtime.current().zone),
    }
