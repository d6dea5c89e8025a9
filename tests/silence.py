"""Makes a database silent: its connections stay open, and no data arrives."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ksys_app.ops.embedded import EmbeddedDatabase

CHUNK = 2**16


class Line:
    """A TCP proxy to a database that can hold back every byte, in both directions.

    Args:
        dsn: the database behind it; any other server may be named in the same form.
    """

    def __init__(self, dsn: str) -> None:
        parts = conninfo_to_dict(dsn)
        self._to = str(parts.get("hostaddr") or parts["host"]), int(str(parts["port"]))
        self._dsn = dsn
        self._server: asyncio.Server
        self._gates: set[asyncio.Event] = set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    def cut(self) -> None:
        """Hold back all data from now on, also of new connections."""
        self._is_cut = True
        self.hold()

    def hold(self) -> None:
        """Hold back all data of existing connections from now on; new connections pass."""
        for gate in self._gates:
            gate.clear()

    def admit(self) -> None:
        """Let new connections pass from now on; existing ones stay silent."""
        self._is_cut = False

    def mend(self) -> None:
        """Pass on the data that was held back, and all later data."""
        self._is_cut = False
        for gate in self._gates:
            gate.set()

    @property
    def port(self) -> int:
        """The port of this proxy on the loopback address."""
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def dsn(self) -> str:
        """DSN of the database through this proxy."""
        return make_conninfo(self._dsn, host="127.0.0.1", hostaddr="127.0.0.1", port=self.port)

    async def open(self) -> None:
        """Listen, on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    def drop(self) -> None:
        """Break every connection; new ones pass."""
        for end in list(self._ends):
            end.transport.abort()

    async def close(self) -> None:
        """Break every connection, and accept no other."""
        self._server.close()
        self.mend()
        self.drop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gate = asyncio.Event()
        self._gates.add(gate)
        self._ends.add(writer)
        if not self._is_cut:
            gate.set()
        with suppress(OSError):
            await gate.wait()
            behind, into = await asyncio.open_connection(*self._to)
            self._ends.add(into)
            await asyncio.gather(self._pump(reader, into, gate), self._pump(behind, writer, gate))
        self._gates.discard(gate)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await gate.wait()
                writer.write(data)
                await writer.drain()
        # While the proxy is cut, the peer must not see the end of a connection either.
        await gate.wait()
        writer.close()
        self._ends.discard(writer)


@asynccontextmanager
async def line(dsn: str) -> AsyncIterator[Line]:
    """A proxy to a database, open for the block."""
    proxy = Line(dsn)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()


class Stopped:
    """Makes the embedded database silent: stops its process and lets it continue."""

    def __init__(self, server: EmbeddedDatabase) -> None:
        self._server = server

    def cut(self) -> None:
        """Stop the process."""
        self._signal(signal.SIGSTOP)

    def mend(self) -> None:
        """Let the process continue."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._server.pid is not None
        os.kill(self._server.pid, number)
