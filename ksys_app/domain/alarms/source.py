"""Lost sources: tags of a group that fall silent together raise one alarm (PRD §32.1, row 18).

A group is judged by the GAP rows of its tags alone, in the order of their times. It adds rows to
the journal and changes no row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple

from ksys_app.domain.alarms.level import NEVER
from ksys_app.domain.alarms.times import MINUTE, SECOND
from ksys_app.domain.kpi import active
from ksys_app.models.alarms import LOST, Event, ProcessEvent, Quality
from ksys_app.models.rows import QcRule

PRIORITY: Final = 2
TOGETHER_US: Final = MINUTE
"""Silences that begin within this time may have one cause."""
SETTLE_US: Final = 30 * SECOND
"""How long the source has to send again before the alarm ends."""
FEWEST: Final = 3
MOST: Final = 10
PART: Final = 5
"""A fifth of the tags of a group, within FEWEST and MOST, is a lost source."""


class Change(NamedTuple):
    """A silence of a tag that begins or ends: the parts of a GAP row that a group needs."""

    ts_us: int
    tag_name: str
    begins: bool
    episode_us: int
    priority: int | None
    quality: Quality


class Silence(NamedTuple):
    """The silence of a tag: its start for the group, and episode and priority of its GAP alarm."""

    since_us: int
    episode_us: int
    priority: int | None


def threshold(tags: int) -> int:
    """How many silent tags of a group mean a lost source: a fifth of its tags, but 3 to 10."""
    return max(FEWEST, min(MOST, -(-tags // PART)))


def groups(rules: Iterable[QcRule]) -> dict[str, frozenset[str]]:
    """Group to its tags with a GAP alarm; without groups of fewer than ``FEWEST`` such tags.

    Tags without a group have no common source. A calculated tag sends no samples.
    """
    found: dict[str, list[str]] = {}
    for rule in rules:
        if rule.expression or not rule.group or active(rule) is None:
            continue
        if rule.max_gap_seconds is not None:
            found.setdefault(rule.group, []).append(rule.tag_name)
    return {name: frozenset(tags) for name, tags in found.items() if len(tags) >= FEWEST}


class Source:
    """The source of a group.

    Attributes:
        name: the group.
        tags: its tags.
        lost_at: the episode of its alarm; None while the source sends.
        changed: whether :meth:`memory` has changed since a caller set this to False.
    """

    __slots__ = (
        *("name", "tags", "lost_at", "changed"),
        *("_limit", "_silent", "_due", "_reached", "_waiting"),
    )

    def __init__(
        self, name: str, tags: Collection[str], memory: Mapping[str, Any] | None = None
    ) -> None:
        """Start with a source that sends, or continue from :meth:`memory`."""
        self.name, self.tags, self.changed = name, tags, False
        self.lost_at: int | None = None
        self._limit = threshold(len(tags))
        # While the source is lost: its silent tags. Otherwise: tags that may be part of a loss.
        self._silent: dict[str, Silence] = {}
        self._due, self._reached = NEVER, -NEVER
        self._waiting: list[Change] = []
        if memory:
            self.lost_at, self._limit = memory["lost_at"], memory["limit"]
            self._silent = {tag: Silence(*fields) for tag, fields in memory["silent"].items()}
            self._due, self._reached = memory["due"], memory["reached"]
            self._waiting = [Change(*fields) for fields in memory["waiting"]]

    def memory(self) -> dict[str, Any]:
        """The state as JSON, from which another object continues."""
        return {
            "lost_at": self.lost_at,
            "limit": self._limit,
            "silent": self._silent,
            "due": self._due,
            "reached": self._reached,
            "waiting": self._waiting,
        }

    @property
    def busy(self) -> bool:
        """Whether :meth:`run` may return rows."""
        return bool(self._waiting) or self._due < NEVER

    @property
    def counted(self) -> set[str]:
        """The silent tags whose return may change the state of the source."""
        return {*self._silent, *(change.tag_name for change in self._waiting)}

    def feed(self, row: ProcessEvent) -> None:
        """Add a RAISE or CLEAR of GAP, which :meth:`run` judges."""
        begins = row.event == "RAISE"
        self._waiting.append(
            Change(
                *(row.ts_us, row.tag_name, begins, row.raised_at_us, row.priority, row.quality),
            )
        )
        self.changed = True

    def run(self, until_us: int) -> list[ProcessEvent]:
        """Judge all rows before ``until_us``. A row that arrives late counts from its arrival."""
        rows: list[ProcessEvent] = []
        waiting = sorted(self._waiting, key=itemgetter(0))
        done = 0
        while True:
            floor = self._reached + 1
            ts = max(waiting[done].ts_us, floor) if done < len(waiting) else NEVER
            at = min(ts, self._due)
            if at >= until_us:
                break
            first = done
            while done < len(waiting) and max(waiting[done].ts_us, floor) <= at:
                done += 1
            rows += self._step(at, waiting[first:done])
            self._reached, self.changed = at, True
        self._waiting = waiting[done:]
        return rows

    def change(self, tags: Collection[str], at_us: int) -> list[ProcessEvent]:
        """Judge the tags ``tags`` from ``at_us`` on; a group with too few tags has no alarm."""
        self.tags = tags
        limit, off = threshold(len(tags)), len(tags) < FEWEST
        same = limit == self._limit and self._silent.keys() <= set(tags)
        if same and not (off and self.lost_at is not None):
            return []
        rows = self.run(at_us)
        at, self._limit = max(at_us, self._reached + 1), limit
        removed = {tag: self._silent.pop(tag) for tag in sorted(self._silent.keys() - set(tags))}
        if self.lost_at is not None:
            rows += [_gap("RELEASE", at, tag, silence) for tag, silence in removed.items()]
            rows += self._settle(at, off=off)
        self._reached, self.changed = at, True
        return rows

    def _step(self, at: int, changes: Iterable[Change]) -> list[ProcessEvent]:
        """Judge the silences that begin or end at one moment, and the delay that ends then."""
        rows: list[ProcessEvent] = []
        joined: set[str] = set()
        for change in sorted(changes, key=itemgetter(1)):
            tag, silence = change.tag_name, self._silent.get(change.tag_name)
            if change.begins and silence is None and tag in self.tags:
                self._silent[tag] = Silence(at, change.episode_us, change.priority)
                joined.add(tag)
            elif not change.begins and silence is not None:
                del self._silent[tag]
                if self.lost_at is not None and tag not in joined:
                    rows.append(_gap("RELEASE", at, tag, silence, change.quality))
                joined.discard(tag)
        if self.lost_at is not None:
            return [*rows, *self._suppress(at, joined), *self._settle(at)]
        self._forget(at)
        if joined and len(self._silent) >= self._limit:
            self.lost_at = at
            rows += [self._row("RAISE", at, len(self._silent)), *self._suppress(at, self._silent)]
        return rows

    def _settle(self, at: int, *, off: bool = False) -> list[ProcessEvent]:
        """End the alarm if too few tags have been silent for long enough, or if it is ``off``."""
        if len(self._silent) >= self._limit and not off:
            self._due = NEVER
        elif self._due == NEVER:
            self._due = at + SETTLE_US
        if self._due > at and not off:
            return []
        row = self._row("CLEAR", at, len(self._silent), "RULE_OFF" if off else "")
        released = [
            _gap("RELEASE", at, tag, silence) for tag, silence in sorted(self._silent.items())
        ]
        self.lost_at, self._due = None, NEVER
        self._forget(at)
        return [row, *released]

    def _forget(self, at: int) -> None:
        """Keep only the silences that may be part of a loss that is found now."""
        oldest = at - TOGETHER_US
        self._silent = {
            tag: silence for tag, silence in self._silent.items() if silence.since_us >= oldest
        }

    def _suppress(self, at: int, tags: Iterable[str]) -> list[ProcessEvent]:
        return [_gap("SUPPRESS", at, tag, self._silent[tag]) for tag in sorted(tags)]

    def _row(self, event: Event, at: int, silent: int, reason: str = "") -> ProcessEvent:
        episode = at if self.lost_at is None else self.lost_at
        figures = (float(silent), float(self._limit), PRIORITY)
        quality: Quality = "STALE" if silent else "GOOD"
        return ProcessEvent(
            at, self.name, LOST, "", episode, event, *figures, quality, reason=reason
        )


def _gap(
    event: Event, at: int, tag: str, silence: Silence, quality: Quality = "STALE"
) -> ProcessEvent:
    episode, priority = silence.episode_us, silence.priority
    return ProcessEvent(at, tag, "GAP", "", episode, event, None, None, priority, quality)
