"""Faulty rules and expectations, written by another program as ``eco_rw``.

A faulty value affects only its own tag. Every other tag stays the same, over HTTP and on pages.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.ops.masterdata import qc
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES
from ksys_app.ops.verify import verify
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from ksys_app.states.comm import CommState
from ksys_app.states.dashboard import DashboardState
from ksys_app.states.trend import TrendState
from ksys_app.texts import say
from tests import plant
from tests.conftest import PATIENT, RO_PASSWORD, RW_PASSWORD, ZONE
from tests.database import TestDatabases
from tests.states.page_query import WithQuery, with_query
from tests.visiting import contract_api

SOUND = ["SOUND", "PLAIN"]
NAN, INF = "'NaN'", "'Infinity'"
# Values of the columns of a rule as another writer may store them, one row each.
RULE_ROWS: dict[str, dict[str, str]] = {
    "META-LIST": {"meta": "'[1,2]'"},
    "META-TEXT": {"meta": "'\"abc\"'"},
    "META-TWICE": {"meta": """'"{\\"unit\\": \\"°C\\"}"'"""},
    "META-NUMBER": {"meta": "'5'"},
    "META-NULL": {"meta": "'null'"},
    "META-SQL-NULL": {"meta": "NULL"},
    "META-DEEP": {"meta": "(repeat('[', 300) || repeat(']', 300))::jsonb"},
    "META-DIGITS": {"meta": "('{\"n\": ' || repeat('9', 6000) || '}')::jsonb"},
    "META-HUGE": {"meta": '(\'{"n": 1e400, "i": 123456789012345678901234567890}\')::jsonb'},
    "META-LARGE": {
        "meta": "(SELECT jsonb_object_agg(md5(n::text), md5((n * 7)::text))"
        " FROM generate_series(1, 2000) AS n)"
    },
    "UNIT-NULL": {"meta": '\'{"unit": null, "title": null}\''},
    "UNIT-NUMBER": {"meta": '\'{"unit": 5, "title": 6}\''},
    "UNIT-OBJECT": {"meta": '\'{"unit": {}, "title": [1]}\''},
    "UNIT-LONG": {"meta": "jsonb_build_object('unit', repeat('x', 10000))"},
    "NANS": dict.fromkeys(
        ("min_val", "max_val", "warn_min", "warn_max", "crit_min", "crit_max", "max_step"), NAN
    )
    | dict.fromkeys(("roc_max_per_min", "spike_zscore", "deadband_pct"), NAN),
    "INFINITE": {"min_val": "'-Infinity'", "max_val": INF, "max_step": INF, "deadband_pct": INF},
    "CROSSED": {"min_val": "200", "max_val": "0"},
    "OUTSIDE": {"crit_max": "90", "warn_max": "95", "max_val": "100", "min_val": "0"},
    "FLAT": {"min_val": "5", "max_val": "5"},
    "WIDE": {"min_val": "-1.7e308", "max_val": "1.7e308", "deadband_pct": "25"},
    "TINY": {"min_val": "0", "max_val": "5e-324", "deadband_pct": "25"},
    "NEGATIVE": {"max_gap_seconds": "-60", "max_step": "-1", "roc_max_per_min": "0"},
    "LONGEST": {"max_gap_seconds": "2147483647", "deadband_pct": "1e308"},
    "NOTHING": {"enabled": "NULL"},
    "": {},
    "  BLANKS  ": {"max_val": NAN},
    "TWO\nLINES": {},
    "L" * 300: {},
}
EXPECTATION_ROWS: dict[str, tuple[str, str, str]] = {
    "RATE-0": ("0", "0.98", "0.95"),
    "RATE-MINUS": ("-2147483648", "0.98", "0.95"),
    "RATE-HUGE": ("2147483647", "0.98", "0.95"),
    "SLO-NAN": ("1", NAN, NAN),
    "SLO-INF": ("1", INF, "'-Infinity'"),
    "SLO-HUGE": ("1", "1e400", "-1e400"),
    "SLO-PERCENT": ("1", "98", "95"),
    "SLO-CROSSED": ("1", "0.5", "0.9"),
    "": ("1", "0.98", "0.95"),
}


# A row without a name is of no tag.
RULE_TAGS = [tag for tag in RULE_ROWS if tag]
EXPECTATION_TAGS = [tag for tag in EXPECTATION_ROWS if tag]


async def write_faulty_rows(dsn: str, now: datetime) -> None:
    """Store the rows, and samples for each of their tags."""
    async with await connect(dsn) as conn:
        for tag, columns in RULE_ROWS.items():
            values = {"enabled": "true"} | columns
            await conn.execute(
                f"INSERT INTO influx_qc_rule (tag_name, {', '.join(values)})"
                f" VALUES (%s, {', '.join(values.values())})".encode(),
                [tag],
            )
        for tag, (rate, warn, crit) in EXPECTATION_ROWS.items():
            await conn.execute(
                "INSERT INTO ingest_expectation (tag_name, exp_per_min, slo_warn, slo_crit)"
                f" VALUES (%s, {rate}, {warn}, {crit})".encode(),
                [tag],
            )
        await write_samples(conn, [tag for tag in {**RULE_ROWS, **EXPECTATION_ROWS} if tag], now)


async def write_samples(conn: AsyncConnection, tags: list[str], now: datetime) -> None:
    """Store a sample a minute of the four hours before ``now`` for each tag."""
    newest = now.replace(second=0, microsecond=0)
    moments = [newest - timedelta(minutes=m) for m in range(1, 240)]
    await plant.insert(conn, [(ts, tag, 50.0 + ts.minute / 10) for tag in tags for ts in moments])


@pytest.fixture(scope="module")
async def empty_dsn(databases: TestDatabases) -> AsyncIterator[str]:
    """A database with the schema."""
    dsn = await databases.fresh()
    yield dsn
    await databases.drop(dsn)


@pytest.fixture(scope="module")
async def now(empty_dsn: str) -> datetime:
    """The database's clock at the beginning. All tags have their samples until then."""
    async with await connect(empty_dsn) as conn:
        return await plant.clock(conn)


