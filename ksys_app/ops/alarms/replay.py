"""``ksys alarms replay``: the alarms that stored samples raise, without anybody acting (§32.2)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from ksys_app.domain.alarms.level import NEVER
from ksys_app.domain.alarms.response import after
from ksys_app.domain.alarms.settings import policy
from ksys_app.domain.alarms.sources import Sources, added
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
    """What a replay read and found.

    Attributes:
        samples: judged samples.
        late: late and repeated samples.
        ahead: samples too far ahead of the clock.
        bad: samples without a usable value.
        without_rule: names of the tags without a rule that is on.
        last_us: time of the newest judged sample.
        tags: number of the tags with a rule.
        raised: raised alarms by condition; of lost sources when the journal is written.
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
    """Judges samples in any order of the tags; the memory grows with the tags only.

    Attributes:
        counts: what was found, after :meth:`finish`.
        fed: number of samples of tags with a rule.

    Args:
        rules: the rules.
        settings: settings by tag and condition.
        until_us: the last moment of the clock; None for the newest sample.
        journal: takes the rows.
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
        """Judge a sample; NaN for one without a value."""
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
            self._journal.add(list(tag.answers.to(rows)))

    def finish(self) -> Counts:
        """Let the time of every tag go on to the last moment, and count."""
        counts = self.counts
        times = [tag.machine.seen_us for tag in self._tags.values()]
        seen = [ts for ts in times if ts is not None]
        counts.last_us = max(seen, default=None)
        until = counts.last_us if self._until is None else self._until
        for tag in self._tags.values():
            if until is not None:
                tag.machine.advance(until)
            self._journal.add(list(tag.answers.to(tag.machine.take())))
            counts.late += tag.machine.late
            counts.ahead += tag.machine.ahead
            counts.samples += tag.fed - tag.machine.late
            for condition, standing in tag.answers.standings.items():
                counts.raised[condition] = counts.raised.get(condition, 0) + standing.count
        counts.tags = len(self._tags)
        self._journal.through = partial(self._with_sources, -NEVER if until is None else until)
        return counts

    def _with_sources(
        self, until_us: int, ordered: Iterable[ProcessEvent]
    ) -> Iterator[ProcessEvent]:
        """The rows of the tags, with those of lost sources and of their answers."""
        answers: dict[str, _Answers] = defaultdict(_Answers)
        for row in added(ordered, self._sources, until_us):
            if row.condition != LOST:
                yield row
                continue
            if row.event == "RAISE":
                self.counts.raised[LOST] = self.counts.raised.get(LOST, 0) + 1
            yield from answers[row.tag_name].to([row])

    def _new(self, tag_name: str) -> _Tag | None:
        rule = self._rules.get(tag_name)
        if rule is None:
            self.counts.without_rule.add(tag_name)
            return None
        self._tags[tag_name] = _Tag(rule, self._settings.get(tag_name, {}))
        return self._tags[tag_name]


class _Tag:
    """The machine of a tag, and how its alarms stand."""

    __slots__ = ("answers", "fed", "machine")

    def __init__(self, rule: QcRule, settings: Mapping[Condition, AlarmSettings]) -> None:
        self.machine = TagMachine(rule.tag_name, rule, settings)
        self.answers = _Answers(settings)
        self.fed = 0


class _Answers:
    """How the alarms of a tag or of a group stand, with nobody acting."""

    __slots__ = ("settings", "standings")

    def __init__(self, settings: Mapping[Condition, AlarmSettings] | None = None) -> None:
        self.settings = settings or {}
        self.standings: dict[str, Standing] = {}

    def to(self, rows: Iterable[ProcessEvent]) -> Iterator[ProcessEvent]:
        """The rows, with those that the answers to alarms add."""
        for row in rows:
            if row.condition and row.event in STANDS:
                before = self.standings.get(row.condition, Standing())
                chosen = None if row.condition == LOST else self.settings.get(row.condition)
                standing, more = after(before, row, policy(row.priority or 0, chosen))
                self.standings[row.condition] = standing
                for act in more:
                    yield replace(
                        row,
                        event=act.event,
                        raised_at_us=act.raised_at_us,
                    )
            yield row
