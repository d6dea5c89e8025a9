"""Compress the responses of the HTTP contract that are not compressed yet (PRD §8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipResponder
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ksys_app.utils.encodings import gzip_allowed

# A smaller response fits into one packet without compression.
LEAST_BYTES: Final = 1000
LEVEL: Final = 5


class Compression:
    """``app``, with compressed responses for clients that accept them.

    Args:
        app: the application that answers requests.
        routes: the routes of the contract. Pages are compressed by the build, not here.
        plain: paths whose responses are sent as they are.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[Route], plain: Sequence[str]) -> None:
        self._app, self._routes, self._plain = app, routes, plain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with or without compression. ``Vary`` tells caches that the request decides."""
        if scope["type"] != "http" or not self._of_contract(scope):
            await self._app(scope, receive, send)
            return
        if gzip_allowed(Headers(scope=scope).get("Accept-Encoding", "")):
            await GZipResponder(self._app, LEAST_BYTES, LEVEL)(scope, receive, send)
        else:
            await self._app(scope, receive, _varying(send))

    def _of_contract(self, scope: Scope) -> bool:
        if scope["path"].removeprefix(scope.get("root_path", "")) in self._plain:
            return False
        return any(route.matches(scope)[0] is not Match.NONE for route in self._routes)


def _varying(send: Send) -> Send:
    async def send_with_vary(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("Vary", "Accept-Encoding")
        await send(message)

    return send_with_vary
