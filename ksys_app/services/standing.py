"""The current state of a tag: its tile, and since when the value is in its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ksys_app.domain.ordering import Selection
from ksys_app.domain.spell import Spell, spell, stretches
from ksys_app.domain.windows import Window, parse_window
from ksys_app.models.rows import QcRule, Sample
from ksys_app.models.tiles import Tile
from ksys_app.queries import metrics
from ksys_app.queries.realtime import newest_samples
from ksys_app.services import runtime

# How far back to look for the start of a state, if all samples of the last hour are in it.
MINUTES_OVER: Final = "24h"


@dataclass(frozen=True, slots=True)
class TagNow:
    """A tag now.

    Attributes:
        tile: its tile, None without one.
        spell: the state by its limits, and since when; None if that is unknown.
        at: the database's clock when they were read, None without a tile.
    """

    tile: Tile | None = None
    spell: Spell | None = None
    at: datetime | None = None


async def read_now(tag: str, window: Window, rule: QcRule | None) -> TagNow:
    """The current state of a tag, with its tile in ``window``.

    Raises:
        KsysError: the database cannot be read.
    """
    shown = await runtime.current().tiles.read(Selection(window, tags=(tag,)))
    if not shown.tiles or shown.db_now is None:
        return TagNow()
    tile = shown.tiles[0]
    samples = await samples_until(tag, shown.db_now)
    return TagNow(tile, await since(tile, rule, samples, shown.db_now), shown.db_now)


async def samples_until(tag: str, now: datetime | None) -> list[Sample]:
    """The raw samples of the hour before ``now``, ascending."""
    newest = (await newest_samples(tag)).rows
    return [one for one in reversed(newest) if now is None or one.ts <= now]


async def since(
    tile: Tile, rule: QcRule | None, samples: Sequence[Sample], now: datetime
) -> Spell | None:
    """The start of the state: from the samples of the last hour, then from the minutes of a day."""
    allowed = timedelta(seconds=tile.allowed_s)
    found = spell(stretches((), samples), rule, allowed, now)
    if found is None or found.since > samples[0].ts:
        return found
    minutes = (await metrics.buckets(tile.title, parse_window(MINUTES_OVER))).rows
    return spell(stretches(minutes, samples), rule, allowed, now)
