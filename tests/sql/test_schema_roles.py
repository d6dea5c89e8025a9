"""``eco_ro`` reads, ``eco_rw`` writes samples and rules; neither can do more."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from ksys_app.db import connect
from ksys_app.errors import ConfigError
from ksys_app.ops import golden
from ksys_app.ops.schema import schema
from ksys_app.ops.schema.refresh import refresh
from tests.conftest import RO_PASSWORD, RW_PASSWORD, ZONE
from tests.database import TestDatabases

SAMPLE = "INSERT INTO public.influx_hist (ts, tag_name, value) VALUES (now(), 'ROLE', 1)"
RULE = "INSERT INTO public.influx_qc_rule (tag_name, min_val) VALUES ('ROLE', 0)"
EXPECTATION = "INSERT INTO public.ingest_expectation (tag_name, exp_per_min) VALUES ('ROLE', 12)"
UPSERTS = (
    f"{SAMPLE} ON CONFLICT (ts, tag_name) DO UPDATE SET value = excluded.value",
    f"{RULE} ON CONFLICT (tag_name) DO UPDATE SET min_val = excluded.min_val",
    f"{EXPECTATION} ON CONFLICT (tag_name) DO UPDATE SET exp_per_min = excluded.exp_per_min",
    "DELETE FROM public.influx_qc_rule WHERE tag_name = 'ROLE'",
    "INSERT INTO public.predictions (ts, tag_name, horizon, yhat, model_id, version)"
    " VALUES (now(), 'ROLE', interval '1 hour', 1, 'm', '1')",
    "INSERT INTO public.anomalies (ts, tag_name, score, level) VALUES (now(), 'ROLE', 1, 'warn')",
)
FORBIDDEN = (
    "DELETE FROM public.influx_hist",
    "TRUNCATE public.influx_hist",
    "UPDATE public.tag_latest SET value = 0",
    "DROP TABLE public.influx_qc_rule",
    "CREATE TABLE public.mine (a integer)",
    "REFRESH MATERIALIZED VIEW public.tech_ind_1m_mv",
    "SELECT remove_retention_policy('public.influx_hist')",
    "DELETE FROM public.ksys_migration",
)


async def run_as(conn: AsyncConnection, role: str, *statements: str) -> None:
    async with conn.transaction(force_rollback=True):
        await conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        for statement in statements:
            await conn.execute(statement)


@pytest.mark.parametrize("statement", [*UPSERTS, *FORBIDDEN])
async def test_the_reader_cannot_write(conn: AsyncConnection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await run_as(conn, "eco_ro", statement)


@pytest.mark.parametrize("statement", UPSERTS)
async def test_the_writer_can_ingest_and_keep_rules(conn: AsyncConnection, statement: str) -> None:
    await run_as(conn, "eco_rw", statement)


async def test_the_writer_s_samples_reach_the_snapshot(conn: AsyncConnection) -> None:
    await run_as(
        conn, "eco_rw", SAMPLE,
        "SELECT 1 / count(*) FROM public.influx_latest WHERE tag_name = 'ROLE'",
    )  # fmt: skip


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_writer_cannot_do_more(conn: AsyncConnection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await run_as(conn, "eco_rw", statement)


@pytest.mark.parametrize("role", ["eco_ro", "eco_rw"])
@pytest.mark.parametrize("relation", golden.of_major(17).kinds)
async def test_both_can_read_everything(conn: AsyncConnection, role: str, relation: str) -> None:
    await run_as(conn, role, f"SELECT * FROM public.{relation} LIMIT 1")


async def test_a_reader_of_compressed_chunks_needs_nothing_more(
    dsn: str, conn: AsyncConnection
) -> None:
    await conn.execute(
        "INSERT INTO public.influx_hist (ts, tag_name, value)"
        " SELECT now() - interval '200 days' - n * interval '1 minute', 'DEEP', n"
        " FROM generate_series(1, 100) AS n ON CONFLICT DO NOTHING"
    )
    await refresh(dsn, ZoneInfo(ZONE))
    for relation in ("influx_hist", "influx_agg_1m"):
        cursor = await conn.execute(
            f"SELECT compress_chunk(c, true) FROM show_chunks('public.{relation}',"
            " older_than => interval '90 days') AS c"
        )
        assert await cursor.fetchall(), f"{relation} has a chunk to compress"
    for role in ("eco_ro", "eco_rw"):
        await run_as(
            conn, role, "SELECT 1 / count(*) FROM public.influx_hist WHERE tag_name = 'DEEP'",
            "SELECT 1 / count(*) FROM public.influx_agg_1m WHERE tag_name = 'DEEP'",
            "SELECT 1 / count(*) FROM public.influx_agg_1d WHERE tag_name = 'DEEP'",
        )  # fmt: skip


async def test_both_log_in_with_their_passwords(dsn: str, databases: TestDatabases) -> None:
    for role, password in (("eco_ro", RO_PASSWORD), ("eco_rw", RW_PASSWORD)):
        async with await connect(databases.as_role(dsn, role, password)) as conn:
            row = await (await conn.execute("SELECT current_user")).fetchone()
            assert row == (role,)


async def test_the_password_itself_never_reaches_the_server(conn: AsyncConnection) -> None:
    secret = schema.verifier(conn, "eco_ro", "straw berry")
    assert secret.startswith("SCRAM-SHA-256$4096:")
    assert "straw" not in secret


async def test_a_wrong_password_is_explained_in_one_sentence(
    dsn: str, databases: TestDatabases
) -> None:
    with pytest.raises(ConfigError, match="refuses the password of 'eco_ro'"):
        await connect(databases.as_role(dsn, "eco_ro", "wrong"))


async def test_a_role_that_is_not_the_owner_cannot_apply_the_schema(
    dsn: str, databases: TestDatabases
) -> None:
    with pytest.raises(ConfigError, match="TS_ADMIN_DSN must name the owner"):
        await schema.apply(databases.as_role(dsn, "eco_rw", RW_PASSWORD), zone=ZONE, passwords={})
