"""``make golden``: writes the golden file for ``ksys db verify`` and the OpenAPI document.

The golden file is read from a newly built database.

The database is one of the tests': that of ``TS_TEST_DSN``, one in Docker, or an embedded one. Its
major version decides which file of ``db/verify/golden/`` is written. A row is a line, so that a
diff shows what a change of ``db/`` does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection

from ksys_app import resources
from ksys_app.db import connect
from ksys_app.domain.jobs import Job
from ksys_app.ops import definitions, golden
from ksys_app.ops.check import Rows, days
from ksys_app.ops.verify.verify import read_state
from tests import sharing
from tests.conftest import ZONE, apply_schema
from tests.database import TestDatabases
from tests.visiting import contract_api

OPENAPI = resources.ROOT / "docs" / "openapi.json"
CREATED = """
SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY oid
"""
"""Tables, views and indexes in the order of ``db/``; golden files have the same order."""


async def taken(conn: AsyncConnection) -> dict[str, Rows]:
    """The content of a golden file for the database of a connection, by statement."""
    state, failures = await read_state(conn, ZONE)
    assert not failures, failures
    rows = {
        name: [*_rows(name, getattr(state, name))] for name in golden.SECTIONS if name != "jobs"
    }
    rows["jobs"] = [_job(job) for job in state.jobs if job.is_ours]
    created = [name for (name,) in await (await conn.execute(CREATED)).fetchall()]
    place = {name: number for number, name in enumerate(created)}

    def names(row: dict[str, Any]) -> list[tuple[int, str]]:
        keys = [row[key] for key in ("role", "relation", "name") if key in row]
        return [(place.get(key, len(place)), key) for key in keys]

    # The columns of a relation stay in their own order.
    return {name: sorted(rows[name], key=names) for name in golden.SECTIONS}


def _rows(name: str, rows: Rows) -> Iterator[dict[str, Any]]:
    for row in rows:
        one = {key: row[key] for key in golden.SECTIONS[name]}
        if name == "definitions":
            text = definitions.normalised(one["definition"])
            one["definition"] = definitions.without_zone(text, ZONE)
        yield one


def _job(job: Job) -> dict[str, Any]:
    values = {key: getattr(job, key) for key in golden.SECTIONS["jobs"]}
    return {
        key: days(value) if isinstance(value, timedelta) else value
        for key, value in values.items()
        if value is not None
    }


def golden_file(major: int) -> Path:
    """The file of a major version of PostgreSQL."""
    return resources.GOLDEN / f"{major}.json"


def written(sections: dict[str, Rows]) -> str:
    """The text of a golden file."""
    return "{\n" + ",\n".join(f'"{name}": {_lines(sections[name])}' for name in sections) + "\n}\n"


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]"


def recorded(document: dict[str, Any]) -> str:
    """The text of ``docs/openapi.json``."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


async def main() -> None:
    """Build a database, and write the file of its version; write the OpenAPI document."""
    async with TestDatabases(apply_schema) as databases:
        dsn = await databases.fresh()
        async with await connect(dsn) as conn:
            file, text = golden_file(golden.major(conn)), written(await taken(conn))
        await databases.drop(dsn)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    print(file.relative_to(resources.ROOT))
    OPENAPI.write_text(recorded(contract_api().openapi()), "utf-8")
    print(OPENAPI.relative_to(resources.ROOT))


if __name__ == "__main__":
    sharing.begin()
    try:
        asyncio.run(main())
    finally:
        sharing.end()
