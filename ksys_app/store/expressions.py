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
    who: dict[str, str],
) -> SavedOutcome:
    """Save an expression, unless another version is in force; record who and why.

    Args:
        database: the operator's database (:func:`ksys_app.db.operator`).
        name: its name.
        text: the expression.
        unit: its unit, may be empty.
        decimals: decimals of its values, None for as many as its values need.
        version: the version that the person saw, 0 for a new one.
        who: ``actor``, ``via``, ``address`` and ``reason``.
    """
    params: dict[str, object] = {
        "name": name,
        "text": text,
        "unit": unit,
        "decimals": decimals,
        "version": version,
    }
    (made,) = await database.fetch_all(SavedOutcome, SAVE, params | who, name="expression_save")
    return made


async def delete(database: Database, name: str, version: int, who: dict[str, str]) -> SavedOutcome:
    """Delete a saved expression, unless another version is in force; record who and why.

    Args:
        database: the operator's database.
        name: its name.
        version: the version that the person saw.
        who: ``actor``, ``via``, ``address`` and ``reason``.
    """
    params: dict[str, object] = {"name": name, "version": version}
    (made,) = await database.fetch_all(SavedOutcome, DELETE, params | who, name="expression_delete")
    return made
