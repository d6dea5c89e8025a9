"""The live feed (PRD decision 8): what it reads, how often, and who receives it."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from ksys_app.domain.ordering import Selection
from ksys_app.errors import DatabaseUnreachable
from ksys_app.services.live import MAX_UNWATCHED, LiveFeed
from ksys_app.services.tiles import TileSet
from tests.feed import Database, Tab, now, play, selected
from tests.waiting import HANGS_S

M5, H24, D7 = selected("5m"), selected("24h"), selected("7d")


class TestQueries:
    def test_twenty_tabs_on_three_windows_cost_one_query_a_window_and_tick(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            tabs = [Tab(feed, (M5, H24, D7)[i % 3]) for i in range(20)]
            await asyncio.sleep(59)
            assert feed.subscribers == 20
            assert Counter(label for _, label in database.reads) == {"5m": 6, "24h": 6, "7d": 6}
            assert database.times(M5) == [0, 10, 20, 30, 40, 50]
            assert all(tab.times == [0, 10, 20, 30, 40, 50] for tab in tabs)
            assert len({id(tab.received[3][1]) for tab in tabs}) == 3

        play(scenario)

    def test_nobody_costs_none(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            await asyncio.sleep(100)
            assert (database.reads, feed.subscribers, feed.age_s) == ([], 0, None)

        play(scenario)

    def test_the_first_starts_it_and_the_last_stops_it(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            first, second = Tab(feed, M5), Tab(feed, M5)
            await asyncio.sleep(15)
            await first.close()
            await asyncio.sleep(10)
            assert database.times(M5) == [0, 10, 20]
            await second.close()
            assert (feed.subscribers, feed.age_s) == (0, None)
            await asyncio.sleep(100)
            assert database.times(M5) == [0, 10, 20]
            again = Tab(feed, M5)
            await asyncio.sleep(15)
            assert database.times(M5) == [0, 10, 20, 125, 135]
            assert again.times == [125, 135]

        play(scenario)

    def test_a_window_nobody_watches_any_more_is_not_requested(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            Tab(feed, M5)
            gone = Tab(feed, H24)
            await asyncio.sleep(5)
            await gone.close()
            await asyncio.sleep(20)
            assert (database.times(M5), database.times(H24)) == ([0, 10, 20], [0])

        play(scenario)

    def test_not_even_when_its_last_tab_goes_while_another_window_is_being_requested(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            database.takes_s = 2
            Tab(feed, M5)
            gone = Tab(feed, H24)
            await asyncio.sleep(1)
            await gone.close()
            await asyncio.sleep(5)
            assert database.reads == [(0, "5m")]

        play(scenario)

    def test_closing_ends_it_even_in_the_middle_of_a_query(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            database.takes_s = 10
            Tab(feed, M5)
            await asyncio.sleep(5)
            await feed.close()
            assert "live feed" not in {task.get_name() for task in asyncio.all_tasks()}
            await asyncio.sleep(100)
            assert database.times(M5) == [0]

        play(scenario)


class TestSubscribers:
    def test_a_tab_that_is_gone_is_dropped_and_the_others_go_on(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            stays, goes = Tab(feed, M5), Tab(feed, M5)
            await asyncio.sleep(5)
            goes.task.cancel()
            await asyncio.sleep(20)
            assert feed.subscribers == 1
            assert (goes.times, stays.times) == ([0], [0, 10, 20])

        play(scenario)

    def test_a_tab_that_fails_is_dropped_too(self) -> None:
        async def scenario(feed: LiveFeed, _database: Database) -> None:
            with pytest.raises(ZeroDivisionError):
                async with feed.subscribe(M5):
                    raise ZeroDivisionError
            assert feed.subscribers == 0

        play(scenario)

    def test_who_joins_later_gets_the_newest_at_once_and_without_a_query(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            first = Tab(feed, M5)
            await asyncio.sleep(13)
            late = Tab(feed, M5)
            await asyncio.sleep(1)
            assert late.received == [(13, first.received[1][1])]
            assert database.times(M5) == [0, 10]

        play(scenario)

    def test_who_joins_with_another_window_does_not_wait_for_the_tick(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            Tab(feed, M5)
            await asyncio.sleep(3)
            late = Tab(feed, H24)
            await asyncio.sleep(11)
            assert late.times == [3, 13]
            assert database.times(M5) == [0, 10]

        play(scenario)

    def test_who_comes_back_to_a_window_does_not_wait_for_the_tick(self) -> None:
        async def scenario(feed: LiveFeed, _database: Database) -> None:
            Tab(feed, M5)
            away = Tab(feed, H24)
            await asyncio.sleep(3)
            await away.close()
            back = Tab(feed, H24)
            await asyncio.sleep(1)
            assert back.times == [3]

        play(scenario)

    def test_a_slow_one_skips_to_the_newest(self) -> None:
        async def scenario(feed: LiveFeed, _database: Database) -> None:
            quick = Tab(feed, M5)
            async with feed.subscribe(M5) as slow:
                await slow.next()
                await asyncio.sleep(35)
                assert (await slow.next()) is quick.received[-1][1]
                assert now() == 35
                await slow.next()
                assert now() == 40

        play(scenario)

    def test_sequence_numbers_grow_over_all_windows(self) -> None:
        async def scenario(feed: LiveFeed, _database: Database) -> None:
            tabs = [Tab(feed, M5), Tab(feed, H24)]
            await asyncio.sleep(25)
            numbers = [snapshot.seq for tab in tabs for _, snapshot in tab.received]
            assert len(set(numbers)) == len(numbers)
            for tab in tabs:
                own = [snapshot.seq for _, snapshot in tab.received]
                assert own == sorted(own)

        play(scenario)


class TestOverHttp:
    """Programs that ask for the newest snapshot and watch nothing."""

    def test_where_tabs_watch_it_is_that_of_the_last_tick(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            tab = Tab(feed, M5)
            await asyncio.sleep(13)
            assert [await feed.now(M5) for _ in range(3)] == [tab.received[1][1]] * 3
            assert database.times(M5) == [0, 10]

        play(scenario)

    def test_where_nobody_watches_each_question_asks_the_database(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            first = await feed.now(M5)
            await asyncio.sleep(3)
            second = await feed.now(M5)
            assert database.times(M5) == [0, 3]
            assert second.seq > first.seq
            assert not second.changes.since(first.seq).whole
            assert feed.subscribers == 0

        play(scenario)

    def test_the_changes_of_a_few_unwatched_selections_are_remembered(self) -> None:
        async def scenario(feed: LiveFeed, _database: Database) -> None:
            first = await feed.now(M5)
            for label in ("1m", "10m", "60m", "12h"):
                await feed.now(selected(label))
            assert (await feed.now(M5)).changes.since(first.seq).whole
            assert len(feed._logs) == MAX_UNWATCHED

        play(scenario)

    def test_what_a_tab_has_just_read_is_not_read_again_for_its_browser(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            paused = await feed.refresh(M5)
            assert (await feed.now(M5)) is paused
            assert (await feed.now(M5, since=paused.seq)).seq > paused.seq
            assert database.times(M5) == [0, 0]
            tab = Tab(feed, M5)
            await asyncio.sleep(3)
            newer = await feed.refresh(M5)
            assert (await feed.now(M5)) is newer
            await asyncio.sleep(10)
            assert (await feed.now(M5)) is tab.received[-1][1]
            assert newer not in [snapshot for _, snapshot in tab.received]

        play(scenario)

    def test_a_database_that_never_answered_is_an_error(self) -> None:
        async def scenario(feed: LiveFeed, database: Database) -> None:
            database.failing[M5] = DatabaseUnreachable("away")
            Tab(feed, M5)
            await asyncio.sleep(0.5)
            with pytest.raises(DatabaseUnreachable):
                await feed.now(M5)

        play(scenario)


async def test_it_ticks_on_a_clock_that_nobody_moves() -> None:
    calls: list[Selection] = []

    async def load(selection: Selection) -> TileSet:
        calls.append(selection)
        return TileSet(selection)

    feed = LiveFeed(load, 0.03)
    async with asyncio.timeout(HANGS_S), feed.subscribe(M5) as subscription:
        snapshots = [await subscription.next() for _ in range(3)]
    assert [(snapshot.tile_set, snapshot.error) for snapshot in snapshots] == [
        (TileSet(M5), None)
    ] * 3
    assert [snapshot.seq for snapshot in snapshots] == [1, 2, 3]
    assert calls == [M5] * 3
