"""How a tag stands: its value, its state and since when, and the line of its limits."""

from __future__ import annotations

from typing import Final

from ksys_app.domain.figures import brief
from ksys_app.domain.kpi import limiting
from ksys_app.domain.scale import Scale, scale
from ksys_app.domain.spell import Spell
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.models.rows import QcRule
from ksys_app.models.tiles import Tile
from ksys_app.models.views import ScaleMark, ScaleView, ScaleZone, Standing
from ksys_app.services.standing import TagNow
from ksys_app.states.captions import scale_says
from ksys_app.texts.tiles import tile_view

NOT_JUDGED: Final = -1


def standing(tile: Tile, rule: QcRule | None, found: Spell | None) -> Standing:
    """How a tag stands in its tile.

    Args:
        tile: its tile; state and value are those of the tile.
        rule: its rule.
        found: since when its limits give the state that they give, if that is known.
    """
    level = max(tile.status_level, tile.alarm_level)
    if level == 0 and (tile.value is None or limiting(rule) is None):
        level = NOT_JUDGED
    # A state that the limits do not give comes from how the newest samples move, or their quality.
    known = found if found is not None and found.level == level else None
    return Standing(
        tile=tile_view(tile),
        level=level,
        since_ms=0 if known is None else epoch_ms(known.since),
        at_least=known is not None and known.at_least,
        by_minute=known is not None and known.by_minute,
        scale=_scale(tile, scale(tile.value, rule)),
    )


def standings(now: TagNow, rule: QcRule | None) -> list[Standing]:
    """How a tag stands, in a list of one; an empty one for a tag without a tile."""
    return [] if now.tile is None else [standing(now.tile, rule, now.spell)]


def _scale(tile: Tile, line: Scale | None) -> ScaleView:
    if line is None:
        return ScaleView()
    low = "" if line.low is None else brief(line.low)
    high = "" if line.high is None else brief(line.high)
    labels = [mark.label for mark in line.marks]
    return ScaleView(
        drawn=True,
        low=low,
        high=high,
        marks=[
            ScaleMark(mark.label, len(mark.label), mark.at, mark.row, len(mark.name))
            for mark in line.marks
        ],
        rows=1 + max((mark.row for mark in line.marks), default=-1),
        zones=[
            ScaleZone(zone.start, round(zone.end - zone.start, 2), zone.level)
            for zone in line.zones
        ],
        at=-1 if line.at is None else line.at,
        off=line.off,
        says=scale_says(tile.value_s, tile.unit, low, high, labels),
    )
