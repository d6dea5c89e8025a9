"""Checks that stored rules and expectations have only usable values (PRD §4.4).

The CSV files are checked before they are written to the database, but another program may have
stored any value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain.names import flaw, quoted_name
from ksys_app.domain.rules import usable_expectation, usable_rule
from ksys_app.models.rows import Fault, StoredExpectation, StoredRule
from ksys_app.ops.check import Check
from ksys_app.ops.masterdata.qc import MAX_ROWS
from ksys_app.queries import qc
from ksys_app.texts import say

MAX_NAMED: Final = 100
"""How many faulty rows get a line each; further rows are only counted."""


async def checks(conn: AsyncConnection) -> list[Check]:
    """Check the rules and expectations in the database.

    If a table or a column is missing, nothing is checked, because other checks report it.
    """
    try:
        async with conn.transaction():
            async with conn.cursor(row_factory=class_row(StoredRule)) as cursor:
                await cursor.execute(qc.RULES, qc.rule_params(MAX_ROWS))
                stored_rules = await cursor.fetchall()
            async with conn.cursor(row_factory=class_row(StoredExpectation)) as cursor:
                await cursor.execute(qc.EXPECTATIONS, {"cap": MAX_ROWS})
                stored_expectations = await cursor.fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        return []
    return [*rules(stored_rules), *expectations(stored_expectations)]


def rules(rows: Sequence[StoredRule]) -> Iterator[Check]:
    """One line for all rules, and one line for each rule with an unusable value."""
    return _checks("rule", [(row.tag_name, usable_rule(row).faults) for row in rows])


def expectations(rows: Sequence[StoredExpectation]) -> Iterator[Check]:
    """One line for all expectations, and one line for each with an unusable value."""
    return _checks("expectation", [(row.tag_name, usable_expectation(row)[1]) for row in rows])


def _checks(kind: str, found: Sequence[tuple[str, Sequence[Fault]]]) -> Iterator[Check]:
    faulty = [(tag, faults) for tag, faults in found if faults]
    detail = f"{len(found):,} rows"
    if faulty:
        detail += f", {len(faulty):,} of them with values that are not used"
    yield Check(f"{kind}s", not faulty, detail)
    for tag, faults in faulty[:MAX_NAMED]:
        name = tag if flaw(tag) is None else quoted_name(tag)
        yield Check(f"{kind} {name}", False, "; ".join(say(fault.sentence) for fault in faults))
