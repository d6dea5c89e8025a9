"""Saves expressions for a person, through the functions of schema ``ksys`` (PRD §33.4)."""

from __future__ import annotations

from typing import Final

from ksys_app.db import Database
from ksys_app.models.expressions import SavedOutcome

SAVE: Final = """
SELECT * FROM ksys.expression_save(
  %(name)s, %(text)s, %(unit)s, %(decimals)s, %(version)s,
  %(actor)s, %(via)s, %(address)s, %(reason)s)
"""
DELETE: Final = """
SELECT * FROM ksys.expression_delete(
  %(name)s, %(version)s, %(actor)s, %(via)s, %(address)s, %(reason)s)
"""


async def save(
    database: Database,
    name: str,
    text: str,
    unit: str,
    decimals: int | None,
    version: int,
    actor_fields: dict[str, str],
) -> SavedOutcome:
    """Save an expression, unless another version is in force; record who and why.

    Args:
        database: the operator's database (:func:`ksys_app.db.operator`).
        name: its name.
        text: the expression.
        unit: its unit, may be empty.
        decimals: decimals of its values, None for as many as its values need.
        version: the version that the person saw, 0 for a new one.
        actor_fields: ``actor``, ``via``, ``address`` and ``reason``.
    """
    params: dict[str, object] = {
        "name": name,
        "text": text,
        "unit": unit,
        "decimals": decimals,
        "version": version,
    }
    (outcome,) = await database.fetch_all(
        SavedOutcome, SAVE, params | actor_fields, name="expression_save"
    )
    return outcome


async def delete(
    database: Database, name: str, version: int, actor_fields: dict[str, str]
) -> SavedOutcome:
    """Delete a saved expression, unless another version is in force; record who and why.

    Args:
        database: the operator's database.
        name: its name.
        version: the version that the person saw.
        actor_fields: ``actor``, ``via``, ``address`` and ``reason``.
    """
    params: dict[str, object] = {"name": name, "version": version}
    (outcome,) = await database.fetch_all(
        SavedOutcome, DELETE, params | actor_fields, name="expression_delete"
    )
    return outcome
