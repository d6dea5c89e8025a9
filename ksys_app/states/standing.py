"""The standing of a tag: its value, its state, when the state began, and the scale of limits."""

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
from ksys_app.services.tag_state import TagNow
from ksys_app.states.captions import scale_sentence
from ksys_app.texts.tiles import tile_view

NOT_JUDGED: Final = -1


def standing(tile: Tile, rule: QcRule | None, spell: Spell | None) -> Standing:
    """The standing of a tag.

    Args:
        tile: the tile of the tag, which has its value and state.
        rule: the rule of the tag.
        spell: the state that the limits give, and when it began; None if that was not found.
    """
    level = max(tile.status_level, tile.alarm_level)
    if level == 0 and (tile.value is None or limiting(rule) is None):
        level = NOT_JUDGED
    # A state that differs from the spell comes from the changes or the quality of newest samples,
    # so the start of the spell is not the start of the state.
    current = spell if spell is not None and spell.level == level else None
    return Standing(
        tile=tile_view(tile),
        level=level,
        since_ms=0 if current is None else epoch_ms(current.since),
        at_least=current is not None and current.at_least,
        by_minute=current is not None and current.by_minute,
        scale=_scale(tile, scale(tile.value, rule)),
    )


def standing_list(now: TagNow, rule: QcRule | None) -> list[Standing]:
    """A list with the standing of a tag; an empty list for a tag without a tile."""
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
        says=scale_sentence(tile.value_s, tile.unit, low, high, labels),
    )
