"""The figures of EEMUA 191 and ISA-18.2 from a journal (PRD §32.7)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from ksys_app.domain.alarms import rates
from ksys_app.domain.alarms.periods import Episode, Period, read
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
    """The figures of the time from ``start_us`` up to, without, ``end_us``.

    Args:
        rows: as for :func:`~ksys_app.domain.alarms.periods.read`.
        start_us: beginning of the period.
        end_us: its end, not after now.
        changed: the tags whose limits were changed in that time.
    """
    period = read(rows, start_us, end_us)
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
        over_10=sum(one > rates.MANY for one in slots) / len(slots),
        floods=tuple(floods),
        flood_time=sum(one.end_us - one.start_us for one in floods) / span,
        slots=tuple(slots),
        mix={one: priorities[one] / count if count else 0.0 for one in PRIORITIES},
        ranking=ranking,
        actors_share=sum(one.count for one in ranking[:TOP]) / count if count else 0.0,
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
    ranked = sorted(tags, key=lambda one: (-one.unreasoned, one.tag_name))
    return RuleChanges(
        sum(one.changes for one in tags),
        sum(one.unreasoned for one in tags),
        tuple(one for one in ranked if one.unreasoned),
    )


def _actors(counts: Counter[Key]) -> tuple[Actor, ...]:
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
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
    return tuple(sorted((one for one in found if one.count), key=lambda one: (-one.count, one.key)))


def _fleeting(period: Period) -> tuple[Actor, ...]:
    counts: Counter[Key] = Counter()
    raises = _raises(period)
    for one in _announced(period):
        short = one.cleared_us is not None and one.cleared_us - one.raised_us < FLEETING
        if short and not any(
            0 < abs(other - one.raised_us) <= MINUTE for other in _near(raises[one.key], one)
        ):
            counts[one.key] += 1
    return _actors(counts)


def _near(times: Sequence[int], episode: Episode) -> Sequence[int]:
    """The raises beside an episode."""
    place = int(np.searchsorted(times, episode.raised_us))
    return times[max(0, place - 1) : place + 2]


def _announced(period: Period) -> list[Episode]:
    """The episodes that began in the period and were announced."""
    return [one for one in period.episodes if one.announced and one.raised_us >= period.start_us]


def _stale(period: Period) -> tuple[Spell, ...]:
    """Episodes that were active for more than a day at some moment of the period."""
    found = []
    for one in period.episodes:
        moment = max(one.raised_us + DAY, period.start_us)
        ended = period.end_us if one.cleared_us is None else one.cleared_us
        if moment < ended and not _out_of_service(period, one.key, moment):
            found.append(Spell(one.key, (ended - one.raised_us) / SECOND, one.raised_us))
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.key)))


def _out_of_service(period: Period, key: Key, moment: int) -> bool:
    spans = period.out.get(key, ())
    return any(begin <= moment and (end is None or moment < end) for begin, end in spans)


def _answering(period: Period) -> dict[int, Answering]:
    episodes = _announced(period)
    groups = {one: [e for e in episodes if e.priority == one] for one in PRIORITIES}
    return {0: _answers(episodes)} | {one: _answers(found) for one, found in groups.items()}


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
    for one in period.episodes:
        ended = period.end_us if one.cleared_us is None else one.cleared_us
        totals[one.key] += max(0, ended - max(one.raised_us, period.start_us))
    ranked = sorted(totals.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Spell(key, spent / SECOND) for key, spent in ranked[:TOP] if spent)


def _shelving(period: Period) -> Shelving:
    shelves = [one for one in period.shelves if (one.end_us or period.end_us) >= period.start_us]
    lasted = [(one.end_us or period.end_us) - one.start_us for one in shelves]
    extended = Counter({one.key: one.count - 1 for one in shelves if one.count - 1 > EXTENDED})
    return Shelving(len(shelves), max(lasted, default=0) / SECOND, _actors(extended))
