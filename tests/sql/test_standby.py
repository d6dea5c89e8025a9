"""How far a read replica is behind its primary, and where the product says so (PRD §6.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from psycopg.conninfo import make_conninfo

from ksys_app.db import Database, connect
from ksys_app.driver.standby import look, replica
from ksys_app.models.health import Replica
from ksys_app.ops import check_replica
from ksys_app.queries import health
from ksys_app.services import runtime
from ksys_app.settings import load_settings
from ksys_app.states.captions import replica_note
from ksys_app.states.dashboard import DashboardState
from ksys_app.texts import LANGUAGES, say
from tests.conftest import RO_PASSWORD, Plant
from tests.database import TestDatabases
from tests.states.page_query import WithQuery, with_query
from tests.visiting import at_machine, contract_api

HANGS_S = 300
# A reader whose search path begins with this schema finds these in place of the server's own.
LOOKS_LIKE_A_STANDBY = """
CREATE SCHEMA standby;
GRANT USAGE ON SCHEMA standby TO eco_ro;
CREATE FUNCTION standby.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE VIEW standby.pg_stat_wal_receiver AS SELECT 1 AS pid;
GRANT SELECT ON standby.pg_stat_wal_receiver TO eco_ro;
CREATE FUNCTION standby.pg_last_wal_receive_lsn() RETURNS pg_lsn
  LANGUAGE sql AS $$SELECT '0/2'::pg_lsn$$;
CREATE FUNCTION standby.pg_last_wal_replay_lsn() RETURNS pg_lsn
  LANGUAGE sql AS $$SELECT '0/1'::pg_lsn$$;
CREATE FUNCTION standby.pg_last_xact_replay_timestamp() RETURNS timestamptz
  LANGUAGE sql AS $$SELECT clock_timestamp() - interval '7 s'$$;
"""


class State(WithQuery, DashboardState):
    """With the URL that a test sets."""


@pytest.mark.parametrize(
    ("standby", "connected", "complete", "age_s", "found"),
    [
        (False, False, False, None, None),
        (True, True, True, 3600.0, Replica(connected=True, lag_s=0.0)),
        (True, True, False, 4.5, Replica(connected=True, lag_s=4.5)),
        (True, True, False, -0.2, Replica(connected=True, lag_s=0.0)),
        (True, True, False, None, Replica(connected=True, lag_s=None)),
        (True, False, True, 90.0, Replica(connected=False, lag_s=90.0)),
    ],
    ids=["primary", "nothing-new", "behind", "clocks-differ", "just-started", "cut-off"],
)
def test_the_lag_counts_what_is_missing_and_without_a_primary_the_age(
    standby: bool, connected: bool, complete: bool, age_s: float | None, found: Replica | None
) -> None:
    assert replica(standby, connected, complete, age_s) == found


@pytest.mark.parametrize(
    ("found", "english", "korean"),
    [
        (None, "", ""),
        (Replica(connected=True, lag_s=2.6), "Read replica, 3 s behind", "읽기 복제본, 3초 지연"),
        (
            Replica(connected=False, lag_s=None),
            "Read replica without its primary, newest change – s ago",
            "읽기 복제본, 주 서버와 연결 끊김, 최근 변경 –초 전",
        ),
    ],
)
def test_the_footer_says_it_in_both_languages(
    found: Replica | None, english: str, korean: str
) -> None:
    note = replica_note(found)
    assert (say(note), say(note, LANGUAGES["ko"])) == (english, korean)


@pytest.mark.parametrize(
    ("found", "ok", "detail"),
    [
        (Replica(connected=True, lag_s=0.0), True, "0.0 s behind its primary"),
        (Replica(connected=True, lag_s=31.0), False, "that much later"),
        (Replica(connected=False, lag_s=5.0), False, "check the connection to the primary"),
        (Replica(connected=True, lag_s=None), False, "of unknown age"),
    ],
)
def test_check_warns_of_a_replica_that_is_far_behind(found: Replica, ok: bool, detail: str) -> None:
    (finding,) = check_replica.replica("TS_DSN", found)
    assert (finding.name, finding.ok, finding.strict) == ("TS_DSN replica", ok, False)
    assert detail in finding.detail
    assert [*check_replica.replica("TS_DSN", None)] == []


async def test_the_app_role_may_ask_and_a_primary_is_no_replica(dsn: str) -> None:
    reader = TestDatabases.as_role(dsn, "eco_ro", RO_PASSWORD)
    async with await connect(reader) as conn:
        assert await look(conn) is None
    database = Database(reader, load_settings())
    await database.fetch_all(health.Size, health.SIZE, {})
    assert database.standby.replica is None
    await database.close()


@pytest.fixture
async def standby(plant_db: Plant) -> AsyncIterator[str]:
    """DSN of ``eco_ro`` for which the server looks like a standby seven seconds behind."""
    await plant_db.conn.execute(LOOKS_LIKE_A_STANDBY)
    reader = TestDatabases.as_role(plant_db.dsn, "eco_ro", RO_PASSWORD)
    yield make_conninfo(reader, options="-c search_path=standby,pg_catalog,public")
    await plant_db.conn.execute("DROP SCHEMA standby CASCADE")


async def test_readyz_and_metrics_have_the_lag_of_a_replica_alone(
    plant_db: Plant, standby: str
) -> None:
    primary = TestDatabases.as_role(plant_db.dsn, "eco_ro", RO_PASSWORD)
    state, metrics = await _monitored(primary)
    assert "replica" not in state
    assert "\nksys_replica" not in metrics
    state, metrics = await _monitored(standby)
    assert state["replica"]["connected"] is True
    assert 7 <= state["replica"]["lag_s"] < HANGS_S
    assert "\nksys_replica_lag_seconds " in metrics
    assert "ksys_replica_connected 1.0" in metrics


async def test_a_page_names_the_replica_in_its_footer(standby: str) -> None:
    settings = load_settings().model_copy(update={"ts_dsn": standby})
    async with runtime.opened(settings):
        state = with_query(State, window="5m")
        _ = [event async for event in DashboardState.event_handlers["load"].fn(state)]
    assert say(state.replica).startswith("Read replica, ")


async def _monitored(dsn: str) -> tuple[dict[str, Any], str]:
    """What ``/readyz`` and ``/metrics`` answer for the database of ``dsn``."""
    async with runtime.opened(load_settings().model_copy(update={"ts_dsn": dsn})):
        transport = httpx.ASGITransport(at_machine(contract_api()))
        async with httpx.AsyncClient(transport=transport, base_url="http://ksys") as http:
            ready, metrics = await http.get("/readyz"), await http.get("/metrics")
    assert ready.status_code == 200, ready.text
    return ready.json(), metrics.text
