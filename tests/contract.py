"""Checks answers against the OpenAPI document, and fills a plant so that answers have content."""

from __future__ import annotations

from datetime import timedelta

import httpx
import schemathesis
from psycopg import AsyncConnection

from ksys_app.api.app import create_api
from tests import plant

DOCUMENT = create_api().openapi()
CONTRACT = schemathesis.openapi.from_dict(DOCUMENT)
# Those about people and their sessions, limits, and expressions have tests of their own.
APART = ("/api/v1/log", "/api/v1/me", "/api/v1/admin/", "/api/v1/rules", "/api/v1/expressions")
PATHS = [
    path
    for path, methods in DOCUMENT["paths"].items()
    if not path.startswith(APART) and "get" in methods
]
# For each path a request that gets status 200.
GOOD = {
    "/api/v1/tags": "?search=d1",
    "/api/v1/kpi": "?window=24h",
    "/api/v1/sparklines": "?window=24h&places=0-59",
    "/api/v1/timeseries": "?tag=D100&window=24h",
    "/api/v1/indicators": "?tag=D100&window=24h&format=columns",
    "/api/v1/features": "?tag=D100&window=24h",
    "/api/v1/stats": "?tag=D100&tag=SILENT&window=24h",
    "/api/v1/export.csv": "?tag=D100&tag=SILENT",
    "/api/v1/comm/heatmap": "?tag=D100",
    "/api/v1/comm/outages": "?tag=D100",
    "/api/v1/comm/cells.csv": "?tag=D100",
    "/api/v1/comm/outages.csv": "?tag=D100",
    # Without them, the name of the file has the second of the request.
    "/api/v1/alarms/journal.csv": "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z",
}


def good(path: str) -> str:
    return path + GOOD.get(path, "")


def hold(answer: httpx.Response, path: str, method: str = "get") -> None:
    """Check that the document has the answer's status for the path, its type and its shape."""
    told = DOCUMENT["paths"][path][method]["responses"]
    assert str(answer.status_code) in told, answer.text[:200]
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
