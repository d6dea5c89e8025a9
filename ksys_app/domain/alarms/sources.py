"""The sources of all groups, and what they add to a journal (PRD §32.1, row 18)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from ksys_app.domain.alarms.source import Source, groups
from ksys_app.models.alarms import ProcessEvent
from ksys_app.models.rows import QcRule


class Sources:
    """The sources of all groups.

    Args:
        rules: the rules in force.
        memories: group to the memory of its source.
    """

    def __init__(
        self, rules: Iterable[QcRule], memories: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        found = groups(rules)
        known = memories or {}
        self._by_name = {
            name: Source(name, found.get(name, frozenset()), known.get(name))
            for name in sorted({*found, *known})
        }
        self._index()

    def __iter__(self) -> Iterator[Source]:
        """Over the sources."""
        return iter(self._by_name.values())

    def of(self, tag_name: str) -> Source | None:
        """The source of a tag; None where it has none that could be lost."""
        return self._of.get(tag_name)

    def feed(self, rows: Iterable[ProcessEvent]) -> None:
        """Note the GAP rows among some rows of the journal."""
        for row in rows:
            if row.condition == "GAP" and row.event in ("RAISE", "CLEAR"):
                source = self._of.get(row.tag_name)
                if source is not None:
                    source.feed(row)

    def change(self, rules: Iterable[QcRule], at: Callable[[Source], int]) -> list[ProcessEvent]:
        """Judge by other rules from ``at``, the time of a source, on."""
        found = groups(rules)
        for name in found.keys() - self._by_name.keys():
            self._by_name[name] = Source(name, found[name])
        rows: list[ProcessEvent] = []
        for name, source in self._by_name.items():
            rows += source.change(found.get(name, frozenset()), at(source))
        self._index()
        return rows

    def run(self, until_us: int) -> list[ProcessEvent]:
        """Judge all sources up to, without, ``until_us``; the rows in order."""
        rows = [row for source in self if source.busy for row in source.run(until_us)]
        return sorted(rows, key=place)

    def _index(self) -> None:
        self._of = {tag: source for source in self for tag in source.tags}


def place(row: ProcessEvent) -> tuple[int, str, str]:
    """The order of a journal."""
    return row.ts_us, row.tag_name, row.condition


def added(
    ordered: Iterable[ProcessEvent], sources: Sources, until_us: int
) -> Iterator[ProcessEvent]:
    """A whole journal with the rows of the sources.

    Args:
        ordered: the rows of all tags, in order.
        sources: the sources, which nobody has used.
        until_us: the last moment of the clock.
    """
    for ts, rows in groupby(ordered, key=lambda row: row.ts_us):
        yield from sources.run(ts)
        together = list(rows)
        sources.feed(together)
        together += sources.run(ts + 1)
        yield from sorted(together, key=place)
    yield from sources.run(until_us + 1)
