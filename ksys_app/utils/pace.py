"""Limits how often something may happen."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class Pace:
    """Allows at most ``limit`` events in any ``seconds``.

    Attributes:
        refused: number of refused events since the last allowed one.
    """

    def __init__(
        self, limit: int, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.refused = 0
        self._seconds, self._clock = seconds, clock
        self._passed: deque[float] = deque(maxlen=limit)

    @property
    def full(self) -> bool:
        """Whether the next event would be refused."""
        oldest_counts = len(self._passed) == self._passed.maxlen
        return oldest_counts and self._clock() - self._passed[0] < self._seconds

    def passes(self) -> bool:
        """Count one event.

        Returns:
            Whether the event is allowed.
        """
        if self.full:
            self.refused += 1
            return False
        self._passed.append(self._clock())
        return True
