"""``ksys alarms replay``: the alarms that samples raise without any action of people (§32.2)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from ksys_app.domain.alarms.calculated import Moment, judge
from ksys_app.domain.alarms.level import NEVER
from ksys_app.domain.alarms.response import after
from ksys_app.domain.alarms.settings import policy
from ksys_app.domain.alarms.sources import Sources, with_source_rows
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import MINUTE
from ksys_app.domain.ingest import MAX_MAGNITUDE, MIN_MAGNITUDE
from ksys_app.models.alarms import LOST, AlarmSettings, Condition, ProcessEvent, Standing
from ksys_app.models.rows import QcRule
from ksys_app.ops.alarms.journal_file import JournalFile

AHEAD_US: Final = MINUTE
STANDS: Final = frozenset(("RAISE", "CLEAR", "ESCALATE", "DEESCALATE", "SUPPRESS", "RELEASE"))
Settings = Mapping[str, Mapping[Condition, AlarmSettings]]


@dataclass(slots=True)
class Counts:
    """The results of a replay.

    Attributes:
        samples: judged samples.
        late: late and repeated samples.
        ahead: samples too far ahead of the clock.
        bad: samples without a usable value.
        without_rule: names of the tags without an enabled rule.
        last_us: time of the newest judged sample.
        tags: number of tags with a rule.
        raised: raised alarms by condition; those of lost sources are added while the journal is
            written.
    """

    samples: int = 0
    late: int = 0
    ahead: int = 0
    bad: int = 0
    without_rule: set[str] = field(default_factory=set)
    last_us: int | None = None
    tags: int = 0
    raised: dict[str, int] = field(default_factory=dict)


class Replay:
    """Judges samples in any order of the tags; the memory grows only with the number of tags.

    Attributes:
        counts: the results, after :meth:`finish`.
        fed: number of samples of tags with a rule.

    Args:
        rules: the rules.
        settings: settings by tag and condition.
        until_us: the last moment of the clock; None for the newest sample.
        journal: collects the rows.
    """

    def __init__(
        self,
        rules: Iterable[QcRule],
        settings: Settings,
        until_us: int | None,
        journal: JournalFile,
    ) -> None:
        self.counts = Counts()
        self.fed = 0
        self._rules = {rule.tag_name: rule for rule in rules if rule.enabled}
        self._sources = Sources(self._rules.values())
        self._settings, self._until, self._journal = settings, until_us, journal
        self._latest = math.inf if until_us is None else until_us + AHEAD_US
        self._tags: dict[str, _Tag] = {}

    def feed(self, tag_name: str, ts_us: int, value: float, qc: int) -> None:
        """Judge a sample; its value is NaN if it has none."""
        tag = self._tags.get(tag_name) or self._new(tag_name)
        if tag is None:
            return
        if ts_us > self._latest:
            tag.machine.feed_ahead(value)
        else:
            if value and not MIN_MAGNITUDE <= abs(value) <= MAX_MAGNITUDE:
                value = math.nan
            self.counts.bad += value != value
            tag.machine.feed(ts_us, value, qc)
            tag.fed += 1
        self.fed += 1
        if rows := tag.machine.take():
            self._journal.add(list(tag.standings.to(rows)))

    def feed_calculated(self, tag_name: str, moments: Sequence[Moment]) -> None:
        """Judge values of a calculated tag."""
        tag = self._tags.get(tag_name) or self._new(tag_name)
        if tag is None:
            return
        judge(tag.machine, moments)
        finite_count = sum(value == value for _, value in moments)
        tag.fed += finite_count
        self.fed += finite_count
        if rows := tag.machine.take():
            self._journal.add(list(tag.standings.to(rows)))

    def finish(self) -> Counts:
        """Let the time of every tag pass up to the last moment, and complete the counts."""
        counts = self.counts
        times = [tag.machine.seen_us for tag in self._tags.values()]
        seen = [ts for ts in times if ts is not None]
        counts.last_us = max(seen, default=None)
        until = counts.last_us if self._until is None else self._until
        for tag in self._tags.values():
            if until is not None:
                tag.machine.advance(until)
            self._journal.add(list(tag.standings.to(tag.machine.take())))
            counts.late += tag.machine.late
            counts.ahead += tag.machine.ahead
            counts.samples += tag.fed - tag.machine.late
            for condition, standing in tag.standings.by_condition.items():
                counts.raised[condition] = counts.raised.get(condition, 0) + standing.count
        counts.tags = len(self._tags)
        self._journal.through = partial(self._with_sources, -NEVER if until is None else until)
        return counts

    def _with_sources(
        self, until_us: int, ordered: Iterable[ProcessEvent]
    ) -> Iterator[ProcessEvent]:
        """The rows of the tags, the rows of lost sources, and the rows of their acknowledgement."""
        standings: dict[str, _Standings] = defaultdict(_Standings)
        for row in with_source_rows(ordered, self._sources, until_us):
            if row.condition != LOST:
                yield row
                continue
            if row.event == "RAISE":
                self.counts.raised[LOST] = self.counts.raised.get(LOST, 0) + 1
            yield from standings[row.tag_name].to([row])

    def _new(self, tag_name: str) -> _Tag | None:
        rule = self._rules.get(tag_name)
        if rule is None:
            self.counts.without_rule.add(tag_name)
            return None
        self._tags[tag_name] = _Tag(rule, self._settings.get(tag_name, {}))
        return self._tags[tag_name]


class _Tag:
    """The machine of a tag, and the standings of its alarms."""

    __slots__ = ("fed", "machine", "standings")

    def __init__(self, rule: QcRule, settings: Mapping[Condition, AlarmSettings]) -> None:
        self.machine = TagMachine(rule.tag_name, rule, settings)
        self.standings = _Standings(settings)
        self.fed = 0


class _Standings:
    """The standings of the alarms of a tag or group, without any action of people."""

    __slots__ = ("by_condition", "settings")

    def __init__(self, settings: Mapping[Condition, AlarmSettings] | None = None) -> None:
        self.settings = settings or {}
        self.by_condition: dict[str, Standing] = {}

    def to(self, rows: Iterable[ProcessEvent]) -> Iterator[ProcessEvent]:
        """The rows, with the rows that the rules of acknowledgement add."""
        for row in rows:
            if row.condition and row.event in STANDS:
                before = self.by_condition.get(row.condition, Standing())
                chosen = None if row.condition == LOST else self.settings.get(row.condition)
                standing, more = after(before, row, policy(row.priority or 0, chosen))
                self.by_condition[row.condition] = standing
                for act in more:
                    yield replace(
                        row,
                        event=act.event,
                        raised_at_us=act.raised_at_us,
                    )
            yield row
