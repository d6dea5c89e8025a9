"""Alarms for pages and programs: the list, and what people do with it (PRD §32.6)."""

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
from ksys_app.queries.qc import rules_by_tag
from ksys_app.services import runtime
from ksys_app.services.alarm_feed import AlarmSnapshot
from ksys_app.services.tags import require_known_tag
from ksys_app.store import alarm_actions
from ksys_app.store.alarm_actions import Verdict

MOST_ITEMS: Final = 1_000
"""Alarms that one call changes."""
MOST_STATES: Final = 20_000
"""Alarms, also normal ones, that are read at once."""
DEFAULT_MINUTES: Final = 60
MOST_MINUTES: Final = 480
"""A shelf ends after a shift at the latest."""
_WHY: Final = {
    "comment": Message("errors.alarm_comment"),
    "active": Message("errors.alarm_active"),
    "unacked": Message("errors.alarm_unacked"),
    "cleared": Message("errors.alarm_cleared"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alarms of the list: ``state``, of some tags, of some priorities; empty for all."""

    state: Filter = "active"
    tags: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()

    def fits(self, alarm: Alarm) -> bool:
        """Whether the alarm is one of them."""
        row = alarm.row
        return (
            passes(alarm, self.state)
            and (not self.tags or row.tag_name in self.tags)
            and (not self.priorities or row.priority in self.priorities)
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody does with alarms.

    Attributes:
        action: what is done.
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


async def alarms_of(snapshot: AlarmSnapshot, wanted: Wanted) -> list[Alarm]:
    """The alarms of a list in its order; normal ones are read from the database.

    Raises:
        KsysError: the database does not answer.
    """
    if wanted.state != "all":
        return [alarm for alarm in snapshot.alarms if wanted.fits(alarm)]
    rules = await rules_by_tag()
    rows = await alarm_state.states(wanted.tags or None, MOST_STATES)
    return ordered(filter(wanted.fits, (shown(row, rules.get(row.tag_name)) for row in rows)))


@dataclass(frozen=True, slots=True)
class Part:
    """What a reader of a list needs to be up to date.

    Attributes:
        whole: whether ``alarms`` are all of the list, which replace those that the reader has.
        alarms: those that are new or have changed, in the order of the list.
        removed: tag and condition of alarms that the list does not have any more.
        values: newest samples that have changed, of tags whose alarms have not.
    """

    whole: bool
    alarms: list[Alarm]
    removed: Sequence[tuple[str, str]] = ()
    values: Sequence[Latest] = ()


def changed(snapshot: AlarmSnapshot, wanted: Wanted, found: list[Alarm], since: int) -> Part:
    """What of the list ``found`` has changed since the snapshot with the number ``since``.

    The snapshots remember no changes of normal alarms. Where that snapshot is forgotten or of
    another process, it is the whole list.
    """
    changes = snapshot.changes.since(since)
    if changes.whole:
        return Part(True, found)
    keys = {alarm.key for alarm in changes.items}
    alarms = [alarm for alarm in found if alarm.key in keys]
    tags = {alarm.row.tag_name for alarm in found if alarm.key not in keys}
    removed = {*changes.removed, *keys} - {alarm.key for alarm in alarms}
    values = [one for one in snapshot.new_values.since(since).items if one.tag_name in tags]
    return Part(False, alarms, sorted(removed), values)


async def require_subject(name: str) -> None:
    """Check that a name is one that alarms have: of a tag, or of a group.

    Raises:
        UnknownTag: it is neither.
    """
    try:
        await require_known_tag(name)
    except UnknownTag:
        rules = (await rules_by_tag()).values()
        if all(rule.group != name for rule in rules):
            raise


def can_act() -> bool:
    """Whether alarms can be changed here at all: TS_OPERATOR_DSN is set."""
    return db.operator() is not None


async def act(change: Change, visitor: Visitor, address: str) -> list[Outcome]:
    """Change alarms for somebody whose role the caller has checked; an outcome for each item.

    Raises:
        Forbidden: nobody can change alarms, because TS_OPERATOR_DSN is not set.
        KsysError: the database does not answer.
    """
    database = db.operator()
    if database is None:
        raise Forbidden(Message("errors.alarms_read_only"))
    by = alarm_actions.Actor(visitor.name, visitor.via, address)
    minutes = change.minutes or (MOST_MINUTES if change.one_shot else DEFAULT_MINUTES)
    verdicts = await alarm_actions.act(
        *(database, change.action, change.items, by, change.text, minutes),
        one_shot=change.one_shot,
    )
    runtime.current().alarms.hurry()
    found = {verdict.place: verdict for verdict in verdicts}
    return [_outcome(item, found[place]) for place, item in enumerate(change.items, 1)]


def _outcome(item: Item, verdict: Verdict) -> Outcome:
    return Outcome(item, verdict.result, _WHY.get(verdict.why))