@pytest.fixture(scope="module")
async def dsn(empty_dsn: str, now: datetime) -> str:
    """A database with the sound tags."""
    async with await connect(empty_dsn) as conn:
        await conn.execute(
            "INSERT INTO influx_qc_rule (tag_name, min_val, max_val, warn_max, enabled, meta)"
            ' VALUES (\'SOUND\', 0, 200, 52, true, \'{"unit": "bar", "title": "Pressure"}\')'
        )
        await conn.execute("INSERT INTO ingest_expectation (tag_name) VALUES ('SOUND')")
        await write_samples(conn, SOUND, now)
    return empty_dsn


@pytest.fixture(scope="module")
async def before(dsn: str, now: datetime) -> dict[str, Any]:
    """What the sound tags are, before anything else is there."""
    async with runtime.opened(app_settings(dsn)):
        return await everything_of_the_sound_tags(now)


@pytest.fixture(scope="module")
async def faulty(dsn: str, before: dict[str, Any], now: datetime) -> AsyncIterator[None]:
    """The app over the faulty rows."""
    await write_faulty_rows(TestDatabases.as_role(dsn, "eco_rw", RW_PASSWORD), now)
    async with runtime.opened(app_settings(dsn)):
        yield


def app_settings(dsn: str) -> Any:
    reader = TestDatabases.as_role(dsn, "eco_ro", RO_PASSWORD)
    return load_settings().model_copy(update={"ts_dsn": reader, **PATIENT})


async def get(path: str, **params: Any) -> httpx.Response:
    transport = httpx.ASGITransport(contract_api())
    async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as client:
        answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer


async def everything_of_the_sound_tags(now: datetime) -> dict[str, Any]:
    """What HTTP says of them, without what changes with the clock.

    Args:
        now: the same time in all calls; hours that were over two hours before are settled.
    """
    tiles = (await get("/api/v1/kpi", window="24h")).json()
    rules = (await get("/api/v1/qc")).json()
    metrics = (await get("/metrics")).text.splitlines()
    grids = {tag: (await get("/api/v1/comm/heatmap", tag=tag)).json() for tag in SOUND}
    export = (await get("/api/v1/export.csv", tag="SOUND", window="24h")).text
    return {
        "kpi": [tile | {"age_s": 0, "comm": ""} for tile in tiles if tile["title"] in SOUND],
        "qc": [rule for rule in rules if rule["tag_name"] in SOUND],
        "metrics": [line for line in metrics if any(f'"{tag}"' in line for tag in SOUND)],
        "cells": {tag: settled(grid, now) for tag, grid in grids.items()},
        "export": list(csv.reader(io.StringIO(export)))[:200],
    }


