"""How an alarm stands after an event: who has to answer it, and what silences it (PRD §32.1).

The same function folds the events of the process and what people did, so that the state of an
alarm is the fold of its journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ksys_app.domain.alarms.settings import Policy
from ksys_app.models.alarms import Act, ProcessEvent, Shelf, Standing


def fold(events: Iterable[ProcessEvent | Act], policy: Policy) -> Standing:
    """How an alarm stands after its journal, oldest row first."""
    standing = Standing()
    for event in events:
        standing, _ = after(standing, event, policy)
    return standing


def after(
    standing: Standing, event: ProcessEvent | Act, policy: Policy
) -> tuple[Standing, tuple[Act, ...]]:
    """How the alarm stands after an event, and the rows that the journal also needs.

    ``SUPERSEDED`` comes before the event, ``UNSHELVE`` of a one-shot shelf after it. Folding these
    rows too changes nothing. An event of an episode that is over changes nothing.

    Args:
        standing: how the alarm stood.
        event: what happened to it.
        policy: how alarms of its priority are answered.
    """
    if isinstance(event, Act):
        return _acted(standing, event, policy), ()
    if event.event == "RAISE":
        return _raised(standing, event, policy)
    if event.event == "CLEAR":
        return _cleared(standing, event)
    if event.event in ("SUPPRESS", "RELEASE"):
        return _suppressed(standing, event, policy), ()
    if event.event not in ("ESCALATE", "DEESCALATE"):
        return standing, ()
    again = event.event == "ESCALATE" and policy.ack
    ack = "unacked" if again else standing.ack
    return replace(standing, **_figures(event), ack=ack), ()


def _figures(event: ProcessEvent) -> dict[str, Any]:
    return {
        "level": event.level,
        "priority": event.priority or 0,
        "value": event.value,
        "limit_value": event.limit_value,
        "quality": event.quality,
    }


def _raised(
    standing: Standing, event: ProcessEvent, policy: Policy
) -> tuple[Standing, tuple[Act, ...]]:
    before: tuple[Act, ...] = ()
    unanswered = standing.ack == "unacked" or _excused(standing)
    if unanswered and standing.raised_at_us is not None:
        before = (Act("SUPERSEDED", event.ts_us, standing.raised_at_us),)
    found = replace(
        standing,
        **_figures(event),
        active=True,
        raised_at_us=event.raised_at_us,
        cleared_at_us=None,
        ack="unacked" if policy.ack else "none",
        acked_at_us=None,
        latched=standing.latched or policy.latch,
        count=standing.count + 1,
        assigned_at_us=None,
    )
    return found, before


def _cleared(standing: Standing, event: ProcessEvent) -> tuple[Standing, tuple[Act, ...]]:
    off = event.reason == "RULE_OFF"
    stays = standing.ack == "unacked" or standing.latched
    # Value and limit stay those that made the alarm: a reader compares the value of now with them.
    found = replace(
        standing,
        quality=event.quality,
        active=False,
        cleared_at_us=event.ts_us,
        ack=standing.ack if stays and not off else "none",
        latched=standing.latched and not off,
        assigned_at_us=None,
    )
    if found.shelf != "one_shot":
        return found, ()
    over = Act("UNSHELVE", event.ts_us, event.raised_at_us)
    return replace(found, shelf="", shelved_until_us=None), (over,)


def _acted(standing: Standing, act: Act, policy: Policy) -> Standing:
    if act.event == "SHELVE":
        shelf: Shelf = "one_shot" if act.one_shot else "timed"
        return replace(standing, shelf=shelf, shelved_until_us=act.until_us)
    if act.event == "UNSHELVE":
        return _again(replace(standing, shelf="", shelved_until_us=None), policy)
    if act.event in ("OOS_IN", "OOS_OUT"):
        found = replace(standing, out_of_service=act.event == "OOS_IN")
        return found if found.out_of_service else _again(found, policy)
    if act.raised_at_us != standing.raised_at_us:
        return standing
    if act.event == "ACK" and standing.ack == "unacked":
        stays = standing.active or standing.latched
        return replace(standing, ack="acked" if stays else "none", acked_at_us=act.ts_us)
    if act.event in ("UNACK", "REALARM") and standing.ack == "acked":
        return replace(standing, ack="unacked", acked_at_us=None)
    if act.event == "ASSIGN" and standing.active:
        return replace(standing, assigned_at_us=act.ts_us)
    if act.event == "RESET" and not standing.active and standing.ack != "unacked":
        return replace(standing, ack="none", latched=False)
    return standing


def _suppressed(standing: Standing, event: ProcessEvent, policy: Policy) -> Standing:
    found = replace(standing, designed=event.event == "SUPPRESS")
    if found.designed:
        return found
    if event.condition != "GAP":
        return _again(found, policy)
    # Of an earlier episode, where samples of the past are judged: a group is behind its tags.
    if event.raised_at_us != standing.raised_at_us:
        return found
    # Nobody answers for each tag that came back: the alarm of the source stands for it. One that
    # was silent when its source came back stands for itself, also if it came back since.
    back = not standing.active and event.quality != "STALE"
    if back and standing.ack == "unacked" and not standing.latched:
        return replace(found, ack="acked")
    return _again(found, policy)


def _excused(standing: Standing) -> bool:
    """Whether nobody has answered, because the alarm of a lost source stood for this one."""
    return standing.ack == "acked" and not standing.active and not standing.latched


def _again(standing: Standing, policy: Policy) -> Standing:
    """What is no longer silenced and is active has to be acknowledged again."""
    if not (standing.active and policy.ack):
        return standing
    return replace(standing, ack="unacked", acked_at_us=None)
