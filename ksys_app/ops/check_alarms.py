"""Checks that the role of ``TS_ALARM_DSN`` has the privileges of the alarm worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from psycopg import AsyncConnection

from ksys_app.ops import golden
from ksys_app.ops.relations import few_names
from ksys_app.security import Finding

ROLE: Final = "eco_alarm"
LACKS: Final = """
SELECT format('%%s on %%s', w.privilege, w.relation)
FROM unnest(%(relations)s::text[], %(privileges)s::text[]) AS w (relation, privilege)
LEFT JOIN pg_class AS c ON c.relname = w.relation
  AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')
WHERE NOT coalesce(has_table_privilege(c.oid, w.privilege), false)
ORDER BY 1
"""


async def alarm_rights(conn: AsyncConnection) -> list[str]:
    """The privileges of the alarm worker that the role of a connection does not have."""
    wanted = [
        (row["relation"], privilege)
        for row in golden.of(conn).privileges
        if row["role"] == ROLE
        for privilege in row["privileges"]
    ]
    params = {
        "relations": [relation for relation, _ in wanted],
        "privileges": [privilege for _, privilege in wanted],
    }
    cursor = await conn.execute(LACKS, params)
    return [name for (name,) in await cursor.fetchall()]


def alarms(role: str, lacks: list[str], standby: bool) -> Iterator[Finding]:
    """Check that the alarm worker's role can read samples and write alarms, on the primary."""
    if standby:
        detail = "a standby is read-only; name the primary"
    elif lacks:
        detail = f"{role} lacks {few_names(lacks)}; run ksys db init"
    else:
        detail = ""
    yield Finding("TS_ALARM_DSN rights", not detail, detail or f"{role} writes alarms")
