"""Since when a tag has had its current value, from the minutes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg import AsyncConnection
from psycopg.rows import class_row

from ksys_app.domain.still import Suspect
from ksys_app.models.rows import Run
from ksys_app.queries.runs import RUNS, run_params
from tests.plant import clock, insert

# Minutes ago of the newest sample with another value, None for none.
CHANGED = {"MOVED": 10, "STOOD": 45, "ALWAYS": None}


@pytest.mark.parametrize("look_s", [3600.0])
async def test_a_run_begins_with_the_minute_after_the_change(
    conn: AsyncConnection, look_s: float
) -> None:
    now = await clock(conn)
    rows = [
        (now - timedelta(minutes=m), tag, 1.0 if at is None or m < at else 2.0)
        for tag, at in CHANGED.items()
        for m in range(90)
    ]
    await insert(conn, rows)
    suspects = [Suspect(tag, 1.0, look_s) for tag in CHANGED]
    cursor = conn.cursor(row_factory=class_row(Run))
    await cursor.execute(RUNS, run_params(suspects))
    found = {run.tag_name: run for run in await cursor.fetchall()}
    # The statement looks back from its own time.
    late = (await clock(conn) - now).total_seconds() / 60
    for tag, minutes in {"MOVED": 9, "STOOD": 44, "ALWAYS": 62}.items():
        since = (now - found[tag].since).total_seconds() / 60
        assert minutes - 1.5 - late <= since <= minutes + 1
    assert {tag for tag, run in found.items() if run.longer} == {"ALWAYS"}
