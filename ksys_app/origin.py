"""The origin that a browser used, computed from a request (PRD §10).

A proxy that ends TLS or listens on another port forwards a request over plain HTTP. Then only its
headers contain the browser's origin. They count only if they come from a trusted proxy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

Networks = tuple[IPv4Network | IPv6Network, ...]

LOOPBACK: Final = "127.0.0.0/8,::1"
NOBODY: Final = "none"
MAX_ADDRESS: Final = 64_000
"""Most bytes of path and query of a request; the web server reads 65,535."""
# A browser that receives it over TLS uses only TLS for a year. Over HTTP browsers ignore it.
OVER_TLS: Final = (b"strict-transport-security", b"max-age=31536000")
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# Some proxies send the scheme of the websocket.
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_AUTHORITY: Final = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_PAIR: Final = re.compile(r'\s*([a-z]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^";,]*)\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a page.

    Attributes:
        scheme: ``http`` or ``https``.
        host: host in lower case; an IPv6 address has brackets.
        port: the port, always set, also for the scheme's default port.
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """The Host header of a browser: the host, and the port unless it is the default port."""
        own = self.port == DEFAULT_PORTS[self.scheme]
        return self.host if own else f"{self.host}:{self.port}"


def origin(scheme: str, authority: str) -> Origin | None:
    """The origin of a scheme and a Host header, None if one of them is not valid."""
    http_scheme = _SCHEMES.get(scheme.strip().lower())
    parts = _AUTHORITY.fullmatch(authority.strip().lower())
    if http_scheme is None or parts is None:
        return None
    port = int(parts[2]) if parts[2] else DEFAULT_PORTS[http_scheme]
    return Origin(http_scheme, parts[1], port) if 0 < port < 65536 else None


def parse(text: str) -> Origin | None:
    """The origin of an Origin header, None for ``null`` and for text that is no origin."""
    scheme, separator, authority = text.partition("://")
    return origin(scheme, authority) if separator else None


@dataclass(frozen=True, slots=True)
class Arrival:
    """The origin of a request.

    Attributes:
        served: the origin that the app uses; None if the request has no valid Host.
        claimed: the origin in the forwarded headers, from any sender.
        trusted: whether the request came from the address of a trusted proxy.
    """

    served: Origin | None
    claimed: Origin | None
    trusted: bool


def arrival(
    headers: Mapping[str, str], scheme: str, peer: str | None, proxies: Networks
) -> Arrival:
    """The origin of a request, from its headers and its connection.

    If a header has a list, its last element is used, because the trusted proxy wrote it.

    Args:
        headers: the request's headers, names in lower case; values of one name joined by commas.
        scheme: scheme of the connection itself.
        peer: address at the other end of the connection.
        proxies: addresses whose forwarded headers are trusted.
    """
    forwarded = _last_forwarded(headers.get("forwarded", ""))
    proto = _last(headers.get("x-forwarded-proto", "")) or forwarded.get("proto") or scheme
    host = _last(headers.get("x-forwarded-host", "")) or forwarded.get("host")
    direct = headers.get("host", "")
    claimed = origin(proto, host or direct)
    trusted = trusts(proxies, peer)
    return Arrival(claimed if trusted else origin(scheme, direct), claimed, trusted)


def refusal(browser: str, arrived: Arrival) -> str | None:
    """Why the page of an Origin header gets no websocket; None if it gets one.

    The sentence is for the owner of the proxy. It says what to change there.
    """
    page = parse(browser)
    if page is not None and page == arrived.served:
        return None
    return (
        f"the page is of {page or 'no origin'}, the request came as {arrived.served or 'none'}: "
        + (_remedy(page, arrived))
    )


def _remedy(page: Origin | None, arrived: Arrival) -> str:
    served = arrived.served
    if page is not None and page == arrived.claimed and not arrived.trusted:
        return (
            "the headers are right, but they came from an address that is not in "
            "KSYS_TRUSTED_PROXIES; add the proxy's, which the log names"
        )
    if page is None or served is None or page.host != served.host:
        return "let the proxy pass on the browser's Host, or open the page under the app's own name"
    wrong = []
    if page.scheme != served.scheme:
        wrong.append("send X-Forwarded-Proto with the scheme of the browser's request")
    if page.port != served.port and page.authority != served.authority:
        wrong.append("pass on Host with its port (nginx: $http_host, not $host)")
    return f"let the proxy {' and '.join(wrong)}"


def trusts(proxies: Networks, peer: str | None) -> bool:
    """Whether ``peer`` is the address of a trusted proxy."""
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in proxies)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself: ``localhost``, 127.0.0.0/8 or ``::1``."""
    return host == "localhost" or trusts(networks(LOOPBACK), host.strip("[]"))


@lru_cache(maxsize=16)
def networks(text: str) -> Networks:
    """The networks in a text such as ``127.0.0.1, 10.20.0.0/24``; ``none`` gives no network.

    Raises:
        ValueError: an element is no address or network, or there is no element.
    """
    if text.strip().lower() == NOBODY:
        return ()
    named = tuple(ip_network(part, strict=False) for part in text.replace(",", " ").split())
    if not named:
        raise ValueError("there is nothing between the commas")
    return named


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()


def _last_forwarded(values: str) -> dict[str, str]:
    """The pairs of the last element of a ``Forwarded`` header (RFC 7239), names in lower case."""
    pairs: dict[str, str] = {}
    at = 0
    while pair := _PAIR.match(values, at):
        name, value = pair[1].lower(), pair[2].strip()
        pairs[name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        at = pair.end() + 1
        if values[pair.end() : at] == ",":
            pairs = {}
    return pairs if at > len(values) else {}


def client_of(forwarded_for: str, peer: str | None, proxies: Networks) -> str:
    """The address of the browser: the last address that is not that of a trusted proxy.

    Args:
        forwarded_for: the header ``X-Forwarded-For``. Each proxy adds the address that it saw.
        peer: address at the other end of the connection.
        proxies: addresses whose forwarded headers are trusted.
    """
    address = peer or ""
    for claimed in reversed(forwarded_for.split(",")):
        if not trusts(proxies, address) or not _is_address(claimed.strip()):
            break
        address = claimed.strip()
    return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
