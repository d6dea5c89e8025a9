"""Makes a tile from a row of the live query and a rule (PRD §5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from ksys_app.domain import figures, kpi, quality, sparkline
from ksys_app.domain.figures import finite
from ksys_app.domain.names import group_of
from ksys_app.domain.rules import usable_rate
from ksys_app.domain.still import Unchanged, unchanged
from ksys_app.domain.timefmt import local_seconds
from ksys_app.models.rows import Expectation, QcRule, Run, Spark, TileRow
from ksys_app.models.tiles import Reason, Tile, Violation

Held = Mapping[str, frozenset[Reason]]
RULES_AT_HAND: Final = 4096
NOTHING_HELD: Final[Held] = MappingProxyType({})


class Drawn(TypedDict):
    """The fields of a tile that draw its sparkline."""

    spark: str
    warn_y: tuple[float, ...]
    crit_y: tuple[float, ...]
    far_above: str
    far_below: str
    far_level: int


# What the page says before the name of a broken limit, in the language that needs more room.
LONGEST_WORD: Final = "above "


@dataclass(frozen=True, slots=True)
class Badges:
    """The content of the Comm badge and the Alarm badge of a tag.

    Attributes:
        age: age of the newest sample, None without a sample. It is not compared.
        allowed: how old the newest sample may be.
        comm: the Comm state.
        violations: the broken rules, the worst first.
        still: how long the value has been unchanged, None while the rule allows it.
    """

    age: timedelta | None = field(compare=False)
    allowed: timedelta
    comm: quality.Comm
    violations: tuple[Violation, ...]
    still: Unchanged | None = None

    @property
    def held(self) -> frozenset[Reason]:
        """The broken limits, which the next judgement needs for its hysteresis."""
        return quality.held_limits(self.violations)


def badges(
    row: TileRow, rule: QcRule | None, held: frozenset[Reason], run: Run | None = None
) -> Badges:
    """The badges of one tag.

    Args:
        row: the tag's row of the live query.
        rule: the tag's rule, if any.
        held: limits that were broken at the last judgement.
        run: since when the database has had only the newest value; None where it was not read.
    """
    age = None if row.ts is None else row.now - row.ts
    expectation = Expectation(row.tag_name, usable_rate(row.exp_per_min))
    allowed = quality.allowed_gap(rule, expectation)
    violations = quality.judge(rule, _reading(row), held)
    comm = quality.comm_state(age, allowed)
    return Badges(age, allowed, comm, violations, unchanged(row, rule, comm, run))


def judge(
    rows: Iterable[TileRow],
    rules: Mapping[str, QcRule],
    held: Held,
    runs: Mapping[str, Run] = MappingProxyType({}),
) -> list[Badges]:
    """The badges of all tags in the rows' order."""
    return [
        badges(
            row,
            rules.get(row.tag_name),
            held.get(row.tag_name, frozenset()),
            runs.get(row.tag_name),
        )
        for row in rows
    ]


def tile(
    row: TileRow,
    rule: QcRule | None,
    zone: ZoneInfo,
    judged: Badges,
    line: Spark,
    gap: float,
    path: str = "",
) -> Tile:
    """The tile of one tag.

    Args:
        row: the tag's row of the live query.
        rule: the tag's rule, if any.
        zone: the display zone.
        judged: the tag's badges.
        line: the tag's sparkline.
        gap: the widest gap that the sparkline's line crosses, as a fraction of the window.
        path: the sparkline's path for the same rule, if it is known.
    """
    value = finite(row.value)
    span = kpi.tile_range(rule, row.min, row.max)
    places = kpi.decimals(rule, row.min, row.max)
    unit = "" if rule is None else rule.unit
    delta_pct = kpi.change_pct(row.last, row.prev_last) or 0.0
    # A change before the tag fell silent would be read as a change of now.
    lost = judged.comm == "lost"
    change = kpi.Change() if lost else kpi.change(row.last, row.prev_last, span, places, unit)
    drawn = _spark(row, line, kpi.active(rule), gap, path)
    return Tile(
        title=row.tag_name,
        about="" if rule is None else rule.title,
        group=("" if rule is None else rule.group) or group_of(row.tag_name),
        unit=unit,
        value=value,
        value_s=figures.figure(value, places),
        delta_pct=delta_pct,
        delta_s=kpi.delta_label(delta_pct),
        change_s=change.text,
        change_dir=change.direction,
        gauge_pct=kpi.gauge_pct(value, span),
        ranged=kpi.gauge_range(rule) is not None,
        status_level=kpi.status_level(value, rule),
        ts=row.ts,
        ts_s=figures.DASH if row.ts is None else local_seconds(row.ts, zone),
        range_label=figures.range_label(span, limits=kpi.rule_range(rule) is not None),
        count=row.count,
        min=finite(row.min),
        max=finite(row.max),
        first=finite(row.first),
        last=finite(row.last),
        comm=judged.comm,
        allowed_s=judged.allowed.total_seconds(),
        violations=judged.violations,
        places=places,
        gauge_warn=kpi.gauge_marks(rule, ("L", "H")),
        gauge_crit=kpi.gauge_marks(rule, ("LL", "HH")),
        far_room=_far_room(rule),
        unchanged_s=None if judged.still is None else judged.still.seconds,
        unchanged_longer=judged.still is not None and judged.still.longer,
        **drawn,
    )


