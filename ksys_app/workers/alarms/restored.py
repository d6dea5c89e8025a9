"""The memory of a tag whose samples nobody judged for a while (PRD §32.1, row 26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def after_hole(memory: Mapping[str, Any], until_us: int) -> dict[str, Any]:
    """The memory as if the value had been unknown up to ``until_us``: delays end, alarms stay.

    Args:
        memory: ``TagMachine.memory()`` before the hole.
        until_us: where the samples that are judged begin.
    """
    alarms = {
        condition: alarm
        | {"levels": {name: _waits_end(level) for name, level in alarm["levels"].items()}}
        for condition, alarm in memory["alarms"].items()
    }
    moved = dict.fromkeys(("seen", "at", "reached"), until_us)
    return {**memory, **moved, "alarms": alarms, "good": False, "value": None, "deadline": 2**62}


def _waits_end(level: list[Any]) -> list[Any]:
    process, *rest = level
    return [{"pend": "norm", "clr": "act"}.get(process, process), *rest]
