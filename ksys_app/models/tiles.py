"""The content of a KPI tile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Level = Literal["warn", "crit"]
Reason = Literal["LL", "HH", "L", "H", "RANGE", "NEGATIVE", "STEP", "RATE", "SPIKE", "GAP", "BAD"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule of a tag: level, reason and figures (PRD §5.3).

    Attributes:
        level: ``warn`` or ``crit``.
        reason: the rule.
        value: the figure that breaks the rule: the newest sample, a step, a rate per minute, a
            z-score, or an age in seconds; None for quality without a figure.
        limit: the limit for that figure; for a range its nearer end; None for ``BAD``.
        low: lower end of the range; ``high`` its upper end; None without such an end.
        held: whether the value is back inside the limit, but not yet beyond the deadband.
        note: the reason for refused samples; ``QC`` for a stored sample that its writer doubts;
            empty for a sample that is not a number.
        count: number of samples refused in 5 minutes.
    """

    level: Level
    reason: Reason
    value: float | None = None
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    held: bool = False
    note: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Tile:
    """One tag in one window: the contract of PRD §5.4, without the age of the newest sample.

    Age and sparkline (:class:`Drawing`) change with the clock, so they are not part of a tile.
    While nothing else changes, the tile stays the same object.

    Attributes:
        title: the tag's name.
        about: what the tag measures, from its rule, may be empty.
        unit: unit of the value, may be empty.
        value: newest value; None without a sample, or if the value is not a number.
        value_s: the value as text, a dash for None.
        delta_pct: change of the two newest buckets, percent.
        delta_s: the change as text, with a sign.
        change_s: the change as the page shows it, in percent or in the unit; a dash without two
            values to compare, or if the tag is lost; ``change_dir`` -1, 0 or 1.
        gauge_pct: position in the range, 0 to 100.
        ranged: whether the rule sets the range and the range has a width.
        status_level: 0 normal, 1 warning, 2 critical.
        ts: time of the newest sample, UTC, None for a tag that never sent.
        ts_s: the time as text in the display zone.
        range_label: ``0.0 ~ 200.0``.
        count: samples in the window, None for a calculated tag.
        min: smallest value in the window; ``min``, ``max``, ``first``, ``last`` are None without
            samples.
        comm: ``ok``, ``late``, ``lost`` or ``never``.
        allowed_s: the age up to which comm is ``ok``, seconds.
        violations: every broken rule, the worst first: the tag's active alarms, and samples that
            were refused.
        unjudged_s: when alarms were last evaluated, in the display zone, if no worker evaluates
            them now; otherwise empty.
        places: decimals of the shown values.
        unchanged_s: seconds of an unchanged value if longer than the rule allows, otherwise None;
            ``unchanged_longer`` if the value may be unchanged for even longer.
        far_room: characters of the longest text that a limit of the tag can have beside the
            sparkline (:class:`Drawing`).
        group: the group of the tag, from its rule or its name.
        gauge_warn: positions of the warning limits on the gauge, percent; ``gauge_crit`` positions
            of the critical limits.
    """

    title: str
    about: str
    unit: str
    value: float | None
    value_s: str
    delta_pct: float
    delta_s: str
    change_s: str
    change_dir: int
    gauge_pct: float
    ranged: bool
    status_level: int
    ts: datetime | None
    ts_s: str
    range_label: str
    count: int | None
    min: float | None
    max: float | None
    first: float | None
    last: float | None
    comm: str
    allowed_s: float
    violations: tuple[Violation, ...]
    places: int
    far_room: int = 0
    gauge_warn: tuple[float, ...] = ()
    gauge_crit: tuple[float, ...] = ()
    unchanged_s: float | None = None
    unchanged_longer: bool = False
    group: str = ""
    unjudged_s: str = ""

    @property
    def alarm_level(self) -> int:
        """0 none, 1 warn, 2 crit."""
        return 0 if not self.violations else 2 if self.violations[0].level == "crit" else 1


@dataclass(frozen=True, slots=True)
class Drawing:
    """The sparkline of a tile, and the limits beside it.

    Attributes:
        spark: SVG path of the window's series in a box of 100 x 24, empty without samples.
        warn_y: heights of the warning limits in that box; ``crit_y`` of the critical limits.
        far_above: the nearest limit above that box, ``H 80000 ↑``, empty for none.
        far_below: the nearest limit below that box.
        far_level: level of ``far_above`` if it is broken; minus the level of ``far_below`` if it is
            broken; otherwise 0.
    """

    spark: str = ""
    warn_y: tuple[float, ...] = ()
    crit_y: tuple[float, ...] = ()
    far_above: str = ""
    far_below: str = ""
    far_level: int = 0
