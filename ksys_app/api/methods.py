"""The methods of the contract: a path answers its own, HEAD as GET, and OPTIONS (PRD §8.1)."""

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
    """``app``, with only the methods that each path of the contract has.

    Args:
        app: the application.
        routes: the routes of the contract.
        refuse: returns the answer to a method that a path does not have, with the given headers.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Sequence[Route],
        refuse: Callable[[Mapping[str, str]], Response],
    ) -> None:
        self._app, self._routes, self._refuse = app, routes, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer OPTIONS and methods that a path does not have; HEAD is GET without its body."""
        allowed = self._allowed(scope) if scope["type"] == "http" else []
        if not allowed or (scope["method"] in allowed and scope["method"] not in _OWN):
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD" and "GET" in allowed:
            reading = {**scope, "method": "GET", _HEAD: True}
            await self._app(reading, receive, _bodiless(send))
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_allow(allowed))(scope, receive, send)
        else:
            await self._refuse(_allow(allowed))(scope, receive, send)

    def _allowed(self, scope: Scope) -> list[str]:
        """The methods of the path, none for a path that the contract does not have."""
        found = [one for one in self._routes if one.matches(scope)[0] is not Match.NONE]
        # A path that has a name of its own is no value of another path's parameter.
        fitting = [one for one in found if "{" not in one.path] or found
        methods = {method for one in fitting for method in one.methods or ()} - {"HEAD"}
        if not methods:
            return []
        return [*sorted(methods), *(["HEAD"] if "GET" in methods else []), "OPTIONS"]


# Methods that are answered here for every path.
_OWN: Final = ("HEAD", "OPTIONS")


def _allow(methods: Sequence[str]) -> dict[str, str]:
    return {"Allow": ", ".join(methods)}


def _bodiless(send: Send) -> Any:
    async def bare(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return bare
