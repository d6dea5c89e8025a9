"""Results that are computed once for all callers that have the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

U = TypeVar("U")


class Results:
    """Results computed from the rows of an answer, by name, with their sizes.

    All callers that get the rows share these results. The cache drops them together with the rows
    and counts their sizes as it counts those of the rows.
    """

    def __init__(self) -> None:
        self.on_growth: Callable[[int], None] | None = None
        self._results: dict[str, tuple[Any, int]] = {}
        self._running: dict[str, asyncio.Task[Any]] = {}

    def __len__(self) -> int:
        return len(self._results)

    def get(self, name: str) -> Any:
        """The result with this name, None if there is none."""
        return self._results.get(name, (None, 0))[0]

    def of(self, kind: type[U]) -> dict[str, U]:
        """Name to result, for the results of one type, the oldest first."""
        results = ((name, result) for name, (result, _) in self._results.items())
        return {name: result for name, result in results if isinstance(result, kind)}

    def store(self, name: str, result: Any, size: int) -> None:
        """Store a result of ``size`` bytes; it replaces a result with the same name."""
        self.drop(name)
        self._results[name] = result, size
        self._grew(size)

    def drop(self, name: str) -> None:
        """Remove the result with this name, if there is one."""
        _, size = self._results.pop(name, (None, 0))
        self._grew(-size)

    def once(self, name: str, compute: Callable[[], U], size: int) -> U:
        """The result with this name; ``compute`` runs if there is none yet."""
        result: U | None = self.get(name)
        if result is None:
            result = compute()
            self.store(name, result, size)
        return result

    async def share(self, name: str, compute: Callable[[], Awaitable[U]]) -> U:
        """The result of ``compute``; concurrent callers with the same name share one run."""
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.ensure_future(compute())
            task.add_done_callback(lambda done: self._ran(name, done))
        return await asyncio.shield(task)

    def _ran(self, name: str, task: asyncio.Task[Any]) -> None:
        del self._running[name]
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not warn if nobody waits for the result

    def _grew(self, size: int) -> None:
        if size and self.on_growth is not None:
            self.on_growth(size)
