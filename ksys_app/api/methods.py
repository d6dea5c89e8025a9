"""Check the methods of requests, and answer HEAD and OPTIONS for every path (PRD §8.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fastapi import Request, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEAD: Final = "ksys.head"


def head_only(request: Request) -> bool:
    """Whether the request wants only the headers."""
    return _HEAD in request.scope


class Methods:
    """``app``, where each path of the contract accepts only its own methods, HEAD and OPTIONS.

    Args:
        app: the application that answers requests.
        routes: the routes of the contract.
        refuse: takes headers, and returns the response to a method that the path does not have.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Sequence[Route],
        refuse: Callable[[Mapping[str, str]], Response],
    ) -> None:
        self._app, self._routes, self._refuse = app, routes, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here: HEAD, OPTIONS, or a method that is not allowed.

        HEAD is answered as GET without the body.
        """
        allowed = self._allowed(scope) if scope["type"] == "http" else []
        if not allowed or (scope["method"] in allowed and scope["method"] not in _ANSWERED_HERE):
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD" and "GET" in allowed:
            get_scope = {**scope, "method": "GET", _HEAD: True}
            await self._app(get_scope, receive, _without_body(send))
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_allow(allowed))(scope, receive, send)
        else:
            await self._refuse(_allow(allowed))(scope, receive, send)

    def _allowed(self, scope: Scope) -> list[str]:
        """The methods of the path, none for a path that the contract does not have."""
        matching = [route for route in self._routes if route.matches(scope)[0] is not Match.NONE]
        # A path without parameters comes before a path whose parameter would match it too.
        exact = [route for route in matching if "{" not in route.path] or matching
        methods = {method for route in exact for method in route.methods or ()} - {"HEAD"}
        if not methods:
            return []
        return [*sorted(methods), *(["HEAD"] if "GET" in methods else []), "OPTIONS"]


# Methods that this layer answers for every path.
_ANSWERED_HERE: Final = ("HEAD", "OPTIONS")


def _allow(methods: Sequence[str]) -> dict[str, str]:
    return {"Allow": ", ".join(methods)}


def _without_body(send: Send) -> Any:
    async def send_without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_without_body
