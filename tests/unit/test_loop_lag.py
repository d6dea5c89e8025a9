"""How late the event loop is (PRD §8.7)."""

from __future__ import annotations

from contextlib import suppress

from ksys_app.services.loop_lag import EVERY_S, watch


class Done(Exception):
    """The test has all delays."""


async def test_only_what_is_over_the_wait_is_lateness() -> None:
    late, delays = [0.0, 0.25, -0.001], []
    now = 100.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        if not late:
            raise Done
        now += seconds + late.pop(0)

    with suppress(Done):
        await watch(lambda seconds: delays.append(round(seconds, 6)), sleep, lambda: now)
    assert delays == [0.0, 0.25, 0.0]
    assert now == 100.0 + 3 * EVERY_S + 0.249
