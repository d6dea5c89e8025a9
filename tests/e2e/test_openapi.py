"""schemathesis tests the running app, knowing only the OpenAPI document."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from ksys_app.db import connect
from tests import plant
from tests.e2e.conftest import ANSWER_S, Site

EXAMPLES = 6
SEED = 20250815
# A document of this kind cannot say that one parameter must be less than another, or needs or
# excludes it, nor that one is of an earlier answer, nor that 200 pins of 5,000 characters make an
# address too long.
# Nobody logs in at this site, and nobody acts on alarms: it has no TS_OPERATOR_DSN.
SETTINGS = """
# The cases at the edges of every parameter take a minute; random ones find what they find in hours,
# not in seconds. Another test tries every method of every path.
[phases.fuzzing]
enabled = false
[phases.coverage]
unexpected-methods = []

[[operations]]
include-name = [
  "GET /api/v1/export.csv",
  "GET /api/v1/series.csv",
  "GET /api/v1/series.xlsx",
  "GET /api/v1/series.parquet",
  "GET /api/v1/features",
  "GET /api/v1/indicators",
  "GET /api/v1/stats",
  "GET /api/v1/events",
  "GET /api/v1/relations/xy",
  "GET /api/v1/relations/histogram",
  "GET /api/v1/relations/heatmap",
  "GET /api/v1/relations/matrix",
  "GET /api/v1/timeseries",
  "GET /api/v1/admin/audit",
  "GET /api/v1/alarms/journal",
  "GET /api/v1/alarms/journal.csv",
  "GET /api/v1/alarms/kpi",
  "GET /api/v1/alarms/bad_actors",
  "PUT /api/v1/views/{name}",
  "GET /api/v1/annotations",
  "GET /api/v1/annotations.csv",
]
warnings = false
[operations.checks]
positive_data_acceptance.enabled = false
negative_data_rejection.expected-statuses = [400, 403, 404, 414]

# Tests of their own send limits and expressions: a document cannot say which are in order, and a
# preview is work.
[[operations]]
include-name = [
  "GET /api/v1/expressions/evaluate",
  "PUT /api/v1/expressions/{name}",
  "DELETE /api/v1/expressions/{name}",
  "PUT /api/v1/rules/{tag}",
  "POST /api/v1/rules/rollback",
  "POST /api/v1/rules/bulk",
  "POST /api/v1/rules/proposal",
  "POST /api/v1/rules/preview",
  "POST /api/v1/rules/preview/exact",
]
enabled = false

# Nothing is saved at this site.
[[operations]]
include-name = [
  "GET /api/v1/expressions/{name}",
  "GET /api/v1/annotations/{id}",
  "GET /api/v1/views/{name}",
  "PUT /api/v1/views/{name}",
  "DELETE /api/v1/views/{name}",
  "PUT /api/v1/me/start",
  "DELETE /api/v1/me/start",
]
warnings = false
[operations.checks]
negative_data_rejection.expected-statuses = [400, 403, 404, 413]

[[operations]]
include-name = [
  "GET /api/v1/admin/sessions",
  "POST /api/v1/alarms/ack",
  "POST /api/v1/alarms/unack",
  "POST /api/v1/alarms/shelve",
  "POST /api/v1/alarms/unshelve",
  "POST /api/v1/alarms/reset",
  "POST /api/v1/alarms/out_of_service",
  "POST /api/v1/alarms/assign",
  "POST /api/v1/annotations",
  "PATCH /api/v1/annotations/{id}",
  "DELETE /api/v1/annotations/{id}",
]
warnings = false
[operations.checks]
negative_data_rejection.expected-statuses = [400, 403, 413]

[[operations]]
include-name = ["GET /api/v1/kpi", "GET /api/v1/sparklines"]
[operations.checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "414", "5xx"]
"""


@pytest.fixture(scope="module", autouse=True)
async def odd(site: Site) -> None:
    """Names and figures that another writer has put beside the demo's."""
    now = datetime.now(UTC)
    names = ("x" * 300, "가" * 300, "TAB\there", " blanks ")
    rows = [(now - timedelta(minutes=m), name, 10.0**m) for name in names for m in range(99)]
    async with await connect(site.dsn) as conn:
        await plant.insert(conn, rows)
        await conn.execute("INSERT INTO influx_qc_rule (tag_name, enabled) VALUES ('SILENT', true)")


@pytest.mark.timeout(900)
async def test_no_request_finds_a_difference(site: Site, tmp_path: Path) -> None:
    lines = len(site.log)
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS)
    # By itself schemathesis waits only 10 s for the document, which a busy machine has yet to make.
    document = tmp_path / "openapi.json"
    async with httpx.AsyncClient(base_url=site.url, timeout=ANSWER_S) as client:
        document.write_bytes((await client.get("/api/v1/openapi.json")).content)
    arguments = (
        *("--config-file", str(settings)),
        *("run", str(document), "--url", site.url, "--no-color"),
        *(f"--max-examples={EXAMPLES}", f"--seed={SEED}", "--generation-deterministic"),
        f"--request-timeout={ANSWER_S}",
    )
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *arguments,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    # Some addresses and bodies are very long.
    shortened = [line[:300] for line in output.splitlines() if line.strip()]
    assert process.returncode == 0, "\n".join(shortened[-120:])
    assert "No issues found" in output
    assert not [line for line in site.log[lines:] if " ERROR " in line or "Traceback" in line]
