"""Frees the states of tabs that have been closed for some time."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

EVERY_S: Final = 60.0
"""Seconds between two sweeps. A tab that connects again within this time still has its state."""

MANY: Final = 20
"""Number of released tabs after which memory is given back to the system, which takes some
hundredths of a second."""


class ClosedTabs:
    """Releases the states of tabs that had no connection at two consecutive sweeps.

    Args:
        tabs_with_state: the tabs that have a state.
        connected: whether a tab has a connection.
        release: frees the state of a tab.
    """

    def __init__(
        self,
        tabs_with_state: Callable[[], Iterable[str]],
        connected: Callable[[str], bool],
        release: Callable[[str], None],
    ) -> None:
        self._tabs_with_state, self._connected, self._release = tabs_with_state, connected, release
        self._closed: set[str] = set()

    def sweep(self) -> int:
        """Release the tabs that are closed now and were closed at the sweep before.

        Returns:
            The number of released tabs.
        """
        closed = {tab for tab in self._tabs_with_state() if not self._connected(tab)}
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
                gc.collect()  # The states refer to each other in circles.
                await asyncio.to_thread(give_back)


def give_back() -> None:
    """Have the C library return freed memory to the system.

    Memory below a block that is in use stays with the process. The function does nothing where the
    C library has no ``malloc_trim``.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
