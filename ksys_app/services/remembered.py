"""Sessions and tokens that were looked up: for some seconds, and while the database is away."""

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
"""What was looked up so long before an outage holds in it: the pages that are open, and a monitor
that asks every minute."""
MOST_REMEMBERED: Final = 10_000
T = TypeVar("T")


class Outage:
    """Since when the database has been away, as far as this process has seen.

    Args:
        clock: seconds.

    Attributes:
        since: when it was first seen to be away, None while it answers. If nobody asked it for
            ``SHORTLY_S``, it may have answered others meanwhile, and this is a new outage.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.since: float | None = None
        self._last = -math.inf

    def failed(self) -> float:
        """The database did not answer; returns since when."""
        now = self.clock()
        if self.since is None or now - self._last > SHORTLY_S:
            self.since = now
        self._last = now
        return self.since

    def over(self) -> None:
        """The database answered."""
        self.since = None


@dataclass(frozen=True, slots=True)
class _Seen(Generic[T]):
    """What was found at ``at``, and when it expires."""

    at: float
    found: T
    expires: float


class Remembered(Generic[T]):
    """Look-ups of the last seconds, so that the fetches of one page cost one query.

    What was found shortly before the database went away holds until it returns: nobody can end a
    session meanwhile, and the pages of a plant must stay open. It expires as it would in the
    database. What was not found is not remembered, so that many invalid keys drop no valid one.

    Args:
        load: asks the database.
        life: how long what was found is valid, from the look-up.
        outage: whether the database is away.
        idle: how long it is valid without a look-up.
    """

    def __init__(
        self,
        load: Callable[[bytes], Awaitable[T | None]],
        life: Callable[[T], timedelta],
        outage: Outage,
        idle: timedelta = timedelta.max,
    ) -> None:
        self._load, self._life, self._outage, self._idle = load, life, outage, idle
        self._seen: dict[bytes, _Seen[T]] = {}

    async def get(self, key: bytes, fresh: Callable[[], None]) -> T | None:
        """What the key opens, None for nothing.

        Args:
            key: the key.
            fresh: called before a query for a key that this process has not seen.

        Raises:
            KsysError: the database does not answer, and the key is not remembered.
        """
        seen = self._seen.get(key)
        if seen is None:
            fresh()
        elif self._outage.clock() - seen.at < CHECK_S:
            return seen.found
        try:
            found = await self._load(key)
        except AWAY:
            since = self._outage.failed()
            if seen is None or not self._holds(seen, since):
                raise
            return seen.found
        self._outage.over()
        if found is None:
            self.drop(key)
        else:
            self.put(key, found)
        return found

    def put(self, key: bytes, found: T) -> None:
        """Remember what was found."""
        now = self._outage.clock()
        self._seen.pop(key, None)
        self._seen[key] = _Seen(now, found, now + self._life(found).total_seconds())
        while len(self._seen) > MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def confirm(self, key: bytes) -> None:
        """The database says that what was found is still valid."""
        if (seen := self._seen.pop(key, None)) is not None:
            self._seen[key] = replace(seen, at=self._outage.clock())

    def drop(self, key: bytes) -> None:
        """Forget the key."""
        self._seen.pop(key, None)

    def _holds(self, seen: _Seen[T], since: float) -> bool:
        now = self._outage.clock()
        used = now - seen.at < self._idle.total_seconds()
        return used and since - seen.at <= SHORTLY_S and now < seen.expires
