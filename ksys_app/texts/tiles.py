"""A tile as the page shows it: every figure as text, for page state and HTTP."""

from __future__ import annotations

from typing import Final

from ksys_app.domain.figures import DASH, figure, full
from ksys_app.domain.ordering import kind
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.models.tiles import Drawing, Tile
from ksys_app.models.views import TileView
from ksys_app.texts.alarm import alarm_parts

NOT_DRAWN: Final = Drawing()


def tile_view(tile: Tile, drawing: Drawing = NOT_DRAWN, *, pinned: bool = False) -> TileView:
    """A tile as its component shows it."""
    worst = alarm_parts(tile.violations, tile.unjudged_s)
    return TileView(
        title=tile.title,
        unit=tile.unit,
        value_s=tile.value_s,
        value_full=full(tile.value),
        delta_s=tile.change_s,
        delta_dir=tile.change_dir,
        gauge_pct=round(tile.gauge_pct, 1),
        ranged=tile.ranged,
        status_level=tile.status_level,
        ts_ms=0 if tile.ts is None else epoch_ms(tile.ts),
        ts_s=tile.ts_s,
        range_label=tile.range_label,
        count=DASH if tile.count is None else str(tile.count),
        min=figure(tile.min, tile.places),
        max=figure(tile.max, tile.places),
        first=figure(tile.first, tile.places),
        last=figure(tile.last, tile.places),
        comm=tile.comm,
        kind=kind(tile),
        allowed_s=int(tile.allowed_s),
        alarm=[worst.reason, worst.how, worst.value, worst.limit] if worst.how else [],
        alarm_level=tile.alarm_level,
        spark=drawing.spark,
        warn_y=list(drawing.warn_y),
        crit_y=list(drawing.crit_y),
        far_above=drawing.far_above,
        far_below=drawing.far_below,
        far_level=drawing.far_level,
        far_room=tile.far_room,
        gauge_warn=list(tile.gauge_warn),
        gauge_crit=list(tile.gauge_crit),
        pinned=pinned,
        still_s=int(tile.unchanged_s or 0),
        still_longer=tile.unchanged_longer,
    )
