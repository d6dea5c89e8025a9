"""The standing of an alarm after an event: its acknowledgement, and what hides it (PRD §32.1).

The same function takes the events of the process and the actions of people, so that the state of
an alarm is the fold of its journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ksys_app.domain.alarms.settings import Policy
from ksys_app.models.alarms import Act, ProcessEvent, Shelf, Standing


def fold(events: Iterable[ProcessEvent | Act], policy: Policy) -> Standing:
    """The standing of an alarm after all events of its journal, oldest first."""
    standing = Standing()
    for event in events:
        standing, _ = after(standing, event, policy)
    return standing


def after(
    standing: Standing, event: ProcessEvent | Act, policy: Policy
) -> tuple[Standing, tuple[Act, ...]]:
    """The standing of the alarm after an event, and the rows to add to the journal.

    ``SUPERSEDED`` comes before the event, ``UNSHELVE`` of a one-shot shelf after it. Folding the
    added rows changes nothing. An event of an episode that is over changes nothing.

    Args:
        standing: the standing before the event.
        event: the event.
        policy: how alarms of its priority are acknowledged.
    """
    if isinstance(event, Act):
        return _after_act(standing, event, policy), ()
    if event.event == "RAISE":
        return _after_raise(standing, event, policy)
    if event.event == "CLEAR":
        return _after_clear(standing, event)
    if event.event in ("SUPPRESS", "RELEASE"):
        return _after_suppression(standing, event, policy), ()
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


def _after_raise(
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


def _after_clear(standing: Standing, event: ProcessEvent) -> tuple[Standing, tuple[Act, ...]]:
    off = event.reason == "RULE_OFF"
    stays = standing.ack == "unacked" or standing.latched
    # Keep the value and the limit of the raise: a reader compares the current value with them.
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


def _after_act(standing: Standing, act: Act, policy: Policy) -> Standing:
    if act.event == "SHELVE":
        shelf: Shelf = "one_shot" if act.one_shot else "timed"
        return replace(standing, shelf=shelf, shelved_until_us=act.until_us)
    if act.event == "UNSHELVE":
        return _unacknowledge_if_active(replace(standing, shelf="", shelved_until_us=None), policy)
    if act.event in ("OOS_IN", "OOS_OUT"):
        found = replace(standing, out_of_service=act.event == "OOS_IN")
        return found if found.out_of_service else _unacknowledge_if_active(found, policy)
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


def _after_suppression(standing: Standing, event: ProcessEvent, policy: Policy) -> Standing:
    found = replace(standing, designed=event.event == "SUPPRESS")
    if found.designed:
        return found
    if event.condition != "GAP":
        return _unacknowledge_if_active(found, policy)
    # The row belongs to an earlier episode. That happens while old samples are judged, because
    # the source of a group is judged later than its tags.
    if event.raised_at_us != standing.raised_at_us:
        return found
    # A tag that sent again before its source returned needs no separate acknowledgement: the
    # alarm of the source covers it. A tag that was still silent then does, even if it has sent
    # since.
    back = not standing.active and event.quality != "STALE"
    if back and standing.ack == "unacked" and not standing.latched:
        return replace(found, ack="acked")
    return _unacknowledge_if_active(found, policy)


def _excused(standing: Standing) -> bool:
    """Whether the alarm is acknowledged only because the alarm of a lost source covered it."""
    return standing.ack == "acked" and not standing.active and not standing.latched


def _unacknowledge_if_active(standing: Standing, policy: Policy) -> Standing:
    """Ask for a new acknowledgement if the alarm is active; used when it is no longer hidden."""
    if not (standing.active and policy.ack):
        return standing
    return replace(standing, ack="unacked", acked_at_us=None)
