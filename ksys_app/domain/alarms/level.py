"""One level of an alarm: a machine of four states with two delays (PRD §32.1)."""

from __future__ import annotations

from typing import Final, Literal

from ksys_app.domain.alarms.settings import LevelSettings
from ksys_app.domain.limits import Limit
from ksys_app.models.alarms import Condition, Level, Process

Judged = Literal["set", "between", "clear", "unknown"]
NEVER: Final = 2**62
"""A time that does not come."""


class LevelMachine:
    """The state of a level, and when its delay is over.

    Attributes:
        condition, name: the level.
        settings: its priority and delays.
        limit: the limit for values; None if the level judges something other than the value.
        bound: the largest figure allowed by a level without a ``limit``.
        process: ``norm``, ``pend`` (broken, not raised yet), ``act`` or ``clr`` (back, not cleared
            yet).
        since: when ``pend`` or ``clr`` began.
        due: when the delay of ``pend`` or ``clr`` is over; otherwise ``NEVER``.
        figure: the figure that a level without a ``limit`` judged last.
        raised_us: when it was last raised.
    """

    __slots__ = (
        *("condition", "name", "settings", "limit", "bound"),
        *("process", "since", "due", "figure", "raised_us"),
    )

    def __init__(
        self,
        condition: Condition,
        name: Level,
        settings: LevelSettings,
        limit: Limit | None = None,
        bound: float | None = None,
    ) -> None:
        """A level in the state ``norm``."""
        self.condition, self.name, self.settings = condition, name, settings
        self.limit, self.bound = limit, bound
        self.process: Process = "norm"
        self.since = 0
        self.due = NEVER
        self.figure: float | None = None
        self.raised_us = -NEVER

    @property
    def active(self) -> bool:
        """Whether the alarm stands at this level."""
        return self.process in ("act", "clr")

    @property
    def key(self) -> tuple[Condition, Level, LevelSettings, Limit | None, float | None]:
        """The identity of the level and what it judges by. Levels with equal keys share a state."""
        return self.condition, self.name, self.settings, self.limit, self.bound

    def judge_value(self, value: float) -> Judged:
        """Compare a usable value with the limit."""
        limit = self.limit
        assert limit is not None, "only a level with a limit judges values"
        if value < limit.low or value > limit.high:
            return "set"
        return "clear" if limit.back_low < value < limit.back_high else "between"

    def step(self, judged: Judged, at: int) -> bool:
        """Take the next judgement, of the time ``at``. Delays that ended before have been fired.

        Returns:
            Whether the level was raised or cleared.
        """
        process = self.process
        if judged == "set":
            if process == "norm":
                if not self.settings.on_us:
                    self._rest("act", at)
                    return True
                self._wait("pend", at, self.settings.on_us)
            elif process == "clr":
                self._rest("act")
        elif process == "pend":
            # The deadband is for leaving an alarm only: whatever is not broken ends the wait.
            self._rest("norm")
        elif judged == "clear":
            if process == "act":
                if not self.settings.off_us:
                    self._rest("norm")
                    return True
                self._wait("clr", at, self.settings.off_us)
        elif process == "clr":
            self._rest("act")
        return False

    def resume(self, earlier: LevelMachine) -> None:
        """Go on in the state of the same level under an earlier rule."""
        self.process, self.since, self.due = earlier.process, earlier.since, earlier.due
        self.figure, self.raised_us = earlier.figure, earlier.raised_us

    def rejudge(self, judged: Judged, at: int) -> None:
        """Judge by a changed limit: delays start again, and a value that is back clears at once."""
        if self.process in ("pend", "clr"):
            self._rest("norm" if self.process == "pend" else "act")
        if judged == "clear":
            self._rest("norm")
        else:
            self.step(judged, at)

    def fire(self) -> None:
        """End the delay: raise or clear the level at the time ``due``."""
        if self.process == "pend":
            self._rest("act", self.due)
        else:
            self._rest("norm")

    def _wait(self, process: Process, at: int, delay: int) -> None:
        self.process, self.since, self.due = process, at, at + delay

    def _rest(self, process: Process, raised_us: int | None = None) -> None:
        self.process, self.due = process, NEVER
        if raised_us is not None:
            self.raised_us = raised_us
