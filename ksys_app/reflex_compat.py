"""The private parts of Reflex that the app uses; a test fails by name if one of them changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import reflex as rx
from reflex.assets import _link_shared_asset
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import EventHandlerSetVar
from reflex_base.config import get_config
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.event.context import EventContext

T = TypeVar("T")


def handlers(app: rx.App) -> dict[str, Callable[..., Any]]:
    """Full name to function of every event handler of the app and of Reflex.

    Reflex also registers a handler with every state that can set any var. It is left out: no page
    uses it, and no browser may call it.
    """
    registered = app._registration_context.event_handlers
    return {
        name: entry.handler.fn
        for name, entry in registered.items()
        if not isinstance(entry.handler, EventHandlerSetVar)
    }


def storage_vars(app: rx.App) -> frozenset[str]:
    """Full names of the vars that a browser stores and sends back, as the browser names them."""
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
    """Whether the tab with this token has a websocket."""
    if app.event_namespace is None:
        return False
    # The public map is a copy of the map of all tabs, built anew at each access.
    return token in app.event_namespace._token_manager.token_to_socket


def tabs_with_state(app: rx.App) -> list[str]:
    """The tokens of the tabs whose state is in memory."""
    return list(_memory(app).states)


def release_state(app: rx.App, token: str) -> None:
    """Free the state of a tab, unless an event of the tab is running.

    Otherwise the framework frees it an hour after the last event.
    """
    manager = _memory(app)
    if (expiry := manager._token_expires_at.get(token)) is None:
        return
    lock = manager._states_locks.get(expiry[1].lock_key)
    if lock is None or not lock.locked():
        manager._purge_token(expiry[1])


def _memory(app: rx.App) -> StateManagerMemory:
    manager = app.state_manager
    assert isinstance(manager, StateManagerMemory), "rxconfig.py names no other state manager"
    return manager


def event_ids() -> tuple[str, str]:
    """Transaction id of the event that this task handles, and of the event that caused it.

    Both are hexadecimal digits; empty if there is no such event.
    """
    try:
        context = EventContext.get()
    except LookupError:
        return "", ""
    return context.txid, context.parent_txid or ""


def without_proxy(state: T) -> T:
    """The state of a background event without its proxy, for the block that may change the state.

    The proxy makes every access to an attribute slower than the access itself.
    """
    return getattr(state, "__wrapped__", state)


def link_asset(link: Path, file: Path) -> None:
    """Link ``link`` to ``file``; another process may do the same at the same time."""
    _link_shared_asset(link, file)


def check_origins(app: rx.App, allowed: Callable[[str, Any], bool]) -> None:
    """Let ``allowed`` decide which origins may open a websocket.

    Reflex's empty list of origins would let every origin in.
    """
    if app.sio is not None:
        app.sio.eio.cors_allowed_origins = allowed
