"""Reads rules, settings and calculated tags for the alarm worker (PRD §32.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain.alarms.calculated import Formula, formulas
from ksys_app.domain.rules import usable_rule
from ksys_app.models.alarms import AlarmSettings, Condition
from ksys_app.models.expressions import SavedExpression
from ksys_app.models.rows import QcRule, StoredRule
from ksys_app.queries.alarms import MAX_TAGS
from ksys_app.queries.expressions import CALCULATED, MAX_SAVED
from ksys_app.queries.qc import RULES, rule_params

SETTINGS: Final = """
SELECT tag_name, condition, group_name,
       priority, on_delay_s, off_delay_s, latch, ack, realarm_s
FROM public.alarm_rule
ORDER BY tag_name, condition
LIMIT %(cap)s
"""
VERSIONS: Final = "SELECT tag_name, version FROM public.rule_version LIMIT %(cap)s"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force.

    Attributes:
        rules: tag to rule.
        settings: tag to its settings by condition.
        versions: tag to the version of its rule.
        groups: tag and condition to the group that a site gave the alarm.
        formulas: calculated tag to its formula.
    """

    rules: dict[str, QcRule]
    settings: dict[str, dict[Condition, AlarmSettings]]
    versions: dict[str, int]
    groups: dict[tuple[str, str], str]
    formulas: dict[str, Formula] = field(default_factory=dict)


async def expressions(conn: AsyncConnection) -> list[SavedExpression]:
    """The saved expressions that are calculated tags, by name."""
    cursor = conn.cursor(row_factory=class_row(SavedExpression))
    return await (await cursor.execute(CALCULATED, {"cap": MAX_SAVED})).fetchall()


async def rules(conn: AsyncConnection) -> Rules:
    """Every rule without its unusable values, and the settings of single conditions."""
    stored, saved = conn.cursor(row_factory=class_row(StoredRule)), await expressions(conn)
    settings_rows, versions = conn.cursor(), conn.cursor()
    async with conn.pipeline():
        await stored.execute(RULES, rule_params(MAX_TAGS))
        await settings_rows.execute(SETTINGS, {"cap": 7 * MAX_TAGS})
        await versions.execute(VERSIONS, {"cap": MAX_TAGS})
    settings: dict[str, dict[Condition, AlarmSettings]] = {}
    groups: dict[tuple[str, str], str] = {}
    for tag, condition, group, *values in await settings_rows.fetchall():
        settings.setdefault(tag, {})[condition] = AlarmSettings(*values)
        if group:
            groups[tag, condition] = group
    usable = {rule.tag_name: rule for rule in map(usable_rule, await stored.fetchall())}
    by_tag, formulas_by_tag = formulas(usable, saved)
    return Rules(by_tag, settings, dict(await versions.fetchall()), groups, formulas_by_tag)
