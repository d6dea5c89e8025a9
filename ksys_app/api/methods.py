"""Makes the contract read-only: GET and HEAD; OPTIONS lists them (PRD §8.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import Request, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALLOW: Final = {"Allow": "GET, HEAD, OPTIONS"}
_HEAD: Final = "ksys.head"


def head_only(request: Request) -> bool:
    """Whether the request wants only the headers."""
    return _HEAD in request.scope


class ReadOnly:
    """``app``, with only reading methods under the paths of the contract.

    Args:
        app: the application that answers GET, and every other path.
        routes: the routes of the contract; each has only GET.
        refuse: returns the answer to a method that is not allowed.
    """

    def __init__(
        self, app: ASGIApp, routes: Sequence[BaseRoute], refuse: Callable[[], Response]
    ) -> None:
        self._app, self._routes, self._refuse = app, routes, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer OPTIONS and methods that are not allowed; HEAD is GET without its body."""
        if scope["type"] != "http" or scope["method"] == "GET" or not self._known(scope):
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD":
            reading = {**scope, "method": "GET", _HEAD: True}
            await self._app(reading, receive, _bodiless(send))
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=ALLOW)(scope, receive, send)
        else:
            await self._refuse()(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.PARTIAL for route in self._routes)


def _bodiless(send: Send) -> Any:
    async def bare(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return bare
