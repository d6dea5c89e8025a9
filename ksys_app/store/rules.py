"""Saves limits for a person, through the function of schema ``ksys`` (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from psycopg.types.json import Jsonb

from ksys_app.db import Database
from ksys_app.models.limits import RuleChange, RuleOutcome
from ksys_app.models.rows import QcRule

SAVE: Final = """
SELECT * FROM ksys.rule_save(
  %(changes)s::jsonb, %(actor)s, %(via)s, %(address)s, %(reason)s)
"""
COLUMNS: Final = tuple(field.name for field in fields(QcRule) if field.compare)
"""The columns of ``influx_qc_rule``."""


def row_of(rule: QcRule) -> dict[str, Any]:
    """A rule as the row that the table stores."""
    return {name: getattr(rule, name) for name in COLUMNS}


def save_params(
    changes: Sequence[RuleChange], actor: str, via: str, address: str, reason: str
) -> dict[str, object]:
    """The parameters of :data:`SAVE` for the arguments of :func:`save`."""
    return {
        "changes": Jsonb(
            [
                {
                    "tag_name": change.rule.tag_name,
                    "version": change.version,
                    "rule": row_of(change.rule),
                    "settings": {
                        condition: None if settings is None else asdict(settings)
                        for condition, settings in change.settings.items()
                    },
                }
                for change in changes
            ]
        ),
        "actor": actor,
        "via": via,
        "address": address,
        "reason": reason,
    }


async def save(
    database: Database,
    changes: Sequence[RuleChange],
    actor: str,
    via: str,
    address: str,
    reason: str,
) -> list[RuleOutcome]:
    """Save all rules, or none if one tag has another version; record the actor and the reason.

    Args:
        database: the operator's database (:func:`ksys_app.db.operator`).
        changes: the rules, at most one for each tag.
        actor: who saves.
        via: the actor's way of login.
        address: address of the actor.
        reason: why; not empty.

    Returns:
        The new version of each tag; or the tags with another version, and their rules in force.
    """
    params = save_params(changes, actor, via, address, reason)
    return await database.fetch_all(RuleOutcome, SAVE, params, name="rule_save")
