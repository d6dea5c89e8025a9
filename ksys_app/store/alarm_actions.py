"""Actions of people on alarms, through the functions of schema ``ksys`` (PRD §32.5).

Each function runs one statement as ``eco_op``: ``database`` is the result of
:func:`ksys_app.db.operator`. The errors are those of :meth:`ksys_app.db.Database.fetch_all`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ksys_app.db import Database
from ksys_app.models.alarm_rows import Action, Item, Result

_BY: Final = "%(tags)s, %(conditions)s, %(raised)s, %(actor)s, %(via)s, %(address)s, %(text)s"
CALLS: Final[Mapping[Action, str]] = {
    "ack": f"ksys.alarm_ack({_BY})",
    "unack": f"ksys.alarm_unack({_BY})",
    "shelve": f"ksys.alarm_shelve({_BY}, %(minutes)s, %(one_shot)s)",
    "unshelve": f"ksys.alarm_unshelve({_BY})",
    "out_of_service": f"ksys.alarm_oos({_BY}, false)",
    "in_service": f"ksys.alarm_oos({_BY}, true)",
    "reset": f"ksys.alarm_reset({_BY})",
    "assign": f"ksys.alarm_assign({_BY})",
}
# Longer than the timeout of a SELECT, because one transaction may change a thousand alarms.
TIMEOUT_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of an item; ``why`` says in one word why it is forbidden, else it is empty."""

    place: int
    result: Result
    why: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: name, way of login, and address."""

    name: str
    via: str
    address: str


async def act(
    database: Database,
    action: Action,
    items: Sequence[Item],
    actor: Actor,
    text: str,
    minutes: int = 0,
    *,
    one_shot: bool = False,
) -> list[Verdict]:
    """Change alarms.

    Args:
        database: the database of ``eco_op``.
        action: the action.
        items: the alarms.
        actor: who does it.
        text: comment of an acknowledgement, a reset or a takeover, else the reason.
        minutes: how long a shelf lasts.
        one_shot: whether the shelf also ends when the alarm clears.

    Returns:
        A verdict for each item.
    """
    params = {
        "tags": [item.tag_name for item in items],
        "conditions": [item.condition for item in items],
        "raised": [item.raised_at for item in items],
        "actor": actor.name,
        "via": actor.via,
        "address": actor.address,
        "text": text,
        "minutes": minutes,
        "one_shot": one_shot,
    }
    call = f"SELECT * FROM {CALLS[action]}"  # noqa: S608 - names of functions and parameters
    return await database.fetch_all(Verdict, call, params, TIMEOUT_S, name=f"alarm_{action}")
