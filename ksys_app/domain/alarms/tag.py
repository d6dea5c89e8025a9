"""All alarms of one tag, as a function of its samples only (PRD §32.1)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ksys_app.domain.alarms import memory as remembered
from ksys_app.domain.alarms.alarm import Alarm
from ksys_app.domain.alarms.change import carry_over
from ksys_app.domain.alarms.journal import Held, Journal
from ksys_app.domain.alarms.level import NEVER, Judged, LevelMachine
from ksys_app.domain.alarms.limits import DOUBTED, MOTION, UNFIGURED, Settings, levels
from ksys_app.domain.alarms.motion import APART_US, Motion
from ksys_app.domain.alarms.times import MINUTE, SECOND
from ksys_app.domain.limits import Figure
from ksys_app.models.alarms import ProcessEvent, Quality
from ksys_app.models.rows import QcRule

NOTHING: Final = (math.inf, -math.inf)
STORED: Final = {
    **{name: f"_{name}" for name in ("seen", "at", "reached", "deadline", "good", "silent")},
    **{name: f"_{name}" for name in ("late_minute", "ahead_minute")},
    **{name: name for name in ("late", "ahead", "repeated")},
}


class TagMachine:
    """Judges the samples of a tag, in the order in which they arrive.

    The rows of the journal depend only on the samples and the calls of :meth:`change`, not on when
    :meth:`advance` and :meth:`take` are called, and not on a restart from :meth:`memory`.

    Attributes:
        tag_name: the tag.
        late: number of samples that were not newer than the newest judged one.
        ahead: number of samples that were too far ahead of the clock.
        repeated: how often STEP, RATE or SPIKE was broken again within a minute.
    """

    __slots__ = (
        *("tag_name", "late", "ahead", "repeated", "rule", "settings"),
        *("_alarms", "_levels", "_motion", "_gap", "_calm", "_journal"),
        *("_seen", "_at", "_reached", "_deadline", "_due", "_low", "_high"),
        *("_value", "_good", "_silent", "_late_minute", "_ahead_minute"),
    )

    _alarms: list[Alarm]
    _levels: list[LevelMachine]
    _motion: Motion | None
    _gap: int
    _low: float
    _high: float
    _due: int

    def __init__(
        self,
        tag_name: str,
        rule: QcRule | None,
        settings: Settings,
        memory: Mapping[str, Any] | None = None,
    ) -> None:
        """Start without samples, or continue from :meth:`memory` of an earlier machine.

        If the rule or the settings differ from it, they count from its end on.
        """
        self.tag_name = tag_name
        self.late = self.ahead = self.repeated = 0
        self._journal = Journal(tag_name)
        self._seen = self._at = self._reached = self._late_minute = self._ahead_minute = -NEVER
        self._value, self._good, self._silent = math.nan, False, False
        self._deadline = NEVER
        if memory is None:
            self._adopt(rule, settings)
        else:
            self._adopt(*remembered.rule_of(tag_name, memory))
            self._restore(memory)
        self._settle()
        if memory is not None:
            self.change(rule, settings, self._reached)

    def feed(self, ts_us: int, value: float, qc: int = 0) -> None:
        """Judge a sample; its value is NaN if it is not usable. A late sample is only counted."""
        # Fast path: most samples are inside all limits and change nothing.
        if (
            self._reached < ts_us <= self._deadline
            and self._low < value < self._high
            and not qc & DOUBTED
        ):
            motion = self._motion
            if motion is None or motion.calm(ts_us, value, self._value, self._seen):
                if motion is not None:
                    motion.add(ts_us, value)
                self._seen = self._at = self._reached = ts_us
                self._value = value
                self._deadline = ts_us + self._gap
                return
        if ts_us <= self._seen:
            self.late += 1
            if self._seen // MINUTE != self._late_minute:
                self._late_minute = self._seen // MINUTE
                self._journal.note("LATE", self._seen, value, self.quality)
            return
        at = max(ts_us, self._reached, self._at + 1)
        self._run(at)
        self._judge(ts_us, at, value, math.isfinite(value) and not qc & DOUBTED)

    def feed_ahead(self, value: float) -> None:
        """Count a sample whose time is too far ahead of the clock; its time is not used."""
        self.ahead += 1
        if self._seen > -NEVER and self._seen // MINUTE != self._ahead_minute:
            self._ahead_minute = self._seen // MINUTE
            self._journal.note("CLOCK", self._seen, value, self.quality)

    def lose(self, at_us: int) -> None:
        """Mark the value as unknown from ``at_us`` on, without a sample. Delays end."""
        if self._good and not self._silent:
            at = max(at_us, self._reached)
            self._run(at)
            self._good, self._reached = False, at
            for level in self._levels:
                if level.condition != "GAP":
                    level.step("unknown", at)
            self._settle()

    def advance(self, until_us: int) -> None:
        """Let the time of the tag pass up to ``until_us``: delays end, or a silence begins."""
        if until_us > self._reached > -NEVER:
            self._run(until_us)
            self._reached = until_us

    def change(self, rule: QcRule | None, settings: Settings, at_us: int) -> None:
        """Judge by this rule and these settings from ``at_us`` on; no event if nothing changed."""
        if self._seen == -NEVER:
            self._adopt(rule, settings)
            self._settle()
            return
        fresh = [level for condition in levels(rule, settings).values() for level in condition]
        if [level.key for level in fresh] == [level.key for level in self._levels]:
            self.rule, self.settings = rule, settings
            return
        at = max(at_us, self._reached + 1)
        self._run(at)
        old, motion = self._alarms, self._motion
        self._adopt(rule, settings)
        if self._motion is not None and motion is not None:
            self._motion.resume(motion)
        silent = self._at + self._gap < at
        judge_again, self._silent = silent != self._silent, silent
        self._deadline = NEVER if silent else self._at + self._gap
        self._reached = at
        gone = carry_over(old, self._alarms, self._judge_held, at, judge_again=judge_again)
        self._journal.renew(self._alarms, gone, at, self._held_value())
        self._settle()

    def remember(self, samples: Iterable[tuple[int, float]]) -> None:
        """Add usable samples that spikes are compared with: the five minutes before the newest."""
        if self._motion is not None:
            for ts_us, value in samples:
                self._motion.add(ts_us, value)

    def take(self) -> list[ProcessEvent]:
        """The rows of the journal since the last call, in order."""
        rows, self._journal.rows = self._journal.rows, []
        return rows

    def memory(self) -> dict[str, Any]:
        """The state as JSON, from which another machine continues; see :meth:`remember` too."""
        return {
            **{name: getattr(self, attribute) for name, attribute in STORED.items()},
            "suppressed": list(self._journal.suppressed),
            "value": self._value if math.isfinite(self._value) else None,
            "alarms": remembered.alarm_memory(self._alarms),
            **remembered.rule_memory(self.rule, self.settings),
        }

    @property
    def seen_us(self) -> int | None:
        """Time of the newest judged sample, None before the first."""
        return None if self._seen == -NEVER else self._seen

    @property
    def due_us(self) -> int | None:
        """The time of the next event without a further sample; None if there is none."""
        due = min(self._due, self._deadline)
        return None if due >= NEVER else due

    @property
    def remembers_samples(self) -> bool:
        """Whether a restart needs :meth:`remember`."""
        return self._motion is not None and self._motion.recent is not None

    @property
    def quality(self) -> Quality:
        """Quality of the tag."""
        if self._silent:
            return "STALE"
        return "GOOD" if self._good else "BAD"

    def _adopt(self, rule: QcRule | None, settings: Settings) -> None:
        """Use the levels of a rule, all in the state ``norm``."""
        self.rule, self.settings = rule, settings
        by_condition = levels(rule, settings)
        self._alarms = [Alarm(condition, found) for condition, found in by_condition.items()]
        self._levels = [level for alarm in self._alarms for level in alarm.levels]
        gap = next((level.bound for level in by_condition.get("GAP", ())), None)
        self._gap = NEVER if gap is None else round(gap * SECOND)
        moves = rule if MOTION & by_condition.keys() else None
        self._motion = None if moves is None else Motion(moves)
        limits = [level.limit for level in self._levels if level.limit is not None]
        self._calm = (
            max((limit.back_low for limit in limits), default=-math.inf),
            min((limit.back_high for limit in limits), default=math.inf),
        )

    def _restore(self, memory: Mapping[str, Any]) -> None:
        for name, attribute in STORED.items():
            setattr(self, attribute, memory[name])
        self._value = math.nan if memory["value"] is None else memory["value"]
        self._journal.suppressed = list(memory["suppressed"])
        remembered.restore_alarms(self._alarms, memory["alarms"])

    def _judge(self, ts: int, at: int, value: float, good: bool) -> None:
        """Judge a sample with the time ``ts`` that counts from ``at`` on."""
        figures: dict[str, Figure] = {}
        if self._motion is not None and good:
            if self._good and not self._silent:
                exact = any(level.active for level in self._levels if level.condition == "SPIKE")
                figures = self._motion.figures(ts, value, self._value, self._seen, exact=exact)
            self._motion.add(ts, value)
        self._silent, self._good, self._value, self._seen = False, good, value, ts
        changed = False
        for level in self._levels:
            if level.limit is not None:
                judged = level.judge_value(value) if good else "unknown"
            elif level.condition in figures:
                judged = self._judge_figure(level, figures[level.condition], at)
            else:
                judged = UNFIGURED[level.condition][good]
            changed |= level.step(judged, at)
        if changed:
            self._record(at)
        self._at = self._reached = at
        self._deadline = at + self._gap
        self._settle()

    def _judge_figure(self, level: LevelMachine, figure: Figure, at: int) -> Judged:
        level.figure = figure.value
        if not figure.broken:
            return "clear"
        if level.process == "norm" and at < level.raised_us + APART_US:
            self.repeated += 1
            return "between"
        return "set"

    def _judge_held(self, level: LevelMachine) -> Judged:
        """Judge the current state of the tag by a level."""
        if level.condition == "GAP":
            return "set" if self._silent else "clear"
        if self._silent or level.condition in MOTION:
            return "unknown"
        if level.limit is None:
            return UNFIGURED["INSTR"][self._good]
        return level.judge_value(self._value) if self._good else "unknown"

    def _run(self, until: int) -> None:
        """Let time pass. At equal times a delay precedes a silence, and a sample prevents it."""
        while True:
            if self._due <= until and self._due <= self._deadline:
                at = self._due
                for level in self._levels:
                    if level.due == at:
                        level.fire()
            elif self._deadline < until:
                at, self._deadline = self._deadline, NEVER
                self._silent = True
                for level in self._levels:
                    level.step("set" if level.condition == "GAP" else "unknown", at)
            else:
                return
            self._record(at)
            self._settle()

    def _settle(self) -> None:
        """Compute when the next delay ends, and between which values a sample changes nothing."""
        due, calm = NEVER, self._good and not self._silent
        for level in self._levels:
            if level.process != "norm":
                calm = False
                due = min(due, level.due)
        self._due = due
        self._low, self._high = self._calm if calm else NOTHING

    def _record(self, at: int) -> None:
        self._journal.record(self._alarms, at, self._held_value())

    def _held_value(self) -> Held:
        return Held(self._value, self._at, self.quality)
