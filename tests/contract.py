"""Checks answers against the OpenAPI document, and fills a plant so that answers have content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import schemathesis
from psycopg import AsyncConnection

from tests import plant
from tests.visiting import contract_api

DOCUMENT = contract_api().openapi()
CONTRACT = schemathesis.openapi.from_dict(DOCUMENT)
# Paths about people and their sessions, limits, expressions and views have their own tests.
# So have the requests that change something.
APART = (
    *("/api/v1/log", "/api/v1/me", "/api/v1/admin/"),
    *("/api/v1/rules", "/api/v1/expressions", "/api/v1/views"),
)
PATHS = [
    path
    for path, methods in DOCUMENT["paths"].items()
    if not path.startswith(APART) and [*methods] == ["get"]
]
A_DAY = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
# The 30 days of these requests stay the same if a day ends while the tests run.
DAYS = f"start={datetime.now(UTC).date() - timedelta(days=22)}"
# For each path a request that gets status 200.
GOOD = {
    "/api/v1/tags": "?search=d1",
    "/api/v1/kpi": "?window=24h",
    "/api/v1/sparklines": "?window=24h&places=0-59",
    "/api/v1/timeseries": "?tag=D100&window=24h",
    "/api/v1/indicators": "?tag=D100&window=24h&format=columns",
    "/api/v1/features": "?tag=D100&window=24h",
    "/api/v1/stats": "?tag=D100&tag=SILENT&window=24h",
    "/api/v1/relations/xy": "?x=D100&y=D100&lag=1&window=24h",
    "/api/v1/relations/histogram": "?tag=D100&window=24h",
    "/api/v1/relations/heatmap": "?tag=D100&window=24h",
    "/api/v1/relations/matrix": "?tag=D100&tag=SILENT&window=24h",
    "/api/v1/events": "?tag=D100&tag=SILENT&window=24h",
    "/api/v1/export.csv": "?tag=D100&tag=SILENT",
    "/api/v1/comm/heatmap": f"?tag=D100&{DAYS}",
    "/api/v1/comm/outages": f"?tag=D100&{DAYS}",
    "/api/v1/comm/cells.csv": f"?tag=D100&{DAYS}",
    "/api/v1/comm/outages.csv": f"?tag=D100&{DAYS}",
    "/api/v1/annotations.csv": "?tag=D100&q=pump",
    # Without the two times, the name of the file has the second of the request.
    "/api/v1/alarms/journal.csv": f"?{A_DAY}",
    **{
        f"/api/v1/series.{kind}": f"?tag=D100&tag=SILENT&{A_DAY}"
        for kind in ("csv", "xlsx", "parquet")
    },
}


def good(path: str) -> str:
    """The path with parameters that give status 200."""
    return path + GOOD.get(path, "")


def hold(answer: httpx.Response, path: str, method: str = "get") -> None:
    """Check the answer's status, type and shape against the document."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, answer.text[:200]
    CONTRACT[path][method.upper()].validate_response(answer)


async def fill(conn: AsyncConnection) -> None:
    """Write a tag with a rule and old and new samples, a tag without samples, and an odd name."""
    now = await plant.clock(conn)
    ages = [*range(0, 900, 5), *range(1000, 80_000, 997), 86_400 * 20, 86_400 * 300]
    rows = [(now - timedelta(seconds=s), "D100", 190 + s % 7 / 3) for s in ages]
    odd = [(now - timedelta(days=2), name, -1e-9) for name in ("x" * 300, "TAB\there")]
    await plant.insert(conn, [*rows, *odd])
    await conn.execute(
        "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, crit_max, enabled, meta)"
        ' VALUES (\'D100\', 0, 200, 190, true, \'{"unit": "°C", "x": [1, null]}\'),'
        " ('SILENT', NULL, NULL, NULL, true, '{}')"
    )
