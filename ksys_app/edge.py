"""The outermost layer of the app; it restores each request to what its browser sent (PRD §10).

Code behind the edge reads scheme, Host and path of a request and does not need to know about
proxies: which proxy ended TLS, or whether a proxy removed the base path (PRD §23).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ksys_app import log
from ksys_app.errors import Forbidden
from ksys_app.origin import OVER_TLS, Arrival, Networks, arrival, client_of, origin, parse, refusal

App = Callable[..., Any]
Headers = list[tuple[bytes, bytes]]

# Whether the request came from a trusted proxy, in the scope of the app behind the edge.
TRUSTED: Final = "ksys.trusted"
# The header Host as it arrived, in the scope of the app behind the edge. A page of any
# site may send forwarded headers, but its browser writes Host.
DIRECT_HOST: Final = "ksys.direct_host"
# Only the edge reads these headers. It removes them, so that no code behind it relies on them.
CLAIMS: Final = (b"forwarded", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port")
# Each pair of origins is logged once, up to this many, because a refused page retries every few
# seconds.
MAX_LOGGED: Final = 32


def behind_proxies(app: App, proxies: Networks, base: str = "") -> App:
    """``app`` with the browser's scheme, Host and path, and no websocket for foreign pages.

    Args:
        app: the application that answers requests.
        proxies: addresses whose forwarded headers are trusted.
        base: the base path, empty for the root. If a path does not begin with it, a proxy has
            removed it.
    """
    logged: set[tuple[str, str]] = set()

    async def edge(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        headers = _joined(scope["headers"])
        peer = scope["client"][0] if scope.get("client") else None
        arrived = arrival(headers, scope.get("scheme", "http"), peer, proxies)
        if base and scope["type"] == "http" and scope["path"] == base:
            await _redirect(f"{base}/", scope, arrived, send)
            return
        page = headers.get("origin") if scope["type"] == "websocket" else None
        why = None if page is None else refusal(page, arrived)
        if page is None or why is None:
            client = client_of(headers.get("x-forwarded-for", ""), peer, proxies)
            inside = _of_browser(scope, arrived) | _under(base, scope)
            inside[DIRECT_HOST] = headers.get("host", "")
            await app(inside | _sender(scope, client, arrived), receive, send)
            return
        pair = (page[:200], str(arrived.served))
        if pair not in logged and len(logged) < MAX_LOGGED:
            logged.add(pair)
            log.event("ws_refused", origin=pair[0], served=pair[1], peer=peer)
        await _refuse(why, receive, send)

    return edge


def _sender(scope: Any, address: str, arrived: Arrival) -> dict[str, Any]:
    """The browser's address, and whether a trusted proxy passed the request on."""
    port = scope["client"][1] if scope.get("client") else 0
    return {"client": (address, port) if address else None, TRUSTED: arrived.trusted}


def own_origin(page: str | None, environ: Mapping[str, Any]) -> bool:
    """Whether an Origin header is the app's own origin; Reflex calls this for each websocket.

    Args:
        page: the header, None if the request has none.
        environ: the request behind the edge, in the form of engineio.
    """
    served = origin(environ["asgi.scope"]["scheme"], environ.get("HTTP_HOST", ""))
    return page is not None and served is not None and parse(page) == served


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        joined[name] = f"{joined[name]},{text}" if name in joined else text
    return joined


def _of_browser(scope: Any, arrived: Arrival) -> Any:
    """The request as its browser sent it to the proxy."""
    headers: Headers = [pair for pair in scope["headers"] if pair[0].lower() not in CLAIMS]
    if arrived.served is None:
        return scope | {"headers": headers}
    host = (b"host", arrived.served.authority.encode("ascii"))
    scheme = {"http": "ws", "https": "wss"}[arrived.served.scheme]
    return scope | {
        "scheme": scheme if scope["type"] == "websocket" else arrived.served.scheme,
        "headers": [host, *(pair for pair in headers if pair[0].lower() != b"host")],
    }


def _under(base: str, scope: Any) -> dict[str, Any]:
    """The path as the browser sent it, with the base path as the app's root (ASGI root_path)."""
    has_base = scope["path"].startswith(f"{base}/")
    under: dict[str, Any] = {"root_path": base, "app_root_path": base}
    if not has_base:
        under["path"] = base + scope["path"]
        under["raw_path"] = base.encode("ascii") + (scope.get("raw_path") or b"")
    return under


async def _redirect(path: str, scope: Any, arrived: Arrival, send: Any) -> None:
    """Redirect to a path without an origin, because only the browser is sure of its origin."""
    query = scope.get("query_string", b"")
    location = path.encode("ascii") + (b"?" + query if query else b"")
    headers = [(b"location", location), (b"content-length", b"0")]
    if arrived.served is not None and arrived.served.scheme == "https":
        headers.append(OVER_TLS)
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(why: str, receive: Any, send: Any) -> None:
    """Answer a websocket's handshake with an error of the HTTP contract."""
    error = Forbidden(why)
    body = json.dumps({"error": {"code": error.code, "message": error.message}}).encode()
    await receive()
    await send(
        {
            "type": "websocket.http.response.start",
            "status": error.http_status,
            "headers": [(b"content-type", b"application/json"), (b"cache-control", b"no-store")],
        }
    )
    await send({"type": "websocket.http.response.body", "body": body})
