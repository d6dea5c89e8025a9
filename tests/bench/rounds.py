"""Runs what is compared in turn, so that other work on the machine slows all of it alike."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.bench.figures import ENOUGH


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took.

    Attributes:
        ms: wall time, milliseconds.
        processor: processor time of the process that did it, milliseconds.
        wire: bytes of the answer.
    """

    ms: float
    processor: float = 0.0
    wire: int = 0


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds there are.

    Attributes:
        times: at most.
        seconds: no further round begins after this long, but five are made whatever it takes, or
            ``times`` if that is fewer.
    """

    times: int
    seconds: float


Work = Callable[[], Awaitable[Run]]


async def in_turn(works: Mapping[str, Work], effort: Effort) -> dict[str, list[Run]]:
    """The runs of each work, after one round that warms up."""
    found: dict[str, list[Run]] = {name: [] for name in works}
    for work in works.values():
        await work()
    started = time.monotonic()
    for done in range(effort.times):
        if done >= ENOUGH and time.monotonic() - started > effort.seconds:
            break
        for name, work in works.items():
            found[name].append(await work())
    return found


async def timed(work: Callable[[], Awaitable[object]], clock: Callable[[], float] | None) -> Run:
    """The run of ``work``; ``clock`` returns processor time in milliseconds."""
    before, started = clock() if clock else 0.0, time.perf_counter()
    await work()
    ms = (time.perf_counter() - started) * 1000
    return Run(ms, (clock() - before) if clock else 0.0)
