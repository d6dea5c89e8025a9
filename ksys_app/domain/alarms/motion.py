"""STEP, RATE and SPIKE: how a value moved since the samples before it (PRD §32.1)."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from ksys_app.domain.alarms.times import MINUTE, SECOND
from ksys_app.domain.limits import Figure, moved, spiked
from ksys_app.models.rows import QcRule

SPAN_US: Final = 5 * MINUTE
"""How far the samples reach back that a spike is compared with."""
APART_US: Final = MINUTE
"""Within this time of a RAISE, a further one of the same condition is only counted."""


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
        """What the rule limits, by condition; a spike only where the samples before it differ.

        Unless ``exact``, a score that is certainly below its limit is given as 0: it takes long.
        """
        found = moved(self.rule, value, before, (ts - before_ts) / SECOND)
        recent, most = self.recent, self.rule.spike_zscore
        if recent is not None and most is not None:
            if not exact and recent.surely_near(ts, value, most):
                found.append(Figure("SPIKE", 0.0, most))
            else:
                found += spiked(self.rule, value, *recent.spread(ts))
        return {figure.name: figure for figure in found}

    def calm(self, ts: int, value: float, before: float, before_ts: int) -> bool:
        """Whether the value breaks nothing."""
        found = self.figures(ts, value, before, before_ts, exact=False)
        return not any(figure.broken for figure in found.values())

    def resume(self, earlier: Motion) -> None:
        """Compare with the samples of the machine under an earlier rule."""
        if self.recent is not None and earlier.recent is not None:
            self.recent = earlier.recent

    def keep(self, ts: int, value: float) -> None:
        """Compare later samples with this one."""
        if self.recent is not None:
            self.recent.add(ts, value)


class Recent:
    """The usable samples of the last five minutes, and their spread.

    The sums give an estimate at once; rounding errors add up in them. Where the estimate is not far
    from the limit, the samples decide, so that the result does not depend on older samples.
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
