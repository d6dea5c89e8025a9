"""The HTTP endpoints of saved views: a page and its selection under a name (PRD §33.10)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ksys_app.api import render, responses
from ksys_app.api.forms import WrongForm
from ksys_app.api.limit_schemas import Version
from ksys_app.api.params import NoQuery
from ksys_app.api.render import json_response
from ksys_app.api.schemas import Count, Exact, Moment
from ksys_app.api.visitors import visitor_of
from ksys_app.domain.saved_views import MAX_NAME, MAX_QUERY, PARAMETERS
from ksys_app.errors import AuthRequired
from ksys_app.models.message import Message
from ksys_app.models.saved_views import SavedView
from ksys_app.models.visitor import Visitor
from ksys_app.services import runtime, saved_views as service
from ksys_app.wall.identity import address_of

router = APIRouter(prefix="/api/v1")
# The service trims and checks a name. A longer text is no name, even without its blanks.
Name = Annotated[str, Field(max_length=MAX_NAME + 20, examples=["Night shift"])]


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise WrongForm("no_nul")
    return value


# The name of a user has at most 64 characters.
Owner = Annotated[
    str,
    Field(max_length=80, examples=["Kim"], json_schema_extra={"pattern": r"^[^\u0000]*$"}),
    AfterValidator(_without_nul),
]
_MISSING: Final[responses.Responses] = {404: responses.ANY_TAG[404], 409: responses.CONFLICT}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OwnerParam(_Body):
    """Whose view it is; without it one's own, else a shared one."""

    owner: Owner | None = None


class Deletion(OwnerParam):
    """Whose view it is, and the version that the person saw."""

    version: Version


class NewView(_Body):
    """The page and its query, and the version that the person saw (0: none).

    ``name`` gives the view another name.
    """

    path: Annotated[str, Field(json_schema_extra={"enum": sorted(PARAMETERS)})]
    query: Annotated[str, Field(max_length=MAX_QUERY, examples=["window=24h"])]
    shared: bool = False
    version: Version
    name: Name | None = None


class Begin(_Body):
    """The view to begin with: its owner and its name."""

    owner: Owner
    name: Name


class View(Exact):
    """A saved view; ``mine``: of who asks; ``start``: the dashboard begins with it."""

    name: str
    owner: str
    mine: bool
    shared: bool
    start: bool
    path: str
    query: str
    version: Count
    created_at: Moment
    updated_at: Moment


@router.get("/views", summary="Saved views", responses=responses.plain(list[View]))
async def views(request: Request, _query: NoQuery) -> Response:
    """One's own views and those that are shared, the own ones first."""
    visitor = _visitor(request)
    return json_response([_view(view, visitor) for view in await service.list_views(visitor)])


@router.get(
    "/views/{name:text}",
    summary="A saved view",
    responses=responses.plain(View) | {404: _MISSING[404]},
)
async def one(
    request: Request, name: Annotated[Name, Path()], query: Annotated[OwnerParam, Query()]
) -> Response:
    """The view with this name: one's own, else a shared one."""
    visitor = _visitor(request)
    return json_response(_view(await service.find_view(visitor, name, query.owner), visitor))


@router.put(
    "/views/{name:text}", summary="Save a view", responses=responses.action(View) | _MISSING
)
async def put(
    request: Request,
    name: Annotated[Name, Path()],
    query: Annotated[OwnerParam, Query()],
    sent: NewView,
) -> Response:
    """Save a view, if nobody changed it since the version that the person saw."""
    visitor = _visitor(request)
    saved_view = await service.save(
        visitor,
        address_of(request.scope),
        name,
        (sent.path, sent.query),
        shared=sent.shared,
        version=sent.version,
        owner=query.owner,
        new_name=sent.name,
    )
    return json_response(_view(saved_view, visitor))


@router.delete(
    "/views/{name:text}",
    summary="Delete a saved view",
    status_code=204,
    responses=responses.NO_CONTENT | _MISSING,
)
async def delete(
    request: Request, name: Annotated[Name, Path()], query: Annotated[Deletion, Query()]
) -> Response:
    """Delete a view, if nobody changed it since the version that the person saw."""
    address = address_of(request.scope)
    await service.delete(_visitor(request), address, name, query.version, query.owner)
    return Response(status_code=204)


@router.put(
    "/me/start",
    summary="Begin with a view",
    status_code=204,
    responses=responses.NO_CONTENT | responses.MANY | {404: _MISSING[404]},
)
async def begin(request: Request, sent: Begin) -> Response:
    """Make a view the one that one's dashboard begins with."""
    address = address_of(request.scope)
    await service.set_start_view(_visitor(request), address, (sent.owner, sent.name))
    return Response(status_code=204)


@router.delete(
    "/me/start",
    summary="Begin with the dashboard",
    status_code=204,
    responses=responses.NO_CONTENT,
)
async def begin_plainly(request: Request, _query: NoQuery) -> Response:
    """Begin with the dashboard itself again."""
    await service.set_start_view(_visitor(request), address_of(request.scope), None)
    return Response(status_code=204)


def _visitor(request: Request) -> Visitor:
    visitor = visitor_of(request)
    if visitor is None:
        raise AuthRequired(Message("errors.login_needed"))
    return visitor


def _view(view: SavedView, visitor: Visitor) -> dict[str, Any]:
    zone = runtime.current().zone
    return {
        "name": view.name,
        "owner": view.owner,
        "mine": view.owner == service.owner_of(visitor),
        "shared": view.shared,
        "start": view.start,
        "path": view.path,
        "query": view.query,
        "version": view.version,
        "created_at": render.time(view.created_at, zone),
        "updated_at": render.time(view.updated_at, zone),
    }
