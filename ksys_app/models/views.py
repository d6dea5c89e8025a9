"""View models of pages: every figure is already text, so that components only place it.

Field names are short, because the complete list in a state is sent at each change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final, Literal

from ksys_app.models.message import Message

SortKey = Literal["tag", "ts", "value", "comm", "alarm"]
MOST_IN_STATE: Final = 60
"""Up to this number, the page state has all tiles, and all tiles are in the document.

With more tiles, the browser fetches them over HTTP, and only visible tiles are in the document.
"""
MOST_CELLS: Final = 2500
"""Up to this number, each tag has a cell; with more tags, only those that are not normal."""
KINDS: Final = ("crit", "warn", "old", "still", "never")
"""The kinds of trouble by which tags are counted and can be filtered."""
PINNED: Final = "pinned"
"""The filter for pinned tags."""


@dataclass(frozen=True)
class TileView:
    """One tile and its row of the snapshot table.

    Attributes:
        title: the tag; ``unit`` the unit of its value, may be empty.
        value_s: value as text, a dash for no value; ``value_full`` with all digits.
        delta_s: change with a sign, a dash for none; ``delta_dir`` its direction -1, 0, 1.
        gauge_pct: 0 to 100, in steps of 0.1.
        ranged: whether the rule sets the range; if not, it is the range of the window's values.
        status_level: 0 normal, 1 warning, 2 critical.
        ts_ms: time of the newest sample, epoch milliseconds, 0 for never.
        ts_s: this time as ``YYYY-MM-DD HH:mm:ss`` in the display zone.
        range_label: ``0.0 ~ 200.0``.
        count, min, max, first, last: the window's statistics as text.
        comm: ``ok``, ``late``, ``lost``, ``never``.
        kind: the worst of ``KINDS`` that the tag has, ``ok`` for none.
        allowed_s: age in seconds up to which comm is ``ok``.
        alarm: the worst violation: the rule, ``HH``; the key in the section ``alarm`` of a text
            that says how it is broken; and the value and the limit for this text. Empty without a
            violation. With an empty rule: no worker has evaluated alarms since the given time.
        alarm_level: 0 none, 1 warn, 2 crit.
        spark: SVG path in a box of 100 x 24.
        warn_y: heights of the warning limits in that box; ``crit_y`` of the critical limits.
        far_above: the nearest limit above that box as text; ``far_below`` the nearest below it.
        far_level: 1 or 2 if ``far_above`` is broken, -1 or -2 if ``far_below`` is, otherwise 0.
        far_room: characters of the longest text that these limits can have.
        gauge_warn: positions of the warning limits on the gauge, percent; ``gauge_crit`` of the
            critical limits.
        still_s: seconds of an unchanged value if longer than the rule allows, otherwise 0;
            ``still_longer`` if it may be even longer.
        pinned: whether the user has pinned the tag to the front.
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
"""Fields that the browser fetches only for visible tiles if there are many tiles."""
SHOWN: Final = tuple(
    each.name for each in fields(TileView) if each.name not in {"title", "pinned", *DRAWN}
)
"""Fields that the browser fetches for all tiles, besides the title."""


@dataclass(frozen=True)
class TallyView:
    """How many tags there are, how many are shown, and how many have trouble.

    Attributes:
        tags: number of tags that match the filter.
        every: number of all loaded tags.
        shown: number of tags that are shown.
        kinds: kind of trouble to the number of matching tags with it; kinds with 0 are left out.
        outside: number of tags that do not match and have trouble.
        pinned: number of matching tags that are pinned.
        partial: whether the database has more tags than were loaded.
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
    """The details of a tag: its rule, newest samples, and 5-minute features from ``since_s``."""

    title: str = ""
    subtitle: str = ""
    limits: list[Limit] = field(default_factory=list)
    samples: list[SampleView] = field(default_factory=list)
    features: list[Limit] = field(default_factory=list)
    since_s: str = ""
    note: Message = field(default_factory=Message)


@dataclass(frozen=True)
class ScaleMark:
    """A limit on a line: its label, the characters of the label, and its position in percent.

    ``row`` is the row of its label, from 0. ``level`` is 1 for a warning limit, 2 for a critical
    one.
    """

    label: str
    size: int
    at: float
    row: int
    level: int


@dataclass(frozen=True)
class ScaleZone:
    """A part of a line: its start and its length, percent, and its state 0, 1 or 2."""

    start: float
    size: float
    level: int


@dataclass(frozen=True)
class ScaleView:
    """A line with the limits of a rule and the value on it.

    Attributes:
        drawn: whether there is a line.
        low, high: the ends of the range as text, empty if the rule has none.
        marks: the limits; ``rows`` the number of rows of their labels.
        zones: the states along the line.
        at: position of the value, percent; -1 without a value.
        off: -1 or 1 if the value lies beyond an end, otherwise 0.
        says: a description of the line in words.
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
    """The current state of a tag.

    Attributes:
        tile: its tile.
        level: 0 normal, 1 warning, 2 critical; -1 if no rule judges its value.
        since_ms: when this level began, epoch milliseconds; 0 if unknown.
        at_least: whether the level may have begun earlier.
        by_minute: whether ``since_ms`` is exact to a minute only.
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
    """The content of the error box: the code, the message, and when to try again.

    Attributes:
        since_ms: when the problem began, epoch milliseconds.
        retry_in: seconds until the next attempt.
        runbook: the runbook of the problem.
        way: the remedy for a link to something that does not exist: ``choose`` another tag, or
            ``open`` the page without it; empty if trying again may help.
        request_id: the id of the request in the log.
    """

    code: str = ""
    message: Message = field(default_factory=Message)
    since_ms: int = 0
    retry_in: int = 0
    runbook: str = ""
    way: str = ""
    request_id: str = ""
