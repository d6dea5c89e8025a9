"""Warns of answers that are too large for a browser, once a minute for each endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ksys_app import log
from ksys_app.utils.pace import Pace

LIMIT: Final = 300_000
"""Most bytes of one message or answer before a warning."""


class Bloat:
    """Logs a warning for each answer that is too large, once a minute for each endpoint.

    Args:
        clock: monotonic clock, seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paces: dict[str, Pace] = {}

    def note(self, view: str, size: int, dur_ms: float | None = None) -> None:
        """Warn if an answer is too large.

        Args:
            view: source of the answer: an endpoint or the websocket.
            size: bytes on the wire.
            dur_ms: time that the answer took, milliseconds.
        """
        if size <= LIMIT:
            return
        pace = self._paces.setdefault(view, Pace(1, clock=self._clock))
        if pace.full:
            pace.refused += 1
            return
        unlogged, pace.refused = pace.refused, 0
        pace.passes()
        log.event("payload_bloat", view=view, dur_ms=dur_ms, bytes=size, unlogged=unlogged)


bloat: Final = Bloat()
"""The warnings of this process."""
