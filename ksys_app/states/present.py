"""From domain values to what pages bind to: text and whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ksys_app.domain.kpi import active, decimals, tile_range, value_label
from ksys_app.domain.timefmt import epoch_ms, local_offset
from ksys_app.errors import KsysError
from ksys_app.models.rows import QcRule
from ksys_app.models.tiles import Tile
from ksys_app.models.views import Problem, SeriesRow, TileView

DRAWN_LIMITS: Final = ("min_val", "crit_min", "warn_min", "warn_max", "crit_max", "max_val")


def tile_view(tile: Tile, *, pinned: bool) -> TileView:
    """A tile as its component shows it."""
    return TileView(
        title=tile.title,
        unit=tile.unit,
        value_s=tile.value_s,
        delta_s=tile.delta_s,
        delta_dir=_direction(tile.delta_s),
        gauge_pct=round(tile.gauge_pct, 1),
        status_level=tile.status_level,
        ts_ms=0 if tile.ts is None else epoch_ms(tile.ts),
        ts_s=tile.ts_s,
        range_label=tile.range_label,
        count=f"{tile.count:,}",
        min=value_label(tile.min, tile.places),
        max=value_label(tile.max, tile.places),
        first=value_label(tile.first, tile.places),
        last=value_label(tile.last, tile.places),
        comm=tile.comm,
        allowed_s=int(tile.allowed_s),
        alarm=tile.alarm,
        alarm_level=tile.alarm_level,
        spark=tile.spark,
        warn_y=list(tile.warn_y),
        crit_y=list(tile.crit_y),
        pinned=pinned,
    )


def _direction(delta_s: str) -> int:
    if not delta_s.strip("+-0.%"):
        return 0
    return -1 if delta_s.startswith("-") else 1


def problem(error: Exception, since_ms: int, retry_in_s: float = 0.0) -> Problem:
    """What an error box says; an error that is none of ours is told without its insides."""
    code = error.code if isinstance(error, KsysError) else KsysError.code
    message = error.message if isinstance(error, KsysError) else "the page failed; see the log"
    return Problem(code, message, since_ms, round(retry_in_s), f"docs/runbooks/{code}.md")


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
    return str(value) if isinstance(value, int) else value_label(value, places)


def series_places(rule: QcRule | None, values: Sequence[float]) -> int:
    """Decimals of a course: one more than a tile has, for those who compare buckets."""
    span = tile_range(rule, min(values, default=None), max(values, default=None))
    return decimals(span) + 1


def drawn_limits(rule: QcRule | None) -> dict[str, float]:
    """The limits of a rule that a chart draws, those that are set; none of a disabled rule."""
    judged = active(rule)
    limits = ((name, getattr(judged, name, None)) for name in DRAWN_LIMITS)
    return {name: value for name, value in limits if value is not None}
