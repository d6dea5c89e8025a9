"""Judges the tiles of the live feed; the only owner of hysteresis (PRD §5.3)."""

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
    """Judges tiles at each tick, and remembers the held limits until the next tick.

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
        """Tag to its held limits; tags without a held limit are left out."""
        return self._held

    async def shared(self, wanted: Selection) -> Selection:
        """``wanted``, or all tags of its window if they fit on a page."""
        return await self.source.shared(wanted)

    async def watched(self, wanted: Selection) -> Selection:
        """As :meth:`shared`, but ``wanted`` if the database cannot be read."""
        try:
            return await self.shared(wanted)
        except KsysError:
            return wanted

    async def read(self, selection: Selection) -> TileSet:
        """The tiles, judged with the held limits of the last tick. This read changes no held limit.

        Concurrent callers share one read. It goes on if one of them is cancelled.

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
        """The tiles now. Their held limits are stored for the next tick; changed alarms are logged.

        Raises:
            KsysError: the database cannot be read, and the cache has no older rows.
        """
        judged = await self.read(selection)
        if selection.whole and not judged.truncated:
            self._forget_others(judged)
        for tile in judged.tiles:
            self._remember(tile, judged)
        return judged

    def _forget_others(self, judged: TileSet) -> None:
        """Forget the limits and reasons of tags that the database no longer has."""
        existing = {tile.title for tile in judged.tiles}
        for by_tag in (self._held, self._reasons):
            for tag in by_tag.keys() - existing:
                del by_tag[tag]

    def _remember(self, tile: Tile, judged: TileSet) -> None:
        """Store the held limits of a tile, and log its alarm if the reason has changed."""
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
    value, limit = (
        None if number is None else brief(number) for number in (worst.value, worst.limit)
    )
    return {"level": worst.level, "reason": worst.reason, "value": value, "limit": limit}
