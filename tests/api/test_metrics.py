"""``/metrics``: what a monitor sees of the process and its database (PRD §8.7)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ksys_app import db
from ksys_app.domain.upkeep import JOBS, REFRESH
from ksys_app.domain.windows import VIEW, parse_window
from ksys_app.ops.jobs.jobs import run_now
from tests import docs, plant
from tests.conftest import Plant
from tests.unit.test_monitoring import queries
from tests.waiting import until

Series = dict[tuple[str, ...], float]
DRIFT = ("buckets", "", "SCHEMA_DRIFT")
ALL_JOBS = "FROM timescaledb_information.jobs WHERE job_id >= 1000"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "TTL", {**db.TTL, "upkeep": 0.0})


async def figures(http: httpx.AsyncClient, *labels: str) -> dict[str, Series]:
    """Each sample by name, of those labels the values."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    found: dict[str, Series] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            key = tuple(sample.labels.get(label, "") for label in labels)
            found.setdefault(sample.name, {})[key] = sample.value
    return found


async def test_requests_are_counted_by_endpoint_and_status(http: httpx.AsyncClient) -> None:
    async def counts() -> Series:
        found = await figures(http, "endpoint", "status")
        return found.get("ksys_http_requests_total", {})

    before = await counts()
    for path in ("/api/v1/latest", "/api/v1/kpi?window=no", "/api/nope", "/docs/runbooks/NO.md"):
        await http.get(path)
    await http.post("/api/v1/latest")
    await http.head("/docs/runbooks/DB_CONN.md")
    added = {key: count - before.get(key, 0) for key, count in (await counts()).items()}
    assert {key: count for key, count in added.items() if count} == {
        ("/api/v1/latest", "200"): 1,
        ("/api/v1/latest", "405"): 1,
        ("/api/v1/kpi", "400"): 1,
        ("other", "404"): 1,
        ("/docs/runbooks/{code}.md", "404"): 1,
        ("/docs/runbooks/{code}.md", "200"): 1,
        ("/metrics", "200"): 1,
    }
    found = await figures(http, "endpoint")
    latest = ("/api/v1/latest",)
    assert found["ksys_http_request_duration_seconds_count"][latest] >= 2
    assert found["ksys_http_response_size_bytes_sum"][latest] > 0


async def test_every_figure_of_an_alert_or_a_panel_is_reported(http: httpx.AsyncClient) -> None:
    folder = docs.ROOT / "docs" / "monitoring"
    rules = (folder / "rules.yml").read_text("utf-8")
    board = json.loads((folder / "grafana-dashboard.json").read_text("utf-8"))
    texts = " ".join([*expressions(rules), *queries(board)])
    wanted = set(re.findall(r"\b((?:ksys|process)_\w+)", texts))
    answer = await http.get("/metrics")
    # Also those that have no sample while all is well.
    reported: set[str] = set()
    for family in text_string_to_metric_families(answer.text):
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
        reported |= {family.name + suffix for suffix in suffixes.get(family.type, ("",))}
    assert len(wanted) > 40
    assert wanted - reported == set()


def expressions(rules: str) -> list[str]:
    """The expressions of the rules, each in one line or in a block."""
    found = re.findall(
        r"^        expr: (?:\|\n)?(.+?)^        for:", rules, re.MULTILINE | re.DOTALL
    )
    assert len(found) == rules.count("- alert:")
    return found


async def test_errors_are_counted_by_code(http: httpx.AsyncClient) -> None:
    async def counts() -> Series:
        return (await figures(http, "place", "code"))["ksys_errors_total"]

    before = await counts()
    assert {(place, "INTERNAL") for place in ("http", "page")} <= set(before)
    for path in ("latest?tag=NOPE", "kpi?window=no", "kpi?window=no", "nope"):
        await http.get(f"/api/v1/{path}")
    added = {key: more for key, n in (await counts()).items() if (more := n - before.get(key, 0))}
    assert added == {
        ("http", "UNKNOWN_TAG"): 1,
        ("http", "BAD_PARAMETER"): 2,
        ("http", "NOT_FOUND"): 1,
    }


