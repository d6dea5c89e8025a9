"""Saved views: people save them, share them, and choose a start view (PRD §33.10)."""

from __future__ import annotations

from ksys_app import db
from ksys_app.domain.access import may
from ksys_app.domain.names import quoted_name
from ksys_app.domain.saved_views import WrongView, clean_name, clean_query
from ksys_app.errors import BadParameter, Conflict, Forbidden, UnknownTag
from ksys_app.models.message import Message
from ksys_app.models.saved_views import SavedView, ViewOutcome
from ksys_app.models.visitor import Visitor
from ksys_app.queries import saved_views as queries
from ksys_app.store import saved_views as store


def owner_of(visitor: Visitor) -> str:
    """The name of the owner of a visitor's views; a token differs from a user with its name."""
    return f"token:{visitor.name}" if visitor.via == "token" else visitor.name


async def list_views(visitor: Visitor) -> list[SavedView]:
    """The views of a visitor and the shared views of others; the own ones come first."""
    return await queries.visible_views(owner_of(visitor))


async def start_view(visitor: Visitor) -> SavedView | None:
    """The view with which the visitor's dashboard starts, None if it has not been chosen."""
    return await queries.start_view(owner_of(visitor))


async def find_view(visitor: Visitor, name: str, owner: str | None = None) -> SavedView:
    """The view with this name that the visitor may open.

    Args:
        visitor: who opens it.
        name: the name.
        owner: its owner; None: the visitor's own view, else a shared one.

    Raises:
        UnknownTag: the visitor may open no such view.
    """
    view = await queries.find_view(owner_of(visitor), name, owner)
    if view is None:
        raise UnknownTag(Message("errors.no_saved_view", {"name": quoted_name(name)}))
    return view


async def save(
    visitor: Visitor,
    address: str,
    name: str,
    to: tuple[str, str],
    *,
    shared: bool,
    version: int,
    owner: str | None = None,
    new_name: str | None = None,
) -> SavedView:
    """Save a view.

    Args:
        visitor: who saves it.
        address: address of the browser.
        name: its current name, or the name of a new view.
        to: path and query of the address of its page.
        shared: whether everybody may open it.
        version: the version that the visitor saw, 0 for a new one.
        owner: its owner; None: the visitor.
        new_name: its new name, None to keep its name.

    Raises:
        BadParameter: the name, the page or the query cannot be used, or there are too many views.
        UnknownTag: there is no such view to change.
        Conflict: another version is in force.
        Forbidden: the role does not suffice, or the app cannot save.
    """
    visitor_owner = owner_of(visitor)
    path, query = to
    try:
        # The name of an existing view was cleaned when it was saved.
        names = (clean_name(name), clean_name(name if new_name is None else new_name))
        query = clean_query(path, query)
    except WrongView as error:
        raise BadParameter(error.sentence) from None
    if owner not in (None, visitor_owner):
        await _check_of_another(visitor, names[0], owner)
    if shared and not may(visitor.role, "operator"):
        raise Forbidden(Message("errors.view_share"))
    view: dict[str, object] = {
        "owner": owner or visitor_owner,
        "name": names[0],
        "new_name": names[1],
    }
    view |= {"shared": shared, "path": path, "query": query, "version": version}
    operator, actor_fields = _writer(visitor, address)
    outcome = await store.save(operator, view, actor_fields)
    _check(outcome, names[1] if outcome.outcome == "taken" else names[0])
    return await find_view(visitor, names[1], owner or visitor_owner)


async def delete(
    visitor: Visitor, address: str, name: str, version: int, owner: str | None = None
) -> None:
    """Delete a view.

    Raises:
        UnknownTag: there is none with this name.
        Conflict: another version is in force.
        Forbidden: the role does not suffice, or the app cannot save.
    """
    visitor_owner = owner_of(visitor)
    if owner not in (None, visitor_owner):
        await _check_of_another(visitor, name, owner)
    await find_view(visitor, name, owner or visitor_owner)
    operator, actor_fields = _writer(visitor, address)
    _check(await store.delete(operator, owner or visitor_owner, name, version, actor_fields), name)


async def set_start_view(visitor: Visitor, address: str, view: tuple[str, str] | None) -> None:
    """Choose the view with which the visitor's dashboard starts.

    Args:
        visitor: who chooses it.
        address: address of the browser.
        view: owner and name of the view; None: the dashboard starts without a view.

    Raises:
        UnknownTag: the visitor may open no such view.
        Forbidden: the app cannot save.
    """
    operator, actor_fields = _writer(visitor, address)
    owner, name = view or (None, None)
    outcome = await store.set_start_view(
        operator, owner, name, actor_fields | {"actor": owner_of(visitor)}
    )
    if outcome.outcome != "saved":
        raise UnknownTag(Message("errors.no_saved_view", {"name": quoted_name(name or "")}))


async def _check_of_another(visitor: Visitor, name: str, owner: str | None) -> None:
    """Check that a visitor may change the shared view of another user: only an engineer may."""
    await find_view(visitor, name, owner)
    if not may(visitor.role, "engineer"):
        raise Forbidden(Message("errors.view_of_another"))


def _writer(visitor: Visitor, address: str) -> tuple[db.Database, dict[str, str]]:
    operator = db.operator()
    if operator is None:
        raise Forbidden(Message("errors.read_only"))
    return operator, {"actor": visitor.name, "via": visitor.via, "address": address}


def _check(outcome: ViewOutcome, name: str) -> None:
    values = {"name": quoted_name(name), "version": outcome.version}
    if outcome.outcome == "conflict":
        raise Conflict(Message("errors.view_conflict", values))
    if outcome.outcome == "taken":
        raise Conflict(Message("errors.view_taken", values))
    if outcome.outcome == "many":
        raise BadParameter(Message("errors.views_many", {"most": queries.MAX_OWN}))
    if outcome.outcome == "many_shared":
        raise BadParameter(Message("errors.views_many_shared", {"most": f"{queries.MAX_SHARED:,}"}))
