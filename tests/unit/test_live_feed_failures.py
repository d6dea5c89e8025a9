"""The live feed while the database is away (PRD decision 8, B7): stale, backoff, recovery."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from ksys_app.errors import DatabaseTimeout, DatabaseUnreachable, KsysError
from ksys_app.log import logger
from ksys_app.services.live import BACKOFF_S, LiveFeed
from ksys_app.services.tiles import TileSet
from ksys_app.utils import request
from tests.feed import EPOCH, Database, Tab, play, selected

M5, H24 = selected("5m"), selected("24h")
AWAY = DatabaseUnreachable("db.plant does not answer")


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.request_id = request.current()
        self.records.append(record)


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    handler = Lines()
    logger.addHandler(handler)
    yield handler.records
    logger.removeHandler(handler)


def test_a_failure_is_reported_with_the_last_tiles_and_since_when() -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        tab = Tab(feed, M5)
        await asyncio.sleep(5)
        database.failing[M5] = AWAY
        await asyncio.sleep(9)
        good, *stale = [snapshot for _, snapshot in tab.received]
        assert (good.error, good.failing_since_ms, good.retry_in_s) == (None, 0, 0.0)
        assert tab.times == [0, 10, 11, 13]
        assert all(snapshot.tile_set is good.tile_set for snapshot in stale)
        assert all(snapshot.error is AWAY for snapshot in stale)
        assert {snapshot.failing_since_ms for snapshot in stale} == {(EPOCH + 10) * 1000}
        assert [snapshot.retry_in_s for snapshot in stale] == [1, 2, 4]

    play(scenario)


@pytest.mark.parametrize(
    ("interval", "attempts"),
    [(10, [0, 1, 3, 7, 15, 23, 31, 39]), (3, [0, 1, 3, 6, 9, 12]), (0.5, [0, 0.5, 1, 1.5])],
)
def test_it_tries_again_after_1_2_4_8_seconds_and_never_later_than_a_tick(
    interval: float, attempts: list[float]
) -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        database.failing[M5] = AWAY
        tab = Tab(feed, M5)
        await asyncio.sleep(attempts[-1] + interval / 2)
        assert database.times(M5) == attempts
        next_attempts = [at + snapshot.retry_in_s for at, snapshot in tab.received]
        assert next_attempts[:-1] == attempts[1:]

    assert BACKOFF_S == (1, 2, 4, 8)
    play(scenario, interval)


def test_recovery_clears_it_and_the_next_failure_starts_anew() -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        database.failing[M5] = AWAY
        tab = Tab(feed, M5)
        await asyncio.sleep(5)
        del database.failing[M5]
        await asyncio.sleep(10)
        database.failing[M5] = AWAY
        await asyncio.sleep(4)
        at, back = tab.received[3]
        assert (at, back.error, back.failing_since_ms, back.retry_in_s) == (7, None, 0, 0.0)
        assert back.tile_set.fetched_ms == 4
        at, again = tab.received[4]
        assert (at, again.failing_since_ms, again.retry_in_s) == (17, (EPOCH + 17) * 1000, 1)
        assert database.times(M5) == [0, 1, 3, 7, 17, 18]

    play(scenario)


def test_a_failure_before_the_first_answer_has_no_tiles() -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        database.failing[M5] = AWAY
        tab = Tab(feed, M5)
        await asyncio.sleep(0.5)
        (_, snapshot), *_ = tab.received
        assert (snapshot.tile_set, snapshot.error) == (TileSet(M5), AWAY)

    play(scenario)


def test_a_tab_that_joins_during_a_failure_gets_the_error_at_once() -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        Tab(feed, M5)
        await asyncio.sleep(5)
        database.failing[M5] = AWAY
        await asyncio.sleep(9)
        late = Tab(feed, M5)
        await asyncio.sleep(0.1)
        ((at, snapshot),) = late.received
        assert (at, snapshot.error, snapshot.retry_in_s) == (14, AWAY, 4)

    play(scenario)


def test_tiles_that_the_cache_served_in_place_of_an_answer_are_a_failure_too() -> None:
    async def scenario(_feed: LiveFeed, _database: Database) -> None:
        old = TileSet(M5, fetched_ms=7, error=DatabaseTimeout("took too long"), age_s=3)
        times = []

        async def load(_window: object) -> TileSet:
            times.append(asyncio.get_running_loop().time())
            return old

        feed = LiveFeed(load, 10)
        tab = Tab(feed, M5)
        await asyncio.sleep(2)
        assert times == [0, 1]
        assert tab.received[0][1].tile_set is old
        assert tab.received[0][1].error is old.error
        await tab.close()

    play(scenario)


def test_one_window_that_fails_leaves_the_others_fresh() -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        database.failing[H24] = AWAY
        good, bad = Tab(feed, M5), Tab(feed, H24)
        await asyncio.sleep(25)
        assert good.times == [0, 10, 20]
        assert all(snapshot.error is None for _, snapshot in good.received)
        assert bad.times == [0, 1, 3, 7, 15, 23]

    play(scenario)


def test_who_comes_back_to_a_window_that_failed_tries_at_once_and_backs_off_anew() -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        database.failing[H24] = AWAY
        Tab(feed, M5)
        away = Tab(feed, H24)
        await asyncio.sleep(5)
        await away.close()
        Tab(feed, H24)
        await asyncio.sleep(4)
        assert database.times(H24) == [0, 1, 3, 5, 6, 8]

    play(scenario)


def test_its_age_is_that_of_the_last_answer() -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        Tab(feed, M5)
        await asyncio.sleep(12)
        assert feed.age_s == 2
        database.failing[M5] = AWAY
        await asyncio.sleep(20)
        assert feed.age_s == 22

    play(scenario)


def test_its_age_does_not_count_the_time_when_nobody_watched() -> None:
    async def scenario(feed: LiveFeed, database: Database) -> None:
        first = Tab(feed, M5)
        await asyncio.sleep(5)
        await first.close()
        await asyncio.sleep(3600)
        database.takes_s = 1
        Tab(feed, M5)
        await asyncio.sleep(0.5)
        assert feed.age_s is None

    play(scenario)


class TestBugs:
    """An unexpected error."""

    def test_it_does_not_end_the_feed(self, lines: list[logging.LogRecord]) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            database.failing[M5] = ZeroDivisionError("secret of the inside")
            with request.with_id("of the first tab"):
                tab, other = Tab(feed, M5), Tab(feed, H24)
                await asyncio.sleep(2)
            ids = [snapshot.error.request_id for _, snapshot in tab.received if snapshot.error]
            assert ids == [getattr(record, "request_id", "") for record in lines]
            assert len({*ids, "", "of the first tab"}) == 4, "each tick has its own"
            del database.failing[M5]
            await asyncio.sleep(10)
            assert [snapshot.error is None for _, snapshot in tab.received] == [False, False, True]
            assert other.times == [0, 10]

        play(scenario)
        assert [record.levelno for record in lines] == [logging.ERROR] * 2
        assert all(record.exc_info for record in lines)
        assert "5m" in lines[0].getMessage()

    @pytest.mark.parametrize("bug", [ZeroDivisionError("secret of the inside"), AssertionError()])
    def test_tabs_get_an_error_without_internal_details(self, bug: Exception) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            database.failing[M5] = bug
            tab = Tab(feed, M5)
            await asyncio.sleep(0.5)
            error = tab.received[0][1].error
            assert isinstance(error, KsysError)
            assert error.code == "INTERNAL"
            assert "secret" not in error.message
            assert len(error.message) > 10

        play(scenario)
