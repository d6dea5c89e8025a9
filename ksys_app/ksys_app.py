"""Composition only: the app, its routes, its lifespan, the HTTP contract and the headers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx

from ksys_app import log, runtime
from ksys_app.api.app import create_api
from ksys_app.pages import add_pages, app_style
from ksys_app.security import with_headers
from ksys_app.settings import get_settings


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """Open the pool and the feed in the serving process, after any fork."""
    log.setup()
    async with runtime.opened(get_settings(), connected):
        yield


def connected(token: str) -> bool:
    """Whether the tab with this token has its websocket."""
    return app.event_namespace is not None and token in app.event_namespace.token_to_sid


def told(exception: Exception) -> None:
    """A handler that failed: the log has it; the page says what it lacks by itself."""
    log.logger.error("event handler failed", exc_info=exception)


app = rx.App(
    **app_style(),
    api_transformer=[create_api(), with_headers],
    backend_exception_handler=told,
)
if app.sio is not None:
    # An empty list of origins would let every origin in; None lets in only the page's own.
    app.sio.eio.cors_allowed_origins = None
app.register_lifespan_task(lifespan)
add_pages(app)
