"""Websocket clients that behave like browsers on ``/``, and count what each tick costs them.

A screen loads the page, opens the websocket, and follows the live feed. If there are too many tiles
for the page state, it fetches the changed tiles and the sparklines of the visible ones, as
``client/grid/fetched.jsx`` does: one fetch at a time, always of the newest tick. If its connection
ends, it connects again.

    async with Screens("http://127.0.0.1:13000", window="5m") as screens:
        await screens.grow(20)
        began = now_ms()
        await asyncio.sleep(60)
        print(count_ticks(screens.all, began, now_ms()))
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ksys_app.ops.demo.screens.changed_tiles import changed, lines
from ksys_app.ops.demo.screens.client import Client, Refused
from ksys_app.ops.demo.screens.protocol import LOAD, address, event
from ksys_app.ops.demo.screens.tick_counts import Tick

SUFFIX = "_rx_state_"
AT_ONCE = 10
RECONNECT_S = 1.0
OPENED_S = 240


def now_ms() -> float:
    """This machine's clock, epoch milliseconds."""
    return time.time() * 1000


@dataclass
class Screen:
    """One browser tab.

    Attributes:
        url: the address of the app, with its base path if it has one.
        window: the window that it shows.
        cookie: the cookie of its session, if the app has a login.
        opened_ms: milliseconds from the request of the page to the arrival of its tiles.
        ready_ms: when its first tiles arrived, epoch milliseconds; 0 before that.
        ticks: the ticks that it received since.
        reconnects: how often its connection ended.
        failures: how often a fetch failed.
    """

    url: str
    window: str = "5m"
    cookie: str = ""
    opened_ms: float = 0.0
    ready_ms: float = 0.0
    ticks: list[Tick] = field(default_factory=list)
    reconnects: int = 0
    failures: int = 0
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _shown: dict[str, Any] = field(default_factory=dict)
    _newest: tuple[str, int, Tick] | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Stay open until cancelled."""
        started = time.perf_counter()
        query, token = f"?window={self.window}&sort=name", str(uuid.uuid4())
        async with Client(self.url, cookie=self.cookie) as http:
            page = await http.get(f"/{query}")
            if page.status != 200:
                raise Refused(f"{self.url}/ answered {page.status}")
            fetching = asyncio.create_task(self._follow(http))
            try:
                while True:
                    cookies = "; ".join(filter(None, (self.cookie, page.cookies)))
                    with_cookies = {"Cookie": cookies} if cookies else {}
                    with suppress(ConnectionClosed, InvalidHandshake, OSError):
                        await self._listen(token, query, with_cookies, started)
                    self.reconnects += 1
                    await asyncio.sleep(RECONNECT_S)
            finally:
                fetching.cancel()
                await asyncio.gather(fetching, return_exceptions=True)

    async def ready(self) -> None:
        """Wait until the first tiles have arrived."""
        await self._ready.wait()

    async def _listen(
        self, token: str, query: str, headers: dict[str, str], started: float
    ) -> None:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
        load = event(LOAD, {"vars": {}, "hashes": None}, "/", query)
        async with connect(
            address(self.url.rstrip("/"), token),
            max_size=None,
            origin=origin,  # type: ignore[arg-type]
            additional_headers=headers,
            create_connection=CountingConnection,
            proxy=None,
        ) as socket:
            await socket.recv()
            await socket.send("40/_event," + json.dumps({"event": load}))
            counted = socket.counted  # type: ignore[attr-defined]
            async for text in socket:
                at = now_ms()
                if text == "2":
                    await socket.send("3")
                elif isinstance(text, str) and text.startswith("42/_event,"):
                    received, counted = socket.counted - counted, socket.counted  # type: ignore[attr-defined]
                    self._take(json.loads(text.partition(",")[2]), at, received, started)

    def _take(self, message: list[Any], at: float, received: int, started: float) -> None:
        """Process a message: it has the tiles, or the page fetches them now."""
        name, *parts = message
        if name != "event":
            return
        before = self._shown.get("updated_ms")
        for part in parts:
            for delta in (part.get("delta") or {}).values():
                self._shown |= {key.removesuffix(SUFFIX): value for key, value in delta.items()}
        read = self._shown.get("updated_ms") or 0
        if not read or read == before:
            return
        tick = Tick(read, at - read, received)
        url, seq = self._shown.get("tiles_url") or "", self._shown.get("tiles_seq") or 0
        if url:
            self._newest = url, seq, tick
            self._wanted.set()
        else:
            self._newest = None
            self._add(tick, started)

    def _add(self, tick: Tick, started: float | None = None) -> None:
        if not self.ready_ms:
            self.ready_ms = now_ms()
            self.opened_ms = 0.0 if started is None else (time.perf_counter() - started) * 1000
            self._ready.set()
        elif tick.read_ms > self.ready_ms:
            # Skip a tick that was read before this screen was ready: its age is not a delay.
            self.ticks.append(tick)

    async def _follow(self, http: Client) -> None:
        """Fetch the tiles of the newest tick, one fetch at a time."""
        last_url, since, started = "", 0, time.perf_counter()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if self._newest is None:
                continue
            url, _, tick = self._newest
            try:
                fetched, since = await changed(http, url, since if url == last_url else 0)
                fetched += await lines(http, url)
            except (OSError, ValueError):
                self.failures += 1
                continue
            last_url = url
            late = now_ms() - tick.read_ms
            self._add(Tick(tick.read_ms, late, tick.socket, fetched), started)


class CountingConnection(ClientConnection):
    """A websocket that counts the bytes that it receives."""

    counted = 0

    def data_received(self, data: bytes) -> None:
        """Count the received bytes, and pass them on."""
        self.counted += len(data)
        super().data_received(data)


class Screens:
    """A growing number of screens; an async context manager that closes them all.

    Args:
        url: the origin of the app.
        window: the window that they show.
        cookies: the cookies of sessions, one for each screen in turn; empty without a login.
    """

    def __init__(self, url: str, window: str = "5m", cookies: Sequence[str] = ()) -> None:
        self._cookies = itertools.cycle(cookies or ("",))
        self.all: list[Screen] = []
        self._url, self._window = url, window
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Screens:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def grow(self, count: int) -> None:
        """Open screens until there are ``count``, ten at a time, and wait for their tiles.

        Raises:
            TimeoutError: a screen has no tiles after four minutes.
            Exception: a screen ended, with its error.
        """
        while len(self.all) < count:
            new = [
                Screen(self._url, self._window, next(self._cookies))
                for _ in range(min(AT_ONCE, count - len(self.all)))
            ]
            self.all += new
            self._tasks += [asyncio.create_task(screen.run()) for screen in new]
            async with asyncio.timeout(OPENED_S):
                for screen in new:
                    ready = asyncio.create_task(screen.ready())
                    await asyncio.wait([ready, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
                    ready.cancel()
                    self.check()

    def check(self) -> None:
        """Raise the error of a screen that ended."""
        for task in self._tasks:
            if task.done():
                task.result()
