"""A bounded TTL cache of query answers: one load per key, stale rows on errors (PRD decision 5)."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Literal, TypeVar

from ksys_app.utils.results import Results

T = TypeVar("T")
U = TypeVar("U")

Kind = Literal[
    "latest", "live", "metrics", "features", "qc", "tags", "comm", "upkeep", "clock", "past"
]
TTL: Final[Mapping[Kind, float]] = {
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
MAX_ENTRIES: Final = 100
ROW_BYTES: Final = 400
ITEM_BYTES: Final = 32
# The rows of an answer are similar, so this many rows are enough to estimate the size of all.
SAMPLED_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The rows of a query, their age and their source.

    Attributes:
        rows: the rows.
        rowcount: the number of rows.
        fetched_ms: when the database answered, epoch milliseconds.
        cache_hit: whether the rows come from the cache.
        error: why the database did not answer, if the rows are older than their TTL; else None.
        age_s: seconds since the database answered.
        read_for: what the rows were read for, as the caller of the load gave it.
        results: results computed from the rows.
    """

    rows: tuple[T, ...]
    rowcount: int
    fetched_ms: int
    cache_hit: bool = False
    error: Exception | None = None
    age_s: float = 0.0
    read_for: object = None
    results: Results = field(default_factory=Results, repr=False, compare=False)

    @property
    def stale(self) -> bool:
        """Whether these are old rows, because the database did not answer."""
        return self.error is not None

    def fresh_rows(self) -> tuple[T, ...]:
        """The rows, for a caller that cannot mark rows as stale.

        Raises:
            Exception: why the database did not answer, if the rows are stale.
        """
        if self.error is not None:
            raise self.error
        return self.rows

    def once(self, name: str, compute: Callable[[], U], items: int) -> U:
        """A result computed from the rows; it is computed only once.

        Args:
            name: its name in ``results``.
            compute: computes it.
            items: number of objects in the result, to estimate its size.
        """
        return self.results.once(name, compute, ROW_BYTES * items)

    def of_rows(self, rows: Sequence[T]) -> Answer[T]:
        """An answer with the same time and source but other rows, and with no results yet."""
        return replace(self, rows=tuple(rows), rowcount=len(rows), results=Results())

    def read_as(self, name: str, read: Callable[[T], U]) -> Answer[U]:
        """The same answer with rows of another type, converted once and stored in ``results``.

        Args:
            name: name of the converted rows in ``results``.
            read: converts one row.
        """
        rows = self.results.get(name)
        if rows is None:
            rows = tuple(map(read, self.rows))
            self.results.store(name, rows, _size(rows))
        return Answer(
            rows,
            self.rowcount,
            self.fetched_ms,
            self.cache_hit,
            self.error,
            self.age_s,
            self.read_for,
            self.results,
        )


@dataclass(slots=True)
class _Entry:
    answer: Answer[Any]
    loaded_at: float
    size: int
    version: str = ""


def cache_key(statement: str, params: Mapping[str, object]) -> str:
    """SHA-1 of the SQL and its parameters; the order of the parameters does not matter."""
    digest = hashlib.sha1(statement.encode(), usedforsecurity=False)
    digest.update(repr(sorted(params.items())).encode())
    return digest.hexdigest()


