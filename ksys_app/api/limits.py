"""The HTTP endpoints that read, change and roll back the limits of tags (PRD §32.9)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from ksys_app.api import limit_render, limit_schemas, responses
from ksys_app.api.params import TagName, TagParam
from ksys_app.api.render import json_response
from ksys_app.api.too_many import too_many
from ksys_app.api.visitors import visitor_of
from ksys_app.errors import AuthRequired, BadParameter
from ksys_app.models.limits import Edit
from ksys_app.models.message import Message
from ksys_app.services import limits as service, runtime
from ksys_app.services.limits import Author
from ksys_app.services.rule_file import file_differences
from ksys_app.services.tags import MAX_TAGS, list_tags
from ksys_app.wall.identity import address_of

router = APIRouter(prefix="/api/v1/rules")


def author_of(request: Request, reason: str) -> Author:
    """The author of a change: the visitor, the address of the request, and the reason.

    Raises:
        AuthRequired: nobody is logged in.
    """
    visitor = visitor_of(request)
    if visitor is None:
        raise AuthRequired(Message("errors.login_needed"))
    return Author(visitor, address_of(request.scope), reason)


@router.get("", summary="Limits of tags", responses=responses.limits(list[limit_schemas.Limits]))
async def limits(query: Annotated[TagParam, Query()]) -> Response:
    """The rule in force of each tag, or of one, with its version."""
    if query.tag is not None:
        return json_response([limit_render.limits(await service.limits_of(query.tag))])
    answer = (await list_tags()).answer
    if answer.rowcount > MAX_TAGS:
        raise too_many(MAX_TAGS)
    limits_found = await service.read_limits([tag.tag_name for tag in answer.rows])
    return json_response([limit_render.limits(tag_limits) for tag_limits in limits_found])


@router.get(
    "/history",
    summary="Who changed limits",
    responses=responses.limits(limit_schemas.ChangePage),
)
async def history(query: Annotated[limit_schemas.HistoryParams, Query()]) -> Response:
    """The changes of a tag's limits, or of all, newest first; ``next`` leads on."""
    rows = await service.history(query.tag, query.before, query.limit)
    zone = runtime.current().zone
    next_before = rows[-1].id if len(rows) == query.limit else None
    return json_response(
        {"rows": [limit_render.change(row, zone) for row in rows], "next": next_before}
    )


@router.get(
    "/file",
    summary="Where rules differ from the file",
    responses=responses.limits(list[limit_schemas.FileDifference]),
)
async def file(query: Annotated[TagParam, Query()]) -> Response:
    """The tags whose rule differs from the file of the last ``ksys qc sync``, or of one tag.

    Before the first sync there is no file, and no tag differs.
    """
    zone = runtime.current().zone
    differences = await file_differences(query.tag)
    return json_response([limit_render.difference(difference, zone) for difference in differences])


@router.put(
    "/{tag:text}",
    summary="Change the limits of a tag",
    responses=responses.limit_change(limit_schemas.Saved),
)
async def put(
    request: Request, tag: Annotated[TagName, Path()], sent: limit_schemas.PutRule
) -> Response:
    """Save new values, if nobody changed the limits since the version that the person saw."""
    if sent.tag_name not in (None, tag):
        raise BadParameter(f"tag_name must be that of the path, {tag!r}")
    edit = Edit(tag, sent.version, sent.changed_values(), sent.settings_by_condition())
    (edited,) = await service.edit([edit], author_of(request, sent.reason))
    return json_response(limit_render.saved(edited))


@router.post(
    "/rollback",
    summary="Go back to an earlier version",
    responses=responses.limit_change(limit_schemas.Saved),
)
async def roll_back(request: Request, sent: limit_schemas.RollBack) -> Response:
    """Save the rule that the tag had at a version as a new version."""
    author = author_of(request, sent.reason)
    edited = await service.roll_back(sent.tag_name, sent.to, sent.version, author)
    return json_response(limit_render.saved(edited))
