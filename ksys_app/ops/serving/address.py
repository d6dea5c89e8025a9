"""``ksys check --url``: checks an address as a browser would use it, step by step (PRD §10).

Each step depends on the step before it, so the first failure names the cause.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Generator, Iterator
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin as OriginHeader

from ksys_app.errors import ConfigError
from ksys_app.origin import DEFAULT_PORTS, Origin, origin
from ksys_app.security import Finding

TIMEOUT_S: Final = 10.0
MAX_REDIRECTS: Final = 5
EVENTS: Final = "_event/?EIO=4&transport=websocket"
FOREIGN: Final = "https://another-page.invalid"
EXAMPLE: Final = "https://dashboard.example.org:8443/"

_BASE: Final = re.compile(r'<meta\b(?=[^>]*name="ksys-base")[^>]*content="([^"]*)"')
_CURRENT: Final = re.compile(r'<a\b(?=[^>]*aria-current="page")[^>]*href="([^"]*)"')
_SCRIPT: Final = re.compile(r'href="([^"]+\.js)"')
_TITLE: Final = re.compile(r"<title>([^<]*)</title>", re.IGNORECASE)


def look(url: str, authority: Path | None = None) -> Iterator[Finding]:
    """Check ``url`` step by step, until a failure makes further steps pointless.

    Args:
        url: address of a page, as users type it into a browser.
        authority: a file with the certificate of an additional authority to trust.

    Raises:
        ConfigError: ``url`` is not the address of a page.
    """
    site = _site(url)
    if site is None or urlsplit(url).scheme not in DEFAULT_PORTS:
        raise ConfigError(f"--url {url!r} is not the address of a page, e.g. {EXAMPLE}")
    context = yield from _connection(site, authority)
    if context is None:
        return
    with httpx.Client(verify=context, timeout=TIMEOUT_S, trust_env=False) as client:
        page = yield from _page(client, url, site)
        if page is None or not (yield from _files(client, page)):
            return
    yield from _websocket(urljoin(str(page.url), _base(page.text) or "/"), site, context)


def _connection(
    site: Origin, authority: Path | None
) -> Generator[Finding, None, ssl.SSLContext | None]:
    """Check that a server answers, with TLS if needed; return the TLS context for further steps."""
    context = ssl.create_default_context()
    if authority is not None:
        context.load_verify_locations(authority)
    problem = _handshake(site, context)
    if isinstance(problem, ssl.SSLCertVerificationError):
        yield Finding(
            "certificate",
            False,
            f"not trusted ({problem.verify_message}): give the proxy a certificate for "
            f"{site.host} that browsers trust, or name its authority with --ca",
        )
        # Go on without verification, to find further problems.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        problem = _handshake(site, context)
    elif problem is None and site.scheme == "https":
        yield Finding("certificate", True, f"valid for {site.host}")
    if problem is None:
        return context
    if isinstance(problem, ssl.SSLError):
        why = f"no TLS on port {site.port} ({problem.reason}): let the proxy listen with TLS there"
    else:
        why = (
            f"nothing answers on port {site.port} of {site.host} "
            f"({problem.strerror or problem}): start the proxy, or correct address or firewall"
        )
    yield Finding("connection", False, why)
    return None


def _handshake(site: Origin, context: ssl.SSLContext) -> OSError | None:
    host = site.host.strip("[]")
    try:
        with socket.create_connection((host, site.port), TIMEOUT_S) as plain:
            if site.scheme == "https":
                context.wrap_socket(plain, server_hostname=host).close()
    except OSError as error:
        return error
    return None


def _page(
    client: httpx.Client, url: str, site: Origin
) -> Generator[Finding, None, httpx.Response | None]:
    """Check that the page is a page of the dashboard."""
    try:
        page = client.get(url)
        for _ in range(MAX_REDIRECTS):
            if not page.is_redirect or _site(_redirect_target(page)) != site:
                break
            page = client.get(_redirect_target(page))
    except httpx.HTTPError as error:
        yield Finding("page", False, f"no answer ({error}): see the proxy's log")
        return None
    why = _no_page(page)
    yield Finding("page", why is None, why or f"{page.url.path} is the dashboard's")
    return page if why is None else None


def _redirect_target(page: httpx.Response) -> str:
    return urljoin(str(page.url), str(page.headers.get("location", "")))


def _site(url: str) -> Origin | None:
    parts = urlsplit(url)
    return origin(parts.scheme, parts.netloc.rpartition("@")[2])


def _no_page(page: httpx.Response) -> str | None:
    status = page.status_code
    if page.is_redirect:
        return (
            f"it leads to {_redirect_target(page)}: check that address; where it is wrong, correct "
            "the redirect in the proxy"
        )
    if status in (502, 503, 504):
        return (
            f"the proxy answers {status}, it does not reach the app: start the app, or correct "
            "the address that the proxy passes requests to"
        )
    if status == 401:
        return "the proxy asks for a login (401): put it into the address, https://user:password@…"
    if _base(page.text) is None:
        title = _TITLE.search(page.text)
        named = f", titled {unescape(title[1])!r}" if title else ""
        return (
            f"what answers is not the dashboard (status {status}{named}): correct the address, or "
            "which requests the proxy passes to the app"
        )
    return _misplaced(page)


def _misplaced(page: httpx.Response) -> str | None:
    """Why the page belongs to another path than the browser used, None if the path is correct."""
    base, path = _base(page.text) or "/", page.url.path
    if page.status_code != 200:
        return (
            f"the app answers {page.status_code}: it has no page at {path} and takes itself to be "
            f"at {base}; correct the path, or start the app with KSYS_BASE_PATH set to the part of "
            "the path that is in front of its pages"
        )
    own = _CURRENT.search(page.text)
    place = unescape(own[1]) if own else path
    if place.rstrip("/") == path.rstrip("/"):
        return None
    within = place.removeprefix(base.rstrip("/")).rstrip("/")
    in_front = path.rstrip("/").removesuffix(within)
    return (
        f"the app takes itself to be at {base}, the browser found it at {in_front}/: start the app "
        f"with KSYS_BASE_PATH={in_front or '/'}, or let the proxy serve it at {base} and open that"
    )


def _base(html: str) -> str | None:
    """The base path in the page, ``/`` for the root; None if it is no page of the app."""
    found = _BASE.search(html)
    return unescape(found[1]) if found else None


def _files(client: httpx.Client, page: httpx.Response) -> Generator[Finding, None, bool]:
    """Check that the files of the page can be loaded too."""
    script = _SCRIPT.search(page.text)
    path = unescape(script[1]) if script else "/favicon.svg"
    try:
        answer = client.get(urljoin(str(page.url), path))
        ok = answer.status_code == 200 and "html" not in answer.headers.get("content-type", "")
        problem = f"answers {answer.status_code}" if not ok else ""
    except httpx.HTTPError as error:
        ok, problem = False, f"does not come ({error})"
    yield Finding(
        "files",
        ok,
        "scripts come through"
        if ok
        else f"the page needs {path}, which {problem}: let the proxy pass every path to the app, "
        "not the page alone",
    )
    return ok


def _websocket(base: str, site: Origin, context: ssl.SSLContext) -> Iterator[Finding]:
    """Check that the live connection opens for the page, and not for a foreign page."""
    address = re.sub("^http", "ws", urljoin(base, EVENTS))
    why = _no_websocket(address, str(site), context)
    yield Finding("websocket", why is None, why or "open: the page is live")
    if why is not None:
        return
    is_refused = _no_websocket(address, FOREIGN, context) is not None
    yield Finding(
        "other origins",
        is_refused,
        "refused"
        if is_refused
        else "a page of another origin gets the websocket too: the proxy drops or rewrites the "
        "header Origin; let it pass",
    )


def _no_websocket(address: str, page: str, context: ssl.SSLContext) -> str | None:
    """Why a page of the origin ``page`` gets no live connection, None if it gets one."""
    secure = context if address.startswith("wss:") else None
    try:
        with connect(
            address,
            origin=OriginHeader(page),
            ssl=secure,
            open_timeout=TIMEOUT_S,
            close_timeout=1,
            proxy=None,
        ) as opened:
            hello = str(opened.recv(TIMEOUT_S))
    except InvalidStatus as refused:
        return _refused(refused.response.status_code, bytes(refused.response.body or b""))
    except (InvalidHandshake, EOFError) as error:
        return f"{_UPGRADE} ({error})"
    except TimeoutError:
        return f"no answer within {TIMEOUT_S:.0f} s: let the proxy pass {EVENTS} on at once"
    except (WebSocketException, OSError) as error:
        return f"it broke off ({error}): see the proxy's log and its timeouts"
    return None if hello.startswith("0{") else "what answers is not the dashboard's websocket"


_UPGRADE: Final = (
    "the proxy does not pass the upgrade to a websocket: let it use HTTP/1.1 and send the headers "
    "Upgrade and Connection (nginx: proxy_http_version 1.1; proxy_set_header Upgrade "
    "$http_upgrade; proxy_set_header Connection $http_connection;)"
)


def _refused(status: int, body: bytes) -> str:
    try:
        error = json.loads(body)["error"]
        if error["code"] == "FORBIDDEN":
            return str(error["message"])
    except (ValueError, KeyError, TypeError):
        pass
    if status in (502, 503, 504):
        return f"the proxy answers {status}: it does not reach the app with it; see the proxy's log"
    if status in (401, 403):
        return f"the proxy refuses it ({status}): let its login or filter pass /{EVENTS}"
    if status == 404:
        return f"the proxy does not pass /{EVENTS} to the app (404): let it pass every path"
    return f"{_UPGRADE}; the answer was {status}"