class TileMaker:
    """Makes the tiles of a selection; a tag that has not changed keeps its tile.

    Args:
        zone: the display zone.
        gap: the widest gap that a sparkline's line crosses, as a fraction of the window.
    """

    def __init__(self, zone: ZoneInfo, gap: float) -> None:
        self._zone, self._gap = zone, gap
        self._before: dict[str, tuple[TileRow, Spark, QcRule | None, Badges, Tile]] = {}

    def tiles(
        self,
        rows: Iterable[TileRow],
        rules: Mapping[str, QcRule],
        judged: Iterable[Badges],
        lines: Mapping[str, Spark],
    ) -> tuple[Tile, ...]:
        """The tiles of all tags in the rows' order, each with its badges and its sparkline."""
        before, self._before = self._before, {}
        for row, badge in zip(rows, judged, strict=True):
            tag, rule = row.tag_name, rules.get(row.tag_name)
            line = lines.get(tag) or Spark(tag)
            last = before.get(tag)
            same = last is not None and last[2] is rule and last[:2] == (row, line)
            if last is not None and same and last[3] == badge:
                self._before[tag] = last
            else:
                drawn = last is not None and last[1] is line and last[2] is rule
                path = last[4].spark if last is not None and drawn else ""
                made = tile(row, rule, self._zone, badge, line, self._gap, path)
                self._before[tag] = (row, line, rule, badge, made)
        return tuple(made for *_, made in self._before.values())


def _reading(row: TileRow) -> quality.Reading:
    return quality.Reading(
        now=row.now,
        value=row.value,
        ts=row.ts,
        prev_value=row.prev_value,
        prev_ts=row.prev_ts,
        recent_mean=row.recent_mean,
        recent_std=row.recent_std,
        refused=row.refused,
        refused_at=row.refused_at,
        refused_value=row.refused_value,
        refused_reason=row.refused_reason,
    )


def _spark(row: TileRow, line: Spark, rule: QcRule | None, gap: float, path: str) -> Drawn:
    limits = kpi.named_limits(rule)
    span = sparkline.domain(line.value, [value for _, value in limits])
    # The first bucket may begin before the window. A window without samples of its own is empty.
    if span is None or row.count == 0:
        return Drawn(spark="", warn_y=(), crit_y=(), far_above="", far_below="", far_level=0)
    above, below = sparkline.outside(limits, span)
    broken = kpi.broken_limit(finite(row.value), [limit for limit in (above, below) if limit])
    return Drawn(
        spark=path or sparkline.path(line.at, line.value, span, gap),
        warn_y=sparkline.visible([value for name, value in limits if len(name) == 1], span),
        crit_y=sparkline.visible([value for name, value in limits if len(name) == 2], span),
        far_above=_hint(above, broken, above=True),
        far_below=_hint(below, broken, above=False),
        far_level=_far_level(above, broken),
    )


def _hint(limit: tuple[str, float] | None, broken: str | None, *, above: bool) -> str:
    if limit is None:
        return ""
    name, value = limit
    return sparkline.hint(name, value, above=above, broken=name == broken)


def _far_level(above: tuple[str, float] | None, broken: str | None) -> int:
    level = 0 if broken is None else len(broken)
    return level if above is not None and above[0] == broken else -level


def _far_room(rule: QcRule | None) -> int:
    """Characters of the longest possible hint. The tile reserves them so that no hint moves it."""
    return _longest_hint(kpi.named_limits(rule))


@lru_cache(RULES_AT_HAND)
def _longest_hint(limits: tuple[tuple[str, float], ...]) -> int:
    hints = (sparkline.hint(name, value, above=True, broken=True) for name, value in limits)
    return max((len(LONGEST_WORD) + len(hint) for hint in hints), default=0)
