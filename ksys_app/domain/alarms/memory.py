"""The state of a tag's alarms as JSON, and back (PRD §32.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from ksys_app.domain.alarms.alarm import Alarm
from ksys_app.domain.alarms.level import NEVER, LevelMachine
from ksys_app.domain.alarms.limits import Settings
from ksys_app.models.alarms import AlarmSettings
from ksys_app.models.rows import QcRule

RULE: Final = (
    *("min_val", "max_val", "warn_min", "warn_max", "crit_min", "crit_max", "deadband_pct"),
    *("allow_negative", "enabled", "max_gap_seconds"),
    *("max_step", "roc_max_per_min", "spike_zscore"),
)
"""The columns of a rule that alarms are judged by."""


def rule_memory(rule: QcRule | None, settings: Settings) -> dict[str, Any]:
    """The rule and the settings as JSON, without values that are not set."""
    columns = None if rule is None else {name: getattr(rule, name) for name in RULE}
    if columns is not None and rule is not None and rule.expression:
        columns["expression"] = rule.expression
    return {
        "rule": _without_none(columns),
        "settings": {c: _without_none(asdict(s)) for c, s in settings.items()},
    }


def rule_of(tag_name: str, memory: Mapping[str, Any]) -> tuple[QcRule | None, Settings]:
    """The rule and the settings of :func:`rule_memory`."""
    columns = memory["rule"]
    rule = None if columns is None else QcRule(tag_name, **{"enabled": None, **columns})
    return rule, {
        condition: AlarmSettings(**chosen) for condition, chosen in memory["settings"].items()
    }


def alarm_memory(alarms: Iterable[Alarm]) -> dict[str, Any]:
    """The alarms as JSON, without those that have never left the state ``norm``."""
    found: dict[str, Any] = {}
    for alarm in alarms:
        used = {level.name: _level_memory(level) for level in alarm.levels if _used(level)}
        if used or alarm.raised_at:
            found[alarm.condition] = {
                "shown": None if alarm.shown is None else alarm.shown.name,
                "raised_at": alarm.raised_at,
                "levels": used,
            }
    return found


def restore_alarms(alarms: Iterable[Alarm], memory: Mapping[str, Any]) -> None:
    """Bring alarms with the same levels into the state of :func:`alarm_memory`."""
    for alarm in alarms:
        if (stored := memory.get(alarm.condition)) is None:
            continue
        alarm.raised_at = stored["raised_at"]
        for level in alarm.levels:
            if level.name == stored["shown"]:
                alarm.shown = level
            if (state := stored["levels"].get(level.name)) is not None:
                level.process, level.since, level.figure, level.raised_us = state
                delays = {"pend": level.settings.on_us, "clr": level.settings.off_us}
                delay = delays.get(level.process)
                level.due = NEVER if delay is None else level.since + delay


def _without_none(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: value for name, value in values.items() if value is not None}


def _used(level: LevelMachine) -> bool:
    return level.process != "norm" or level.raised_us > -NEVER


def _level_memory(level: LevelMachine) -> list[Any]:
    return [level.process, level.since, level.figure, level.raised_us]
