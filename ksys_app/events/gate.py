"""The gate in front of the page framework's websocket."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs

from ksys_app import meters
from ksys_app.events.arguments import Catalogue
from ksys_app.events.frames import Conversation
from ksys_app.events.refusals import Kind, Refusals, Refused
from ksys_app.models.visitor import VISITOR, Visitor
from ksys_app.utils.bloat import bloat

App = Callable[..., Any]

# The token of a tab; the page's own client creates one with 36 such characters.
_TOKEN: Final = re.compile(r"[0-9A-Za-z-]{8,64}")
# Close codes of RFC 6455 for violations: protocol error, invalid text, message too long.
_VIOLATIONS: Final[Mapping[int, Kind]] = {1002: "frame", 1007: "frame", 1009: "size"}


def gated(app: App, namespace: str, catalogue: Callable[[], Catalogue], refusals: Refusals) -> App:
    """``app``, with a check that passes only valid events of its websockets.

    A browser reaches a handler only through this check, so the roles are checked here. Events that
    a handler starts itself do not pass through it.

    Args:
        app: the application that answers requests.
        namespace: namespace of the page's events.
        catalogue: returns the handlers. It is called at the first connection, when every handler
            is registered.
        refusals: counts and logs refused messages.
    """
    handlers = cache(catalogue)

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await app(scope, receive, send)
            return
        peer, pace = _peer(scope), refusals.pace()

        def note(refused: Refused) -> None:
            refusals.note(refused, peer, pace)

        visitor: Visitor = scope[VISITOR]
        conversation = Conversation(
            namespace, handlers(), note, named=_names_tab(scope), role=visitor.role
        )
        await app(
            scope,
            _checked_receive(_measured_receive(receive), conversation, note),
            _measured_send(send),
        )

    return gate


def _measured_receive(receive: Any) -> Any:
    """``receive``, with a metric of the size of each message."""
    size = meters.WEBSOCKET_BYTES.labels("in")

    async def receive_and_measure() -> Any:
        message = await receive()
        if message["type"] == "websocket.receive":
            size.observe(_size_of(message))
        return message

    return receive_and_measure


def _measured_send(send: Any) -> Any:
    """``send``, with a metric of the size of each message, and a warning for a large message."""
    size = meters.WEBSOCKET_BYTES.labels("out")

    async def send_and_measure(message: Any) -> None:
        if message["type"] == "websocket.send":
            size_bytes = _size_of(message)
            size.observe(size_bytes)
            bloat.note("websocket", size_bytes)
        await send(message)

    return send_and_measure


def _size_of(message: Any) -> int:
    text = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if text.isascii() else len(text.encode())


def _checked_receive(
    receive: Any, conversation: Conversation, note: Callable[[Refused], None]
) -> Any:
    """``receive``, which skips the refused messages."""

    async def receive_valid() -> Any:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                kind = _VIOLATIONS.get(message.get("code"))
                if kind is not None:
                    note(Refused(kind, f"the connection ended with code {message['code']}"))
                return message
            text = conversation.checked(message.get("text"))
            if text is not None:
                return {"type": "websocket.receive", "text": text}
            # Let other tasks run, even if this connection sends without a pause.
            await asyncio.sleep(0)

    return receive_valid


def _peer(scope: Any) -> str:
    client = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else "-"


def _names_tab(scope: Any) -> bool:
    """Whether the URL of the connection has exactly one valid token of a tab."""
    tokens = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])
    return len(tokens) == 1 and _TOKEN.fullmatch(tokens[0]) is not None
