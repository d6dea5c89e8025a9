"""An ASGI layer that passes only allowed requests: pages, HTTP and websockets (PRD §31.5).

It stands behind the edge, so it sees scheme, Host and path as the browser sent them. The
application behind it finds the :class:`Visitor` in ``scope["ksys.visitor"]``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from ksys_app.domain.access import may
from ksys_app.errors import (
    AWAY,
    AddressTooLong,
    AuthRequired,
    DatabaseFault,
    Forbidden,
    KsysError,
    PayloadBloat,
    RateLimited,
)
from ksys_app.models.access import Role
from ksys_app.models.message import Message
from ksys_app.models.visitor import VISITOR, Visitor
from ksys_app.origin import Origin, origin
from ksys_app.wall import answers, rules, sockets
from ksys_app.wall.identity import Found, Identity, address_of
from ksys_app.wall.limits import Crowd, Limits, client_of

App = Callable[..., Any]


def walled(
    app: App,
    get_identity: Callable[[], Identity],
    crowd: Crowd,
    page: answers.ErrorPage | None = None,
) -> App:
    """``app`` behind the wall.

    Args:
        app: the application behind the wall.
        get_identity: returns how KSYS_AUTH identifies people; called for each request.
        crowd: counts what each client uses.
        page: returns the error page for a browser; None: browsers get JSON too.
    """

    async def wall(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        try:
            identity, (visitor, added) = await _admitted(scope, get_identity, crowd)
            inside = scope | {VISITOR: visitor}
            if scope["type"] == "http":
                body = answers.bounded(receive, crowd.limits.body_bytes)
                await app(inside, body, answers.with_headers(send, added))
            else:
                with crowd.socket(client_of(visitor, address_of(scope))) as passes:
                    await sockets.serve(app, identity, inside, passes, receive, send)
        except KsysError as error:
            await _refuse(error, page, scope, receive, send)

    return wall


async def _admitted(
    scope: Any, get_identity: Callable[[], Identity], crowd: Crowd
) -> tuple[Identity | None, Found]:
    """How people are identified, and the visitor, if the request is allowed.

    Raises:
        AuthRequired: nobody is logged in.
        Forbidden: the visitor's role does not suffice, or the request is from a foreign page.
        RateLimited: the client has sent too many requests.
        PayloadBloat: the request is too long.
        AddressTooLong: its address is too long.
        KsysError: the database does not answer.
    """
    path, address = path_of(scope), address_of(scope)
    websocket = scope["type"] == "websocket"
    needed = rules.WEBSOCKET if websocket else rules.needed(scope["method"], path)
    _bound(scope, crowd.limits)
    identity: Identity | None = None
    result: Found = (None, ())
    try:
        identity = get_identity()
        result = await identity.of(scope, partial(crowd.check, client_of(None, address)))
    except KsysError as error:
        if isinstance(error, RateLimited):
            raise
        if needed is not None:
            raise for_nobody(error) from error
    visitor = result[0]
    crowd.request(client_of(visitor, address), path, logged_in=visitor is not None)
    if identity is not None and needed is not None:
        await _admit(identity, scope, visitor, needed)
    return identity, result


def _bound(scope: Any, limits: Limits) -> None:
    """Raise an error if the request is too long."""
    length = answers.header(scope, b"content-length") or "0"
    if length.isdecimal() and int(length) > limits.body_bytes:
        raise PayloadBloat(Message("errors.body_long", {"n": str(limits.body_bytes)}))
    path = scope.get("raw_path") or quote(scope["path"])
    if len(path) + 1 + len(scope.get("query_string", b"")) > limits.address_bytes:
        raise AddressTooLong(Message("errors.address_long", {"n": str(limits.address_bytes)}))


async def _admit(identity: Identity, scope: Any, visitor: Visitor | None, needed: Role) -> None:
    """Check that the visitor may send the request.

    Raises:
        AuthRequired: nobody is logged in.
        Forbidden: the visitor's role does not suffice, or the request is from a foreign page.
    """
    path = path_of(scope)
    if visitor is None or (visitor.via == "token" and not rules.takes_token(path)):
        raise AuthRequired(Message("errors.login_needed"))
    if not may(visitor.role, needed):
        if identity.access is not None:
            await identity.access.record_refusal(visitor, needed, path, address_of(scope))
        values = {"user": visitor.name, "role": visitor.role, "needed": needed}
        raise Forbidden(Message("errors.role_needed", values))
    if scope["type"] == "websocket" or visitor.via == "token":
        return
    page, site = answers.header(scope, b"origin"), answers.header(scope, b"sec-fetch-site")
    if visitor.via == "off" and page is None and site is None:
        return  # a program on this machine, not a browser
    reason = rules.foreign(scope["method"], page, own_origin(scope), site)
    if reason is not None:
        raise Forbidden(reason)


def for_nobody(error: KsysError) -> KsysError:
    """The error for somebody who is not logged in: it does not name the database or its host."""
    of_database = isinstance(error, (*AWAY, DatabaseFault))
    return type(error)(Message("errors.login_away")) if of_database else error


def path_of(scope: Any) -> str:
    """The path without the base path."""
    return scope["path"].removeprefix(scope.get("root_path", "")) or "/"


def own_origin(scope: Any) -> Origin | None:
    """The origin of the app, as the browser sees it."""
    return origin(scope.get("scheme", "http"), answers.header(scope, b"host") or "")


async def _refuse(
    error: KsysError, page: answers.ErrorPage | None, scope: Any, receive: Any, send: Any
) -> None:
    """Answer with the error; a browser that wants a page gets the login page or an error page."""
    if scope["type"] == "websocket":
        await receive()
        await answers.refuse_websocket(error, send)
        return
    wants_page = scope["method"] == "GET" and "text/html" in (
        answers.header(scope, b"accept") or ""
    )
    if wants_page and isinstance(error, AuthRequired):
        await answers.redirect(login_address(scope), send)
    elif wants_page and page is not None:
        language = answers.header(scope, b"accept-language") or ""
        await answers.send_page(error, page, language, send)
    else:
        await answers.send_error(error, send)


def login_address(scope: Any) -> str:
    """The address of the login, which leads back to the requested page."""
    query = scope.get("query_string", b"").decode("latin-1")
    here = scope["path"] + (f"?{query}" if query else "")
    return f"{scope.get('root_path', '')}/login?next={quote(here, safe='')}"
