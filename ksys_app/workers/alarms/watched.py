"""The groups that the alarm worker watches for a lost source (PRD §32.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ksys_app.domain.alarms.source import Source
from ksys_app.domain.alarms.sources import Sources
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import ProcessEvent
from ksys_app.models.rows import QcRule
from ksys_app.workers.alarms.followed import GRACE_US, Followed

PATIENCE_US: Final = 30 * SECOND
"""How far a tag may be behind the fastest tag of its group while the group waits for it."""


class Watched:
    """The sources of all groups, each in the time of its group.

    Args:
        rules: the rules in force.
        memories: group to the stored memory of its source.
    """

    def __init__(
        self, rules: Iterable[QcRule], memories: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self._sources = Sources(rules, memories)
        # The rules may differ from those of the memory, so judge by them at the first look.
        self._rules: Iterable[QcRule] | None = rules

    def change(self, rules: Iterable[QcRule]) -> None:
        """Judge by these rules from the next look on."""
        self._rules = rules

    def covers(self, tag_name: str) -> bool:
        """Whether a silence of the tag may be part of a lost source."""
        return self._sources.of(tag_name) is not None

    def judge(
        self, events: Sequence[ProcessEvent], tags: Mapping[str, Followed], now_us: int
    ) -> list[ProcessEvent]:
        """The rows of lost sources.

        Args:
            events: the new rows of all tags.
            tags: the followed tags, all judged as far as possible.
            now_us: the database's clock.
        """
        rows: list[ProcessEvent] = []
        if self._rules is not None:
            rows += self._sources.change(
                self._rules, lambda source: group_time(source, tags, now_us)
            )
            self._rules = None
        self._sources.feed(events)
        for source in self._sources:
            if source.busy:
                rows += source.run(group_time(source, tags, now_us))
        return rows

    def changed(self) -> dict[str, dict[str, Any]]:
        """The memories to store, by group; each change is returned once."""
        found = {}
        for source in self._sources:
            if source.changed:
                found[source.name], source.changed = source.memory(), False
        return found


def group_time(source: Source, tags: Mapping[str, Followed], now_us: int) -> int:
    """The time up to which the silences of a group are complete: the time of its slowest tag.

    Args:
        source: the source of the group.
        tags: the followed tags.
        now_us: the database's clock.
    """
    counted = source.counted
    reading: list[int] = []
    current: list[int] = []
    for name in source.tags:
        tag = tags.get(name)
        if tag is None:
            continue
        if not tag.current:
            reading.append(tag.after_us)
        elif tag.machine.quality != "STALE" or name in counted:
            current.append(tag.complete_us(now_us))
    latest = now_us - GRACE_US
    fastest = min(max(current, default=latest), latest)
    return min(*reading, max(min(current, default=latest), fastest - PATIENCE_US), 2**62)
