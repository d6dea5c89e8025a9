"""Saves views for a person, through the functions of schema ``ksys`` (PRD §33.10)."""

from __future__ import annotations

from typing import Final

from ksys_app.db import Database
from ksys_app.models.saved_views import ViewOutcome

SAVE: Final = """
SELECT * FROM ksys.view_save(
  %(owner)s, %(name)s, %(new_name)s, %(shared)s, %(path)s, %(query)s, %(version)s,
  %(actor)s, %(via)s, %(address)s)
"""
DELETE: Final = """
SELECT * FROM ksys.view_delete(
  %(owner)s, %(name)s, %(version)s, %(actor)s, %(via)s, %(address)s)
"""
START: Final = """
SELECT * FROM ksys.view_start(%(actor)s, %(owner)s, %(name)s, %(via)s, %(address)s)
"""


async def save(
    database: Database, view: dict[str, object], actor_fields: dict[str, str]
) -> ViewOutcome:
    """Save a view, unless another version is in force; record the actor.

    Args:
        database: the operator's database (:func:`ksys_app.db.operator`).
        view: ``owner``, ``name``, ``new_name``, ``shared``, ``path``, ``query``, and ``version``,
            the one that the person saw, 0 for a new view.
        actor_fields: ``actor``, ``via`` and ``address``.
    """
    return await _change(database, SAVE, view | actor_fields, "view_save")


async def delete(
    database: Database, owner: str, name: str, version: int, actor_fields: dict[str, str]
) -> ViewOutcome:
    """Delete a view, unless another version is in force; record the actor.

    Args:
        database: the operator's database.
        owner: whose view it is.
        name: its name.
        version: the version that the person saw.
        actor_fields: ``actor``, ``via`` and ``address``.
    """
    params: dict[str, object] = {"owner": owner, "name": name, "version": version}
    return await _change(database, DELETE, params | actor_fields, "view_delete")


async def set_start_view(
    database: Database, owner: str | None, name: str | None, actor_fields: dict[str, str]
) -> ViewOutcome:
    """Set or remove the start view of a person.

    Args:
        database: the operator's database.
        owner: its owner.
        name: its name; None: the person has no start view.
        actor_fields: ``actor``, the person, ``via`` and ``address``.
    """
    params: dict[str, object] = {"owner": owner, "name": name}
    return await _change(database, START, params | actor_fields, "view_start")


async def _change(
    database: Database, statement: str, params: dict[str, object], name: str
) -> ViewOutcome:
    (outcome,) = await database.fetch_all(ViewOutcome, statement, params, name=name)
    return outcome
