"""The conditions of a tag: which levels its rule and its settings give it (PRD §32.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ksys_app.domain.alarms.level import Judged, LevelMachine
from ksys_app.domain.alarms.settings import level_settings
from ksys_app.domain.kpi import active
from ksys_app.domain.limits import Limit, limits
from ksys_app.models.alarms import AlarmSettings, Condition, Level
from ksys_app.models.rows import QcRule

DOUBTED: Final = 1 | 2 | 4 | 8 | 16 | 64
"""The bits of ``qc`` with which a writer doubts the value; the others describe the sample."""
OF_LIMIT: Final[dict[str, tuple[Condition, Level]]] = {
    **{"H": ("HIGH", "H"), "HH": ("HIGH", "HH"), "L": ("LOW", "L"), "LL": ("LOW", "LL")},
    **{"NEGATIVE": ("INSTR", "NEGATIVE"), "RANGE": ("INSTR", "RANGE")},
}
ORDER: Final[tuple[Level, ...]] = ("BAD", "NEGATIVE", "RANGE", "H", "HH", "L", "LL")
"""The levels from the least to the most severe of each condition."""
MOTION: Final[frozenset[Condition]] = frozenset(("STEP", "RATE", "SPIKE"))
UNFIGURED: Final[dict[Condition, tuple[Judged, Judged]]] = {
    **{"INSTR": ("set", "clear"), "GAP": ("clear", "clear")},
    **dict.fromkeys(MOTION, ("unknown", "unknown")),
}
"""How a bad and a good sample are judged if neither a limit nor a figure decides."""

Settings = Mapping[Condition, AlarmSettings]


def levels(rule: QcRule | None, settings: Settings) -> dict[Condition, list[LevelMachine]]:
    """The conditions that the rule has, each with its levels, the least severe first.

    ``INSTR`` comes first, because it suppresses others. Without a rule, or with one that is off,
    there is no condition. A calculated tag has no ``BAD``: that is an alarm of the tag that sent
    the sample.
    """
    rule = active(rule)
    if rule is None:
        return {}
    found = [] if rule.expression else [_level("INSTR", "BAD", settings)]
    found += [_level(*OF_LIMIT[limit.name], settings, limit) for limit in limits(rule)]
    found.sort(key=lambda level: ORDER.index(level.name))
    bounds: dict[Condition, float | None] = {
        "GAP": rule.max_gap_seconds,
        "STEP": rule.max_step,
        "RATE": rule.roc_max_per_min,
        "SPIKE": rule.spike_zscore,
    }
    found += [
        _level(condition, "", settings, bound=float(bound))
        for condition, bound in bounds.items()
        if bound is not None
    ]
    by_condition: dict[Condition, list[LevelMachine]] = {}
    for level in found:
        by_condition.setdefault(level.condition, []).append(level)
    return by_condition


def _level(
    condition: Condition,
    name: Level,
    settings: Settings,
    limit: Limit | None = None,
    bound: float | None = None,
) -> LevelMachine:
    chosen = level_settings(condition, name, settings.get(condition))
    return LevelMachine(condition, name, chosen, limit, bound)
