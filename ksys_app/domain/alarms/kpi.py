"""The figures of EEMUA 191 and ISA-18.2 from a journal (PRD §32.7)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from ksys_app.domain.alarms import rates
from ksys_app.domain.alarms.periods import Episode, Period, read_journal
from ksys_app.domain.alarms.rates import MINUTE, SECOND, TEN_MINUTES
from ksys_app.models.alarm_kpi import (
    TOP,
    Actor,
    AlarmKpi,
    Answering,
    ChangedTag,
    Chatter,
    Happening,
    Key,
    RuleChanges,
    Shelving,
    Spell,
)

HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
FLEETING: Final = 10 * SECOND
PRIORITIES: Final = (1, 2, 3)
EXTENDED: Final = 3
"""A shelf that is renewed more often hides an alarm that should be corrected."""


def figures(
    rows: Iterable[Happening], start_us: int, end_us: int, changed: Iterable[ChangedTag] = ()
) -> AlarmKpi:
    """The figures of the period from ``start_us`` (inclusive) to ``end_us`` (exclusive).

    Args:
        rows: as for :func:`~ksys_app.domain.alarms.periods.read_journal`.
        start_us: beginning of the period.
        end_us: its end, not after now.
        changed: the tags whose limits were changed in the period.
    """
    period = read_journal(rows, start_us, end_us)
    times = [row.ts_us for row in period.announced]
    span = end_us - start_us
    slots = rates.slots(times, start_us, end_us)
    floods = rates.floods(times, end_us)
    ranking = _actors(Counter(Key(row.tag_name, row.condition) for row in period.announced))
    priorities = Counter(row.priority for row in period.announced)
    count = len(times)
    return AlarmKpi(
        announced=count,
        per_10_min=count * TEN_MINUTES / span,
        per_hour=count * HOUR / span,
        per_day=count * DAY / span,
        peak_10_min=rates.peak(times),
        over_10=sum(alarms > rates.MANY for alarms in slots) / len(slots),
        floods=tuple(floods),
        flood_time=sum(flood.end_us - flood.start_us for flood in floods) / span,
        slots=tuple(slots),
        mix={each: priorities[each] / count if count else 0.0 for each in PRIORITIES},
        ranking=ranking,
        actors_share=sum(actor.count for actor in ranking[:TOP]) / count if count else 0.0,
        chattering=_chattering(period),
        fleeting=_fleeting(period),
        stale=_stale(period),
        answering=_answering(period),
        longest=_longest(period),
        shelving=_shelving(period),
        changes=_changes(changed),
    )


def _changes(changed: Iterable[ChangedTag]) -> RuleChanges:
    tags = list(changed)
    ranked = sorted(tags, key=lambda tag: (-tag.unreasoned, tag.tag_name))
    return RuleChanges(
        sum(tag.changes for tag in tags),
        sum(tag.unreasoned for tag in tags),
        tuple(tag for tag in ranked if tag.unreasoned),
    )


def _actors(counts: Counter[Key]) -> tuple[Actor, ...]:
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Actor(key, count, count / total) for key, count in ranked)


def _raises(period: Period) -> dict[Key, list[int]]:
    """When each condition was raised and announced."""
    found: dict[Key, list[int]] = defaultdict(list)
    for row in period.announced:
        if row.event == "RAISE":
            found[Key(row.tag_name, row.condition)].append(row.ts_us)
    return found


def _chattering(period: Period) -> tuple[Chatter, ...]:
    found = (Chatter(key, *rates.bursts(times)) for key, times in _raises(period).items())
    return tuple(
        sorted(
            (chatter for chatter in found if chatter.count),
            key=lambda chatter: (-chatter.count, chatter.key),
        )
    )


def _fleeting(period: Period) -> tuple[Actor, ...]:
    counts: Counter[Key] = Counter()
    raises = _raises(period)
    for episode in _announced(period):
        short = episode.cleared_us is not None and episode.cleared_us - episode.raised_us < FLEETING
        if short and not any(
            0 < abs(raised_us - episode.raised_us) <= MINUTE
            for raised_us in _near(raises[episode.key], episode)
        ):
            counts[episode.key] += 1
    return _actors(counts)


def _near(times: Sequence[int], episode: Episode) -> Sequence[int]:
    """The raise of an episode, and the raises just before and after it."""
    index = int(np.searchsorted(times, episode.raised_us))
    return times[max(0, index - 1) : index + 2]


def _announced(period: Period) -> list[Episode]:
    """The episodes that began in the period and were announced."""
    return [
        episode
        for episode in period.episodes
        if episode.announced and episode.raised_us >= period.start_us
    ]


def _stale(period: Period) -> tuple[Spell, ...]:
    """Episodes that had been active for more than a day at some moment of the period."""
    spells = []
    for episode in period.episodes:
        moment = max(episode.raised_us + DAY, period.start_us)
        ended = period.end_us if episode.cleared_us is None else episode.cleared_us
        if moment < ended and not _out_of_service(period, episode.key, moment):
            seconds = (ended - episode.raised_us) / SECOND
            spells.append(Spell(episode.key, seconds, episode.raised_us))
    return tuple(sorted(spells, key=lambda spell: (-spell.seconds, spell.key)))


def _out_of_service(period: Period, key: Key, moment: int) -> bool:
    spans = period.out.get(key, ())
    return any(begin <= moment and (end is None or moment < end) for begin, end in spans)


def _answering(period: Period) -> dict[int, Answering]:
    episodes = _announced(period)
    groups = {
        priority: [episode for episode in episodes if episode.priority == priority]
        for priority in PRIORITIES
    }
    by_priority = {priority: _answers(group) for priority, group in groups.items()}
    return {0: _answers(episodes)} | by_priority


def _answers(episodes: Sequence[Episode]) -> Answering:
    waits = [(e.acked_us - e.raised_us) / SECOND for e in episodes if e.acked_us is not None]
    ended = [e for e in episodes if e.cleared_us is not None]
    missed = [
        e
        for e in ended
        if e.acked_us is None or (e.cleared_us is not None and e.acked_us > e.cleared_us)
    ]
    return Answering(
        len(episodes),
        len(waits),
        float(np.median(waits)) if waits else None,
        float(np.percentile(waits, 95)) if waits else None,
        len(missed) / len(ended) if ended else None,
    )


def _longest(period: Period) -> tuple[Spell, ...]:
    totals: Counter[Key] = Counter()
    for episode in period.episodes:
        ended = period.end_us if episode.cleared_us is None else episode.cleared_us
        totals[episode.key] += max(0, ended - max(episode.raised_us, period.start_us))
    ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Spell(key, spent / SECOND) for key, spent in ranked[:TOP] if spent)


def _shelving(period: Period) -> Shelving:
    shelves = [
        shelf for shelf in period.shelves if (shelf.end_us or period.end_us) >= period.start_us
    ]
    lasted = [(shelf.end_us or period.end_us) - shelf.start_us for shelf in shelves]
    extended = Counter(
        {shelf.key: shelf.count - 1 for shelf in shelves if shelf.count - 1 > EXTENDED}
    )
    return Shelving(len(shelves), max(lasted, default=0) / SECOND, _actors(extended))
