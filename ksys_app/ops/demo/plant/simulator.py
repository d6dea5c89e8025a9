"""The plant as a pure function of time: the value of each tag, None while the tag is silent."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ksys_app.ops.demo.plant import noise
from ksys_app.ops.demo.plant.faults import TIMETABLE, Entry, drifted
from ksys_app.ops.demo.plant.signals import LOCAL_MONDAY, SIGNALS, TAGS, Signal, load

DEFAULT_SEED: Final = 20250815
Curve = Callable[[int, float], float]
"""Takes epoch seconds and the load; returns a value before rounding."""


class Plant:
    """The nine tags with one seed. It has no state, so equal calls return equal values."""

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        """Build the curves of all signals with ``seed``."""
        self._curves = tuple(_curve(signal, seed) for signal in SIGNALS)
        self._numbered = tuple(enumerate(self._curves))
        self._noise = tuple(noise.key(seed, tag, "noise") for tag in TAGS)
        self._loss = tuple(noise.key(seed, tag, "loss") for tag in TAGS)
        self._faults = tuple((TAGS.index(entry.tag_name), entry) for entry in TIMETABLE)

    def sample(self, tag_name: str, ts: datetime) -> float | None:
        """The value of ``tag_name`` at ``ts``; None if a fault makes the tag silent."""
        return self.tick(int(ts.timestamp()))[TAGS.index(tag_name)]

    def tick(self, t: int) -> list[float | None]:
        """The values of all tags at epoch second ``t``, in the order of ``TAGS``."""
        values: list[float | None] = [*self.healthy(t)]
        for index, entry in self._faults:
            into = entry.into(t)
            if into is not None:
                values[index] = self._faulty(index, entry, t, into, values[index])
        return values

    def healthy(self, t: int) -> list[float]:
        """The values of all tags at ``t`` without faults."""
        now = load(t)
        return [self._with_noise(index, t, curve(t, now)) for index, curve in self._numbered]

    def _with_noise(self, index: int, t: int, value: float) -> float:
        signal = SIGNALS[index]
        ripple = signal.noise * noise.triangular(self._noise[index], t)
        return round(value + ripple, signal.decimals)

    def _faulty(
        self, index: int, entry: Entry, t: int, into: int, value: float | None
    ) -> float | None:
        if entry.kind == "dropout" or value is None:
            return None
        if entry.kind == "loss":
            return value if noise.uniform(self._loss[index], t) < entry.amount else None
        curve = self._curves[index]
        if entry.kind == "stuck":
            return self._with_noise(index, t - into, curve(t - into, load(t - into)))
        if entry.kind == "drift":
            return self._with_noise(index, t, drifted(entry, into, curve(t, load(t))))
        return self._with_noise(index, t, entry.amount)


def _curve(signal: Signal, seed: int) -> Curve:
    """The curve of a signal without noise; its phases follow from the seed."""
    waves = []
    for number, wave in enumerate(signal.waves):
        speed = 2 * math.pi / wave.period
        if wave.trough is None:
            phase = 2 * math.pi * noise.uniform(noise.key(seed, signal.tag_name, "phase"), number)
        else:
            phase = -math.pi / 2 - speed * wave.trough
        waves.append((wave.amplitude, speed, phase))
    base, gain, tide, sin = signal.base, signal.load, signal.tide, math.sin
    shift = 0 if tide is None else int(tide.period * noise.uniform(noise.key(seed, "tide"), 0))

    def curve(t: int, load_now: float) -> float:
        value = base + gain * load_now
        since = t - LOCAL_MONDAY
        for amplitude, speed, phase in waves:
            value += amplitude * sin(since * speed + phase)
        return value if tide is None else value + tide.at(t + shift)

    return curve
