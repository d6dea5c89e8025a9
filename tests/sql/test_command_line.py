"""``ksys`` as a person runs it: one clear sentence and the documented exit code."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ksys_app.ops.masterdata import qc
from ksys_app.ops.masterdata.qc_table import RULES
from tests.conftest import Plant
from tests.database import TestDatabases
from tests.ksys import ksys


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        ({}, 2, "TS_ADMIN_DSN is not set"),
        ({"TS_ADMIN_DSN": "postgre:/nonsense"}, 2, "TS_ADMIN_DSN is not a PostgreSQL DSN"),
        ({"TS_ADMIN_DSN": "postgresql://me@127.0.0.1:9/x"}, 3, "does not answer"),
        ({"TS_ADMIN_DSN": "postgresql://me@no.such.host.invalid/x"}, 3, "does not answer"),
        ({"TZ": "Mars/Olympus"}, 2, "TZ 'Mars/Olympus' is not a time zone"),
        ({"KSYS_TICK_SECONDS": "soon"}, 2, "KSYS_TICK_SECONDS"),
        ({"KSYS_RO_PASSWRD": "x"}, 2, "the nearest one is KSYS_RO_PASSWORD"),
    ],
    ids=["no DSN", "malformed DSN", "closed port", "unknown host", "zone", "number", "misspelt"],
)
async def test_wrong_settings_are_one_sentence(
    settings: dict[str, str], code: int, says: str
) -> None:
    found, out, err = await ksys("db", "status", **settings)
    assert (found, out) == (code, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


async def test_a_wrong_password_and_an_unknown_role_are_distinguished(plant_db: Plant) -> None:
    for user, says in (("eco_ro", "password"), ("nobody_here", "nobody_here")):
        dsn = TestDatabases.as_role(plant_db.dsn, user, "wrong")
        code, _, err = await ksys("db", "status", TS_ADMIN_DSN=dsn)
        assert code == 2
        assert says in err
        assert "Traceback" not in err


async def test_a_bad_cell_is_named_and_nothing_is_written(plant_db: Plant, tmp_path: Path) -> None:
    lines = qc.RULES_CSV.read_text("utf-8").splitlines()
    cells = lines[2].split(",")
    cells[1] = "low"
    bad = tmp_path / "influx_qc_rule.csv"
    bad.write_text("\n".join([*lines[:2], ",".join(cells), *lines[3:]]) + "\n", "utf-8")
    code, _, err = await ksys("qc", "sync", str(bad), TS_ADMIN_DSN=plant_db.dsn)
    assert code == 2
    assert f"{bad}:3" in err
    assert "min_val" in err
    cursor = await plant_db.conn.execute("SELECT count(*) FROM public.influx_qc_rule")
    assert await cursor.fetchone() == (0,)


async def test_rules_are_synced_verified_and_exported(plant_db: Plant, tmp_path: Path) -> None:
    owner = {"TS_ADMIN_DSN": plant_db.dsn}
    code, out, _ = await ksys("qc", "sync", "--dry-run", **owner)
    assert (code, "9 changes would be made" in out) == (0, True)
    assert "D100: would be inserted\n" in out
    code, out, _ = await ksys("qc", "sync", **owner)
    assert (code, "D100: inserted\n" in out) == (0, True)
    assert (await ksys("qc", "verify", **owner))[0] == 0
    await plant_db.conn.execute(
        "UPDATE public.influx_qc_rule SET max_val = 210 WHERE tag_name = 'D100'"
    )
    code, out, _ = await ksys("qc", "verify", **owner)
    assert code == 1
    assert "D100 max_val: 200 in the file, 210 in the database" in out
    file = tmp_path / "influx_qc_rule.csv"
    assert (await ksys("qc", "export", str(file), **owner))[0] == 0
    assert (await ksys("qc", "verify", str(file), **owner))[0] == 0


async def test_rules_that_went_through_a_spreadsheet_change_nothing(
    plant_db: Plant, tmp_path: Path
) -> None:
    owner = {"TS_ADMIN_DSN": plant_db.dsn}
    await ksys("qc", "sync", **owner)
    path = tmp_path / "influx_qc_rule.csv"
    assert (await ksys("qc", "export", str(path), **owner))[0] == 0
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    numeric = [rows[0].index(c.name) for c in RULES.columns if c.sql_type == "double precision"]
    for row in rows[1:]:
        for at in numeric:
            row[at] = row[at].replace(".", ",")
    with path.open("w", encoding="utf-16", newline="") as file:
        csv.writer(file, delimiter="\t", lineterminator="\r\n").writerows(rows)
    for command in (["sync"], ["verify"], ["sync", "--decimal", "comma"]):
        code, out, err = await ksys("qc", *command, str(path), **owner)
        assert code == 0, out + err
        assert "0 changes made" in out or "agree" in out
        assert err == f"{path}: UTF-16, tabs between cells, decimal commas\n"
    code, _, err = await ksys("qc", "sync", str(path), "--encoding", "cp949", **owner)
    assert (code, "is marked as UTF-16; leave --encoding out" in err) == (2, True)


async def test_verify_lists_every_object_and_its_exit_code_is_the_result(plant_db: Plant) -> None:
    owner = {"TS_ADMIN_DSN": plant_db.dsn}
    code, out, _ = await ksys("db", "verify", **owner)
    assert code == 0, out
    assert "FAIL" not in out
    await plant_db.conn.execute("DROP INDEX public.idx_hist_tag_ts")
    code, out, _ = await ksys("db", "verify", "--json", **owner)
    assert code == 1
    assert "idx_hist_tag_ts" in out
    code, out, _ = await ksys("db", "verify", "--json", "--failed", **owner)
    assert (code, [check["name"] for check in json.loads(out)]) == (1, ["index idx_hist_tag_ts"])
    assert (await ksys("db", "init", **owner))[0] == 0


async def test_status_names_server_newest_sample_and_aggregates(plant_db: Plant) -> None:
    code, out, _ = await ksys("db", "status", TS_ADMIN_DSN=plant_db.dsn)
    assert code == 0
    for word in ("TimescaleDB", "newest", "influx_agg_1d", "jobs, run"):
        assert word in out


async def test_a_dry_run_prints_sql_and_needs_no_database() -> None:
    code, out, _ = await ksys("db", "init", "--dry-run")
    assert code == 0
    assert "CREATE MATERIALIZED VIEW IF NOT EXISTS public.influx_agg_1m" in out


async def test_wrong_use_is_exit_code_2() -> None:
    for arguments in (
        ["nonsense"],
        ["db", "jobs", "--watch"],
        ["demo", "--port", "0"],
        ["demo", "--server"],
        ["demo", "--every", "5"],
        ["demo", "--scale", "9", "--no-feed"],
        ["demo", "--scale", "2001"],
        ["check", "--url", "http://localhost:1", "--offline"],
    ):
        assert (await ksys(*arguments))[0] == 2, arguments


async def test_production_refuses_what_check_warns_of() -> None:
    unsafe = {"TS_DSN": "postgresql://postgres@db.plant/EcoAnP?sslmode=disable"}
    code, out, _ = await ksys("check", "--offline", **unsafe)
    assert code == 0
    assert "warn" in out
    code, out, _ = await ksys("check", "--offline", APP_ENV="production", **unsafe)
    assert code == 1
    assert "sslmode=verify-full" in out
    code, _, err = await ksys("run", APP_ENV="production", **unsafe)
    assert code == 2
    assert "verify-full" in err
