"""From domain values to what pages bind to: text and whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ksys_app.domain.figures import figure, full
from ksys_app.domain.kpi import LIMIT_COLUMNS, active
from ksys_app.domain.timefmt import epoch_ms, local_offset
from ksys_app.errors import BadParameter, KsysError, UnknownTag
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule
from ksys_app.models.tiles import Tile
from ksys_app.models.views import Problem, SeriesRow, TileView
from ksys_app.texts.alarm import alarm_parts

# Out of a link that asks for what does not exist: asking again brings nothing.
WAYS_OUT: Final = {BadParameter.code: "open", UnknownTag.code: "choose"}


def tile_view(tile: Tile, *, pinned: bool) -> TileView:
    """A tile as its component shows it."""
    worst = alarm_parts(tile.violations)
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
        count=str(tile.count),
        min=figure(tile.min, tile.places),
        max=figure(tile.max, tile.places),
        first=figure(tile.first, tile.places),
        last=figure(tile.last, tile.places),
        comm=tile.comm,
        allowed_s=int(tile.allowed_s),
        alarm=[worst.reason, worst.how, worst.value, worst.limit] if worst.level else [],
        alarm_level=tile.alarm_level,
        spark=tile.spark,
        warn_y=list(tile.warn_y),
        crit_y=list(tile.crit_y),
        far_above=tile.far_above,
        far_below=tile.far_below,
        far_level=tile.far_level,
        far_room=tile.far_room,
        gauge_warn=list(tile.gauge_warn),
        gauge_crit=list(tile.gauge_crit),
        pinned=pinned,
        still_s=int(tile.unchanged_s or 0),
        still_longer=tile.unchanged_longer,
    )


def problem(
    error: Exception,
    since_ms: int,
    retry_in_s: float = 0.0,
    ways: Mapping[str, str] = WAYS_OUT,
) -> Problem:
    """What an error box says; an error that is none of ours is told without its insides.

    Args:
        error: what went wrong.
        since_ms: since when, epoch milliseconds.
        retry_in_s: seconds until it is tried again, 0 for never.
        ways: the way out of an error, by its code.
    """
    code = error.code if isinstance(error, KsysError) else KsysError.code
    message = error.said if isinstance(error, KsysError) else Message("errors.page_failed")
    runbook = f"docs/runbooks/{code}.md"
    way = ways.get(code, "")
    return Problem(code, message, since_ms, round(retry_in_s), runbook, way)


def page_link(path: str, selection: dict[str, str]) -> str:
    """``/trend?tag=…`` with what is selected, in one order, nothing empty."""
    return f"{path}?{urlencode({key: value for key, value in selection.items() if value})}"


def series_row(
    num: int, row: Any, columns: Iterable[str], zone: ZoneInfo, places: int
) -> SeriesRow:
    """A bucket as the table shows it; counts without decimals."""
    cells = [_figure(getattr(row, name), places) for name in columns]
    return SeriesRow(num, epoch_ms(row.bucket), local_offset(row.bucket, zone), cells)


def _figure(value: float | None, places: int) -> str:
    return str(value) if isinstance(value, int) else figure(value, places)


def drawn_limits(rule: QcRule | None) -> dict[str, float]:
    """The limits of a rule that a chart draws, those that are set; none of a disabled rule."""
    judged = active(rule)
    limits = ((name, getattr(judged, name, None)) for name in LIMIT_COLUMNS)
    return {name: value for name, value in limits if value is not None}
