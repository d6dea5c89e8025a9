"""Figures of the quality of the alarms of a site (PRD §32.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

TOP: Final = 10
"""How many of the most frequent alarms are the bad actors."""


class Happening(NamedTuple):
    """The columns of a journal row that the figures need; times in microseconds since 1970."""

    ts_us: int
    tag_name: str
    condition: str
    raised_at_us: int
    event: str
    priority: int


class Key(NamedTuple):
    """An alarm: a condition of a tag."""

    tag_name: str
    condition: str


@dataclass(frozen=True, slots=True)
class Flood:
    """More alarms than an operator can follow.

    Attributes:
        start_us: the time of the first alarm with which there were more than ten in ten minutes.
        end_us: when the last ten minutes had fewer than five, or the end of the period.
        count: alarms from the ten minutes before its start to its end.
    """

    start_us: int
    end_us: int
    count: int


@dataclass(frozen=True, slots=True)
class Actor:
    """A condition, how often it was announced, and its share of all announced alarms."""

    key: Key
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Chatter:
    """A condition that chatters: raised ``count`` times in bursts, ``most`` times in a minute."""

    key: Key
    count: int
    most: int


@dataclass(frozen=True, slots=True)
class Spell:
    """A condition that was active for ``seconds`` in total, or since ``since_us``."""

    key: Key
    seconds: float
    since_us: int | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """How people acknowledge the alarms of a priority.

    Attributes:
        raised: episodes that began in the period and were announced.
        acked: how many of these episodes somebody acknowledged.
        median_s: median of the time from raise to acknowledgement, None without any.
        p95_s: 95 % of these times are shorter, None without any.
        missed: share of the ended episodes that nobody acknowledged before they cleared.
    """

    raised: int
    acked: int
    median_s: float | None
    p95_s: float | None
    missed: float | None


@dataclass(frozen=True, slots=True)
class Shelving:
    """Shelves: how many, the longest, and the conditions whose shelf was renewed too often."""

    count: int
    longest_s: float
    extended: tuple[Actor, ...]


class ChangedTag(NamedTuple):
    """The number of changes to the limits of a tag in a period, and of those without a reason."""

    tag_name: str
    changes: int
    unreasoned: int


@dataclass(frozen=True, slots=True)
class RuleChanges:
    """The number of changes of limits, of those without a reason, and the tags of the latter."""

    count: int = 0
    unreasoned: int = 0
    tags: tuple[ChangedTag, ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmKpi:
    """The figures of a period; PRD §32.7 defines each.

    Attributes:
        announced: number of alarms that an operator had to look at.
        per_10_min, per_hour, per_day: their average rates.
        peak_10_min: the largest number in any ten minutes.
        over_10: share of the fixed slots of ten minutes that have more than ten.
        floods: in order.
        flood_time: share of the period in a flood.
        slots: alarms of each fixed slot of ten minutes.
        mix: share of each priority, 1 to 3.
        ranking: every condition that was announced, the most frequent first.
        actors_share: share of the ten most frequent conditions in all announced alarms.
        answering: acknowledgement by priority; 0 for all priorities.
        longest: the ten conditions that were active longest.
        changes: changes of the limits.
    """

    announced: int
    per_10_min: float
    per_hour: float
    per_day: float
    peak_10_min: int
    over_10: float
    floods: tuple[Flood, ...]
    flood_time: float
    slots: tuple[int, ...]
    mix: Mapping[int, float]
    ranking: tuple[Actor, ...]
    actors_share: float
    chattering: tuple[Chatter, ...]
    fleeting: tuple[Actor, ...]
    stale: tuple[Spell, ...]
    answering: Mapping[int, Answering]
    longest: tuple[Spell, ...]
    shelving: Shelving
    changes: RuleChanges = RuleChanges()

    @property
    def actors(self) -> tuple[Actor, ...]:
        """The ten most frequent conditions: the bad actors."""
        return self.ranking[:TOP]
