"""Frees what closed tabs leave in memory, once they have been closed for some time."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

EVERY_S: Final = 60.0
"""A tab that connects again within this time finds its state as it was."""

MANY: Final = 20
"""Memory is given back after so many tabs, because that takes some hundredths of a second."""


class ClosedTabs:
    """Releases the states of tabs that had no connection at two sweeps in turn.

    Args:
        held: the tabs that have a state.
        connected: whether a tab is connected.
        release: frees the state of a tab.
    """

    def __init__(
        self,
        held: Callable[[], Iterable[str]],
        connected: Callable[[str], bool],
        release: Callable[[str], None],
    ) -> None:
        self._held, self._connected, self._release = held, connected, release
        self._closed: set[str] = set()

    def sweep(self) -> int:
        """Release the tabs that are closed now and were closed at the sweep before.

        Returns:
            How many there were.
        """
        closed = {tab for tab in self._held() if not self._connected(tab)}
        released = closed & self._closed
        for tab in released:
            self._release(tab)
        self._closed = closed
        return len(released)

    async def keep_sweeping(self) -> None:
        """Sweep each minute until cancelled, and give the memory back to the system."""
        released = 0
        while True:
            await asyncio.sleep(EVERY_S)
            released += self.sweep()
            if released >= MANY:
                released = 0
                gc.collect()  # The states have references in circles.
                await asyncio.to_thread(give_back)


def give_back() -> None:
    """Have the C library return freed memory; it keeps what lies below memory in use.

    Does nothing where the C library has no such function.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
