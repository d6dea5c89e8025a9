"""The cache of query answers (PRD decision 5): TTL, one load for each key, stale on error."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha1
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.utils.cache import TTL, TTLCache, cache_key
from tests.waiting import HANGS_S


class Lost(Exception):
    """The database is away."""


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """A load that counts its calls; a test makes it answer, wait or fail."""

    def __init__(self) -> None:
        self.calls = 0
        self.rows: list[int] = [1, 2, 3]
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> list[int]:
        self.calls += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.rows


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def cache(clock: Clock) -> TTLCache:
    return TTLCache(2**20, serve_stale_on=(Lost,), clock=clock, wall=lambda: 1_755_242_767.5)


def test_ttls_are_those_of_the_decision() -> None:
    assert dict(TTL) == {
        "latest": 0,
        "live": 0,
        "metrics": 30,
        "features": 60,
        "qc": 300,
        "tags": 300,
        "comm": 300,
        "upkeep": 10,
        "clock": 10,
        "past": 240,
    }


class TestVersion:
    """An answer is valid for one version of its subject."""

    async def test_another_version_is_loaded_and_replaces_the_previous_one(
        self, cache: TTLCache, source: Source
    ) -> None:
        for version in ("1", "1", "2", "2", "1"):
            await cache.get("k", 300, source, version)
        assert (source.calls, len(cache)) == (3, 1)

    async def test_the_previous_version_is_served_while_loading_fails(
        self, cache: TTLCache, source: Source
    ) -> None:
        await cache.get("k", 300, source, "1")
        source.error = Lost()
        stale = await cache.get("k", 300, source, "2")
        assert (stale.rows, stale.error) == ((1, 2, 3), source.error)
        assert cache.stale("k", source.error) == stale
        assert cache.stale("unknown", source.error) is None

    async def test_the_rows_keep_what_they_were_read_for(
        self, cache: TTLCache, source: Source
    ) -> None:
        first = await cache.get("k", 300, source, "1", read_for="one")
        assert (await cache.get("k", 300, source, "1", read_for="two")).read_for == "one"
        source.error = Lost()
        stale = await cache.get("k", 300, source, "2", read_for="two")
        answers = (first, stale, stale.of_rows(()), stale.read_as("text", str))
        assert [answer.read_for for answer in answers] == ["one"] * 4
        source.error = None
        assert (await cache.get("k", 300, source, "2", read_for="two")).read_for == "two"


class TestKey:
    def test_it_is_the_sha1_of_statement_and_parameters(self) -> None:
        expected = sha1(b"SELECT 1[('a', 1), ('b', 'x')]", usedforsecurity=False).hexdigest()
        assert cache_key("SELECT 1", {"b": "x", "a": 1}) == expected

    @given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)), st.randoms())
    @settings(deadline=None)
    def test_the_order_of_parameters_does_not_matter(
        self, params: dict[str, object], random: Random
    ) -> None:
        shuffled = list(params.items())
        random.shuffle(shuffled)
        assert cache_key("SELECT 1", dict(shuffled)) == cache_key("SELECT 1", params)

    def test_another_statement_parameter_value_or_type_is_another_key(self) -> None:
        keys = [
            cache_key("SELECT 1", {}),
            cache_key("SELECT 2", {}),
            cache_key("SELECT 1", {"tag": "D100"}),
            cache_key("SELECT 1", {"tag": "D101"}),
            cache_key("SELECT 1", {"name": "D100"}),
            cache_key("SELECT 1", {"cap": 1}),
            cache_key("SELECT 1", {"cap": "1"}),
            cache_key("SELECT 1", {"window": timedelta(minutes=1)}),
            cache_key("SELECT 1", {"window": timedelta(minutes=5)}),
        ]
        assert len(set(keys)) == len(keys)


class TestTTL:
    async def test_a_first_answer_comes_from_the_source(
        self, cache: TTLCache, source: Source
    ) -> None:
        answer = await cache.get("k", 30, source)
        assert (answer.rows, answer.rowcount) == ((1, 2, 3), 3)
        assert answer.fetched_ms == 1_755_242_767_500
        assert not answer.cache_hit
        assert not answer.stale
        assert answer.age_s == 0.0

    async def test_a_young_answer_is_served_again_with_its_age(
        self, cache: TTLCache, source: Source, clock: Clock
    ) -> None:
        first = await cache.get("k", 30, source)
        clock.now += 0.25
        assert (await cache.get("k", 30, source)).age_s == 0.25
        clock.now += 29.65
        again = await cache.get("k", 30, source)
        assert (again.rows, again.fetched_ms) == (first.rows, first.fetched_ms)
        assert (again.cache_hit, again.stale) == (True, False)
        assert again.age_s == pytest.approx(29.9)
        assert source.calls == 1

    async def test_an_answer_as_old_as_its_ttl_is_loaded_anew(
        self, cache: TTLCache, source: Source, clock: Clock
    ) -> None:
        await cache.get("k", 30, source)
        clock.now += 30
        source.rows = [9]
        again = await cache.get("k", 30, source)
        assert (again.rows, again.cache_hit, again.age_s) == ((9,), False, 0.0)
        assert source.calls == 2

    async def test_a_ttl_of_0_always_loads(self, cache: TTLCache, source: Source) -> None:
        for _ in range(3):
            assert not (await cache.get("k", 0, source)).cache_hit
        assert source.calls == 3

    async def test_keys_are_apart(self, cache: TTLCache, source: Source) -> None:
        await cache.get("k", 30, source)
        source.rows = [9]
        assert (await cache.get("other", 30, source)).rows == (9,)

    async def test_what_the_source_does_with_its_list_later_does_not_matter(
        self, cache: TTLCache, source: Source
    ) -> None:
        await cache.get("k", 30, source)
        source.rows.append(4)
        assert (await cache.get("k", 30, source)).rows == (1, 2, 3)


class TestSingleFlight:
    @pytest.mark.parametrize("ttl", [0, 30])
    async def test_callers_of_one_key_share_one_load(
        self, cache: TTLCache, source: Source, ttl: float
    ) -> None:
        source.gate.clear()
        callers = [asyncio.create_task(cache.get("k", ttl, source)) for _ in range(20)]
        await asyncio.sleep(0)
        source.gate.set()
        answers = await asyncio.gather(*callers)
        assert source.calls == 1
        assert {answer.rows for answer in answers} == {(1, 2, 3)}

    async def test_other_keys_do_not_wait(self, cache: TTLCache, source: Source) -> None:
        source.gate.clear()
        waiting = asyncio.create_task(cache.get("slow", 30, source))
        await asyncio.sleep(0)
        async with asyncio.timeout(HANGS_S):
            await cache.get("quick", 30, Source())
        assert not waiting.done()
        source.gate.set()
        await waiting

    @pytest.mark.parametrize("cancelled", [0, 1], ids=["the first", "a later one"])
    async def test_a_caller_that_gives_up_does_not_end_it_for_the_others(
        self, cache: TTLCache, source: Source, cancelled: int
    ) -> None:
        source.gate.clear()
        callers = [asyncio.create_task(cache.get("k", 30, source)) for _ in range(3)]
        await asyncio.sleep(0)
        callers.pop(cancelled).cancel()
        await asyncio.sleep(0)
        source.gate.set()
        assert [answer.rows for answer in await asyncio.gather(*callers)] == [(1, 2, 3)] * 2
        assert source.calls == 1

    async def test_the_answer_of_a_load_without_a_waiting_caller_is_stored(
        self, cache: TTLCache, source: Source
    ) -> None:
        source.gate.clear()
        caller = asyncio.create_task(cache.get("k", 30, source))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        source.gate.set()
        assert (await cache.get("k", 30, source)).rows == (1, 2, 3)
        assert source.calls == 1

    async def test_all_callers_learn_of_a_failure_and_the_next_one_tries_again(
        self, cache: TTLCache, source: Source
    ) -> None:
        source.error = Lost()
        source.gate.clear()
        callers = [asyncio.create_task(cache.get("k", 30, source)) for _ in range(3)]
        await asyncio.sleep(0)
        source.gate.set()
        results = await asyncio.gather(*callers, return_exceptions=True)
        assert all(isinstance(result, Lost) for result in results)
        source.error = None
        assert (await cache.get("k", 30, source)).rows == (1, 2, 3)
        assert source.calls == 2


class TestStale:
    async def test_an_expired_answer_stands_in_marked_with_error_and_age(
        self, cache: TTLCache, source: Source, clock: Clock
    ) -> None:
        fresh = await cache.get("k", 30, source)
        clock.now += 45
        source.error = Lost("away")
        old = await cache.get("k", 30, source)
        assert (old.rows, old.fetched_ms) == (fresh.rows, fresh.fetched_ms)
        assert (old.stale, old.error, old.age_s) == (True, source.error, 45.0)
        assert old.cache_hit

    async def test_a_failed_load_is_tried_again_at_each_call_and_recovers(
        self, cache: TTLCache, source: Source, clock: Clock
    ) -> None:
        await cache.get("k", 0, source)
        source.error = Lost()
        for _ in range(3):
            clock.now += 10
            assert (await cache.get("k", 0, source)).stale
        source.error = None
        back = await cache.get("k", 0, source)
        assert (back.stale, back.age_s, source.calls) == (False, 0.0, 5)

    async def test_other_errors_are_not_covered_up(
        self, cache: TTLCache, source: Source, clock: Clock
    ) -> None:
        await cache.get("k", 30, source)
        clock.now += 45
        source.error = KeyError("a bug")
        with pytest.raises(KeyError):
            await cache.get("k", 30, source)

    async def test_without_an_older_answer_the_error_is_reported(
        self, cache: TTLCache, source: Source
    ) -> None:
        source.error = Lost()
        with pytest.raises(Lost):
            await cache.get("k", 30, source)
        assert (len(cache), cache.size_bytes) == (0, 0)
