"""Draws the sparkline of a tile and the limits beside it (PRD §5.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from ksys_app.domain import kpi, sparkline
from ksys_app.models.rows import QcRule, Spark
from ksys_app.models.tiles import Drawing, Tile

CACHED_LINES: Final = 4096
# The word before the name of a broken limit, in the language with the longer word.
LONGEST_WORD: Final = "above "


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A drawing and its inputs."""

    line: Spark
    rule: QcRule | None
    broken: str | None
    drawing: Drawing


class Drawer:
    """Draws the sparklines of a selection. An unchanged line keeps its path.

    Args:
        gap: the widest gap that a line crosses, as a fraction of the window.
    """

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._before: dict[str, _Drawn] = {}

    def draw(self, tile: Tile, rule: QcRule | None, line: Spark) -> Drawing:
        """The drawing of a tile with its rule, if any, and its line."""
        limits = kpi.named_limits(rule)
        span = sparkline.domain(line.value, [value for _, value in limits])
        # The first bucket may begin before the window. A window without samples is empty.
        if span is None or tile.count == 0:
            return Drawing()
        above, below = sparkline.outside(limits, span)
        broken = kpi.broken_limit(tile.value, [limit for limit in (above, below) if limit])
        before = self._before.get(tile.title)
        same = before is not None and before.rule is rule and before.line == line
        if before is not None and same and before.broken == broken:
            return before.drawing
        drawing = Drawing(
            spark=before.drawing.spark if before is not None and same else "",
            warn_y=sparkline.visible([value for name, value in limits if len(name) == 1], span),
            crit_y=sparkline.visible([value for name, value in limits if len(name) == 2], span),
            far_above=_hint(above, broken, above=True),
            far_below=_hint(below, broken, above=False),
            far_level=_far_level(above, broken),
        )
        if not drawing.spark:
            path = sparkline.path(line.at, line.value, span, self._gap)
            drawing = replace(drawing, spark=path)
        if len(self._before) >= CACHED_LINES:
            self._before.clear()
        self._before[tile.title] = _Drawn(line, rule, broken, drawing)
        return drawing


def far_room(rule: QcRule | None) -> int:
    """Characters of the longest possible hint. The tile reserves this room, so it never moves."""
    return _longest_hint(kpi.named_limits(rule))


@lru_cache(CACHED_LINES)
def _longest_hint(limits: tuple[tuple[str, float], ...]) -> int:
    hints = (sparkline.hint(name, value, above=True, broken=True) for name, value in limits)
    return max((len(LONGEST_WORD) + len(hint) for hint in hints), default=0)


def _hint(limit: tuple[str, float] | None, broken: str | None, *, above: bool) -> str:
    if limit is None:
        return ""
    name, value = limit
    return _limit_hint(name, value, above, name == broken)


# Rules stay the same from tick to tick.
@lru_cache(2 * CACHED_LINES)
def _limit_hint(name: str, value: float, above: bool, broken: bool) -> str:
    return sparkline.hint(name, value, above=above, broken=broken)


def _far_level(above: tuple[str, float] | None, broken: str | None) -> int:
    level = 0 if broken is None else len(broken)
    return level if above is not None and above[0] == broken else -level
