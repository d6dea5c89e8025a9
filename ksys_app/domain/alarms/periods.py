"""Read the announced alarms, episodes and shelves of a period from a journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ksys_app.models.alarm_kpi import Happening, Key

HIDES: Final = {"SHELVE": "shelf", "SUPPRESS": "design", "OOS_IN": "service"}
SHOWS: Final = {"UNSHELVE": "shelf", "RELEASE": "design", "OOS_OUT": "service"}
ANNOUNCES: Final = ("RAISE", "ESCALATE", "REALARM")
EVENT: Final = 4
"""Alarms of this priority are recorded and not announced."""


@dataclass(slots=True)
class Episode:
    """An alarm from its raise to its clear; ``cleared_us`` is None while it is active."""

    key: Key
    raised_us: int
    priority: int
    announced: bool
    cleared_us: int | None = None
    acked_us: int | None = None


@dataclass(slots=True)
class Shelf:
    """From the first shelving of a condition until it is shown again."""

    key: Key
    start_us: int
    end_us: int | None = None
    count: int = 1


@dataclass(slots=True)
class Period:
    """The alarms of the period from ``start_us`` to ``end_us``.

    Attributes:
        announced: the events that called an operator in the period, in order.
        episodes: the episodes that were active in the period or began in it.
        out: condition to its spans (start, end) out of service; the end is None if it lasts.
        shelves: the shelves, also those that began before the period.
    """

    start_us: int
    end_us: int
    announced: list[Happening] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    out: dict[Key, list[tuple[int, int | None]]] = field(default_factory=lambda: defaultdict(list))
    shelves: list[Shelf] = field(default_factory=list)


def read_journal(rows: Iterable[Happening], start_us: int, end_us: int) -> Period:
    """The announced alarms, episodes and shelves of a period.

    Args:
        rows: the rows of the period, and the earlier rows that say which alarms were active or
            hidden at its start; in any order.
        start_us: start of the period, inclusive.
        end_us: end of the period, exclusive.
    """
    period = Period(start_us, end_us)
    hidden: dict[Key, set[str]] = defaultdict(set)
    episodes: dict[tuple[Key, int], Episode] = {}
    open_shelves: dict[Key, Shelf] = {}
    for row in sorted((row for row in rows if row.ts_us < end_us), key=_order):
        key = Key(row.tag_name, row.condition)
        if row.event in HIDES:
            hidden[key].add(HIDES[row.event])
            _hide(period, key, row, open_shelves)
        elif row.event in SHOWS:
            hidden[key].discard(SHOWS[row.event])
            _show(period, key, row, open_shelves)
        elif row.priority < EVENT:
            announced = row.event in ANNOUNCES and not hidden[key]
            if announced and row.ts_us >= start_us:
                period.announced.append(row)
            _follow(key, row, episodes, announced=announced)
    period.episodes = list(episodes.values())
    return period


def _order(row: Happening) -> tuple[int, int]:
    """Sort by time. At the same time, rows that hide come first and rows that show come last."""
    return row.ts_us, 0 if row.event in HIDES else 2 if row.event in SHOWS else 1


def _hide(period: Period, key: Key, row: Happening, shelves: dict[Key, Shelf]) -> None:
    if row.event == "OOS_IN":
        period.out[key].append((row.ts_us, None))
    elif row.event == "SHELVE" and key in shelves:
        shelves[key].count += 1
    elif row.event == "SHELVE":
        shelves[key] = Shelf(key, row.ts_us)
        period.shelves.append(shelves[key])


def _show(period: Period, key: Key, row: Happening, shelves: dict[Key, Shelf]) -> None:
    if row.event == "OOS_OUT" and period.out[key] and period.out[key][-1][1] is None:
        period.out[key][-1] = period.out[key][-1][0], row.ts_us
    elif row.event == "UNSHELVE" and key in shelves:
        shelves.pop(key).end_us = row.ts_us


def _follow(
    key: Key, row: Happening, episodes: dict[tuple[Key, int], Episode], *, announced: bool
) -> None:
    if row.event == "RAISE":
        episodes[key, row.ts_us] = Episode(key, row.ts_us, row.priority, announced)
        return
    episode = episodes.get((key, row.raised_at_us))
    if episode is None:
        return
    if row.event == "CLEAR":
        episode.cleared_us = row.ts_us
    elif row.event == "ACK" and episode.acked_us is None:
        # A tag whose clock is ahead is acknowledged before it is raised.
        episode.acked_us = max(row.ts_us, episode.raised_us)
