"""The grid over HTTP in zones with clock changes: days of 23 and 25 hours (PRD §28.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import httpx
import pytest

from ksys_app.db import connect
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from tests.comm import expected_cells, expected_outages, messages
from tests.conftest import PATIENT, RO_PASSWORD
from tests.database import TestDatabases
from tests.visiting import at_machine, contract_api

BERLIN = "Europe/Berlin"
# A message a minute around both changes, an outage over each of them.
CHANGES = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT ts, 'T', 1.0
FROM generate_series(timestamptz '2025-10-25 20:00Z', '2025-10-26 20:00Z', '1 minute') AS ts
WHERE ts NOT BETWEEN '2025-10-26 00:00Z' AND '2025-10-26 00:59Z'
UNION ALL
SELECT ts, 'T', 1.0
FROM generate_series(timestamptz '2026-03-28 20:00Z', '2026-03-29 20:00Z', '1 minute') AS ts
WHERE ts NOT BETWEEN '2026-03-29 00:00Z' AND '2026-03-29 01:59Z'
"""


@pytest.fixture(scope="module")
async def berlin(databases: TestDatabases) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """The HTTP contract of an app in Berlin, and its database's DSN."""
    dsn = await databases.fresh()
    async with await connect(dsn) as conn:
        await conn.execute(CHANGES)
    reader = databases.as_role(dsn, "eco_ro", RO_PASSWORD)
    settings = load_settings().model_copy(update={"ts_dsn": reader, "tz": BERLIN, **PATIENT})
    transport = httpx.ASGITransport(at_machine(contract_api()))
    async with (
        runtime.opened(settings),
        httpx.AsyncClient(transport=transport, base_url="http://ksys") as http,
    ):
        yield http, dsn
    await databases.drop(dsn)


@pytest.mark.parametrize(
    ("start", "changed", "hours"),
    [(date(2025, 10, 12), "2025-10-26", 25), (date(2026, 3, 15), "2026-03-29", 23)],
)
async def test_no_hour_is_lost_or_doubled_at_a_change_of_clocks(
    berlin: tuple[httpx.AsyncClient, str], start: date, changed: str, hours: int
) -> None:
    http, dsn = berlin
    params = {"tag": "T", "start": str(start)}
    answer = (await http.get("/api/v1/comm/heatmap", params=params)).json()
    cells = answer["cells"]
    lengths = Counter(cell["local"][:10] for cell in cells)
    assert len(lengths) == 30
    assert {day: n for day, n in lengths.items() if n != 24} == {changed: hours}
    assert len({cell["local"] for cell in cells}) == len(cells) == 720 + hours - 24
    async with await connect(dsn) as conn:
        raw = await messages(conn, "T")
    now = datetime.fromisoformat(answer["judged_to"]).astimezone(UTC)
    wanted = expected_cells(raw, now, start, BERLIN)
    assert [cell["state"] for cell in cells] == list(wanted["state"])
    assert [cell["recv_msgs"] for cell in cells] == list(wanted["recv"])
    assert sum(cell["recv_msgs"] for cell in cells) == sum(
        wanted.index[0] <= ts < wanted.index[-1] + (wanted.index[1] - wanted.index[0]) for ts in raw
    )
    runs = (await http.get("/api/v1/comm/outages", params=params)).json()
    assert [
        (datetime.fromisoformat(run["start_ts_utc"]), datetime.fromisoformat(run["end_ts_utc"]))
        for run in runs
    ] == [(run["start"], run["end"]) for run in expected_outages(wanted, now)]
