"""From a row of the live query and a rule to a tile (PRD §5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from ksys_app.domain import kpi, quality, sparkline
from ksys_app.domain.timefmt import local_seconds
from ksys_app.models.rows import Expectation, QcRule, TileRow
from ksys_app.models.tiles import Tile

Held = Mapping[str, frozenset[quality.Reason]]


def tile(
    row: TileRow,
    rule: QcRule | None,
    zone: ZoneInfo,
    held: frozenset[quality.Reason],
    gap: float,
) -> tuple[Tile, frozenset[quality.Reason]]:
    """The tile of one tag, and the limits it leaves held for the next judgement.

    Args:
        row: what the database says.
        rule: the tag's rule, if any.
        zone: the display zone.
        held: limits held since the last judgement.
        gap: the largest distance a sparkline's line may cross, as a part of the window.
    """
    value = kpi.finite(row.value)
    span = kpi.tile_range(rule, row.min, row.max)
    places = kpi.decimals(span)
    age = None if row.ts is None else row.now - row.ts
    expectation = None if row.exp_per_min is None else Expectation(row.tag_name, row.exp_per_min)
    allowed = quality.allowed_gap(rule, expectation)
    violations = quality.judge(rule, _reading(row), held)
    change = kpi.delta_pct(row.last, row.prev_last)
    spark, warn_y, crit_y = _spark(row, kpi.active(rule), gap)
    made = Tile(
        title=row.tag_name,
        unit="" if rule is None else rule.unit,
        value=value,
        value_s=kpi.value_label(value, places),
        delta_pct=change,
        delta_s=kpi.delta_label(change),
        gauge_pct=kpi.gauge_pct(value, span),
        status_level=kpi.status_level(value, rule),
        ts=row.ts,
        ts_s=kpi.DASH if row.ts is None else local_seconds(row.ts, zone),
        range_label=kpi.range_label(span),
        count=row.count,
        min=kpi.finite(row.min),
        max=kpi.finite(row.max),
        first=kpi.finite(row.first),
        last=kpi.finite(row.last),
        comm=quality.comm_state(age, allowed),
        age_s=None if age is None else age.total_seconds(),
        allowed_s=allowed.total_seconds(),
        alarm=quality.alarm_label(violations),
        alarm_level=0 if not violations else 2 if violations[0].level == "crit" else 1,
        places=places,
        spark=spark,
        warn_y=warn_y,
        crit_y=crit_y,
    )
    return made, quality.held_limits(violations)


def tiles(
    rows: Iterable[TileRow],
    rules: Mapping[str, QcRule],
    zone: ZoneInfo,
    held: Held,
    gap: float,
) -> tuple[tuple[Tile, ...], dict[str, frozenset[quality.Reason]]]:
    """The tiles of all tags in the rows' order, and what each leaves held."""
    made: list[Tile] = []
    kept: dict[str, frozenset[quality.Reason]] = {}
    for row in rows:
        one, kept[row.tag_name] = tile(
            row, rules.get(row.tag_name), zone, held.get(row.tag_name, frozenset()), gap
        )
        made.append(one)
    return tuple(made), kept


def _reading(row: TileRow) -> quality.Reading:
    return quality.Reading(
        now=row.now,
        value=row.value,
        ts=row.ts,
        prev_value=row.prev_value,
        prev_ts=row.prev_ts,
        recent_mean=row.recent_mean,
        recent_std=row.recent_std,
    )


def _spark(
    row: TileRow, rule: QcRule | None, gap: float
) -> tuple[str, tuple[float, ...], tuple[float, ...]]:
    warn = () if rule is None else (rule.warn_min, rule.warn_max)
    crit = () if rule is None else (rule.crit_min, rule.crit_max)
    span = sparkline.domain(row.spark, [limit for limit in (*warn, *crit) if limit is not None])
    if span is None:
        return "", (), ()
    course = sparkline.path(row.spark_at, row.spark, span, gap)
    return course, sparkline.visible(warn, span), sparkline.visible(crit, span)
