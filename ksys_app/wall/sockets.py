"""Serves websockets; each ends with its session, and no other user can reach its state."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from ksys_app.models.visitor import VISITOR, Visitor
from ksys_app.wall.identity import Identity

App = Callable[..., Any]
Passes = Callable[[], bool]
# Close codes; 4000 to 4999 are free for applications.
ENDED: Final = 4401
FLOODS: Final = 4429


async def serve(
    app: App, identity: Identity | None, scope: Any, passes: Passes | None, receive: Any, send: Any
) -> None:
    """Serve a websocket until it closes, its session ends, or it sends too many messages.

    Args:
        app: the application.
        identity: has the sessions; None if nobody logs in.
        scope: the request, with its visitor.
        passes: counts a message and returns whether it is allowed; None for no limit.
        receive: the next message of the browser.
        send: sends a message to the browser.
    """
    visitor: Visitor = scope[VISITOR]
    if visitor.key is None or identity is None or identity.access is None:
        await app(scope, receive, send)
        return
    scope = scope | {"query_string": _own_tab(scope.get("query_string", b""), visitor)}
    async with identity.access.watching(visitor.key) as ended:
        await _until(ended, passes, app, scope, receive, send)


async def _until(
    ended: asyncio.Event, passes: Passes | None, app: App, scope: Any, receive: Any, send: Any
) -> None:
    """Serve a websocket; close it once ``ended`` is set or a message is not allowed."""
    over = asyncio.create_task(ended.wait())
    closed = connected = False

    async def close(code: int, reason: str) -> Any:
        nonlocal closed
        if not closed:
            closed = True
            await send({"type": "websocket.close", "code": code, "reason": reason})
        return {"type": "websocket.disconnect", "code": code}

    async def receive_until() -> Any:
        # A websocket can be closed only after the application has accepted it.
        nonlocal connected
        message = asyncio.ensure_future(receive())
        try:
            awaited = (message, over) if connected else (message,)
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if over.done() and connected:
                return await close(ENDED, "session ended")
            connected = True
            got = message.result()
            if got["type"] == "websocket.receive" and passes is not None and not passes():
                return await close(FLOODS, "too many messages")
            return got
        finally:
            message.cancel()

    async def send_until(message: Any) -> None:
        if not closed:
            await send(message)

    try:
        await app(scope, receive_until, send_until)
    finally:
        over.cancel()


def _own_tab(query: bytes, visitor: Visitor) -> bytes:
    """The query, with the name of the tab replaced by one that only tabs of this user can have.

    The browser chooses the name, and the framework finds the state of the tab by its name. If
    another user sends the same name, it must not lead to the same state.
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    named = [(key, _name_for(visitor.name, tab) if key == "token" else tab) for key, tab in pairs]
    return urlencode(named).encode("ascii")


def _name_for(user: str, tab: str) -> str:
    # No name of a user has a line end, so no two pairs are the same text.
    digest = hashlib.sha256(f"{user}\n{tab}".encode("utf-8", "surrogatepass")).digest()
    return str(UUID(bytes=digest[:16], version=4))
