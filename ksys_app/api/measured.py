"""Measure each HTTP response: its status, duration and size (PRD §8.7)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ksys_app import meters
from ksys_app.utils.bloat import bloat

# Paths outside the contract share these labels, because a client may request any path.
PAGES: Final = "pages"
OTHER: Final = "other"
OWN_PATHS: Final = ("/api/", "/docs/", "/_event")
LARGE: Final = (".csv", ".xlsx", ".parquet", "/metrics")
"""Paths without a warning for large responses: files may be large, and no page loads /metrics."""


class Measured:
    """``app``, with metrics of the status, duration and size of every response.

    Args:
        app: the application that answers.
        routes: the routes of the contract.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app, self._routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and count the response. A response that an exception ended counts as 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, size = time.monotonic(), 0, 0

        async def counted_send(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted_send)
        except Exception:
            status = 500
            raise
        finally:
            if status:
                self._note(scope, status, time.monotonic() - started, size)

    def _note(self, scope: Scope, status: int, seconds: float, size: int) -> None:
        endpoint = self._endpoint(scope)
        meters.HTTP_REQUESTS.labels(endpoint, str(status)).inc()
        meters.HTTP_SECONDS.labels(endpoint).observe(seconds)
        meters.HTTP_BYTES.labels(endpoint).observe(size)
        if not endpoint.endswith(LARGE):
            place = _path(scope) if endpoint == PAGES else endpoint
            bloat.note(place, size, seconds * 1000)

    def _endpoint(self, scope: Scope) -> str:
        for route in self._routes:
            if route.matches(scope)[0] is not Match.NONE:
                return route.path
        return OTHER if _path(scope).startswith(OWN_PATHS) else PAGES


def _path(scope: Scope) -> str:
    """The path without the base path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
