"""Limits what one client may use, so that it does not slow down others (PRD §31.8).

A client is a session or a token; before the login it is an address. A person at the machine itself
(KSYS_AUTH=off) has no limit.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ksys_app.domain.access import failure_network
from ksys_app.errors import RateLimited
from ksys_app.models.message import Message
from ksys_app.models.visitor import Visitor
from ksys_app.origin import MAX_ADDRESS
from ksys_app.utils.pace import Pace

SPAN_S: Final = 10.0
"""Requests and messages are counted over this time, seconds."""
MOST_CLIENTS: Final = 10_000
PAGES: Final = 4
"""All pages of a client together may send this many times the messages of one page."""
OPENED: Final = 2
"""A client may open this many times its number of pages within ``OPENED_S`` seconds. Each page has
a state, which stays in memory for one or two minutes after the page was closed."""
OPENED_S: Final = 60.0
# The files of the pages are read once and are cheap, so only these paths count.
COUNTED: Final = ("/api/", "/login", "/metrics", "/readyz", "/_event")
# A proxy requests this often, and the answer costs nothing.
PING: Final = "/ping"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may use.

    Attributes:
        requests: HTTP requests in ``SPAN_S`` seconds.
        websockets: open pages.
        messages: messages of one page in ``SPAN_S`` seconds; of all pages ``PAGES`` times as many.
        body_bytes: the size of a request.
        address_bytes: the size of its path and query.
    """

    requests: int
    websockets: int
    messages: int
    body_bytes: int = 100_000
    address_bytes: int = MAX_ADDRESS


class Crowd:
    """Counts what each client uses.

    Args:
        limits: what one client may use.
        clock: seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self._clock = limits, clock
        self._paces: OrderedDict[str, Pace] = OrderedDict()
        # Messages of a client, also of pages that it has closed.
        self._messages: OrderedDict[str, Pace] = OrderedDict()
        self._opened: OrderedDict[str, Pace] = OrderedDict()
        self._sockets: Counter[str] = Counter()

    def request(self, client: str | None, path: str, *, logged_in: bool = True) -> None:
        """Count a request.

        Args:
            client: name of the client, from :func:`client_of`.
            path: the path, without the base path.
            logged_in: whether the client is logged in. If not, every request but ``PING`` counts.

        Raises:
            RateLimited: the client has sent too many.
        """
        counts = path.startswith(COUNTED) if logged_in else path != PING
        if client is None or not counts:
            return
        if not self._of(client, self._paces, self.limits.requests).passes():
            raise RateLimited(_too_many(self.limits.requests), SPAN_S)

    def check(self, client: str | None) -> None:
        """Refuse a client that has just sent too many requests, before it costs a query.

        Raises:
            RateLimited: the client has sent too many.
        """
        pace = None if client is None else self._paces.get(client)
        if pace is not None and pace.full:
            raise RateLimited(_too_many(self.limits.requests), SPAN_S)

    @contextmanager
    def socket(self, client: str | None) -> Iterator[Callable[[], bool] | None]:
        """Count an open page while the block runs.

        Yields:
            A function that counts a message and returns whether it is allowed; None if the client
            has no limit.

        Raises:
            RateLimited: the client has too many open pages, or has just sent too many messages.
        """
        if client is None:
            yield None
            return
        if self._sockets[client] >= self.limits.websockets:
            most = {"n": str(self.limits.websockets)}
            raise RateLimited(Message("errors.many_pages", most), SPAN_S)
        most_opened = OPENED * self.limits.websockets
        opened = self._of(client, self._opened, most_opened, OPENED_S)
        if opened.full:
            raise RateLimited(_too_many(most_opened, OPENED_S), SPAN_S)
        page = self._pace(self.limits.messages)
        everywhere = self._of(client, self._messages, PAGES * self.limits.messages)
        if everywhere.full:
            raise RateLimited(_too_many(PAGES * self.limits.messages), SPAN_S)
        opened.passes()
        self._sockets[client] += 1
        try:
            yield lambda: page.passes() and everywhere.passes()
        finally:
            self._sockets[client] -= 1
            if not self._sockets[client]:
                del self._sockets[client]

    def _of(
        self, client: str, paces: OrderedDict[str, Pace], most: int, seconds: float = SPAN_S
    ) -> Pace:
        pace = paces.setdefault(client, self._pace(most, seconds))
        paces.move_to_end(client)
        if len(paces) > MOST_CLIENTS:
            paces.popitem(last=False)
        return pace

    def _pace(self, most: int, seconds: float = SPAN_S) -> Pace:
        return Pace(most, seconds, self._clock)


def _too_many(most: int, seconds: float = SPAN_S) -> Message:
    return Message("errors.many_requests", {"n": str(most), "s": f"{seconds:.0f}"})


def client_of(visitor: Visitor | None, address: str) -> str | None:
    """The name of the client; an IPv6 network is one client. None for somebody without a limit."""
    if visitor is None:
        return f"address {failure_network(address)}"
    if visitor.via == "off":
        return None
    return f"{visitor.via} {visitor.name if visitor.key is None else visitor.key.hex()}"
