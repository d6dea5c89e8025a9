"""Composes the app: its pages, its HTTP API, its layers and its lifespan."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import reflex as rx

from ksys_app import log, reflex_compat
from ksys_app.api.app import create_api
from ksys_app.api.error_page import error_page
from ksys_app.api.start_page import with_start_view
from ksys_app.base_path import FOLDER_VARIABLE
from ksys_app.built import BuiltPages
from ksys_app.edge import behind_proxies, own_origin
from ksys_app.errors import ConfigError
from ksys_app.events.arguments import Catalogue
from ksys_app.events.gate import gated
from ksys_app.events.refusals import refusals
from ksys_app.pages import add_pages, app_style
from ksys_app.request_ids import with_request_ids
from ksys_app.security import with_headers, with_strict_transport
from ksys_app.services import runtime
from ksys_app.services.access import Access
from ksys_app.settings import Settings, get_settings, secrets
from ksys_app.states.failure import handler_failed, page_failed
from ksys_app.utils import request
from ksys_app.utils.closed_tabs import ClosedTabs
from ksys_app.utils.loading import collect_rarely
from ksys_app.wall.identity import NOBODY, Identity, Local, Proxied
from ksys_app.wall.limits import Crowd, Limits
from ksys_app.wall.wall import walled


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """Open the pool and the feed in the serving process, after any fork."""
    settings = get_settings()
    log.setup(settings.log_form, secrets())
    collect_rarely()
    sweeping = asyncio.create_task(closed_tabs().keep_sweeping(), name="closed tabs")
    try:
        async with runtime.opened(settings, is_connected):
            yield
    finally:
        sweeping.cancel()


def is_connected(token: str) -> bool:
    """Whether the tab with this token has its websocket."""
    return reflex_compat.tab_connected(app, token)


def closed_tabs() -> ClosedTabs:
    """Frees the states of closed tabs."""
    return ClosedTabs(
        lambda: reflex_compat.tabs_with_state(app),
        is_connected,
        lambda token: reflex_compat.release_state(app, token),
    )


def catalogue() -> Catalogue:
    """The event handlers of the app; events from browsers are checked against them."""
    return Catalogue(reflex_compat.handlers(app), reflex_compat.storage_vars(app))


def at_gate(inside: Any) -> Any:
    """The app behind the gate that checks the messages of browsers' websockets."""
    return gated(inside, reflex_compat.event_namespace(), catalogue, refusals)


def get_identity() -> Identity:
    """How this process identifies the sender of a request, by KSYS_AUTH.

    Raises:
        KsysError: the app is still starting.
    """
    settings = get_settings()
    if settings.auth == "off":
        return NOBODY
    access = runtime.current().access
    if access is None:
        raise ConfigError("TS_OPERATOR_DSN is not set")
    if settings.auth == "proxy":
        return named_by_proxy(access, settings.user_header)
    return Local(access, "oidc" if settings.auth == "oidc" else "local")


@lru_cache(maxsize=1)
def named_by_proxy(access: Access, name: str) -> Proxied:
    """The identities from a proxy; one object, because it remembers clients without cookies."""
    return Proxied(access, name)


def limits(settings: Settings) -> Limits:
    """What one client may use."""
    return Limits(settings.max_requests, settings.max_pages, settings.max_messages)


def at_wall(inside: Any) -> Any:
    """The app behind the wall, which passes only allowed requests."""
    return walled(inside, get_identity, Crowd(limits(get_settings())), error_page)


def with_pages(inside: Any) -> Any:
    """Add the built pages after the framework's endpoints, if this process serves them."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        inside.mount("/", BuiltPages(Path(folder), get_settings().base), "pages")
    return inside


def event_ids() -> tuple[str, str]:
    """The ids of the event that this task handles and of its cause, in the form of the log."""
    own, cause = reflex_compat.event_ids()
    return own and request.id_of(own), cause and request.id_of(cause)


def with_ids(inside: Any) -> Any:
    """The app with an id for each request."""
    return with_request_ids(inside, get_settings().proxies)


def at_edge(inside: Any) -> Any:
    """The app behind its edge, with the settings of the serving process."""
    settings = get_settings()
    return behind_proxies(inside, settings.proxies, settings.base)


app = rx.App(
    **app_style(),
    api_transformer=[
        *(with_pages, create_api(), at_gate, with_start_view, at_wall, with_strict_transport),
        *(at_edge, with_headers, with_ids),
    ],
    backend_exception_handler=handler_failed,
    frontend_exception_handler=page_failed,
)
# The edge refuses foreign pages and says why. This check also protects an app without the edge.
reflex_compat.check_origins(app, own_origin)
app.register_lifespan_task(lifespan)
request.use_event_ids(event_ids)
add_pages(app)
