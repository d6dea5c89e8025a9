"""A server that speaks PostgreSQL's protocol until it refuses a client, with Korean messages."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104


def message(kind: bytes, body: bytes) -> bytes:
    """A message of the server."""
    return kind + struct.pack("!i", len(body) + 4) + body


def fatal(code: str, words: str, encoding: str = "utf-8", level: str = "치명적오류") -> bytes:
    """An ErrorResponse as a server with Korean messages sends it."""
    fields = {"S": level, "V": "FATAL", "C": code, "M": words, "F": "postinit.c", "L": "948"}
    parts = (key.encode() + text.encode(encoding) + b"\0" for key, text in fields.items())
    return message(b"E", b"".join(parts) + b"\0")


@dataclass
class Peer:
    """A server that refuses its clients.

    Attributes:
        port: its port on the loopback address.
        response: the message of the refusal.
        asks_password: whether it asks for a password first.
        hangs_up: whether it closes the connection without an answer.
        connections: number of connections so far.
    """

    port: int
    response: bytes = b""
    asks_password: bool = False
    hangs_up: bool = False
    connections: int = 0

    def dsn(self, more: str = "") -> str:
        """Its DSN."""
        return f"postgresql://eco_ro:secret@127.0.0.1:{self.port}/plant{more}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Refuse one client."""
        self.connections += 1
        try:
            while True:
                size = struct.unpack("!i", await reader.readexactly(4))[0]
                body = await reader.readexactly(size - 4)
                if struct.unpack("!i", body[:4])[0] not in (SSL_REQUEST, GSS_REQUEST):
                    break
                writer.write(b"N")
            if not self.hangs_up:
                if self.asks_password:
                    writer.write(message(b"R", struct.pack("!i", 3)))
                    await reader.readexactly(5)
                writer.write(self.response)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def refusing() -> AsyncIterator[Peer]:
    """A peer, listening."""
    peer = Peer(0)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
