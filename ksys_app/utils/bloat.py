"""What is larger than a browser should be sent: told once a minute for each place it comes from."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ksys_app import log
from ksys_app.utils.pace import Pace

LIMIT: Final = 300_000
"""Bytes of one message or answer."""


class Bloat:
    """Warns of what is too large.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paces: dict[str, Pace] = {}

    def note(self, view: str, size: int, dur_ms: float | None = None) -> None:
        """Tell of an answer of ``size`` bytes if it is too large.

        Args:
            view: where it comes from: an endpoint or the websocket.
            size: bytes on the wire.
            dur_ms: how long it took to answer.
        """
        if size <= LIMIT:
            return
        pace = self._paces.setdefault(view, Pace(1, clock=self._clock))
        if pace.full:
            pace.held += 1
            return
        unlogged, pace.held = pace.held, 0
        pace.passes()
        log.event("payload_bloat", view=view, dur_ms=dur_ms, bytes=size, unlogged=unlogged)


bloat: Final = Bloat()
"""That of this process."""