async def test_connections_in_use_are_those_that_are_open_and_not_idle(
    http: httpx.AsyncClient,
) -> None:
    found = (await figures(http, "state"))["ksys_pool_connections"]
    assert found[("in_use",)] == found[("size",)] - found[("available",)]


async def test_the_loop_is_watched_while_the_app_runs(http: httpx.AsyncClient) -> None:
    async def measured() -> bool:
        return (await figures(http))["ksys_event_loop_lag_seconds_count"][()] > 0

    await until(measured)


async def test_statements_are_counted_by_name(http: httpx.AsyncClient, plant_db: Plant) -> None:
    async def counts() -> dict[str, float]:
        found = await figures(http, "statement", "result", "code")
        return {
            **{
                key[1]: n
                for key, n in found["ksys_cache_answers_total"].items()
                if "buckets" in key
            },
            "rows": found["ksys_statement_rows_total"].get(("buckets", "", ""), 0),
            "asked": found["ksys_statement_duration_seconds_count"].get(("buckets", "", ""), 0),
            "failed": found.get("ksys_statement_errors_total", {}).get(DRIFT, 0),
        }

    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now - timedelta(minutes=5), "M2", 1.0), (now, "M2", 2.0)])
    before = await counts()
    series = "/api/v1/timeseries?tag=M2&window=60m"
    for _ in range(2):
        assert (await http.get(series)).status_code == 200
    view = VIEW[parse_window("7d").bucket]
    await plant_db.conn.execute(f"REVOKE SELECT ON public.{view} FROM eco_ro")
    assert (await http.get("/api/v1/timeseries?tag=M2&window=7d")).status_code == 500
    await plant_db.conn.execute(f"GRANT SELECT ON public.{view} TO eco_ro")
    now_counted = await counts()
    added = {
        key: more for key, count in now_counted.items() if (more := count - before.get(key, 0))
    }
    assert added == {"miss": 1, "hit": 1, "rows": 2, "asked": 2, "failed": 1}


async def test_how_far_each_aggregate_is_stored(http: httpx.AsyncClient, plant_db: Plant) -> None:
    now = await plant.clock(plant_db.conn)
    minutes = {*range(90), *range(0, 72 * 60, 60)}
    rows = [(now - timedelta(minutes=age), "M1", 1.0) for age in minutes]
    await plant.insert(plant_db.conn, rows)
    async for run in run_now(plant_db.conn):
        assert run.error is None
    ended = await plant.clock(plant_db.conn)
    found = await figures(http, "aggregate")
    stored = found["ksys_aggregate_stored_to_timestamp_seconds"]
    allowed = found["ksys_aggregate_allowed_lag_seconds"]
    assert set(stored) == set(allowed) == {(view,) for view in REFRESH}
    for view, at in stored.items():
        assert now.timestamp() - allowed[view] < at <= ended.timestamp()
    assert found["ksys_database_size_bytes"][("",)] > 1_000_000
    await plant_db.conn.execute("REVOKE SELECT ON public.influx_agg_1h FROM eco_ro")
    try:
        others = (await figures(http, "aggregate"))["ksys_aggregate_stored_to_timestamp_seconds"]
    finally:
        await plant_db.conn.execute("GRANT SELECT ON public.influx_agg_1h TO eco_ro")
    assert set(stored) - set(others) == {("influx_agg_1h",)}, "only what may be read is reported"


async def test_what_keeps_the_app_from_serving(http: httpx.AsyncClient, plant_db: Plant) -> None:
    fine = await figures(http)
    assert (fine["ksys_ready"], fine["ksys_triggers_off"]) == ({(): 1}, {(): 0})
    assert "ksys_fault" not in fine
    await plant_db.conn.execute("REVOKE SELECT ON public.influx_latest FROM eco_ro")
    rename = "ALTER TRIGGER {} ON public.influx_hist RENAME TO {}"
    await plant_db.conn.execute(rename.format("refuse_unusable", "gone"))
    try:
        found = await figures(http, "code", "name", "wrong")
    finally:
        await plant_db.conn.execute("GRANT SELECT ON public.influx_latest TO eco_ro")
        await plant_db.conn.execute(rename.format("gone", "refuse_unusable"))
    assert set(found["ksys_fault"]) == {
        ("SCHEMA_DRIFT", "influx_latest", "denied"),
        ("SCHEMA_DRIFT", "refuse_unusable", "missing"),
    }
    alone = ("", "", "")
    assert found["ksys_ready"][alone] == 0
    assert found["ksys_triggers_off"][alone] == 1
    assert found["ksys_database_up"][alone] == 1
    assert found["ksys_jobs"][alone] == len(JOBS), "the rest is reported nevertheless"
    assert "ksys_tag_value" not in found


