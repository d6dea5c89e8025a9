"""``ksys db backfill`` as a person runs it: messages, exit codes, Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ksys_app.domain import upkeep
from ksys_app.ops.schema import refresh
from tests.conftest import RO_PASSWORD, Plant
from tests.database import TestDatabases
from tests.dr.conftest import MakeFile, line
from tests.ksys import KSYS, ksys
from tests.waiting import until

NOW = datetime.now(UTC).replace(microsecond=0)
AWAY = {"TS_ADMIN_DSN": "postgresql://me@127.0.0.1:9/x"}


async def refused(code: int, says: str, *arguments: str, **settings: str) -> None:
    found, out, err = await ksys("db", "backfill", *arguments, **settings)
    assert (found, out) == (code, ""), err
    assert says in err
    assert err.startswith("error: ")
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


async def test_a_file_without_samples_is_refused_before_the_database_is_opened(
    tmp_path: Path, csv: MakeFile
) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    for path, says in (
        (tmp_path / "no.csv", "no.csv cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
        (empty, "is empty; its first line must be ts,tag_name,value[,qc,meta]"),
        (csv([], header="시간,태그,값"), "and is '시간,태그,값'"),
    ):
        await refused(2, says, str(path), **AWAY)


async def test_a_missing_dsn_database_or_privilege_is_reported(
    plant_db: Plant, csv: MakeFile
) -> None:
    path = str(csv([line(NOW, "A", 1.0)]))
    await refused(2, "TS_ADMIN_DSN is not set", path)
    await refused(3, "does not answer", path, **AWAY)
    reader = TestDatabases.as_role(plant_db.dsn, "eco_ro", RO_PASSWORD)
    await refused(2, "TS_ADMIN_DSN must name the owner", path, TS_ADMIN_DSN=reader)


async def test_times_without_a_zone_and_infinite_values_are_reported(
    plant_db: Plant, csv: MakeFile, tmp_path: Path
) -> None:
    path = str(csv(["2025-08-15 16:26:07,A,1", f"{NOW},A,NaN", f"{NOW},A,inf"]))
    reject = tmp_path / "bad.csv"
    owner = {"TS_ADMIN_DSN": plant_db.dsn}
    await refused(1, "has no time zone", path, "--reject", str(reject), **owner)
    assert reject.read_text().count("# line ") == 3
    assert reject.stat().st_mode & 0o777 == 0o600


async def test_a_run_reports_lines_rows_rejects_range_and_aggregates(
    plant_db: Plant, csv: MakeFile, tmp_path: Path
) -> None:
    path = str(csv([line(NOW - timedelta(hours=n), "TOLD", n / 3) for n in range(50)] + ["bad"]))
    arguments = ("db", "backfill", path, "--reject", str(tmp_path / "bad.csv"))
    code, out, err = await ksys(*arguments, "--dry-run")
    assert (code, [line.partition(":")[0] for line in err.splitlines()]) == (0, ["samples"])
    assert "50 good, nothing written" in out
    code, out, err = await ksys(*arguments, TS_ADMIN_DSN=plant_db.dsn)
    stages = [line.partition(":")[0] for line in err.splitlines()]
    assert (code, stages) == (0, ["samples", *upkeep.REFRESH, refresh.INDICATORS])
    assert "50 read, " in err
    for words in ("52 read", "50 written, 0 already", "1, each below its reason", "influx_agg_1d"):
        assert words in out
    code, out, _ = await ksys(*arguments, TS_ADMIN_DSN=plant_db.dsn)
    assert (code, "0 written, 50 already stored" in out) == (0, True)


async def test_a_file_of_a_spreadsheet_is_read_and_its_dialect_is_reported(
    plant_db: Plant, tmp_path: Path
) -> None:
    path, reject = tmp_path / "excel.csv", ("--reject", str(tmp_path / "bad.csv"))
    rows = [f"{NOW - timedelta(minutes=n)};밸브;{n + 1},25" for n in range(4)]
    path.write_bytes("\r\n".join(["ts;tag_name;value", *rows]).encode("cp949"))
    owner = {"TS_ADMIN_DSN": plant_db.dsn}
    code, _, err = await ksys("db", "backfill", str(path), *reject, **owner)
    assert (code, "name its encoding, e.g. --encoding cp949" in err) == (1, True)
    arguments = ("db", "backfill", str(path), *reject, "--encoding", "cp949")
    code, out, err = await ksys(*arguments, **owner)
    assert (code, "4 written" in out) == (0, True), err
    assert f"{path}: CP949, semicolons between cells, decimal commas" in err
    cursor = await plant_db.conn.execute(
        "SELECT value FROM public.influx_hist WHERE tag_name = '밸브' ORDER BY ts DESC"
    )
    assert await cursor.fetchall() == [(1.25,), (2.25,), (3.25,), (4.25,)]
    path.write_text(f"ts;tag_name;value\n{NOW};밸브;1,234\n")
    await refused(
        2, "say which with --decimal comma or --decimal point", str(path), *reject, **owner
    )
    code, out, _ = await ksys("db", "backfill", str(path), "--decimal", "comma", *reject, **owner)
    assert (code, "1 written" in out) == (0, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_while_standard_input_is_silent(
    plant_db: Plant, tmp_path: Path, number: signal.Signals
) -> None:
    process = await asyncio.create_subprocess_exec(
        KSYS, "db", "backfill", "-",
        env=os.environ | {"TS_ADMIN_DSN": plant_db.dsn}, cwd=tmp_path,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    content = "".join(f"{line(NOW - timedelta(seconds=n), 'PIPE', n)}\n" for n in range(45_000))
    process.stdin.write(f"ts,tag_name,value\n{content}".encode())
    await process.stdin.drain()
    counting = "SELECT count(*) FROM public.influx_hist WHERE tag_name = 'PIPE'"

    async def begun() -> bool:
        return await (await plant_db.conn.execute(counting)).fetchone() != (0,)

    await until(begun)
    process.send_signal(number)
    out, err = await process.communicate()
    assert (process.returncode, err.partition(b":")[0]) == (130, b"samples"), err.decode()
    assert b"run the same command again to continue" in out
