"""Who sends a request, whether its browser may keep a session, and where a login leads back to."""

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
    """Who sends the request, as the wall found out."""
    visitor: Visitor | None = request.scope.get(VISITOR)
    return visitor


def cookie_of(request: Request) -> dict[str, Any]:
    """What the name of a cookie depends on."""
    scope = request.scope
    return {"secure": cookies.is_secure(scope), "base": scope.get("root_path", "")}


def can_keep_cookie(request: Request) -> bool:
    """Whether the cookie stays secret: over TLS, or at this machine."""
    served = own_origin(request.scope)
    return cookies.is_secure(request.scope) or (served is not None and is_loopback(served.host))


def foreign(request: Request) -> str | None:
    """Why the login is not of the app's own page, None if it is, or if a program sends it."""
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


def next_of(request: Request, wanted: str | None) -> str:
    """Where to go after the login: a page of this app, else the dashboard."""
    base = request.scope.get("root_path", "")
    if not wanted or not wanted.startswith(f"{base}/") or _UNSAFE.search(wanted):
        return f"{base}/"
    inside = wanted.removeprefix(base)
    return f"{base}/" if inside.startswith(("/login", "/api/")) else wanted