async def test_jobs_that_are_off_and_missing(http: httpx.AsyncClient, plant_db: Plant) -> None:
    await plant_db.conn.execute("SELECT remove_retention_policy('public.influx_hist')")
    await plant_db.conn.execute(f"SELECT alter_job(job_id, scheduled => false) {ALL_JOBS}")
    await plant_db.conn.execute("SELECT add_retention_policy('influx_agg_1h', interval '9 years')")
    found = await figures(http, "name", "state")
    wanted = {"expected": len(JOBS), "missing": 1, "off": len(JOBS) - 1, "failing": 0}
    wanted |= {"unexpected": 1}
    assert {name: found[f"ksys_jobs_{name}"][("", "")] for name in wanted} == wanted
    states = {key for key, value in found["ksys_job_state"].items() if value}
    assert len(states) == len(JOBS)
    assert ("retention influx_hist", "missing") in states
    assert ("refresh influx_agg_1m", "off") in states


async def test_when_a_job_last_ended_well(http: httpx.AsyncClient, plant_db: Plant) -> None:
    await plant_db.conn.execute(
        "UPDATE ksys_job_run SET started_at = now(), finished_at = '2126-01-01 00:00Z'"
        " WHERE job_id = (SELECT job_id FROM timescaledb_information.jobs"
        " WHERE proc_name = 'settle_tags')"
    )
    found = (await figures(http, "name"))["ksys_job_last_success_timestamp_seconds"]
    assert found[("settle_tags",)] == datetime(2126, 1, 1, tzinfo=UTC).timestamp()


async def test_how_long_ago_alarms_were_evaluated(http: httpx.AsyncClient, plant_db: Plant) -> None:
    name = "ksys_alarm_evaluator_age_seconds"
    assert name not in await figures(http), "nobody has evaluated yet"
    await plant_db.conn.execute(
        "UPDATE public.alarm_lease SET evaluated_to = now() - interval '1 h'"
    )
    (age_s,) = (await figures(http))[name].values()
    assert 3600 <= age_s < 3700


OUTBOX = """
INSERT INTO ksys.alarm_outbox
  (ts, tag_name, condition, raised_at, event, purpose, route, recipient, wanted_at, due_at,
   sent_at, ended_at, attempt, error, dedupe_key)
SELECT now(), 'D', 'HIGH', now(), 'RAISE', 'tell', m.route, 'x@plant', now() - m.wanted,
       now(), now() - m.sent, now() - m.ended, m.attempt, m.error, m::text
FROM (VALUES
  ('shift', interval '15 min', NULL::interval, NULL::interval, 3, 'refused'),
  ('shift', '-15 min', NULL, NULL, 0, ''),
  ('call', '1 h', NULL, NULL, 0, ''),
  ('call', '2 h', '1 h', NULL, 1, ''),
  ('call', '3 h', '2 h', NULL, 1, ''),
  ('call', '3 d', '2 d', NULL, 1, ''),
  ('call', '27 h', NULL, '3 h', 40, 'refused'),
  ('call', '2 h', NULL, '2 h', 0, 'the alarm was over before it was found')
) AS m (route, wanted, sent, ended, attempt, error)
"""


async def test_which_messages_go_out_and_how_long_the_oldest_waits(
    http: httpx.AsyncClient, plant_db: Plant
) -> None:
    oldest = "ksys_alarm_message_oldest_age_seconds"
    assert (await figures(http))[oldest] == {(): 0}
    await plant_db.conn.execute(OUTBOX)
    found = await figures(http, "route", "state")
    assert found["ksys_alarm_messages"] == {
        ("shift", "failing"): 1,
        ("call", "waiting"): 1,
        ("call", "sent"): 2,
        ("call", "given_up"): 1,
        ("call", "not_needed"): 1,
    }
    assert 3600 <= found[oldest][("", "")] < 3700
