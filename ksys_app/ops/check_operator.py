"""Checks that the role of ``TS_OPERATOR_DSN`` has the privileges of ``eco_op`` and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.ops import golden
from ksys_app.ops.relations import few_names
from ksys_app.security import Finding

MAY_CALL: Final = "eco_op may EXECUTE"
CALLS: Final = """
SELECT ARRAY(
         SELECT w.name FROM unnest(%(functions)s::text[]) AS w (name)
         WHERE NOT EXISTS (
           SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
           WHERE n.nspname = 'ksys' AND p.proname = w.name
             AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))
         ORDER BY 1) AS lacks,
       ARRAY(
         SELECT format('%%s.%%s', n.nspname, c.relname)
         FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('public', 'ksys') AND c.relkind IN ('r', 'v', 'm')
           AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
           AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
         ORDER BY 1) AS touches
"""


@dataclass(frozen=True, slots=True)
class Calls:
    """The privileges of a role: functions that it may not call, and tables that it may use."""

    lacks: list[str]
    touches: list[str]


async def callable_by(conn: AsyncConnection) -> Calls:
    """The privileges of the role of a connection in schema ``ksys`` and on tables."""
    wanted = [row["name"] for row in golden.of(conn).access if MAY_CALL in row["facts"]]
    names = [name.removeprefix("function ") for name in wanted]
    async with conn.cursor(row_factory=class_row(Calls)) as cursor:
        await cursor.execute(CALLS, {"functions": names})
        found = await cursor.fetchone()
    assert found is not None, "a SELECT without FROM has one row"
    return found


def operator(role: str, found: Calls, standby: bool) -> Iterator[Finding]:
    """Check that the operator's role can call every function of the app, and can use no table."""
    if standby:
        detail = "a standby is read-only; name the primary"
    elif found.lacks:
        detail = f"{role} may not call {few_names(found.lacks)} in schema ksys; run ksys db init"
    else:
        detail = ""
    yield Finding("TS_OPERATOR_DSN calls", not detail, detail or f"{role} may call every function")
    touches = f"{role} may use {few_names(found.touches)}; name eco_op, which may use no table"
    fine = f"{role} may use no table"
    only = not found.touches
    yield Finding("TS_OPERATOR_DSN only calls", only, fine if only else touches, strict=False)
