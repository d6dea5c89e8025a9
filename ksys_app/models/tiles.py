"""What a KPI tile holds, ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tile:
    """One tag in one window: the contract of PRD §5.4.

    Attributes:
        title: the tag's name.
        unit: unit of the value, may be empty.
        value: newest sample, None where there is none or it is not a number.
        value_s: the same as text, a dash where None.
        delta_pct: change of the two newest buckets, percent.
        delta_s: the same as text, signed.
        gauge_pct: position in the range, 0 to 100.
        status_level: 0 normal, 1 warning, 2 critical.
        ts: time of the newest sample, UTC, None for a tag never seen.
        ts_s: the same in the display zone.
        range_label: ``0.0 ~ 200.0``.
        count: samples in the window.
        min: smallest in the window, as ``max``, ``first``, ``last`` None without samples.
        comm: ``ok``, ``late``, ``lost`` or ``never``.
        age_s: seconds since the newest sample on the database's clock, None for never.
        allowed_s: the age up to which comm is ``ok``, seconds.
        alarm: ``-``, or the worst violation.
        alarm_level: 0 none, 1 warn, 2 crit.
        places: decimals its values are shown with.
        spark: SVG path of the window's course in a box of 100 x 24.
        warn_y: heights of the warning limits inside that box, as ``crit_y`` of the critical.
    """

    title: str
    unit: str
    value: float | None
    value_s: str
    delta_pct: float
    delta_s: str
    gauge_pct: float
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
    age_s: float | None
    allowed_s: float
    alarm: str
    alarm_level: int
    places: int
    spark: str
    warn_y: tuple[float, ...]
    crit_y: tuple[float, ...]
