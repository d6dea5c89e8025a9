"""The bounds of the cache: entries and bytes (PRD decision 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from hypothesis import given, settings, strategies as st

from ksys_app.models.rows import Spark
from ksys_app.utils.cache import MAX_ENTRIES, ROW_BYTES, TTLCache

NOW = datetime(2025, 8, 15, 7, 26, 11, tzinfo=UTC)


def rows(count: int) -> Callable[[], Awaitable[Sequence[int]]]:
    async def load() -> Sequence[int]:
        return range(count)

    return load


def spark(points: int) -> Spark:
    series = [i / 7 for i in range(points)]
    return Spark("D100", series, [1 - x for x in series])


async def test_at_most_a_hundred_answers_are_kept() -> None:
    cache = TTLCache(2**30)
    for key in range(150):
        await cache.get(str(key), 30, rows(1))
    assert len(cache) == MAX_ENTRIES == 100


async def test_the_least_recently_used_goes_first() -> None:
    cache = TTLCache(2**20, max_entries=3)
    for key in ("a", "b", "c"):
        await cache.get(key, 30, rows(1))
    await cache.get("a", 30, rows(1))
    await cache.get("d", 30, rows(1))
    hits = {key: (await cache.get(key, 30, rows(1))).cache_hit for key in ("a", "c", "d")}
    assert hits == {"a": True, "c": True, "d": True}
    assert not (await cache.get("b", 30, rows(1))).cache_hit


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 12)), max_size=30))
@settings(deadline=None)
async def test_neither_bound_is_ever_passed(loads: list[tuple[str, int]]) -> None:
    cache = TTLCache(10 * ROW_BYTES, max_entries=4)
    for key, count in loads:
        assert (await cache.get(key, 0, rows(count))).rowcount == count
        assert len(cache) <= 4
        assert 0 <= cache.size_bytes <= 10 * ROW_BYTES


async def test_an_answer_loaded_anew_is_counted_once() -> None:
    cache = TTLCache(2**20)
    for _ in range(5):
        await cache.get("k", 0, rows(9))
    assert (len(cache), cache.size_bytes) == (1, 10 * ROW_BYTES)


async def test_answers_that_just_fit_are_kept() -> None:
    cache = TTLCache(10 * ROW_BYTES)
    await cache.get("whole", 30, rows(9))
    assert (await cache.get("whole", 30, rows(9))).cache_hit
    for key in ("half", "other half"):
        await cache.get(key, 30, rows(4))
    assert (await cache.get("half", 30, rows(4))).cache_hit
    assert (await cache.get("other half", 30, rows(4))).cache_hit


async def test_an_answer_beyond_the_bound_is_given_and_pushes_out_no_other() -> None:
    cache = TTLCache(10 * ROW_BYTES)
    await cache.get("small", 30, rows(1))
    assert (await cache.get("huge", 30, rows(5000))).rowcount == 5000
    assert (await cache.get("small", 30, rows(1))).cache_hit
    assert not (await cache.get("huge", 30, rows(5000))).cache_hit


async def test_a_row_counts_with_the_lists_it_holds() -> None:
    sparks = [spark(48) for _ in range(100)]

    async def load() -> list[Spark]:
        return sparks

    cache = TTLCache(2**30)
    await cache.get("sparks", 0, load)
    figures, pointer_and_float = 100 * 2 * 48, 8 + 24
    assert cache.size_bytes >= figures * pointer_and_float


async def test_what_was_computed_from_an_answer_counts_as_its_rows_do() -> None:
    cache = TTLCache(10 * ROW_BYTES)
    await cache.get("old", 30, rows(1))
    answer = await cache.get("k", 30, rows(1))
    answer.results.store("file", b"", 5 * ROW_BYTES)
    answer.results.store("file", b"", 2 * ROW_BYTES)
    assert cache.size_bytes == 6 * ROW_BYTES
    answer.results.store("more", b"", 5 * ROW_BYTES)
    assert (len(cache), cache.size_bytes) == (1, 9 * ROW_BYTES), "the oldest answer has left"
    assert (await cache.get("k", 30, rows(1))).results.get("file") == b""
    answer.results.drop("more")
    assert cache.size_bytes == 4 * ROW_BYTES


async def test_what_is_computed_after_an_answer_has_left_counts_no_more() -> None:
    cache = TTLCache(10 * ROW_BYTES, max_entries=1)
    gone = await cache.get("gone", 30, rows(1))
    await cache.get("k", 30, rows(1))
    gone.results.store("file", b"", 5 * ROW_BYTES)
    assert cache.size_bytes == 2 * ROW_BYTES


async def test_an_answer_that_outgrows_the_cache_leaves_it() -> None:
    cache = TTLCache(10 * ROW_BYTES)
    answer = await cache.get("k", 30, rows(1))
    answer.results.store("file", b"", 50 * ROW_BYTES)
    assert (len(cache), cache.size_bytes) == (0, 0)
