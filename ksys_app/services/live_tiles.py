"""Tiles as the live feed judges them: the one owner of hysteresis (PRD §5.3)."""

from __future__ import annotations

import asyncio

from ksys_app import log
from ksys_app.domain.figures import brief
from ksys_app.domain.ordering import Selection
from ksys_app.domain.quality import held_limits
from ksys_app.domain.tiles import Held
from ksys_app.errors import KsysError
from ksys_app.models.tiles import Reason, Tile, Violation
from ksys_app.services.tiles import TileSet, TileSource


class LiveTiles:
    """Judges tiles at each tick, and remembers until the next one which limits are held.

    Args:
        source: loads the tiles.
    """

    def __init__(self, source: TileSource) -> None:
        self.source = source
        self._held: dict[str, frozenset[Reason]] = {}
        self._reading: dict[Selection, asyncio.Task[TileSet]] = {}
        self._reasons: dict[str, Reason] = {}

    @property
    def held(self) -> Held:
        """The limits that are held now, by tag; only of tags that hold one."""
        return self._held

    async def shared(self, wanted: Selection) -> Selection:
        """``wanted``, or the whole of its window where all tags fit on a page."""
        return await self.source.shared(wanted)

    async def watched(self, wanted: Selection) -> Selection:
        """As :meth:`shared`, but ``wanted`` while the database cannot count the tags."""
        try:
            return await self.shared(wanted)
        except KsysError:
            return wanted

    async def read(self, selection: Selection) -> TileSet:
        """The tiles, judged with the limits that the last tick held. This read changes nothing.

        Callers at the same time share one read, which goes on where one of them leaves.

        Raises:
            KsysError: the database cannot be read, and the cache has no older rows.
        """
        task = self._reading.get(selection)
        if task is None:
            task = asyncio.ensure_future(self.source.load(selection, self._held))
            self._reading[selection] = task
            task.add_done_callback(lambda done: self._read(selection, done))
        return await asyncio.shield(task)

    def _read(self, selection: Selection, task: asyncio.Task[TileSet]) -> None:
        del self._reading[selection]
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not warn if nobody waits for the tiles

    async def tick(self, selection: Selection) -> TileSet:
        """The tiles now. The limits that they hold count from now on; changed alarms are logged.

        Raises:
            KsysError: the database cannot be read, and the cache has no older rows.
        """
        judged = await self.read(selection)
        if selection.whole and not judged.truncated:
            self._forget_others(judged)
        for tile in judged.tiles:
            self._take(tile, judged)
        return judged

    def _forget_others(self, judged: TileSet) -> None:
        """Drop what is remembered of tags that the database no longer has."""
        there = {tile.title for tile in judged.tiles}
        for memory in (self._held, self._reasons):
            for tag in memory.keys() - there:
                del memory[tag]

    def _take(self, tile: Tile, judged: TileSet) -> None:
        """Remember what a tile holds, and log an alarm that has another reason than before."""
        tag, worst = tile.title, next(iter(tile.violations), None)
        reason, before = None if worst is None else worst.reason, self._reasons.pop(tag, None)
        self._held.pop(tag, None)
        if limits := held_limits(tile.violations):
            self._held[tag] = limits
        if reason is not None:
            self._reasons[tag] = reason
        if reason != before:
            log.event(
                "qc_badge_eval",
                range=judged.window.label,
                tag=tag,
                dur_ms=judged.judged_s * 1000,
                **_log_fields(worst),
            )


def _log_fields(worst: Violation | None) -> dict[str, str | None]:
    if worst is None:
        return dict.fromkeys(("level", "reason", "value", "limit"))
    value, limit = (None if one is None else brief(one) for one in (worst.value, worst.limit))
    return {"level": worst.level, "reason": worst.reason, "value": value, "limit": limit}
