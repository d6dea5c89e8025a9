"""HTTP with a limit of the size and the time of the head of a request (PRD §31.8).

uvicorn waits for the head of a request without a limit of size or time, so any client could fill
the memory or leave connections open.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ksys_app.errors import AddressTooLong, BadParameter, KsysError
from ksys_app.models.message import Message
from ksys_app.origin import MAX_ADDRESS

MAX_HEAD: Final = 2 * MAX_ADDRESS
"""The largest head of a request (first line and headers), bytes."""
HEAD_S: Final = 20.0
"""The longest time until the head is complete, seconds."""


class BoundedHttp(HttpToolsProtocol):
    """A connection that ends when the head of a request is too long or takes too long."""

    _bytes = 0
    _complete = False
    _refused = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A browser connects."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request."""
        if self._refused:
            return
        if not self._complete:
            self._bytes += len(data)
        super().data_received(data)
        if not (self._complete or self._refused) and self._bytes > MAX_HEAD:
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._complete:
            self._bytes, self._complete = 0, False
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        """The head of a request is complete."""
        self._complete = True
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer a malformed request with an error of the HTTP contract, and read no further."""
        if len(getattr(self, "url", b"")) > MAX_ADDRESS:
            self._refuse(AddressTooLong(Message("errors.address_long", {"n": str(MAX_ADDRESS)})))
        else:
            self._refuse(BadParameter("this is no HTTP request, or its headers are too long"))

    def _refuse(self, error: KsysError) -> None:
        body = json.dumps({"error": {"code": error.code, "message": error.message}}).encode()
        head = (
            "content-type: application/json\r\ncache-control: no-store\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[error.http_status] + head.encode("ascii") + body)
        # A client that is still sending would lose the answer if the connection were closed now.
        self.transport.write_eof()
        self._refused = True
        if self._complete:
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
