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
    async with runtime.opened(get_settings()):
        yield


app = rx.App(**app_style(), api_transformer=[create_api(), with_headers])
app.register_lifespan_task(lifespan)
add_pages(app)
