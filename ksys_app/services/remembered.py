"""Remembers sessions and tokens for some seconds, and while the database is away."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Generic, TypeVar

from ksys_app.errors import AWAY

CHECK_S: Final = 3.0
"""How long an ended session may still be used, seconds."""
SHORTLY_S: Final = 120.0
"""Entries that were read at most so long before an outage stay valid during the outage, seconds.

These are the sessions of open pages, and the token of a monitor that reads every minute."""
MOST_REMEMBERED: Final = 10_000
T = TypeVar("T")


class Outage:
    """The time since which the database has been away for this process.

    Args:
        clock: seconds.

    Attributes:
        since: when the first query failed, None while the database answers. If the last failure is
            older than ``SHORTLY_S``, the next failure begins a new outage.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.since: float | None = None
        self._last = -math.inf

    def failed(self) -> float:
        """Note that the database did not answer; returns the begin of the outage."""
        now = self.clock()
        if self.since is None or now - self._last > SHORTLY_S:
            self.since = now
        self._last = now
        return self.since

    def over(self) -> None:
        """Note that the database answered."""
        self.since = None


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    """A row that was read at ``at``, and when it expires, on the monotonic clock."""

    at: float
    value: T
    expires: float


class Remembered(Generic[T]):
    """Rows that were read in the last seconds, so that the requests of one page cost one query.

    Rows that were read shortly before the database went away are valid until it returns, because
    nobody can end a session meanwhile and the pages of a plant must stay open. They expire as they
    would in the database. A missing row is not remembered, so that many invalid keys drop no valid
    one.

    Args:
        load: reads the row of a key, None if there is none.
        life: how long a row is valid after it was read.
        outage: whether the database is away.
        idle: how long a row is valid after the last read.
    """

    def __init__(
        self,
        load: Callable[[bytes], Awaitable[T | None]],
        life: Callable[[T], timedelta],
        outage: Outage,
        idle: timedelta = timedelta.max,
    ) -> None:
        self._load, self._life, self._outage, self._idle = load, life, outage, idle
        self._entries: dict[bytes, _Entry[T]] = {}

    async def get(self, key: bytes, before_query: Callable[[], None]) -> T | None:
        """The row of ``key``, None if there is none.

        Args:
            key: the key.
            before_query: called before a query for a key that this process has not seen.

        Raises:
            KsysError: the database does not answer, and the key is not remembered.
        """
        entry = self._entries.get(key)
        if entry is None:
            before_query()
        elif self._outage.clock() - entry.at < CHECK_S:
            return entry.value
        try:
            value = await self._load(key)
        except AWAY:
            since = self._outage.failed()
            if entry is None or not self._is_valid(entry, since):
                raise
            return entry.value
        self._outage.over()
        if value is None:
            self.drop(key)
        else:
            self.put(key, value)
        return value

    def put(self, key: bytes, value: T) -> None:
        """Remember a row that was just read."""
        now = self._outage.clock()
        self._entries.pop(key, None)
        self._entries[key] = _Entry(now, value, now + self._life(value).total_seconds())
        while len(self._entries) > MOST_REMEMBERED:
            del self._entries[next(iter(self._entries))]

    def confirm(self, key: bytes) -> None:
        """Note that the row of ``key`` is still valid in the database."""
        if (entry := self._entries.pop(key, None)) is not None:
            self._entries[key] = replace(entry, at=self._outage.clock())

    def drop(self, key: bytes) -> None:
        """Forget the key."""
        self._entries.pop(key, None)

    def _is_valid(self, entry: _Entry[T], since: float) -> bool:
        """Whether an entry is valid during an outage that began at ``since``."""
        now = self._outage.clock()
        used = now - entry.at < self._idle.total_seconds()
        return used and since - entry.at <= SHORTLY_S and now < entry.expires
