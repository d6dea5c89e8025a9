"""The private parts of Reflex that the app relies on; a test names each one that moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import reflex as rx
from reflex.assets import _link_shared_asset
from reflex.state import EventHandlerSetVar
from reflex_base.config import get_config
from reflex_base.constants.state import FIELD_MARKER


def handlers(app: rx.App) -> dict[str, Callable[..., Any]]:
    """Every event handler of the app and of Reflex, by full name, with its function.

    Reflex also registers a setter of any var with every state; no page uses it, and no browser may.
    """
    registered = app._registration_context.event_handlers
    return {
        name: one.handler.fn
        for name, one in registered.items()
        if not isinstance(one.handler, EventHandlerSetVar)
    }


def storage_vars(app: rx.App) -> frozenset[str]:
    """The vars that a browser keeps and gives back, by full name as it sends them."""
    states = app._registration_context.base_states.values()
    return frozenset(
        f"{state.get_full_name()}.{name}{FIELD_MARKER}"
        for state in states
        for name in state.base_vars
        if state._is_client_storage(name)
    )


def event_namespace() -> str:
    """The Socket.IO namespace of the page's events."""
    return get_config().get_event_namespace()


def tab_connected(app: rx.App, token: str) -> bool:
    """Whether the tab with this token has its websocket."""
    return app.event_namespace is not None and token in app.event_namespace.token_to_sid


def link_asset(link: Path, file: Path) -> None:
    """Make ``link`` lead to ``file``, also where another process does so at the same moment."""
    _link_shared_asset(link, file)


def check_origins(app: rx.App, allowed: Callable[[str, Any], bool]) -> None:
    """Let ``allowed`` decide which origins may open a websocket.

    Reflex's empty list of origins would let every origin in.
    """
    if app.sio is not None:
        app.sio.eio.cors_allowed_origins = allowed
