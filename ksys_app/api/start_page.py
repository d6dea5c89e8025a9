"""Redirect a visitor who opens the app to their start view (PRD §33.10)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from ksys_app.errors import KsysError
from ksys_app.models.visitor import VISITOR
from ksys_app.services import runtime, saved_views
from ksys_app.wall import answers
from ksys_app.wall.wall import path_of

App = Callable[..., Any]
PATIENCE_S: Final = 1.0
"""The longest wait for the start view. After it, the dashboard is served."""


def with_start_view(app: App) -> App:
    """``app``, with a redirect from ``/`` without a selection to the visitor's start view.

    A link to ``/`` on a page sends no request, so it leads to the dashboard itself. Without the
    database, or without a start view, the dashboard is served.
    """

    async def redirect_or_serve(scope: Any, receive: Any, send: Any) -> None:
        address = await _start_address(scope) if _opens_dashboard(scope) else None
        if address is None:
            await app(scope, receive, send)
        else:
            await answers.redirect(f"{scope.get('root_path', '')}{address}", send)

    return redirect_or_serve


def _opens_dashboard(scope: Any) -> bool:
    """Whether a browser tab requests the dashboard without a selection."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope.get("query_string"):
        return False
    # Browsers send Sec-Fetch-Dest only over TLS and to the same machine. Elsewhere, use Accept.
    destination = answers.header(scope, b"sec-fetch-dest") or "document"
    accepts = answers.header(scope, b"accept") or ""
    return path_of(scope) == "/" and destination == "document" and "text/html" in accepts


async def _start_address(scope: Any) -> str | None:
    """The address of the visitor's start view below the base path, None for the dashboard."""
    visitor = scope.get(VISITOR)
    if visitor is None or runtime.current().database.pulse.away:
        return None
    try:
        async with asyncio.timeout(PATIENCE_S):
            view = await saved_views.start_view(visitor)
    except (KsysError, TimeoutError):
        return None
    if view is None or (view.path == "/" and not view.query):
        return None
    return f"{view.path}?{view.query}"
