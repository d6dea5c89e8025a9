"""The responses of the wall itself: errors of the HTTP contract, error pages and redirects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from ksys_app import meters
from ksys_app.errors import AuthRequired, KsysError, RateLimited

Header = tuple[bytes, bytes]
BODY_S: Final = 20.0
_JSON: Final = b"application/json"
_HTML: Final = b"text/html; charset=utf-8"

ErrorPage = Callable[[KsysError, str], tuple[bytes, str]]
"""Returns the page about an error in the language of an ``Accept-Language``, and its policy."""


def header(scope: Any, name: bytes) -> str | None:
    """The value of the first header ``name`` of a request, None if there is none."""
    for key, value in scope["headers"]:
        if key.lower() == name:
            return str(value.decode("latin-1"))
    return None


def only_header(scope: Any, name: bytes) -> str | None:
    """The value of the header ``name``, None if the request has none or more than one."""
    values = [value for key, value in scope["headers"] if key.lower() == name]
    return str(values[0].decode("latin-1")) if len(values) == 1 else None


def error_body(error: KsysError) -> bytes:
    """The error as JSON of the HTTP contract. The metrics count it."""
    meters.ERRORS.labels("http", error.code).inc()
    return orjson.dumps({"error": {"code": error.code, "message": error.message}})


def error_headers(error: KsysError, kind: bytes = _JSON) -> list[Header]:
    """The headers of the response for an error, whose body has the type ``kind``."""
    headers: list[Header] = [(b"content-type", kind), (b"cache-control", b"no-store")]
    if isinstance(error, AuthRequired):
        headers.append((b"www-authenticate", b'Bearer realm="ksys"'))
    if isinstance(error, RateLimited):
        headers.append((b"retry-after", str(error.retry_after_s).encode("ascii")))
    elif error.http_status == 503:
        headers.append((b"retry-after", b"5"))
    return headers


async def send_error(error: KsysError, send: Any) -> None:
    """Answer an HTTP request with an error."""
    await _send(error.http_status, error_headers(error), error_body(error), send)


async def send_page(error: KsysError, page: ErrorPage, language: str, send: Any) -> None:
    """Answer a browser with a page about the error, in its ``Accept-Language``."""
    meters.ERRORS.labels("http", error.code).inc()
    html, policy = page(error, language)
    headers = [*error_headers(error, _HTML), (b"content-security-policy", policy.encode("ascii"))]
    await _send(error.http_status, headers, html, send)


async def redirect(address: str, send: Any) -> None:
    """Answer with 303 to ``address``, a path of this host."""
    headers = [(b"location", address.encode("ascii")), (b"cache-control", b"no-store")]
    await _send(303, headers, b"", send)


async def refuse_websocket(error: KsysError, send: Any) -> None:
    """Answer the handshake of a websocket with an error."""
    start = {
        "type": "websocket.http.response.start",
        "status": error.http_status,
        "headers": error_headers(error),
    }
    await send(start)
    await send({"type": "websocket.http.response.body", "body": error_body(error)})


def bounded(receive: Any, most: int, seconds: float = BODY_S) -> Any:
    """``receive`` that ends a request whose body is too long or takes too long.

    Args:
        receive: the next message of the client.
        most: most bytes of the body.
        seconds: longest time until the body is complete, so that no client keeps connections open.
    """
    size, complete = 0, False
    until = asyncio.get_running_loop().time() + seconds

    async def receive_bounded() -> Any:
        nonlocal size, complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        size += len(message.get("body") or b"")
        complete = not message.get("more_body", False)
        return {"type": "http.disconnect"} if size > most else message

    return receive_bounded


def with_headers(send: Any, added: Sequence[Header]) -> Any:
    """``send`` with headers added to the response."""
    if not added:
        return send

    async def send_added(message: Any) -> None:
        if message["type"] == "http.response.start":
            # A response with a cookie is for one browser only, even if it is a file.
            own = [
                pair for pair in message.get("headers", []) if pair[0].lower() != b"cache-control"
            ]
            message = message | {"headers": [*own, (b"cache-control", b"no-store"), *added]}
        await send(message)

    return send_added


async def _send(status: int, headers: list[Header], body: bytes, send: Any) -> None:
    sized = [*headers, (b"content-length", str(len(body)).encode("ascii"))]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})
