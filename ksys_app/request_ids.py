"""Gives each request an id: in the log, and in the header ``X-Request-Id`` (PRD §7.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from ksys_app.origin import Networks, trusts
from ksys_app.utils import request

App = Callable[..., Any]

HEADER: Final = b"x-request-id"
# The ids of common proxies: hexadecimal digits, UUIDs and similar; the log escapes none of them.
_VALID: Final = re.compile(rb"[0-9A-Za-z._-]{1,64}")
_ANSWERS: Final = ("http.response.start", "websocket.accept", "websocket.http.response.start")


def with_request_ids(app: App, proxies: Networks) -> App:
    """``app`` with an id for each request; the response names it.

    Args:
        app: the application that answers requests.
        proxies: addresses of proxies whose ids are used, if they are valid.
    """

    async def identified(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        request_id = _id_of_proxy(scope, proxies) or request.new_id()

        async def send_with_id(message: Any) -> None:
            if message["type"] in _ANSWERS:
                own = (HEADER, request_id.encode("ascii"))
                message = message | {"headers": [*message.get("headers", []), own]}
            await send(message)

        with request.with_id(request_id):
            await app(scope, receive, send_with_id)

    return identified


def _id_of_proxy(scope: Any, proxies: Networks) -> str:
    """The id from a trusted proxy; empty if there is none, more than one, or an invalid one."""
    values = [value for name, value in scope["headers"] if name.lower() == HEADER]
    peer = scope["client"][0] if scope.get("client") else None
    if len(values) != 1 or not _VALID.fullmatch(values[0]) or not trusts(proxies, peer):
        return ""
    return str(values[0], "ascii")
