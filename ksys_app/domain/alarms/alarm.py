"""One alarm: the condition of a tag, which stands at its highest active level (PRD §32.1)."""

from __future__ import annotations

from collections.abc import Sequence

from ksys_app.domain.alarms.level import LevelMachine
from ksys_app.domain.alarms.limits import ORDER
from ksys_app.models.alarms import Condition, Event


class Alarm:
    """The levels of a condition, and the state that the journal last recorded.

    Attributes:
        condition: the condition.
        levels: its levels, the least severe first.
        shown: the level in the last row of the journal; None while the alarm is normal.
        raised_at: the start of the episode, which identifies it; while the alarm is normal, that
            of the last episode.
    """

    __slots__ = ("condition", "levels", "raised_at", "shown")

    def __init__(self, condition: Condition, levels: Sequence[LevelMachine]) -> None:
        """An alarm that is normal."""
        self.condition = condition
        self.levels = levels
        self.shown: LevelMachine | None = None
        self.raised_at = 0

    def news(self, at: int) -> tuple[Event, LevelMachine] | None:
        """The event since the last call and the level of the event; None without an event."""
        top = next((level for level in reversed(self.levels) if level.active), None)
        before, self.shown = self.shown, top
        if top is before:
            return None
        if before is None:
            assert top is not None, "one of the two differs"
            self.raised_at = at
            return "RAISE", top
        if top is None:
            return "CLEAR", before
        rises = ORDER.index(top.name) > ORDER.index(before.name)
        return ("ESCALATE" if rises else "DEESCALATE"), top
