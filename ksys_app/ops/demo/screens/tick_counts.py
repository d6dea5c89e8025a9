"""Counts the ticks that screens received in a span of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick as a screen received it.

    Attributes:
        read_ms: when the server read it from the database, epoch milliseconds; identifies the tick.
        lag_ms: milliseconds from then until the screen had its tiles.
        socket: bytes by websocket on the wire.
        fetched: bytes by HTTP on the wire.
    """

    read_ms: int
    lag_ms: float
    socket: int
    fetched: int = 0


class Receiver(Protocol):
    """The attributes of a screen that are counted."""

    ticks: list[Tick]
    reconnects: int
    failures: int


@dataclass(frozen=True, slots=True)
class TickCounts:
    """What screens received in a span of time.

    Attributes:
        screens: number of screens.
        ticks: number of ticks that at least one screen received.
        missed: number of these ticks that other screens did not receive, summed over the screens.
        lags: milliseconds from the server's read to receipt, for every tick and screen, sorted.
        slowest: for each tick, milliseconds until the last screen had it, in order.
        socket: bytes by websocket for each tick and screen.
        fetched: bytes by HTTP for each tick and screen.
        reconnects: how often a connection ended, since the screens were opened.
        failures: how often a fetch failed, since the screens were opened.
    """

    screens: int
    ticks: int
    missed: int
    lags: tuple[float, ...]
    slowest: tuple[float, ...]
    socket: float
    fetched: float
    reconnects: int
    failures: int


def count_ticks(screens: Sequence[Receiver], begin_ms: float, end_ms: float) -> TickCounts:
    """Count the ticks that the server read in a span of time and that these screens received.

    Args:
        screens: screens of one process of the app, because each process has its own ticks.
        begin_ms: the start, epoch milliseconds; all screens are ready by then.
        end_ms: the end, exclusive; early enough that its ticks have arrived.
    """
    by_tick: dict[int, list[Tick]] = {}
    for screen in screens:
        for tick in screen.ticks:
            if begin_ms <= tick.read_ms < end_ms:
                by_tick.setdefault(tick.read_ms, []).append(tick)
    received = [tick for ticks in by_tick.values() for tick in ticks]
    count = max(1, len(received))
    return TickCounts(
        screens=len(screens),
        ticks=len(by_tick),
        missed=len(screens) * len(by_tick) - len(received),
        lags=tuple(sorted(tick.lag_ms for tick in received)),
        slowest=tuple(max(tick.lag_ms for tick in by_tick[read]) for read in sorted(by_tick)),
        socket=sum(tick.socket for tick in received) / count,
        fetched=sum(tick.fetched for tick in received) / count,
        reconnects=sum(screen.reconnects for screen in screens),
        failures=sum(screen.failures for screen in screens),
    )
