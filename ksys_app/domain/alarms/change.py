"""What alarms become when the rule of a tag changes (PRD §32.1, rows 23 and 24)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ksys_app.domain.alarms.alarm import Alarm
from ksys_app.domain.alarms.level import Judged, LevelMachine

Held = Callable[[LevelMachine], Judged]


def carry_over(
    old: Iterable[Alarm], new: Iterable[Alarm], held: Held, at: int, *, again: bool
) -> list[Alarm]:
    """Bring the new alarms of a tag into the state of its old ones, judged by the new rule.

    A level with the same limit, deadband and delays goes on as it was, its delay too. Any other
    level is judged again: its delay begins at the change, and an alarm that is no longer broken
    ends at once.

    Args:
        old: the alarms under the old rule.
        new: the alarms under the new rule, all normal.
        held: judges the value that the tag holds.
        at: the time of the change.
        again: judge every level again.

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
            if again or state is None or state.key != level.key:
                level.rejudge(held(level), at)
        if earlier is not None:
            alarm.raised_at = earlier.raised_at
            shown = earlier.shown
            same = (level for level in alarm.levels if shown and level.name == shown.name)
            alarm.shown = next(same, shown)
    return list(before.values())
