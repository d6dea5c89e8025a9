"""Priority and delays of each level: the defaults and the settings of the site (PRD §32.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import AlarmSettings, Condition, Level

EVENT: Final = 4
"""The priority of alarms that need no acknowledgement."""
NOTHING_SET: Final = AlarmSettings()


@dataclass(frozen=True, slots=True)
class LevelSettings:
    """Priority of a level, and its delays in microseconds."""

    priority: int
    on_us: int
    off_us: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Whether an alarm needs an acknowledgement, and whether it is latched until a reset."""

    ack: bool
    latch: bool


DEFAULTS: Final[dict[Level, tuple[int, float, float]]] = {
    **{"HH": (2, 5, 10), "LL": (2, 5, 10), "H": (3, 10, 30), "L": (3, 10, 30)},
    **{"RANGE": (2, 10, 30), "NEGATIVE": (3, 10, 30), "BAD": (3, 10, 30)},
}
"""Priority, on-delay and off-delay in seconds of each named level."""


def level_settings(
    condition: Condition, level: Level, settings: AlarmSettings | None
) -> LevelSettings:
    """The settings of a level: those of the site for the condition, otherwise the defaults."""
    chosen = settings or NOTHING_SET
    priority, on_s, off_s = DEFAULTS.get(level, (3 if condition == "GAP" else EVENT, 0, 0))
    return LevelSettings(
        priority if chosen.priority is None else chosen.priority,
        _microseconds(on_s if chosen.on_delay_s is None else chosen.on_delay_s),
        _microseconds(off_s if chosen.off_delay_s is None else chosen.off_delay_s),
    )


def policy(priority: int, settings: AlarmSettings | None) -> Policy:
    """The policy of an alarm of ``priority``: the settings of the site, otherwise the default."""
    chosen = settings or NOTHING_SET
    return Policy(
        priority < EVENT if chosen.ack is None else chosen.ack,
        bool(chosen.latch),
    )


def _microseconds(seconds: float) -> int:
    return round(seconds * SECOND)
