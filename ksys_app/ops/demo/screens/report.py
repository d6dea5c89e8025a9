"""Reports each minute in one line what the screens of a demo received and what it cost the app."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ksys_app.ops.demo.screens.client import Client
from ksys_app.ops.demo.screens.screens import Screens, now_ms
from ksys_app.ops.demo.screens.tick_counts import TickCounts, count_ticks

EVERY_S: Final = 60.0
ARRIVED_S: Final = 2.0
"""How long to wait after a minute for its last ticks."""
CPU: Final = re.compile(rb"^process_cpu_seconds_total (\S+)", re.MULTILINE)
MEMORY: Final = re.compile(rb"^process_resident_memory_bytes (\S+)", re.MULTILINE)
PLAIN: Final = {"Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time of the app so far, seconds, and its memory, bytes; 0 if unknown."""

    cpu_s: float
    memory: float


async def report(
    url: str, count: int, say: Callable[[str], None], every_s: float = EVERY_S
) -> None:
    """Open screens and report each minute what they received, until cancelled.

    Args:
        url: the address of the app.
        count: number of screens.
        say: called with each line.
        every_s: seconds between two lines.

    Raises:
        Refused: the app answered with an error.
        TimeoutError: a screen has no tiles after four minutes.
    """
    async with Screens(url) as screens, Client(url) as http:
        await screens.grow(count)
        say(f"screens: {count:,} opened")
        while True:
            began, before = now_ms(), await _usage(http)
            await asyncio.sleep(every_s)
            ended, after = now_ms(), await _usage(http)
            await asyncio.sleep(ARRIVED_S)
            screens.check()
            counts = count_ticks(screens.all, began, ended)
            say(line(counts, before, after, (ended - began) / 1000, datetime.now()))


def line(counts: TickCounts, before: Usage, after: Usage, seconds: float, at: datetime) -> str:
    """The line of a report.

    Args:
        counts: what the screens received in the reported time.
        before: the app's usage at its start.
        after: the app's usage at its end.
        seconds: its length.
        at: the time of the line.
    """
    cores = (after.cpu_s - before.cpu_s) / seconds
    lags = counts.lags
    delays = (
        f"tick to receipt p50 {_part(lags, 0.5):,.0f} ms, p95 {_part(lags, 0.95):,.0f} ms"
        if lags
        else "no tick"
    )
    again = f", {counts.reconnects:,} reconnects" if counts.reconnects else ""
    return (
        f"screens: {at:%H:%M:%S} {counts.screens:,} screens, {len(counts.lags):,} ticks received, "
        f"{counts.missed:,} dropped{again}, {delays}; "
        f"app {cores:.2f} cores, {after.memory / 2**20:,.0f} MiB"
    )


def _part(values: tuple[float, ...], part: float) -> float:
    """The value that ``part`` of the sorted values do not exceed."""
    return values[min(len(values) - 1, int(len(values) * part))]


async def _usage(http: Client) -> Usage:
    text = (await http.get("/metrics", PLAIN)).body
    cpu, memory = CPU.search(text), MEMORY.search(text)
    return Usage(float(cpu[1]) if cpu else 0.0, float(memory[1]) if memory else 0.0)
