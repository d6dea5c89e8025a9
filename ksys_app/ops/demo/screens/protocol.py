"""The messages of a page's websocket, as the page framework sends them."""

from __future__ import annotations

import uuid
from typing import Any, Final

ROOT: Final = "reflex___state____state"
LOAD: Final = f"{ROOT}.hydrate_and_load"


def event(name: str, payload: Any = None, path: str = "/", query: str = "") -> dict[str, Any]:
    """An event as the page sends it."""
    return {
        "name": name,
        "payload": {} if payload is None else payload,
        "router_data": {"pathname": path, "asPath": path + query},
    }


def address(url: str, token: str | None = None) -> str:
    """The address of a tab's websocket."""
    query = f"&token={uuid.uuid4() if token is None else token}"
    return f"{url.replace('http', 'ws', 1)}/_event/?EIO=4&transport=websocket{query}"
