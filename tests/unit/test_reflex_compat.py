"""The private parts of Reflex that the app uses still exist; a failure names the missing one."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from importlib import import_module
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pytest

from ksys_app import reflex_compat
from ksys_app.events.roles import ROLES, short_name
from tests import permissions

# What an upgrade of Reflex may move, and what uses it.
PRIVATE = {
    "reflex.state:EventHandlerSetVar": "reflex_compat.handlers leaves setters out",
    "reflex.state:BaseState._is_client_storage": "reflex_compat.storage_vars",
    "reflex.state:BaseState.get_full_name": "reflex_compat.storage_vars",
    "reflex_base.constants.state:FIELD_MARKER": "reflex_compat.storage_vars",
    "reflex_base.registry:RegistrationContext": "reflex_compat.handlers",
    "reflex_base.registry:RegisteredEventHandler.handler": "reflex_compat.handlers",
    "reflex_base.config:Config.get_event_namespace": "reflex_compat.event_namespace",
    "reflex.assets:_link_shared_asset": "reflex_compat.link_asset",
    "reflex.istate.proxy:StateProxy.__wrapped__": "reflex_compat.inside",
    "reflex.app:EventNamespace.on_event": "all events arrive there, behind events.gate",
    "reflex.app:EventNamespace.on_client_error": "events.frames passes reports on",
    "reflex_base.event.processor.base_state_processor:process_event": "handlers run there",
    "reflex_base.event.context:EventContext.get": "reflex_compat.event_ids",
    "reflex.istate.manager.memory:StateManagerMemory._purge_token": "reflex_compat.release_state",
}
FIELDS = {
    "reflex.app:App": ("_registration_context", "sio", "backend_exception_handler"),
    "reflex_base.registry:RegistrationContext": ("event_handlers", "base_states"),
    "reflex_base.event:Event": ("name", "payload", "router_data"),
    "reflex_base.event.context:EventContext": ("txid", "parent_txid"),
}


def part(path: str) -> Any:
    module, _, name = path.partition(":")
    return attrgetter(name)(import_module(module))


@pytest.mark.parametrize("path", PRIVATE)
def test_a_part_is_where_it_was(path: str) -> None:
    assert part(path) is not None, PRIVATE[path]


@pytest.mark.parametrize("path", FIELDS)
def test_a_class_has_its_fields(path: str) -> None:
    assert set(FIELDS[path]) <= set(part(path).__dataclass_fields__)


def test_an_event_carries_nothing_that_the_gate_leaves_out() -> None:
    assert set(part("reflex_base.event:Event").__dataclass_fields__) == set(
        FIELDS["reflex_base.event:Event"]
    )


def test_each_handler_has_the_role_that_the_prd_says() -> None:
    module = import_module("ksys_app.ksys_app")
    registered = {short_name(name) for name in reflex_compat.handlers(module.app)}
    assert registered == set(ROLES)
    assert dict(ROLES) == permissions.handlers()


def test_a_tab_is_looked_up_without_a_copy_of_the_map_of_all() -> None:
    manager = part("reflex.utils.token_manager:LocalTokenManager")()
    assert manager.token_to_socket == {}
    namespace = SimpleNamespace(_token_manager=manager)
    app: Any = SimpleNamespace(event_namespace=namespace)
    assert not reflex_compat.tab_connected(app, "one")
    manager.token_to_socket["one"] = object()
    assert reflex_compat.tab_connected(app, "one")
    assert "_token_manager" in inspect.getsource(part("reflex.app:EventNamespace"))


def test_the_words_of_the_wire_are_those_of_the_gate() -> None:
    words = import_module("reflex_base.constants.compiler").CompileVars
    assert words.CONNECT_AUTH_EVENT == "event"
    assert words.CONNECT_AUTH_STATE_SCHEMA == "state_schema"
    socket = import_module("reflex_base.constants.event").SocketEvent
    assert (socket.EVENT, socket.CLIENT_ERROR) == ("event", "client_error")
    source = inspect.getsource(part("reflex.app:EventNamespace.on_client_error"))
    for key in ("error_type", "message", "substate"):
        assert f'"{key}"' in source


APP = """
from ksys_app import ksys_app, reflex_compat
app = ksys_app.app
names = reflex_compat.handlers(app)
events = {name.rpartition(".")[2] for name in names}
assert {"load", "set_tag_filter", "hydrate_and_load", "update_vars_internal"} <= events, events
assert "setvar" not in events
assert not [name for name in events if name.startswith("_")]
kept = {name.rpartition(".")[2] for name in reflex_compat.storage_vars(app)}
assert kept == {f"saved_{one}_rx_state_" for one in (%s)}, kept
assert reflex_compat.event_namespace() == "/_event"
assert not reflex_compat.tab_connected(app, "nobody")
assert app.sio.eio.cors_allowed_origins is not None
ksys_app.catalogue()
"""


def test_every_handler_of_the_app_can_be_checked() -> None:
    names = ("window", "span", "range", "tag", "tags", "sort", "pins", "series", "band", "pause")
    kept = ", ".join(map(repr, names))
    environment = os.environ | {"__REFLEX_SKIP_COMPILE": "true"}
    done = subprocess.run(
        [sys.executable, "-c", APP % kept], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