def settled(grid: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The hours of the day before ``now`` that are over, and not just then.

    Longer ago there is no message, and at midnight the grid loses its first day.
    """
    start, end = now - timedelta(days=1), now - timedelta(hours=2)
    return [cell for cell in grid["cells"] if start < datetime.fromisoformat(cell["local"]) < end]


@pytest.fixture
async def tiles(faulty: None) -> dict[str, dict[str, Any]]:
    return {tile["title"]: tile for tile in (await get("/api/v1/kpi", window="24h")).json()}


async def test_the_other_tags_are_what_they_were(
    faulty: None, before: dict[str, Any], now: datetime
) -> None:
    assert await everything_of_the_sound_tags(now) == before
    assert len(before["cells"]["SOUND"]) > 20
    assert [tile["unit"] for tile in before["kpi"]] == ["", "bar"]


async def test_each_tag_has_its_tile_and_its_value(tiles: dict[str, dict[str, Any]]) -> None:
    assert set(tiles) == {*SOUND, *RULE_TAGS, *EXPECTATION_TAGS}
    for title, tile in tiles.items():
        assert (tile["value"] is None) == (title == "")
        assert tile["unit"] in {"bar" if title == "SOUND" else "", "°C"}
    assert [title for title, tile in tiles.items() if tile["unit"] == "°C"] == ["META-TWICE"]


async def test_what_cannot_be_used_raises_no_alarm(tiles: dict[str, dict[str, Any]]) -> None:
    for tag in ("NANS", "INFINITE", "CROSSED", "FLAT", "NEGATIVE", "LONGEST", "NOTHING"):
        assert (tiles[tag]["alarm"], tiles[tag]["status_level"]) == ("-", 0), tag
    assert tiles["OUTSIDE"]["range_label"] == "0.0 ~ 100.0", "what is in order is used"


async def test_the_rules_over_http_are_those_that_are_judged_by(faulty: None) -> None:
    rules = {row["tag_name"]: row for row in (await get("/api/v1/qc")).json()}
    assert set(rules) == {"SOUND", *RULE_ROWS}
    assert [
        rules[tag]["meta"] for tag in ("META-LIST", "META-TEXT", "META-DEEP", "META-LARGE")
    ] == [
        {},
        {},
        {},
        {},
    ]
    assert rules["META-TWICE"]["meta"] == {"unit": "°C"}
    assert (rules["CROSSED"]["min_val"], rules["CROSSED"]["max_val"]) == (None, None)
    assert (rules["OUTSIDE"]["warn_max"], rules["OUTSIDE"]["crit_max"]) == (None, None)
    assert (rules["OUTSIDE"]["min_val"], rules["OUTSIDE"]["max_val"]) == (0.0, 100.0)


@pytest.mark.parametrize("tag", [tag for tag in EXPECTATION_ROWS if tag])
async def test_communication_is_judged_by_what_can_be_used(faulty: None, tag: str) -> None:
    cells = (await get("/api/v1/comm/heatmap", tag=tag)).json()["cells"]
    # Neither the hour of the first sample, nor those in which the samples may have ended.
    complete = [cell for cell in cells if cell["exp_msgs"]][1:-2]
    assert {cell["exp_msgs"] for cell in complete} == {
        60 * (2**31 - 1 if tag == "RATE-HUGE" else 1)
    }
    states = {cell["state"] for cell in complete}
    assert states == {"crit" if tag == "RATE-HUGE" else "ok"}


async def test_other_readers_of_the_view_are_not_ended_by_an_overflow(
    faulty: None, dsn: str
) -> None:
    async with await connect(dsn) as conn:
        cursor = await conn.execute(
            "SELECT max(exp_msgs) FROM comm_success_1h WHERE tag_name = 'RATE-HUGE'"
        )
        assert await cursor.fetchone() == (60 * (2**31 - 1),)


class Dashboard(WithQuery, DashboardState):
    """With the URL that a test sets."""


class Trend(WithQuery, TrendState):
    """With the URL that a test sets."""


class Comm(WithQuery, CommState):
    """With the URL that a test sets."""


async def loaded(kind: type, name: str, tab: Any) -> Any:
    async for _event in kind.event_handlers[name].fn(tab):  # type: ignore[attr-defined]
        pass
    assert tab.phase == "loaded", tab.problem
    return tab


async def open_detail(tab: Any, tag: str) -> None:
    assert tab.open_detail(tag) is not None
    await DashboardState.event_handlers["read_detail"].fn(tab)


async def test_the_dashboard_is_loaded_and_a_detail_says_what_is_not_judged(faulty: None) -> None:
    tab = await loaded(DashboardState, "load", with_query(Dashboard, window="24h"))
    assert {row.title for row in tab.kpi_rows} >= {*SOUND, *RULE_TAGS}
    assert all(row.unit != "None" for row in tab.kpi_rows)
    for tag in RULE_TAGS:
        await open_detail(tab, tag)
        assert tab.detail.title == tag
        limits = {limit.value for limit in tab.detail.limits}
        assert not limits & {"nan", "inf", "-inf"}
    await open_detail(tab, "CROSSED")
    assert "min_val: 200 must be below max_val, which is 0" in say(tab.detail.note)
    await open_detail(tab, "SOUND")
    assert (tab.detail.subtitle, say(tab.detail.note)) == ("Pressure", "")


@pytest.mark.parametrize("tag", ["SOUND", "META-TWICE", "NANS", "WIDE", "TINY", "UNIT-LONG"])
async def test_a_trend_is_loaded(faulty: None, tag: str) -> None:
    tab = await loaded(TrendState, "load_trend_data", with_query(Trend, tag=tag, window="24h"))
    assert tab.total > 200
    assert tab.unit == {"SOUND": "bar", "META-TWICE": "°C"}.get(tag, "")


async def test_communication_is_loaded_by_hours_and_for_all_tags(faulty: None) -> None:
    for query in ({"tags": "SOUND,SLO-NAN,RATE-HUGE"}, {"view": "overview"}):
        tab = with_query(Comm, **query)
        assert tab.load() is not None
        await CommState.event_handlers["show"].fn(tab)
        assert tab.phase == "loaded", tab.problem
    assert {row.tag for row in tab.rows} >= {"SOUND", "SLO-NAN", "RATE-HUGE", "SLO-HUGE"}
    by_tag = {row.tag: row for row in tab.rows}
    assert by_tag["SLO-NAN"].crit == by_tag["SOUND"].crit
    assert by_tag["RATE-0"].rate == by_tag["SOUND"].rate


async def test_verify_names_each_row_and_each_column(faulty: None, dsn: str) -> None:
    checks = await verify.verify(dsn, zone=ZONE)
    wrong = {check.name: check.detail for check in checks if check.name.startswith(("rule", "exp"))
             and not check.ok}  # fmt: skip
    fine = {"META-SQL-NULL", "UNIT-NULL", "META-DIGITS", "META-HUGE", "NOTHING", "TINY"}
    named = {name for name in RULE_ROWS if name.isprintable() and name == name.strip() != ""}
    for tag in named - fine - {"L" * 300}:
        assert f"rule {tag}" in wrong, tag
    assert not [tag for tag in fine if f"rule {tag}" in wrong]
    assert wrong["rule META-LIST"] == "meta: is a list, not a JSON object"
    assert "deadband_pct: 1e+308 must be from 0 to 25" in wrong["rule LONGEST"]
    assert wrong["rule '  BLANKS  '"].startswith("tag_name: '  BLANKS  ' has blanks")
    assert "rule 'TWO\\nLINES'" in wrong
    assert wrong["expectation SLO-NAN"] == (
        "slo_warn: NaN is not a finite number; slo_crit: NaN is not a finite number"
    )
    assert "expectation RATE-HUGE" not in wrong
    assert {check.runbook for check in checks if check.name in wrong} == {
        "docs/runbooks/VERIFY_RULE.md"
    }


async def test_commands_about_master_data_read_past_them(
    faulty: None, dsn: str, tmp_path: Any
) -> None:
    drift = await qc.verify(dsn, qc.RULES_CSV, RULES)
    assert {change.tag_name for change in drift} >= {*RULE_ROWS}
    assert await qc.verify(dsn, qc.EXPECTATIONS_CSV, EXPECTATIONS)
    out = tmp_path / "rules.csv"
    assert await qc.export(dsn, out, RULES) == len(RULE_ROWS) + 1
    assert "META-LIST" in await asyncio.to_thread(out.read_text, "utf-8")
