"""What pages bind to: every figure already text, so that components only place it.

Field names are short because a list in state is sent whole at each change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final, Literal

from ksys_app.models.message import Message

SortKey = Literal["tag", "ts", "value", "comm", "alarm"]
MOST_IN_STATE: Final = 60
"""Up to so many tiles are sent with the page's state, and are all in the document.

The browser fetches more over HTTP, and only what is in sight is in the document.
"""
MOST_CELLS: Final = 2500
"""Up to so many tags have a cell each; of more only those that are not normal."""
KINDS: Final = ("crit", "warn", "old", "still", "never")
"""Kinds of trouble that the tags are counted by, and may be cut to."""
PINNED: Final = "pinned"
"""The tags may also be cut to those that are pinned."""


@dataclass(frozen=True)
class TileView:
    """One tile and its row of the snapshot table.

    Attributes:
        title: the tag, ``unit`` the unit of its value, may be empty.
        value_s: value as text, a dash where there is none; ``value_full`` with every digit.
        delta_s: signed change, a dash for none, ``delta_dir`` its direction -1, 0, 1.
        gauge_pct: 0 to 100, whole steps of 0.1.
        ranged: whether the rule sets the range; where not, it is what the window happened to hold.
        status_level: 0 normal, 1 warning, 2 critical.
        ts_ms: time of the newest sample, epoch milliseconds, 0 for never.
        ts_s: the same as ``YYYY-MM-DD HH:mm:ss`` in the display zone.
        range_label: ``0.0 ~ 200.0``.
        count, min, max, first, last: the window's statistics as text.
        comm: ``ok``, ``late``, ``lost``, ``never``.
        kind: the worst of ``KINDS`` that the tag has, ``ok`` for none.
        allowed_s: age in seconds up to which comm is ``ok``.
        alarm: of the worst violation the rule, ``HH``, the text of the section ``alarm`` that says
            how it is broken, and the value and the limit that are filled in; else empty. Without a
            rule: nobody evaluates alarms since the time that is filled in.
        alarm_level: 0 none, 1 warn, 2 crit.
        spark: SVG path in a box of 100 x 24.
        warn_y: heights of the warning limits in that box, ``crit_y`` of the critical ones.
        far_above: the nearest limit above that box as text, ``far_below`` the nearest below it,
            ``far_level`` 1 or 2 where the one above is broken, -1 or -2 where the one below is,
            else 0, ``far_room`` characters of the longest that there can be.
        gauge_warn: places of the warning limits on the gauge, percent, as ``gauge_crit``.
        still_s: seconds for which the value has been the same, where that is longer than the rule
            allows, else 0; ``still_longer`` where it may be longer still.
        pinned: whether the user keeps it in front.
    """

    title: str
    unit: str
    value_s: str
    value_full: str
    delta_s: str
    delta_dir: int
    gauge_pct: float
    ranged: bool
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
    kind: str
    allowed_s: int
    alarm: list[str]
    alarm_level: int
    spark: str
    warn_y: list[float]
    crit_y: list[float]
    far_above: str = ""
    far_below: str = ""
    far_level: int = 0
    far_room: int = 0
    gauge_warn: list[float] = field(default_factory=list)
    gauge_crit: list[float] = field(default_factory=list)
    pinned: bool = False
    still_s: int = 0
    still_longer: bool = False


DRAWN: Final = (
    "value_full",
    "spark",
    "warn_y",
    "crit_y",
    "far_above",
    "far_below",
    "far_level",
)
"""Fields that the browser fetches only for tiles in sight, where the tiles are many."""
SHOWN: Final = tuple(
    one.name for one in fields(TileView) if one.name not in {"title", "pinned", *DRAWN}
)
"""Fields that it fetches for all tiles, beside the title."""


@dataclass(frozen=True)
class TallyView:
    """How many tags there are, are shown, and have something wrong.

    Attributes:
        tags: tags that match the filter, ``every`` all of those at hand, ``shown`` those
            that are shown.
        kinds: how many of ``tags`` are of which of ``KINDS``; only what there is.
        outside: how many that do not match have something wrong.
        pinned: how many of ``tags`` are pinned.
        partial: whether there are more tags than those at hand.
    """

    tags: int = 0
    every: int = 0
    shown: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    outside: int = 0
    partial: bool = False
    pinned: int = 0


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
    """A row of a tag's series: its number from the newest, its time, its figures as text."""

    num: int
    ms: int
    ts_s: str
    cells: list[str]


@dataclass(frozen=True)
class DetailView:
    """The detail of one tag: its rule, newest samples, and 5-minute features since ``since_s``."""

    title: str = ""
    subtitle: str = ""
    limits: list[Limit] = field(default_factory=list)
    samples: list[SampleView] = field(default_factory=list)
    features: list[Limit] = field(default_factory=list)
    since_s: str = ""
    note: Message = field(default_factory=Message)


@dataclass(frozen=True)
class ScaleMark:
    """A limit on a line: its label and how many characters that has, its place in percent.

    ``row`` is the one of its label, from 0; ``level`` 1 for a warning limit, 2 for a critical one.
    """

    label: str
    size: int
    at: float
    row: int
    level: int


@dataclass(frozen=True)
class ScaleZone:
    """A part of a line: where it begins and how long it is, percent, and its state 0, 1 or 2."""

    start: float
    size: float
    level: int


@dataclass(frozen=True)
class ScaleView:
    """A line with the limits of a rule and the value on it.

    Attributes:
        drawn: whether there is one.
        low, high: the ends of the range as text, empty where the rule has none.
        marks: the limits, ``rows`` how many rows their labels take.
        zones: states along the line.
        at: place of the value, percent; -1 without a value.
        off: -1 or 1 where the value lies beyond an end, else 0.
        says: all of it in words.
    """

    drawn: bool = False
    low: str = ""
    high: str = ""
    marks: list[ScaleMark] = field(default_factory=list)
    rows: int = 0
    zones: list[ScaleZone] = field(default_factory=list)
    at: float = -1
    off: int = 0
    says: Message = field(default_factory=Message)


@dataclass(frozen=True)
class Standing:
    """How a tag stands now.

    Attributes:
        tile: its tile.
        level: 0 normal, 1 warning, 2 critical; -1 where no rule judges a value.
        since_ms: since when, epoch milliseconds; 0 where that is not known.
        at_least: whether it may have begun earlier.
        by_minute: whether it is known to the minute only.
        scale: the line of its limits.
    """

    tile: TileView
    level: int
    since_ms: int
    at_least: bool
    by_minute: bool
    scale: ScaleView


@dataclass(frozen=True)
class Problem:
    """What went wrong, for the error box: since when, which code, what happens next.

    ``way``: out of a link that asks for what does not exist, ``choose`` another tag or ``open`` the
    page without it; empty where trying again may help. ``request_id``: the id of lines of the log
    that are about it.
    """

    code: str = ""
    message: Message = field(default_factory=Message)
    since_ms: int = 0
    retry_in: int = 0
    runbook: str = ""
    way: str = ""
    request_id: str = ""
