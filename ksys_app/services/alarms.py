"""The list of alarms, and the actions of people on alarms, for pages and programs (PRD §32.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ksys_app import db
from ksys_app.domain.alarms.shown import Filter, ordered, passes, shown
from ksys_app.errors import Forbidden, UnknownTag
from ksys_app.models.alarm_rows import Action, Alarm, Item, Outcome
from ksys_app.models.message import Message
from ksys_app.models.rows import Latest
from ksys_app.models.visitor import Visitor
from ksys_app.queries import alarm_state
from ksys_app.services import runtime
from ksys_app.services.alarm_feed import AlarmSnapshot
from ksys_app.services.rules import rules_by_tag
from ksys_app.services.tags import require_known_tag
from ksys_app.store import alarm_actions
from ksys_app.store.alarm_actions import Verdict

MOST_ITEMS: Final = 1_000
"""Most alarms that one call changes."""
MOST_STATES: Final = 20_000
"""Most alarms, normal ones included, in one read."""
DEFAULT_MINUTES: Final = 60
MOST_MINUTES: Final = 480
"""Longest time for which an alarm can be shelved: one shift."""
_WHY: Final = {
    "comment": Message("errors.alarm_comment"),
    "active": Message("errors.alarm_active"),
    "unacked": Message("errors.alarm_unacked"),
    "cleared": Message("errors.alarm_cleared"),
}


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """A filter of the list: by state, tags and priorities. An empty tuple allows all."""

    state: Filter = "active"
    tags: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()

    def fits(self, alarm: Alarm) -> bool:
        """Whether the alarm passes the filter."""
        row = alarm.row
        return (
            passes(alarm, self.state)
            and (not self.tags or row.tag_name in self.tags)
            and (not self.priorities or row.priority in self.priorities)
        )


@dataclass(frozen=True, slots=True)
class Change:
    """An action of a person on alarms.

    Attributes:
        action: the action.
        items: the alarms; at most ``MOST_ITEMS``.
        text: comment of an acknowledgement, a reset or a takeover, else the reason.
        minutes: how long a shelf lasts, at most ``MOST_MINUTES``; None: an hour, and with
            ``one_shot`` the longest time.
        one_shot: whether the shelf also ends when the alarm clears.
    """

    action: Action
    items: Sequence[Item]
    text: str = ""
    minutes: int | None = None
    one_shot: bool = False


async def alarms_of(snapshot: AlarmSnapshot, filters: AlarmFilter) -> list[Alarm]:
    """The alarms of a list in its order; normal ones are read from the database.

    Raises:
        KsysError: the database does not answer.
    """
    if filters.state != "all":
        return [alarm for alarm in snapshot.alarms if filters.fits(alarm)]
    rules = await rules_by_tag()
    rows = await alarm_state.alarm_states(filters.tags or None, MOST_STATES)
    return ordered(filter(filters.fits, (shown(row, rules.get(row.tag_name)) for row in rows)))


@dataclass(frozen=True, slots=True)
class AlarmListChanges:
    """The changes of a list since a snapshot.

    Attributes:
        complete: whether ``alarms`` is the complete list, which replaces the list of the reader.
        alarms: the new and the changed alarms, in the order of the list.
        removed: tag and condition of each alarm that left the list.
        values: changed newest samples of tags whose alarms have not changed.
    """

    complete: bool
    alarms: list[Alarm]
    removed: Sequence[tuple[str, str]] = ()
    values: Sequence[Latest] = ()


def changes_since(snapshot: AlarmSnapshot, listed: list[Alarm], since: int) -> AlarmListChanges:
    """The changes of the alarms ``listed`` since the snapshot with the number ``since``.

    Snapshots do not store changes of normal alarms. If that snapshot is no longer stored, or is
    from another process, the result is the complete list.
    """
    changes = snapshot.changes.since(since)
    if changes.whole:
        return AlarmListChanges(True, listed)
    keys = {alarm.key for alarm in changes.items}
    alarms = [alarm for alarm in listed if alarm.key in keys]
    tags = {alarm.row.tag_name for alarm in listed if alarm.key not in keys}
    removed = {*changes.removed, *keys} - {alarm.key for alarm in alarms}
    new_values = snapshot.new_values.since(since).items
    values = [sample for sample in new_values if sample.tag_name in tags]
    return AlarmListChanges(False, alarms, sorted(removed), values)


async def require_subject(name: str) -> None:
    """Check that alarms can have this name: that of a tag or of a group.

    Raises:
        UnknownTag: it is the name of neither.
    """
    try:
        await require_known_tag(name)
    except UnknownTag:
        rules = (await rules_by_tag()).values()
        if all(rule.group != name for rule in rules):
            raise


def can_act() -> bool:
    """Whether this app can change alarms: TS_OPERATOR_DSN is set."""
    return db.operator() is not None


async def change_alarms(change: Change, visitor: Visitor, address: str) -> list[Outcome]:
    """Change alarms for a visitor whose role the caller has checked.

    Returns:
        The outcome of each item, in their order.

    Raises:
        Forbidden: nobody can change alarms, because TS_OPERATOR_DSN is not set.
        KsysError: the database does not answer.
    """
    database = db.operator()
    if database is None:
        raise Forbidden(Message("errors.alarms_read_only"))
    actor = alarm_actions.Actor(visitor.name, visitor.via, address)
    minutes = change.minutes or (MOST_MINUTES if change.one_shot else DEFAULT_MINUTES)
    verdicts = await alarm_actions.act(
        *(database, change.action, change.items, actor, change.text, minutes),
        one_shot=change.one_shot,
    )
    runtime.current().alarms.request_read()
    verdict_of = {verdict.place: verdict for verdict in verdicts}
    return [_outcome(item, verdict_of[place]) for place, item in enumerate(change.items, 1)]


def _outcome(item: Item, verdict: Verdict) -> Outcome:
    return Outcome(item, verdict.result, _WHY.get(verdict.why))
