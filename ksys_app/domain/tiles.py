"""Makes a tile from a row of the live query and a rule (PRD §5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain import figures, kpi, quality
from ksys_app.domain.alarms import badge
from ksys_app.domain.alarms.badge import TagAlarms
from ksys_app.domain.drawing import far_room
from ksys_app.domain.figures import finite
from ksys_app.domain.names import group_of
from ksys_app.domain.rules import usable_rate
from ksys_app.domain.still import Unchanged, unchanged
from ksys_app.domain.timefmt import local_seconds
from ksys_app.models.alarm_rows import StateRow
from ksys_app.models.rows import Expectation, QcRule, Run, TileRow
from ksys_app.models.tiles import Reason, Tile, Violation

Held = Mapping[str, frozenset[Reason]]
NOTHING_HELD: Final[Held] = MappingProxyType({})
LATEST: Final = datetime.max.replace(tzinfo=UTC)
_FIGURES: Final = attrgetter("value", "ts", "count", "min", "max", "first", "last", "prev_last")


@dataclass(frozen=True, slots=True)
class Badges:
    """The content of the Comm badge and the Alarm badge of a tag.

    Attributes:
        allowed: how old the newest sample may be.
        comm: the Comm state.
        violations: the broken rules, the worst first.
        still: how long the value has been unchanged, None while the rule allows it.
        unjudged_since: when alarms were last evaluated, if no worker evaluates them now.
    """

    allowed: timedelta
    comm: quality.Comm
    violations: tuple[Violation, ...]
    still: Unchanged | None = None
    unjudged_since: datetime | None = None

    @property
    def held(self) -> frozenset[Reason]:
        """The broken limits, which the next judgement needs for its hysteresis."""
        return quality.held_limits(self.violations)


def badges(
    row: TileRow,
    rule: QcRule | None,
    held: frozenset[Reason],
    run: Run | None = None,
    alarms: TagAlarms | None = None,
) -> Badges:
    """The badges of one tag.

    Args:
        row: the tag's row of the live query.
        rule: the tag's rule, if any.
        held: limits that were broken at the last judgement.
        run: the run of samples equal to the newest; None if it was not read.
        alarms: the alarms of the worker; None if no worker has ever judged. Then the newest
            samples are judged here.
    """
    age = None if row.ts is None else row.now - row.ts
    expectation = Expectation(row.tag_name, usable_rate(row.exp_per_min))
    allowed = row.allowed or quality.allowed_gap(rule, expectation)
    reading = _reading(row)
    if alarms is None or row.moving:
        violations = quality.judge(rule, reading, held)
    else:
        age_s = None if age is None else age.total_seconds()
        found = badge.violations(alarms.of(row.tag_name), rule, finite(row.value), age_s)
        violations = _with_refusals(found, quality.refusals(reading))
    if row.calculated:
        # A hole is no bad value: BAD is an alarm of the tag that sent the value (PRD §33.9).
        violations = tuple(one for one in violations if one.reason != "BAD")
    comm = quality.comm_state(age, allowed)
    since = None if alarms is None or row.moving else alarms.since
    return Badges(allowed, comm, violations, unchanged(row, rule, comm, run), since)


def _with_refusals(found: list[Violation], refused: tuple[Violation, ...]) -> tuple[Violation, ...]:
    """The violations, the critical first. Refused samples replace the BAD alarm: they say more."""
    others = [violation for violation in found if not refused or violation.reason != "BAD"]
    return tuple(sorted([*refused, *others], key=lambda violation: violation.level != "crit"))


def tile(
    row: TileRow,
    rule: QcRule | None,
    zone: ZoneInfo,
    judged: Badges,
) -> Tile:
    """The tile of one tag.

    Args:
        row: the tag's row of the live query.
        rule: the tag's rule, if any.
        zone: the display zone.
        judged: the tag's badges.
    """
    value = finite(row.value)
    span = kpi.tile_range(rule, row.min, row.max)
    places = kpi.decimals(rule, *(row.seen or (row.min, row.max)))
    unit = "" if rule is None else rule.unit
    delta_pct = kpi.change_pct(row.last, row.prev_last) or 0.0
    # A reader would take a change from before the silence for a current change.
    lost = judged.comm == "lost"
    change = kpi.Change() if lost else kpi.change(row.last, row.prev_last, span, places, unit)
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
        count=None if row.calculated else row.count,
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
        far_room=far_room(rule),
        unchanged_s=None if judged.still is None else judged.still.seconds,
        unchanged_longer=judged.still is not None and judged.still.longer,
        unjudged_s=_local_text(judged.unjudged_since, zone),
    )


def _local_text(ts: datetime | None, zone: ZoneInfo) -> str:
    return "" if ts is None else local_seconds(ts, zone)


@dataclass(slots=True)
class _JudgedTag:
    """A tag with its badges and its tile, reused until its inputs change.

    ``until``: the badges stay the same up to this time of the database's clock. ``alarms`` are
    those of the worker, None if no worker has ever judged.
    """

    row: TileRow
    rule: QcRule | None
    held: frozenset[Reason]
    until: datetime
    badges: Badges
    alarms: tuple[StateRow, ...] | None = None
    tile: Tile | None = None

    def covers(self, now: datetime) -> bool:
        """Whether the badges are still valid at ``now`` if nothing but the clock changed."""
        return self.row.now <= now <= self.until


class TileMaker:
    """Judges the tags of a selection and creates their tiles; an unchanged tag keeps its tile.

    Args:
        zone: the display zone.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._judged: dict[str, _JudgedTag] = {}

    def judge(
        self,
        rows: Iterable[TileRow],
        rules: Mapping[str, QcRule],
        held: Held = NOTHING_HELD,
        runs: Mapping[str, Run] = MappingProxyType({}),
        alarms: TagAlarms | None = None,
    ) -> None:
        """Judge the badges of all tags. :meth:`tiles` then returns their tiles."""
        before, self._judged = self._judged, {}
        for row in rows:
            tag = row.tag_name
            rule, limits, run = rules.get(tag), held.get(tag, frozenset()), runs.get(tag)
            mine = None if alarms is None else alarms.of(tag)
            since = None if alarms is None or row.moving else alarms.since
            last = before.get(tag)
            same = last is not None and run is None and last.rule is rule and last.row == row
            if last is not None and (last.alarms, last.badges.unjudged_since) != (mine, since):
                same = False
            if last is None or not same or last.held != limits or not last.covers(row.now):
                found = badges(row, rule, limits, run, alarms)
                shown = last is not None and last.rule is rule and last.badges == found
                tile_before = (
                    last.tile if last is not None and shown and _figures_equal(last, row) else None
                )
                last = _JudgedTag(
                    row, rule, limits, _until(row, rule, found, run), found, mine, tile_before
                )
            self._judged[tag] = last

    def tiles(self) -> tuple[Tile, ...]:
        """The tiles of the tags that were judged last, in the order of their rows."""
        tiles = []
        for judged in self._judged.values():
            if judged.tile is None:
                judged.tile = tile(judged.row, judged.rule, self._zone, judged.badges)
            tiles.append(judged.tile)
        return tuple(tiles)


def _figures_equal(last: _JudgedTag, row: TileRow) -> bool:
    """Whether a tile would show the same figures; the others are in its badges."""
    return _FIGURES(last.row) == _FIGURES(row)


def _until(row: TileRow, rule: QcRule | None, found: Badges, run: Run | None) -> datetime:
    """The time up to which the badges stay the same if nothing but the clock changes."""
    if row.ts is None:
        return LATEST
    if run is not None or row.now < row.ts:
        return row.now
    ends = {"ok": row.ts + found.allowed, "late": row.ts + quality.LOST_FACTOR * found.allowed}
    until = ends.get(found.comm, LATEST)
    rule = kpi.active(rule)
    if rule is not None and rule.max_gap_seconds is not None:
        gap = row.ts + timedelta(seconds=float(rule.max_gap_seconds))
        # The figure of a gap that is too long grows with the clock.
        until = min(until, gap) if row.now <= gap else row.now
    return until


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
