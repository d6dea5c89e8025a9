"""What pages bind to: every figure already text, so that components only place it.

Field names are short because a list in state is sent whole at each change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SortKey = Literal["tag", "ts", "value", "comm", "alarm"]


@dataclass(frozen=True)
class TileView:
    """One tile and its row of the snapshot table.

    Attributes:
        title: the tag, ``unit`` the unit of its value, may be empty.
        value_s: value as text, a dash where there is none.
        delta_s: signed change, ``delta_dir`` its direction -1, 0, 1.
        gauge_pct: 0 to 100, whole steps of 0.1.
        status_level: 0 normal, 1 warning, 2 critical.
        ts_ms: time of the newest sample, epoch milliseconds, 0 for never.
        ts_s: the same as ``YYYY-MM-DD HH:mm:ss`` in the display zone.
        range_label: ``0.0 ~ 200.0``.
        count, min, max, first, last: the window's statistics as text.
        comm: ``ok``, ``late``, ``lost``, ``never``.
        allowed_s: age in seconds up to which comm is ``ok``.
        alarm: ``-`` or level, reason and figures of the worst violation.
        alarm_level: 0 none, 1 warn, 2 crit.
        spark: SVG path in a box of 100 x 24.
        warn_y: heights of the warning limits in that box, ``crit_y`` of the critical ones.
        pinned: whether the user keeps it in front.
    """

    title: str
    unit: str
    value_s: str
    delta_s: str
    delta_dir: int
    gauge_pct: float
    status_level: int
    ts_ms: int
    ts_s: str
    range_label: str
    count: str
    min: str
    max: str
    first: str
    last: str
    comm: str
    allowed_s: int
    alarm: str
    alarm_level: int
    spark: str
    warn_y: list[float]
    crit_y: list[float]
    pinned: bool = False


@dataclass(frozen=True)
class Limit:
    """A named limit of a rule, as text."""

    name: str
    value: str


@dataclass(frozen=True)
class SampleView:
    """A raw sample: local time with offset, value as text."""

    ts_s: str
    value_s: str


@dataclass(frozen=True)
class SeriesRow:
    """A row of a tag's course: its number from the newest, its time, its figures as text."""

    num: int
    ms: int
    ts_s: str
    cells: list[str]


@dataclass(frozen=True)
class DetailView:
    """The detail of one tag: its rule, newest samples and 5-minute features."""

    title: str = ""
    subtitle: str = ""
    limits: list[Limit] = field(default_factory=list)
    samples: list[SampleView] = field(default_factory=list)
    features: list[Limit] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """What went wrong, for the error box: since when, which code, what happens next."""

    code: str = ""
    message: str = ""
    since_ms: int = 0
    retry_in: int = 0
    runbook: str = ""
