"""A tag as the alarm worker follows it: its machine, and its own time (PRD §32.4)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

from ksys_app.domain.alarms.limits import Settings
from ksys_app.domain.alarms.stored import Sample
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import ProcessEvent
from ksys_app.models.rows import QcRule
from ksys_app.store.alarms import NewCursor

GRACE_US: Final = 2 * SECOND
"""How far a tag's time stays behind: samples may come this much later than those before them."""
BURST_US: Final = 60 * SECOND
"""Longest distance of samples that a source sends at once; more than that is a backfill."""
WRITE_US: Final = 10 * SECOND
"""A cursor without events is written this often."""


class Followed:
    """One tag.

    Attributes:
        machine: judges its samples.
        after_us: samples after this time are new.
        lag_us: how much older than the database's clock the tag's samples are when they arrive.
        current: whether all samples that were there are judged.
        written_us: when its cursor was written, by the database's clock.
        late: how often late samples had come, when that was last noted.
        changed: whether its cursor has to be written.
    """

    __slots__ = ("after_us", "changed", "current", "lag_us", "late", "machine", "written_us")

    def __init__(
        self,
        tag_name: str,
        rule: QcRule | None,
        settings: Settings,
        after_us: int,
        memory: dict[str, Any] | None = None,
    ) -> None:
        """Begin with the samples after ``after_us``, or where ``memory`` ended."""
        self.machine = TagMachine(tag_name, rule, settings, memory)
        seen = self.machine.seen_us
        self.after_us = after_us if seen is None else max(seen, after_us)
        self.lag_us = 0
        self.late: int | None = None
        self.current = True
        self.written_us = 0
        # What is new has no cursor; the rule of a known one may have changed in between.
        self.changed = True

    def feed(self, samples: Sequence[Sample], now_us: int, *, current: bool, live: bool) -> None:
        """Judge new samples.

        Args:
            samples: samples of the tag in order of time, a bad one with NaN.
            now_us: the database's clock before they were read.
            current: whether these are all that there are.
            live: whether the tag was current a moment ago, so that all of them have just arrived.
        """
        self.current = current
        if not samples:
            return
        feed = self.machine.feed
        for ts_us, value, qc in samples:
            feed(ts_us, value, qc)
        newest = now_us - samples[-1][0]
        # A source that sends every ten seconds what it has measured is ten seconds behind.
        oldest = now_us - samples[0][0] if live else newest
        self.lag_us = max(newest, min(oldest, newest + BURST_US))
        self.after_us = samples[-1][0]
        self.changed = True

    def feed_ahead(self, number: int, value: float | None) -> None:
        """Count samples that are too far ahead of the clock."""
        for _ in range(number):
            self.machine.feed_ahead(math.nan if value is None else value)
        self.changed = True

    def note_late(self, late: int) -> None:
        """Note late samples, which are in the database, and are not judged any more."""
        seen, before, self.late = self.machine.seen_us, self.late, late
        if seen is not None and before is not None and late > before:
            self.machine.feed(seen, math.nan)
            self.machine.late += late - before - 1
        self.changed = True

    def time_us(self, now_us: int) -> int:
        """The tag's own time when the database's clock is ``now_us``."""
        return now_us - self.lag_us - GRACE_US

    def known_us(self, now_us: int) -> int:
        """Until when the journal of a tag that is current is complete, in the tag's own time."""
        due, until = self.machine.due_us, self.time_us(now_us)
        return max(self.after_us, until if due is None else min(due, until))

    def advance(self, now_us: int) -> None:
        """Let delays end and a silence begin that are due in the tag's own time."""
        if not self.current:
            return
        until = self.time_us(now_us)
        # Not up to now: a sample that is still on its way counts from its own time on.
        while (due := self.machine.due_us) is not None and due < until:
            self.machine.advance(due + 1)
            self.changed = True

    def change(self, rule: QcRule | None, settings: Settings, now_us: int) -> None:
        """Judge by another rule from now on."""
        at = self.time_us(now_us) if self.current else self.after_us
        self.machine.change(rule, settings, at)
        self.changed = True

    def take(self) -> list[ProcessEvent]:
        """New rows of the journal."""
        return self.machine.take()

    def due_to_be_written(self, now_us: int) -> bool:
        """Whether the cursor is due without an event."""
        return self.changed and now_us - self.written_us >= WRITE_US

    def cursor(self, now_us: int) -> NewCursor:
        """What to store of the tag now."""
        memory = self.machine.memory()
        self.changed, self.written_us = False, now_us
        reached = memory["reached"] if self.machine.seen_us is not None else None
        text = json.dumps(memory, separators=(",", ":"))
        return NewCursor(
            self.machine.tag_name,
            self.machine.seen_us,
            reached,
            self.lag_us / SECOND,
            self.late or 0,
            text,
        )
