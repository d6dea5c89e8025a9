"""The web server refuses a head of a request that is too long or does not arrive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from ksys_app.ops.serving import bounded_http
from ksys_app.ops.serving.bounded_http import MAX_HEAD, BoundedHttp
from ksys_app.ops.serving.serve import _Server, running
from ksys_app.origin import MAX_ADDRESS

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers every request with the length of its query."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    length = str(len(scope["query_string"])).encode()
    headers = [(b"content-length", str(len(length)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": length})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server with these limits."""
    server = _Server(uvicorn.Config(app, port=0, lifespan="on", log_config=None, http=BoundedHttp))
    async with running(server, 60.0) as task:
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        await task


async def opened(port: int) -> Stream:
    return await asyncio.open_connection("127.0.0.1", port)


async def answer(stream: Stream, sent: bytes) -> tuple[int, bytes]:
    """Status and body of the answer, after the server has closed the connection."""
    reader, writer = stream
    writer.write(sent)
    async with asyncio.timeout(60):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


def request(query: bytes, headers: bytes = b"") -> bytes:
    return b"GET /?" + query + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + headers + b"\r\n"


async def test_a_long_address_is_answered_however_long_it_is(port: int) -> None:
    fits = b"x" * MAX_ADDRESS
    assert await answer(await opened(port), request(fits)) == (200, b"64000")
    for length in (2**16, 10 * MAX_HEAD):
        status, body = await answer(await opened(port), request(b"x" * length))
        assert (status, json.loads(body)["error"]["code"]) == (414, "ADDRESS_LONG")


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", request(b"", b"a: " + b"x" * 10 * MAX_HEAD)])
async def test_what_is_no_request_is_answered_with_an_error_of_the_contract(
    port: int, sent: bytes
) -> None:
    status, body = await answer(await opened(port), sent)
    assert (status, json.loads(body)["error"]["code"]) == (400, "BAD_PARAMETER")


async def test_a_head_that_does_not_come_ends_its_connection(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_http, "HEAD_S", 0.01)
    for begin in (b"", b"GET / HTTP/1.1\r\n", request(b"")[:-2]):
        reader, writer = await opened(port)
        writer.write(begin)
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()


async def test_a_connection_is_used_again_and_waits_for_each_head(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = await opened(port)
    request_bytes = b"GET /?abc HTTP/1.1\r\nHost: a\r\n\r\n"
    async with asyncio.timeout(60):
        for _ in range(3):
            writer.write(request_bytes)
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(1) == b"3"
        monkeypatch.setattr(bounded_http, "HEAD_S", 0.01)
        writer.write(request_bytes[:-1])
        assert await reader.read() == b""
    writer.close()
