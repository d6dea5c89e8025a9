"""What a KPI tile holds, ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Level = Literal["warn", "crit"]
Reason = Literal["LL", "HH", "L", "H", "RANGE", "NEGATIVE", "STEP", "RATE", "SPIKE", "GAP", "BAD"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a tag breaks: how bad, which one, and the figures behind it (PRD §5.3).

    Attributes:
        level: ``warn`` or ``crit``.
        reason: the rule.
        value: what breaks it: the newest sample, a step, a rate per minute, a z-score, an age in
            seconds; None for quality that has no figure.
        limit: what the value is compared with, of a range its nearer end; None for ``BAD``.
        low: lower end of the range, ``high`` its upper one; None where it has none.
        held: the value is back inside the limit, but not yet by the deadband.
        note: why samples were refused, empty for a sample that is not a number.
        count: how many were refused in 5 minutes.
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

    The age grows without a change of the tag. Where nothing changes, the same tile stays.

    Attributes:
        title: the tag's name.
        about: what the tag measures, from its rule, may be empty.
        unit: unit of the value, may be empty.
        value: newest sample, None where there is none or it is not a number.
        value_s: the same as text, a dash where None.
        delta_pct: change of the two newest buckets, percent.
        delta_s: the same as text, signed.
        change_s: that change as the page shows it: in percent or in the unit, a dash where there
            are no two values to compare, or the tag is lost since; ``change_dir`` -1, 0 or 1.
        gauge_pct: position in the range, 0 to 100.
        ranged: whether the range is one that the rule sets, and has a width.
        status_level: 0 normal, 1 warning, 2 critical.
        ts: time of the newest sample, UTC, None for a tag never seen.
        ts_s: the same in the display zone.
        range_label: ``0.0 ~ 200.0``.
        count: samples in the window.
        min: smallest in the window, as ``max``, ``first``, ``last`` None without samples.
        comm: ``ok``, ``late``, ``lost`` or ``never``.
        allowed_s: the age up to which comm is ``ok``, seconds.
        violations: every rule that it breaks, the worst first.
        places: decimals its values are shown with.
        spark: SVG path of the window's series in a box of 100 x 24, empty without samples in it.
        unchanged_s: seconds for which the value has been the same, where that is longer than the
            rule allows, else None; ``unchanged_longer`` where it may be longer still.
        warn_y: heights of the warning limits inside that box, as ``crit_y`` of the critical.
        far_above: the nearest limit above that box, ``H 80000 ↑``, empty for none.
        far_below: the nearest limit below it.
        far_level: the level of the limit that is said to be broken, negative for the one below,
            0 where none is.
        far_room: characters of the longest such text that the tag's rule can give.
        gauge_warn: places of the warning limits on the gauge, percent, as ``gauge_crit``.
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
    count: int
    min: float | None
    max: float | None
    first: float | None
    last: float | None
    comm: str
    allowed_s: float
    violations: tuple[Violation, ...]
    places: int
    spark: str
    warn_y: tuple[float, ...]
    crit_y: tuple[float, ...]
    far_above: str = ""
    far_below: str = ""
    far_level: int = 0
    far_room: int = 0
    gauge_warn: tuple[float, ...] = ()
    gauge_crit: tuple[float, ...] = ()
    unchanged_s: float | None = None
    unchanged_longer: bool = False

    @property
    def alarm_level(self) -> int:
        """0 none, 1 warn, 2 crit."""
        return 0 if not self.violations else 2 if self.violations[0].level == "crit" else 1
