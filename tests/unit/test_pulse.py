"""The pulse: pings while somebody watches, reports each change, and costs little while it answers.

The tests run on a clock that jumps, so that seconds take no time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ksys_app.db import MARGIN_S
from ksys_app.driver import pulse
from ksys_app.driver.pool import TRIAL_S
from ksys_app.driver.pulse import Pulse
from ksys_app.errors import DatabaseUnreachable
from ksys_app.services.live import LiveFeed
from ksys_app.settings import load_settings
from tests.feed import Database, JumpingLoop, Tab, now, selected

M5, H24 = selected("5m"), selected("24h")
EVERY_S = 3.0
AWAY = DatabaseUnreachable("away")


class PingedDatabase:
    """A database that answers or does not; records each ping."""

    def __init__(self) -> None:
        self.alive, self.reports = True, True
        self.pings: list[float] = []
        self.pulse = Pulse(self._ping, EVERY_S)
        self.pulse.report(away=False)

    async def _ping(self) -> None:
        self.pings.append(now())
        if self.reports:
            self.pulse.report(away=not self.alive)


def play(scenario: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await scenario()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(run())


def test_a_page_has_8_seconds_to_show_a_loss() -> None:
    interval, answered = pulse.EVERY_S, load_settings().statement_timeout_ms / 1000 + MARGIN_S
    # Then two questions in turn, to a database that is known to be silent.
    assert interval + answered + 2 * TRIAL_S <= 7


def test_it_is_asked_only_while_somebody_waits() -> None:
    async def scenario() -> None:
        pinged = PingedDatabase()
        await asyncio.sleep(100)
        assert pinged.pings == []
        with pinged.pulse.watched(lambda: None):
            await asyncio.sleep(7)
        assert pinged.pings == [100, 103, 106]
        await asyncio.sleep(100)
        assert pinged.pings == [100, 103, 106]
        with pinged.pulse.watched(lambda: None):
            await asyncio.sleep(4)
        assert pinged.pings[3:] == [207, 210]

    play(scenario)


def test_a_database_that_others_ask_is_left_alone() -> None:
    async def scenario() -> None:
        pinged = PingedDatabase()
        with pinged.pulse.watched(lambda: None):
            for _ in range(60):
                await asyncio.sleep(1)
                pinged.pulse.report(away=False)
            assert pinged.pings == []
            await asyncio.sleep(EVERY_S + 0.1)
            assert pinged.pings == [60 + EVERY_S]

    play(scenario)


def test_who_waits_learns_of_the_loss_and_of_the_return_once_each() -> None:
    async def scenario() -> None:
        pinged, changes = PingedDatabase(), []
        with pinged.pulse.watched(lambda: changes.append((now(), pinged.pulse.away))):
            pinged.alive = False
            assert await pinged.pulse.news(away=False, seconds=60)
            await asyncio.sleep(10)
            pinged.alive = True
            assert await pinged.pulse.news(away=True, seconds=60)
            await asyncio.sleep(10)
        assert changes == [(3, True), (15, False)]

    play(scenario)


def test_what_is_news_already_is_not_waited_for() -> None:
    async def scenario() -> None:
        pinged = PingedDatabase()
        pinged.pulse.report(away=True)
        assert await pinged.pulse.news(away=False, seconds=60)
        assert now() == 0

    play(scenario)


def test_without_news_the_waiting_ends() -> None:
    async def scenario() -> None:
        pinged = PingedDatabase()
        assert not await pinged.pulse.news(away=False, seconds=7)
        assert now() == 7
        assert not await pinged.pulse.news(away=False, seconds=0)

    play(scenario)


def test_an_asking_that_tells_nothing_is_not_repeated_at_once() -> None:
    async def scenario() -> None:
        pinged = PingedDatabase()
        pinged.reports = False
        with pinged.pulse.watched(lambda: None):
            await asyncio.sleep(10)
        assert pinged.pings == [3, 6, 9]

    play(scenario)


def test_closing_ends_it() -> None:
    async def scenario() -> None:
        pinged = PingedDatabase()
        with pinged.pulse.watched(lambda: None):
            await asyncio.sleep(4)
            await pinged.pulse.close()
            await asyncio.sleep(100)
            assert pinged.pings == [3]

    play(scenario)


def test_the_feed_waits_for_no_tick_when_the_database_is_lost_or_back() -> None:
    async def scenario() -> None:
        pinged, database = PingedDatabase(), Database()
        feed = LiveFeed(database.tiles, 300, pinged.pulse)
        tab, other = Tab(feed, M5), Tab(feed, H24)
        await asyncio.sleep(100)
        pinged.alive, database.failing = False, {M5: AWAY, H24: AWAY}
        await asyncio.sleep(4)
        for one in (tab, other):
            assert [snapshot.error for _, snapshot in one.received[:2]] == [None, AWAY]
            assert 100 < one.times[1] <= 100 + EVERY_S
        await asyncio.sleep(100)
        reads = len(database.reads)
        pinged.alive, database.failing = True, {}
        await asyncio.sleep(EVERY_S)
        assert tab.received[-1][1].error is other.received[-1][1].error is None
        await asyncio.sleep(100)
        assert len(database.reads) == reads + 2, "one tick a window, then none for its period"
        await feed.close()

    play(scenario)
