"""The visitor of a request, the rules of its session cookie, and the page after a login."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import Request

from ksys_app.errors import BadParameter
from ksys_app.models.visitor import VISITOR, Visitor
from ksys_app.origin import is_loopback
from ksys_app.wall import cookies, rules
from ksys_app.wall.wall import own_origin

_UNSAFE: Final = re.compile(r"[\x00-\x1f\\]|^//")


def visitor_of(request: Request) -> Visitor | None:
    """The visitor who sends the request, as the access layer has identified them, if it has."""
    visitor: Visitor | None = request.scope.get(VISITOR)
    return visitor


def cookie_of(request: Request) -> dict[str, Any]:
    """The arguments of the functions in ``cookies`` that depend on the request."""
    scope = request.scope
    return {"secure": cookies.is_secure(scope), "base": scope.get("root_path", "")}


def can_keep_cookie(request: Request) -> bool:
    """Whether a cookie stays secret: the connection uses TLS, or stays on this machine."""
    served = own_origin(request.scope)
    return cookies.is_secure(request.scope) or (served is not None and is_loopback(served.host))


def foreign(request: Request) -> str | None:
    """Why a login must be refused: a page of another site sends it. None for the app's own page.

    None also for a program, which sends neither ``Origin`` nor ``Sec-Fetch-Site``.
    """
    page, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if page is None and site is None:
        return None
    return rules.foreign("POST", page, own_origin(request.scope), site)


def home(request: Request) -> str:
    """The address of the app as the browser sees it, without a slash at its end.

    Raises:
        BadParameter: the request has no valid ``Host``.
    """
    served = own_origin(request.scope)
    if served is None:
        raise BadParameter("the request has no valid Host")
    return f"{served}{request.scope.get('root_path', '')}"


def next_of(request: Request, next_path: str | None) -> str:
    """The path after the login: ``next_path`` if it is a page of this app, else the dashboard."""
    base = request.scope.get("root_path", "")
    if not next_path or not next_path.startswith(f"{base}/") or _UNSAFE.search(next_path):
        return f"{base}/"
    inside = next_path.removeprefix(base)
    return f"{base}/" if inside.startswith(("/login", "/api/")) else next_path
