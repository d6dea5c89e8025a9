"""What people do with alarms, through the functions of schema ``ksys`` (PRD §32.5).

Each function is one statement as ``eco_op``: ``database`` is the one of
:func:`ksys_app.db.operator`. The errors are those of :meth:`ksys_app.db.Database.fetch_all`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ksys_app.db import Database
from ksys_app.models.alarm_rows import Item, Result

_BY: Final = "%(tags)s, %(conditions)s, %(raised)s, %(actor)s, %(via)s, %(address)s, %(text)s"
ACK: Final = f"SELECT * FROM ksys.alarm_ack({_BY})"  # noqa: S608 - names of parameters
UNACK: Final = f"SELECT * FROM ksys.alarm_unack({_BY})"  # noqa: S608
SHELVE: Final = f"SELECT * FROM ksys.alarm_shelve({_BY}, %(minutes)s, %(one_shot)s)"  # noqa: S608
UNSHELVE: Final = f"SELECT * FROM ksys.alarm_unshelve({_BY})"  # noqa: S608
OUT_OF_SERVICE: Final = f"SELECT * FROM ksys.alarm_oos({_BY}, %(end)s)"  # noqa: S608
RESET: Final = f"SELECT * FROM ksys.alarm_reset({_BY})"  # noqa: S608
# Beyond what the pool allows a SELECT: a thousand alarms are changed in one transaction.
TIMEOUT_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an item; ``why`` is a word for why it is forbidden, else empty."""

    place: int
    result: Result
    why: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: name, how the person is known, and the address."""

    name: str
    via: str
    address: str


async def ack(database: Database, items: Sequence[Item], by: Actor, comment: str) -> list[Verdict]:
    """Acknowledge episodes."""
    params = _params(items, by, comment)
    return await database.fetch_all(Verdict, ACK, params, TIMEOUT_S, name="alarm_ack")


async def unack(
    database: Database, items: Sequence[Item], by: Actor, comment: str
) -> list[Verdict]:
    """Take acknowledgements back."""
    params = _params(items, by, comment)
    return await database.fetch_all(Verdict, UNACK, params, TIMEOUT_S, name="alarm_unack")


async def shelve(
    database: Database,
    items: Sequence[Item],
    by: Actor,
    reason: str,
    minutes: int,
    *,
    one_shot: bool,
) -> list[Verdict]:
    """Shelve alarms for so many minutes; ``one_shot``: at the latest until they clear."""
    params = {**_params(items, by, reason), "minutes": minutes, "one_shot": one_shot}
    return await database.fetch_all(Verdict, SHELVE, params, TIMEOUT_S, name="alarm_shelve")


async def unshelve(
    database: Database, items: Sequence[Item], by: Actor, reason: str
) -> list[Verdict]:
    """End shelves."""
    params = _params(items, by, reason)
    return await database.fetch_all(Verdict, UNSHELVE, params, TIMEOUT_S, name="alarm_unshelve")


async def out_of_service(
    database: Database, items: Sequence[Item], by: Actor, reason: str, *, end: bool
) -> list[Verdict]:
    """Take alarms out of service, or put them back (``end``)."""
    params = {**_params(items, by, reason), "end": end}
    return await database.fetch_all(Verdict, OUT_OF_SERVICE, params, TIMEOUT_S, name="alarm_oos")


async def reset(
    database: Database, items: Sequence[Item], by: Actor, comment: str
) -> list[Verdict]:
    """Reset latches."""
    params = _params(items, by, comment)
    return await database.fetch_all(Verdict, RESET, params, TIMEOUT_S, name="alarm_reset")


def _params(items: Sequence[Item], by: Actor, text: str) -> Mapping[str, Any]:
    return {
        "tags": [item.tag_name for item in items],
        "conditions": [item.condition for item in items],
        "raised": [item.raised_at for item in items],
        "actor": by.name,
        "via": by.via,
        "address": by.address,
        "text": text,
    }
