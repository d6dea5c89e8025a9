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
        tags = groups(rules)
        memories = {} if memories is None else memories
        self._by_name = {
            name: Source(name, tags.get(name, frozenset()), memories.get(name))
            for name in sorted({*tags, *memories})
        }
        self._index()

    def __iter__(self) -> Iterator[Source]:
        """Over the sources."""
        return iter(self._by_name.values())

    def of(self, tag_name: str) -> Source | None:
        """The source of a tag; None if its group has no source alarm."""
        return self._of.get(tag_name)

    def feed(self, rows: Iterable[ProcessEvent]) -> None:
        """Pass the GAP rows of a journal to their sources."""
        for row in rows:
            if row.condition == "GAP" and row.event in ("RAISE", "CLEAR"):
                source = self._of.get(row.tag_name)
                if source is not None:
                    source.feed(row)

    def change(self, rules: Iterable[QcRule], at: Callable[[Source], int]) -> list[ProcessEvent]:
        """Judge by the rules ``rules``, each source from its time ``at(source)`` on."""
        tags = groups(rules)
        for name in tags.keys() - self._by_name.keys():
            self._by_name[name] = Source(name, tags[name])
        rows: list[ProcessEvent] = []
        for name, source in self._by_name.items():
            rows += source.change(tags.get(name, frozenset()), at(source))
        self._index()
        return rows

    def run(self, until_us: int) -> list[ProcessEvent]:
        """Judge all sources up to ``until_us`` (exclusive); the rows in order of the journal."""
        rows = [row for source in self if source.busy for row in source.run(until_us)]
        return sorted(rows, key=journal_order)

    def _index(self) -> None:
        self._of = {tag: source for source in self for tag in source.tags}


def journal_order(row: ProcessEvent) -> tuple[int, str, str]:
    """Sort key of the rows of a journal."""
    return row.ts_us, row.tag_name, row.condition


def with_source_rows(
    ordered: Iterable[ProcessEvent], sources: Sources, until_us: int
) -> Iterator[ProcessEvent]:
    """The rows of a complete journal, with the rows that the sources add.

    Args:
        ordered: the rows of all tags, in order.
        sources: sources that have judged nothing yet.
        until_us: the last moment of the clock.
    """
    for ts, rows in groupby(ordered, key=lambda row: row.ts_us):
        yield from sources.run(ts)
        together = list(rows)
        sources.feed(together)
        together += sources.run(ts + 1)
        yield from sorted(together, key=journal_order)
    yield from sources.run(until_us + 1)
