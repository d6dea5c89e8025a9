"""Preview of limits: the alarms that they would have raised in minutes or samples (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from ksys_app.domain.alarms.calculated import Moment, judge as judge_values
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import MINUTE, SECOND
from ksys_app.domain.kpi import active
from ksys_app.models.alarms import LOST, AlarmSettings, Condition, Level, ProcessEvent
from ksys_app.models.limits import Limits, Settings
from ksys_app.models.rows import QcRule
from ksys_app.models.rule_preview import Episode, Minutes, Samples, Summary

DAY: Final = 86_400 * SECOND
SHORTEST_GAP_S: Final = 120
"""Gaps below this one do not show in minutes."""
OFTEN: Final = 3
EVENT: Final = 4


@dataclass(slots=True)
class Judged:
    """A machine of the alarms and the episodes that it has found so far."""

    machine: TagMachine
    episodes: list[Episode]

    def note(self) -> None:
        """Add the new events of the machine to the episodes."""
        for event in self.machine.take():
            _note(self.episodes, event)


def judge(limits: Limits) -> Judged:
    """A machine with these limits, before the first sample."""
    machine = TagMachine(limits.rule.tag_name, limits.rule, settings_of(limits.settings))
    return Judged(machine, [])


def settings_of(settings: Settings) -> dict[Condition, AlarmSettings]:
    """The settings in the form that the machine needs."""
    names = [field.name for field in fields(AlarmSettings)]
    return {
        condition: AlarmSettings(**{name: getattr(setting, name) for name in names})
        for condition, setting in settings.items()
    }


def feed(judged: Judged, samples: Samples) -> None:
    """Judge more samples, which follow the earlier ones."""
    take = judged.machine.feed
    for at, value, qc in zip(samples.at, samples.value, samples.qc, strict=True):
        take(at, value, qc)
    judged.note()


def feed_values(judged: Judged, values: Iterable[Moment]) -> None:
    """Judge more values of a calculated tag, which follow the earlier ones."""
    judge_values(judged.machine, values)
    judged.note()


def end(judged: Judged, until_us: int) -> None:
    """Advance the machine to the end of the span."""
    judged.machine.advance(until_us)
    judged.note()


def from_minutes(limits: Limits, minutes: Minutes, until_us: int) -> list[Episode]:
    """The episodes that can be found in minutes; delays below a minute count as none.

    Upper limits are judged by the largest value of each minute, and lower limits by the smallest.
    """
    rule = _rule_for_minutes(limits.rule)
    found: list[Episode] = []
    for values, upper in ((minutes.high, True), (minutes.low, False)):
        judged = judge(replace(limits, rule=rule))
        for at, value in zip(minutes.at, values, strict=True):
            judged.machine.feed(at * SECOND, value)
        end(judged, until_us)
        found += [episode for episode in judged.episodes if _is_upper(episode, rule) is upper]
    return sorted(found, key=lambda episode: episode.raised_us)


def not_in_minutes(rule: QcRule) -> tuple[Condition, ...]:
    """The conditions of a rule that cannot be judged by minutes."""
    if active(rule) is None:
        return ()
    gap = rule.max_gap_seconds
    bounds: tuple[tuple[Condition, bool], ...] = (
        ("GAP", gap is not None and gap < SHORTEST_GAP_S),
        ("STEP", rule.max_step is not None),
        ("RATE", rule.roc_max_per_min is not None),
        ("SPIKE", rule.spike_zscore is not None),
    )
    return tuple(condition for condition, unseen in bounds if unseen)


def _rule_for_minutes(rule: QcRule) -> QcRule:
    gap = rule.max_gap_seconds
    if gap is not None and gap < SHORTEST_GAP_S:
        gap = None
    return replace(
        rule, max_gap_seconds=gap, max_step=None, roc_max_per_min=None, spike_zscore=None
    )


def _is_upper(episode: Episode, rule: QcRule) -> bool:
    """Whether an episode comes from a limit for the largest values."""
    if episode.condition == "INSTR":
        return episode.level != "NEGATIVE" and episode.limit_value == rule.max_val
    return episode.condition in ("HIGH", "GAP")


def _note(episodes: list[Episode], event: ProcessEvent) -> None:
    if not event.condition or event.condition == LOST:  # LOST is an alarm of a whole group
        return
    if event.event == "RAISE":
        priority = EVENT if event.priority is None else event.priority
        episodes.append(
            Episode(event.condition, event.level, priority, event.limit_value, event.raised_at_us)
        )
        return
    if event.event not in ("CLEAR", "ESCALATE", "DEESCALATE"):
        return
    # The episode of an event is one of the newest, so search from the end.
    at = next(
        i
        for i in range(len(episodes) - 1, -1, -1)
        if episodes[i].condition == event.condition and episodes[i].raised_us == event.raised_at_us
    )
    if event.event == "CLEAR":
        episodes[at] = replace(episodes[at], cleared_us=event.ts_us)
    else:
        priority = episodes[at].priority
        highest = priority if event.priority is None else min(priority, event.priority)
        episodes[at] = replace(episodes[at], level=event.level, priority=highest)


def summary(episodes: Sequence[Episode], start_us: int, end_us: int) -> Summary:
    """The figures of a span.

    Args:
        episodes: the episodes, in order of their start.
        start_us: start of the span, or the first sample if that is later.
        end_us: end of the span.
    """
    alarms = [episode for episode in episodes if episode.priority < EVENT]
    lengths = [
        ((end_us if episode.cleared_us is None else episode.cleared_us) - episode.raised_us)
        / SECOND
        for episode in alarms
    ]
    counts: dict[Condition, int] = {}
    standing: dict[Condition, Level] = {}
    for episode in episodes:
        counts[episode.condition] = counts.get(episode.condition, 0) + 1
        if episode.cleared_us is None and episode.priority < EVENT:
            standing[episode.condition] = episode.level
    days = max((end_us - start_us) / DAY, 1 / 24)
    return Summary(
        raises=len(alarms),
        per_day=len(alarms) / days,
        events=len(episodes) - len(alarms),
        longest_s=max(lengths, default=0.0),
        in_alarm_s=sum(lengths),
        chatter=sum(
            _chattering(episode.raised_us for episode in alarms if episode.condition == name)
            for name in counts
        ),
        by_condition=counts,
        active=standing,
    )


def _chattering(raised: Iterable[int]) -> int:
    """How many of these times are among three or more within a minute; they ascend."""
    times = list(raised)
    found: set[int] = set()
    for i in range(OFTEN - 1, len(times)):
        if times[i] - times[i - OFTEN + 1] <= MINUTE:
            found.update(range(i - OFTEN + 1, i + 1))
    return len(found)
