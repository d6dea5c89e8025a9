"""Sessions that were looked up, and when they hold while the database is away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ksys_app.errors import DatabaseUnreachable, RateLimited
from ksys_app.services.remembered import CHECK_S, MOST_REMEMBERED, SHORTLY_S, Outage, Remembered

WEEK, SHIFT = timedelta(days=7), timedelta(hours=12)
KEY = b"key"


class Database:
    """Sessions of a database that can go away; the time is the test's."""

    def __init__(self, life: timedelta = WEEK) -> None:
        self.now = 0.0
        self.away = False
        self.queries = 0
        self.found: dict[bytes, str] = {KEY: "ann"}
        self.outage = Outage(lambda: self.now)
        self.sessions = Remembered[str](self._load, lambda _: life, self.outage, SHIFT)

    async def _load(self, key: bytes) -> str | None:
        self.queries += 1
        if self.away:
            raise DatabaseUnreachable("away")
        return self.found.get(key)

    async def get(self, key: bytes = KEY) -> str | None:
        return await self.sessions.get(key, lambda: None)


async def test_the_fetches_of_one_page_cost_one_query() -> None:
    database = Database()
    assert [await database.get() for _ in range(5)] == ["ann"] * 5
    assert database.queries == 1
    database.now, database.found = CHECK_S, {}
    assert await database.get() is None


async def test_a_session_that_was_used_shortly_before_an_outage_goes_on_in_it() -> None:
    database = Database()
    await database.get()
    database.now, database.away = SHORTLY_S, True
    for _ in range(30):
        assert await database.get() == "ann"
        database.now += SHORTLY_S
    database.away = False
    assert await database.get() == "ann"


async def test_one_that_may_have_ended_elsewhere_before_the_outage_does_not() -> None:
    database = Database()
    await database.get()
    database.found, database.now, database.away = {}, SHORTLY_S + 1, True
    with pytest.raises(DatabaseUnreachable):
        await database.get()


async def test_an_open_page_counts_as_a_look_up() -> None:
    database = Database()
    await database.get()
    database.now = 3600.0
    database.sessions.confirm(KEY)
    database.sessions.confirm(b"of a page that this process has not looked up")
    database.now, database.away = 3600.0 + SHORTLY_S, True
    assert await database.get() == "ann"


async def test_an_outage_that_nobody_watched_may_have_had_an_end() -> None:
    database = Database()
    await database.get()
    database.away, database.now = True, 10.0
    assert await database.get() == "ann"
    database.found, database.now = {}, 10.0 + SHORTLY_S + 1
    with pytest.raises(DatabaseUnreachable):
        await database.get()


@pytest.mark.parametrize("life", [timedelta(hours=1), WEEK], ids=["expired", "nobody used it"])
async def test_an_outage_makes_no_session_longer(life: timedelta) -> None:
    database = Database(life)
    await database.get()
    database.away = True
    end = min(life, SHIFT).total_seconds()
    while database.now + SHORTLY_S < end:
        database.now += SHORTLY_S
        assert await database.get() == "ann"
    database.now = end
    with pytest.raises(DatabaseUnreachable):
        await database.get()


async def test_who_may_not_ask_is_stopped_before_the_database() -> None:
    database = Database()

    def full() -> None:
        raise RateLimited("too many", 10.0)

    with pytest.raises(RateLimited):
        await database.sessions.get(b"another", full)
    assert database.queries == 0


async def test_invalid_keys_drop_no_valid_one_and_the_memory_has_an_end() -> None:
    database = Database()
    await database.get()
    for number in range(MOST_REMEMBERED):
        assert await database.get(b"%d" % number) is None
    assert await database.get() == "ann"
    assert database.queries == MOST_REMEMBERED + 1
    for number in range(MOST_REMEMBERED):
        database.sessions.put(b"%d" % number, "bob")
    database.found = {}
    assert await database.get() is None
