"""The state of a tag's alarms after its rule has changed (PRD §32.1, rows 23 and 24)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ksys_app.domain.alarms.alarm import Alarm
from ksys_app.domain.alarms.level import Judged, LevelMachine

JudgeHeld = Callable[[LevelMachine], Judged]


def carry_over(
    old: Iterable[Alarm], new: Iterable[Alarm], judge_held: JudgeHeld, at: int, *, judge_again: bool
) -> list[Alarm]:
    """Move the state of a tag's old alarms to its new alarms, judged by the new rule.

    A level with the same limit, deadband and delays keeps its state and its running delay. Any
    other level is judged again: its delay starts at the change, and an alarm whose limit the value
    no longer breaks ends at once.

    Args:
        old: the alarms under the old rule.
        new: the alarms under the new rule, all normal.
        judge_held: judges the current value of the tag by a level.
        at: the time of the change.
        judge_again: judge every level again.

    Returns:
        The old alarms whose condition the new rule does not have.
    """
    before = {alarm.condition: alarm for alarm in old}
    for alarm in new:
        earlier = before.pop(alarm.condition, None)
        states = {level.name: level for level in earlier.levels} if earlier else {}
        for level in alarm.levels:
            state = states.get(level.name)
            if state is not None:
                level.resume(state)
            if judge_again or state is None or state.key != level.key:
                level.rejudge(judge_held(level), at)
        if earlier is not None:
            alarm.raised_at = earlier.raised_at
            shown = earlier.shown
            same = (level for level in alarm.levels if shown and level.name == shown.name)
            alarm.shown = next(same, shown)
    return list(before.values())
