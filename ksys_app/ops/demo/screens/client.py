"""An HTTP client that counts bytes, and is so cheap that it does not slow the app."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

import httptools

BROWSER = {"Accept-Encoding": "gzip", "User-Agent": "ksys-bench"}


class Refused(Exception):
    """The app answered with an error, which the message names."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: the HTTP status.
        body: the body as it was sent, usually compressed.
        wire: bytes of the answer on the wire, with its headers.
        ms: milliseconds from the request to the last byte.
        cookies: the cookies that the answer sets, in the form in which a browser returns them.
    """

    status: int
    body: bytes
    wire: int
    ms: float
    cookies: str = ""


class Client:
    """One connection that stays open; an async context manager.

    Args:
        url: the address of the app, ``http://host:port``, with its base path if it has one.
        tls: how to check the certificate, for ``https``.
        cookie: the cookies to send, if the app has a login.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | None = None, cookie: str = "") -> None:
        self._cookie = {"Cookie": cookie} if cookie else {}
        at = urlsplit(url)
        self._base = at.path.rstrip("/")
        self._host, self._tls = at.hostname or "", tls if at.scheme == "https" else None
        self._port = at.port or (443 if self._tls else 80)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    async def get(self, path: str, headers: Mapping[str, str] = BROWSER) -> Answer:
        """Send a GET and return the answer; reconnect if the server has closed the connection."""
        if self._streams is not None:
            try:
                return await self._ask(path, headers)
            except ConnectionError:
                self._close()
        self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        return await self._ask(path, headers)

    async def _ask(self, path: str, headers: Mapping[str, str]) -> Answer:
        assert self._streams is not None
        reader, writer = self._streams
        lines = [f"GET {self._base}{path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in {**headers, **self._cookie}.items()]
        started, answer = time.perf_counter(), _Parser()
        try:
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
            while not answer.complete:
                data = await reader.read(2**16)
                if not data:
                    raise ConnectionResetError("the server closed the connection")
                answer.feed(data)
        except BaseException:
            self._close()
            raise
        ms = (time.perf_counter() - started) * 1000
        cookies = "; ".join(answer.cookies)
        return Answer(answer.status, b"".join(answer.parts), answer.wire, ms, cookies)

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class _Parser:
    def __init__(self) -> None:
        self.complete, self.wire, self.status = False, 0, 0
        self.parts: list[bytes] = []
        self.cookies: list[str] = []
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        self.wire += len(data)
        self._parser.feed_data(data)

    # The names are those that the parser calls.
    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"set-cookie":
            self.cookies.append(value.partition(b";")[0].decode("latin-1"))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.complete = True
