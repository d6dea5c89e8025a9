"""STEP, RATE and SPIKE: how a value moved since the samples before it (PRD §32.1)."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from ksys_app.domain.alarms.times import MINUTE, SECOND
from ksys_app.domain.limits import Figure, moved, spiked
from ksys_app.models.rows import QcRule

SPAN_US: Final = 5 * MINUTE
"""A spike is compared with the samples of this time before it."""
APART_US: Final = MINUTE
"""A further RAISE of the same condition within this time is only counted."""


class Motion:
    """Judges how a tag moves, by its rule."""

    __slots__ = ("recent", "rule")

    def __init__(self, rule: QcRule) -> None:
        """Begin without samples."""
        self.rule = rule
        self.recent = Recent() if rule.spike_zscore is not None else None

    def figures(
        self, ts: int, value: float, before: float, before_ts: int, *, exact: bool
    ) -> dict[str, Figure]:
        """The figures that the rule limits, by condition.

        SPIKE needs earlier samples that differ from each other. An exact score takes long to
        compute: unless ``exact`` is set, a score that is certainly below its limit is 0.
        """
        found = moved(self.rule, value, before, (ts - before_ts) / SECOND)
        recent, limit = self.recent, self.rule.spike_zscore
        if recent is not None and limit is not None:
            if not exact and recent.surely_near(ts, value, limit):
                found.append(Figure("SPIKE", 0.0, limit))
            else:
                found += spiked(self.rule, value, *recent.spread(ts))
        return {figure.name: figure for figure in found}

    def calm(self, ts: int, value: float, before: float, before_ts: int) -> bool:
        """Whether the value breaks nothing."""
        found = self.figures(ts, value, before, before_ts, exact=False)
        return not any(figure.broken for figure in found.values())

    def resume(self, earlier: Motion) -> None:
        """Continue with the samples of the tag under its earlier rule."""
        if self.recent is not None and earlier.recent is not None:
            self.recent = earlier.recent

    def add(self, ts: int, value: float) -> None:
        """Add a sample that later samples are compared with."""
        if self.recent is not None:
            self.recent.add(ts, value)


class Recent:
    """The usable samples of the last five minutes, and their spread.

    The running sums give a fast estimate, but they collect rounding errors. Where the estimate is
    close to the limit, the spread is computed from the samples, so that the result does not depend
    on samples that have left the window.
    """

    __slots__ = ("_largest", "_middle", "_samples", "_squares", "_sum")
    _middle: float
    _sum: float
    _squares: float
    _largest: float

    def __init__(self) -> None:
        """Begin without samples."""
        self._samples: deque[tuple[int, float]] = deque()
        self._restart(0.0)

    def add(self, ts: int, value: float) -> None:
        """Add a sample that is newer than the others."""
        self._forget(ts)
        if not self._samples:
            self._restart(value)
        self._samples.append((ts, value))
        away = value - self._middle
        self._sum += away
        self._squares += away * away
        if self._squares > self._largest:
            self._largest = self._squares

    def spread(self, ts: int) -> tuple[float | None, float | None]:
        """Mean and standard deviation of the samples up to five minutes before ``ts``."""
        self._forget(ts)
        count = len(self._samples)
        if count < 2:
            return None, None
        values = [value for _, value in self._samples]
        mean = math.fsum(values) / count
        squares = math.fsum((value - mean) * (value - mean) for value in values)
        return mean, math.sqrt(squares / (count - 1))

    def surely_near(self, ts: int, value: float, most: float) -> bool:
        """Whether the score of ``value`` is below ``most``; False where that is not certain."""
        self._forget(ts)
        count = len(self._samples)
        if count < 2:
            return True
        mean = self._sum / count
        squares = self._squares - mean * self._sum
        if not squares > self._largest * 1e-6:
            return False
        away = value - self._middle - mean
        return 2 * away * away < most * most * squares / (count - 1)

    def _forget(self, ts: int) -> None:
        samples, oldest = self._samples, ts - SPAN_US
        while samples and samples[0][0] < oldest:
            away = samples.popleft()[1] - self._middle
            self._sum -= away
            self._squares -= away * away

    def _restart(self, middle: float) -> None:
        self._middle = middle
        self._sum = self._squares = self._largest = 0.0
