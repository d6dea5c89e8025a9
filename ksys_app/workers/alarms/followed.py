"""A tag in the alarm worker: its machine, and its own time (PRD §32.4)."""

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
"""How far the time of a tag stays behind, because a sample may take this much longer to arrive."""
BURST_US: Final = 60 * SECOND
"""Longest span of the samples that a source sends at once; a longer span is a backfill."""
WRITE_US: Final = 10 * SECOND
"""The time between two writes of a cursor without events."""


class Followed:
    """One tag.

    Attributes:
        machine: judges its samples.
        after_us: samples after this time are new.
        lag_us: how old the tag's samples are when they arrive, by the database's clock.
        current: whether all samples that the last read found are judged.
        written_us: when its cursor was written, by the database's clock.
        late: the number of late samples at the last call of :meth:`note_late`.
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
        """Start with the samples after ``after_us``, or continue from ``memory``."""
        self.machine = TagMachine(tag_name, rule, settings, memory)
        seen = self.machine.seen_us
        self.after_us = after_us if seen is None else max(seen, after_us)
        self.lag_us = 0
        self.late: int | None = None
        self.current = True
        self.written_us = 0
        # A new tag has no cursor. The rule of another tag may have changed since its cursor.
        self.changed = True

    def feed(self, samples: Sequence[Sample], now_us: int, *, current: bool, live: bool) -> None:
        """Judge new samples.

        Args:
            samples: samples of the tag in order of time; the value of a bad sample is NaN.
            now_us: the database's clock before they were read.
            current: whether these are all samples of the tag.
            live: whether the tag was current at the last tick, so that they have just arrived.
        """
        self.current = current
        if not samples:
            return
        feed = self.machine.feed
        for ts_us, value, qc in samples:
            feed(ts_us, value, qc)
        newest = now_us - samples[-1][0]
        # A source that sends its samples every ten seconds is up to ten seconds behind.
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
        """Count late samples, which are in the database but are not judged."""
        seen, before, self.late = self.machine.seen_us, self.late, late
        if seen is not None and before is not None and late > before:
            self.machine.feed(seen, math.nan)
            self.machine.late += late - before - 1
        self.changed = True

    def time_us(self, now_us: int) -> int:
        """The time of the tag when the database's clock is ``now_us``."""
        return now_us - self.lag_us - GRACE_US

    def complete_us(self, now_us: int) -> int:
        """The time up to which the journal of a current tag is complete, in its own time."""
        due, until = self.machine.due_us, self.time_us(now_us)
        return max(self.after_us, until if due is None else min(due, until))

    def advance(self, now_us: int) -> None:
        """Let the delays end and the silence begin that are due in the time of the tag."""
        if not self.current:
            return
        until = self.time_us(now_us)
        # Stop at the tag's own time: a sample in transit counts from its own time on.
        while (due := self.machine.due_us) is not None and due < until:
            self.machine.advance(due + 1)
            self.changed = True

    def change(self, rule: QcRule | None, settings: Settings, now_us: int) -> None:
        """Judge by another rule from now on."""
        at = self.time_us(now_us) if self.current else self.after_us
        self.machine.change(rule, settings, at)
        self.changed = True

    def take(self) -> list[ProcessEvent]:
        """The rows of the journal since the last call."""
        return self.machine.take()

    def due_to_be_written(self, now_us: int) -> bool:
        """Whether to write the cursor although there is no event."""
        return self.changed and now_us - self.written_us >= WRITE_US

    def memory(self) -> dict[str, Any]:
        """The state as JSON, from which another object continues."""
        return self.machine.memory()

    def cursor(self, now_us: int) -> NewCursor:
        """The cursor to store now."""
        memory = self.memory()
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
