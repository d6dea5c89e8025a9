"""A page's websocket without a browser, which can also send frames that no page sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ksys_app.ops.demo.screens.protocol import LOAD, ROOT, address, event
from tests.waiting import HANGS_S

# A busy server may need longer for a handshake or a pong than the client would wait.
PATIENT: Final[Any] = {"open_timeout": HANGS_S, "ping_interval": None}
BASE = f"{ROOT}.ksys_app___states___base____base_state"
BOARD = f"{BASE}.ksys_app___states___dashboard____dashboard_state"


def frame(*parts: Any) -> str:
    """A Socket.IO event of the page's namespace."""
    return "42/_event," + json.dumps(parts)


class Wire:
    """An open connection.

    Attributes:
        updates: updates of the state that this tab has received.
        messages: names of all received messages.
        closed: whether the server has ended it.
    """

    def __init__(self, socket: ClientConnection, early: list[str]) -> None:
        self.updates: list[Any] = []
        self.messages: list[str] = [json.loads(text.partition(",")[2])[0] for text in early]
        self.closed = False
        self._socket = socket
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def send(self, text: str | bytes) -> None:
        """Send a frame unchanged."""
        await self._socket.send(text)

    async def emit(self, name: str, payload: Any = None) -> None:
        """Send an event of the page."""
        await self.send(frame("event", event(name, payload)))

    async def update(self, **found: Any) -> None:
        """Wait until the newest update has these vars."""
        async with asyncio.timeout(HANGS_S):
            while not found.items() <= self.vars().items():
                self._changed.clear()
                await self._changed.wait()

    def vars(self) -> dict[str, Any]:
        """The vars of the dashboard as the tab has them."""
        current: dict[str, Any] = {}
        for update in self.updates:
            for state, delta in (update.get("delta") or {}).items():
                if state == BOARD:
                    current |= {
                        key.removesuffix("_rx_state_"): value for key, value in delta.items()
                    }
        return current

    async def next_update(self) -> Any:
        """Wait for the next update."""
        count = len(self.updates)
        async with asyncio.timeout(HANGS_S):
            while len(self.updates) == count:
                self._changed.clear()
                await self._changed.wait()
        return self.updates[count]

    async def raw(self, first: int, content: bytes) -> None:
        """Send a frame of the websocket itself, masked by zeros, past the client's own checks.

        Args:
            first: the first byte: 0x80 for a whole message, reserved bits, and the opcode.
            content: the payload.
        """
        length = 0x80 | 127
        head = bytes((first, length)) + len(content).to_bytes(8, "big") + bytes(4)
        self._socket.transport.write(head + content)

    async def ended(self) -> None:
        """Wait until the server has ended the connection."""
        async with asyncio.timeout(HANGS_S):
            while not self.closed:
                self._changed.clear()
                await self._changed.wait()

    async def wait_for_message(self, name: str) -> None:
        """Wait for the message ``name``, which is no update."""
        async with asyncio.timeout(HANGS_S):
            while name not in self.messages:
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        """Close the connection."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._socket.close()

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                if text == "2":
                    await self._socket.send("3")
                elif isinstance(text, str) and text.startswith("42/_event,"):
                    name, *parts = json.loads(text.partition(",")[2])
                    self.messages.append(name)
                    self.updates += parts if name == "event" else []
                    self._changed.set()
        except ConnectionClosed:
            pass
        self.closed = True
        self._changed.set()


@asynccontextmanager
async def tab(
    url: str,
    boot: dict[str, Any] | None = None,
    token: str | None = None,
    cookie: str | None = None,
) -> AsyncIterator[Wire]:
    """A loaded tab on ``/``, or a tab that begins with another boot event.

    Args:
        url: origin of the app.
        boot: the first event.
        token: the name of the tab; by default a new one.
        cookie: the header ``Cookie``.
    """
    headers = {} if cookie is None else {"cookie": cookie}
    async with connect(
        address(url, token), max_size=None, additional_headers=headers, **PATIENT
    ) as socket:
        assert str(await socket.recv()).startswith("0{")
        start = boot or {"event": event(LOAD, {"vars": {}, "hashes": None})}
        await socket.send("40/_event," + json.dumps(start))
        early = []
        while not (text := str(await socket.recv())).startswith("40/_event,"):
            early.append(text)
        wire = Wire(socket, early)
        try:
            yield wire
        finally:
            await wire.close()
