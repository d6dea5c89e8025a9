"""The signals of the nine tags of the demo plant, without faults.

A heating loop (D1xx), a feed line (D2xx) and a mill (D3xx). Titles and units are in the rules'
``meta`` (``data/qc/influx_qc_rule.csv``). Each signal is a sum of slow waves, the plant's load and
noise: a pure function of the time and the seed, so that history and live feed join without a seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

DAY: Final = 86_400
WEEK: Final = 7 * DAY
YEAR: Final = 31_557_600
LOCAL_MONDAY: Final = 1_704_034_800
"""Epoch seconds of Monday 2024-01-01 00:00 in Seoul, where the plant's shifts are counted."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A sine of ``amplitude`` and ``period`` seconds; its phase comes from the seed.

    ``trough`` fixes the phase instead: seconds after ``LOCAL_MONDAY`` at which it is lowest.
    """

    amplitude: float
    period: float
    trough: float | None = None


@dataclass(frozen=True, slots=True)
class Tide:
    """A tank that fills from ``low`` to ``high`` and drains again, once in ``period`` seconds."""

    low: float
    high: float
    period: int
    filling: float = 2 / 3

    def at(self, t: float) -> float:
        """Level at ``t`` seconds."""
        x = (t % self.period) / self.period
        part = x / self.filling if x < self.filling else (1 - x) / (1 - self.filling)
        return self.low + (self.high - self.low) * part


@dataclass(frozen=True, slots=True)
class Signal:
    """The signal of one tag, in the tag's unit.

    Attributes:
        tag_name: the tag.
        base: value without load, waves and noise.
        load: amount that full load adds.
        waves: slow movements around the base.
        noise: largest deviation of the noise.
        decimals: resolution of the instrument.
        tide: a level that fills and drains, added to ``base``.
    """

    tag_name: str
    base: float
    load: float = 0.0
    waves: tuple[Wave, ...] = ()
    noise: float = 0.0
    decimals: int = 2
    tide: Tide | None = None


SIGNALS: Final[tuple[Signal, ...]] = (
    Signal("D100", 190.0, decimals=1),
    Signal("D101", 189.5, 0.6, (Wave(1.2, 1500), Wave(0.5, 5400)), 0.25),
    Signal("D102", 24.0, 10.0, (Wave(0.8, 600),), 0.4),
    Signal("D200", 0.0, 0.0, (Wave(1.5, 5 * 3600),), 0.15, tide=Tide(42.0, 78.0, 48 * 60)),
    Signal("D201", 6.1, -0.3, (Wave(0.25, 420), Wave(0.1, 1740)), 0.04, decimals=3),
    Signal("D202", 7000.0, 6000.0, (Wave(250.0, 900),), 80.0, decimals=0),
    Signal("D300", 48.0, 28.0, (Wave(1.5, 300),), 0.9),
    Signal("D301", 48.0, 14.0, (Wave(2.0, 7200),), 0.15),
    Signal(
        "D302",
        3.0,
        0.0,
        (Wave(4.0, YEAR, 14.0 * DAY), Wave(1.5, DAY, 5.0 * 3600), Wave(0.3, 2700)),
        0.1,
    ),
)
TAGS: Final[tuple[str, ...]] = tuple(signal.tag_name for signal in SIGNALS)
PERIOD_S: Final = 15
"""Seconds between two samples of a tag, on the grid of the epoch."""

_NIGHT: Final = 0.55
_EDGE: Final = 900.0
_SHIFTS: Final = (*(((6.0, 22.0, 0.45),) * 5), (8.0, 18.0, 0.25), (9.0, 15.0, 0.1))


def load(t: float) -> float:
    """The plant's load, 0.55 (night) to 1 (weekday shifts), with edges of half an hour."""
    day, second = divmod((t - LOCAL_MONDAY) % WEEK, DAY)
    start, end, amount = _SHIFTS[int(day)]
    rise = math.tanh((second - start * 3600) / _EDGE)
    fall = math.tanh((second - end * 3600) / _EDGE)
    return _NIGHT + amount * 0.5 * (rise - fall)