def _size(rows: Sequence[object]) -> int:
    """Estimated bytes of rows: a fixed size per row, plus the items and arrays in its fields."""
    sampled = rows[:: max(1, len(rows) // SAMPLED_ROWS)]
    items = sum(
        len(value)
        for row in sampled
        for value in (getattr(row, name) for name in getattr(row, "__slots__", ()))
        if isinstance(value, list | tuple | dict | str)
    )
    array_bytes = sum(
        getattr(getattr(row, name), "nbytes", 0)
        for row in sampled
        for name in getattr(row, "__slots__", ())
    )
    field_bytes = (ITEM_BYTES * items + array_bytes) * len(rows) // max(1, len(sampled))
    return ROW_BYTES * (1 + len(rows)) + field_bytes


class TTLCache:
    """Answers by key. The least recently used answer is dropped first.

    Args:
        max_bytes: most estimated bytes of all rows and of the results computed from them.
        max_entries: most answers in the cache.
        serve_stale_on: errors on which an expired answer is returned, marked stale.
        clock: monotonic clock, seconds.
        wall: wall clock, epoch seconds.
    """

    def __init__(
        self,
        max_bytes: int,
        max_entries: int = MAX_ENTRIES,
        serve_stale_on: tuple[type[Exception], ...] = (),
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._max_bytes, self._max_entries = max_bytes, max_entries
        self._serve_stale_on = serve_stale_on
        self._clock, self._wall = clock, wall
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._loading: dict[tuple[str, str], asyncio.Task[Answer[Any]]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """Estimated bytes of all rows in the cache."""
        return self._bytes

    async def get(
        self,
        key: str,
        ttl: float,
        load: Callable[[], Awaitable[Sequence[T]]],
        version: str = "",
        read_for: object = None,
    ) -> Answer[T]:
        """The rows of ``key``: from the cache if younger than ``ttl`` seconds, else loaded.

        Callers of the same key and version share one load. A caller that is cancelled does not
        cancel the load for the others.

        Args:
            key: key of the query, from :func:`cache_key`.
            ttl: seconds for which an answer is valid.
            load: runs the query.
            version: version of the data. A cached answer with another version is not valid.
            read_for: what the rows are read for; it is kept with them.

        Raises:
            Exception: the error of ``load``, unless an expired answer could be returned.
        """
        entry = self._entries.get(key)
        good = entry is not None and entry.version == version
        if entry is not None and good and ttl > 0 and self._clock() - entry.loaded_at < ttl:
            self._entries.move_to_end(key)
            return self._aged(entry, cache_hit=True)
        try:
            return await self._load(key, load, version, read_for)
        except self._serve_stale_on as error:
            stale: Answer[T] | None = self.stale(key, error)
            if stale is None:
                raise
            return stale

    def stale(self, key: str, error: Exception) -> Answer[Any] | None:
        """The cached answer of ``key``, of any age, marked stale with ``error``; else None."""
        entry = self._entries.get(key)
        return None if entry is None else replace(self._aged(entry, cache_hit=True), error=error)

    async def _load(
        self,
        key: str,
        load: Callable[[], Awaitable[Sequence[T]]],
        version: str,
        read_for: object,
    ) -> Answer[T]:
        task = self._loading.get((key, version))
        if task is None:
            task = asyncio.ensure_future(self._run(key, load, version, read_for))
            self._loading[key, version] = task
            task.add_done_callback(lambda done: self._loaded(key, version, done))
        return await asyncio.shield(task)

    def _loaded(self, key: str, version: str, task: asyncio.Task[Answer[Any]]) -> None:
        self._loading.pop((key, version), None)
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not warn if nobody waits for the load

    async def _run(
        self,
        key: str,
        load: Callable[[], Awaitable[Sequence[T]]],
        version: str,
        read_for: object,
    ) -> Answer[T]:
        rows = tuple(await load())
        answer = Answer(rows, len(rows), int(self._wall() * 1000), read_for=read_for)
        self._store(key, _Entry(answer, self._clock(), _size(rows), version))
        return answer

    def _store(self, key: str, entry: _Entry) -> None:
        old = self._entries.pop(key, None)
        if old is not None:
            self._dropped(old)
        if entry.size > self._max_bytes:
            return
        self._bytes += entry.size
        self._entries[key] = entry
        entry.answer.results.on_growth = lambda size: self._grow(entry, size)
        self._trim()

    def _grow(self, entry: _Entry, size: int) -> None:
        """Add the size of a result to its entry and to the total."""
        entry.size += size
        self._bytes += size
        self._trim()

    def _trim(self) -> None:
        """Drop the least recently used entries until the bounds hold."""
        while self._entries and (
            len(self._entries) > self._max_entries or self._bytes > self._max_bytes
        ):
            self._dropped(self._entries.popitem(last=False)[1])

    def _dropped(self, entry: _Entry) -> None:
        self._bytes -= entry.size
        entry.answer.results.on_growth = None

    def _aged(self, entry: _Entry, *, cache_hit: bool) -> Answer[Any]:
        return replace(
            entry.answer, cache_hit=cache_hit, age_s=max(0.0, self._clock() - entry.loaded_at)
        )
