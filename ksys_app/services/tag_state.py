"""Reads the current state of a tag: its tile, and when the state began."""

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
from ksys_app.services.calculated import last_hour
from ksys_app.services.catalogue import find_calculated

# How far back to look for the start of a state, if all samples of the last hour are in it.
MINUTES_OVER: Final = "24h"


@dataclass(frozen=True, slots=True)
class TagNow:
    """The current state of a tag.

    Attributes:
        tile: its tile, None if it has none.
        spell: the state by its limits and when it began; None if that is unknown.
        at: the database's clock when they were read, None if the tag has no tile.
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
    return TagNow(tile, await find_spell(tile, rule, samples, shown.db_now), shown.db_now)


async def samples_until(tag: str, now: datetime | None) -> list[Sample]:
    """The raw samples of the hour before ``now``, ascending; for a calculated tag its values."""
    samples = (await newest_samples(tag)).rows
    calculated = None if samples or now is None else await find_calculated(tag)
    if calculated is not None and calculated.pointwise and now is not None:
        return await last_hour(calculated, now)
    return [sample for sample in reversed(samples) if now is None or sample.ts <= now]


async def find_spell(
    tile: Tile, rule: QcRule | None, samples: Sequence[Sample], now: datetime
) -> Spell | None:
    """The current state and its start, from samples of an hour, else from minutes of a day."""
    allowed = timedelta(seconds=tile.allowed_s)
    result = spell(stretches((), samples), rule, allowed, now)
    if result is None or result.since > samples[0].ts:
        return result
    minutes = (await metrics.buckets(tile.title, parse_window(MINUTES_OVER))).rows
    return spell(stretches(minutes, samples), rule, allowed, now)
