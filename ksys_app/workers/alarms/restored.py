"""The memory of a tag after a time in which its samples were not judged (PRD §32.1, row 26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ksys_app.domain.alarms.calculated import Derived


def after_hole(memory: Mapping[str, Any], until_us: int) -> dict[str, Any]:
    """The memory after an unknown value up to ``until_us``: delays end, and alarms stay.

    Args:
        memory: ``TagMachine.memory()`` before the hole.
        until_us: the end of the hole, from which samples are judged again.
    """
    alarms = {
        condition: alarm
        | {"levels": {name: _without_delay(level) for name, level in alarm["levels"].items()}}
        for condition, alarm in memory["alarms"].items()
    }
    moved = dict.fromkeys(("seen", "at", "reached"), until_us)
    # A calculated tag starts again without values of its tags.
    members = {"members": Derived(until_us).memory()} if memory.get("members") else {}
    unknown = {"good": False, "value": None, "deadline": 2**62}
    return {**memory, **moved, **members, **unknown, "alarms": alarms}


def _without_delay(level: list[Any]) -> list[Any]:
    process, *rest = level
    return [{"pend": "norm", "clr": "act"}.get(process, process), *rest]
