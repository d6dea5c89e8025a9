"""Dated dumps: their names, and which old ones are removed."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ksys_app.ops.recovery.dated import dump_name, outdated
from tests import docs
from tests.proxies import program

DEPLOY = docs.ROOT / "deploy"
FIRST = datetime(2026, 8, 1, 2, 10, tzinfo=UTC)
DAYS = [dump_name("EcoAnP", FIRST + timedelta(days=n)) for n in range(10)]


def with_manifests(dumps: list[str]) -> list[str]:
    return sorted(name for dump in dumps for name in (dump, f"{dump}.manifest.json"))


def test_a_name_has_database_and_time_in_utc() -> None:
    assert DAYS[0] == "EcoAnP_20260801T021000Z.dump"
    assert dump_name("EcoAnP", FIRST.astimezone(ZoneInfo("Asia/Seoul"))) == DAYS[0]
    assert dump_name("a/b 온도", FIRST) == "a_b_온도_20260801T021000Z.dump"
    assert sorted(DAYS) == DAYS


@pytest.mark.parametrize("keep", [1, 7, 9, 10, 11])
def test_the_newest_stay(keep: int) -> None:
    removed = outdated(with_manifests(DAYS), "EcoAnP", keep)
    assert removed == with_manifests(DAYS[: max(0, 10 - keep)])


def test_nothing_goes_that_is_not_a_dated_dump_of_this_database() -> None:
    others = with_manifests([
        "plant.dump", "EcoAnP.dump", "EcoAnP_2026.dump", "EcoAnP_20260701T021000Z.dump.gz",
        "old_EcoAnP_20260701T021000Z.dump", dump_name("EcoAnP_test", FIRST),
        dump_name("Eco", FIRST),
    ])  # fmt: skip
    assert outdated([*others, *with_manifests(DAYS)], "EcoAnP", 10) == []
    assert outdated([*others, *with_manifests(DAYS)], "EcoAnP", 9) == with_manifests(DAYS[:1])


def test_a_dump_without_its_manifest_neither_counts_nor_goes() -> None:
    lone = dump_name("EcoAnP", FIRST - timedelta(days=1))
    assert outdated([lone, *with_manifests(DAYS[:3])], "EcoAnP", 3) == []
    assert outdated([lone, *with_manifests(DAYS[:3])], "EcoAnP", 2) == with_manifests(DAYS[:1])


def test_what_a_killed_backup_left_goes_when_its_time_is_over() -> None:
    leftovers = [f"{DAYS[0]}.partial", f"{DAYS[5]}.manifest.json", f"{DAYS[8]}.partial"]
    files = with_manifests(DAYS[1:5]) + with_manifests(DAYS[6:8]) + leftovers
    assert outdated(files, "EcoAnP", 3) == sorted([*with_manifests(DAYS[1:4]), leftovers[0]])
    assert outdated(files, "EcoAnP", 2) == sorted([*with_manifests(DAYS[1:5]), *leftovers[:2]])


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / name).read_text("utf-8"))
    return parser


def test_systemd_takes_service_and_timer(tmp_path: Path) -> None:
    ksys = str(Path(sys.executable).with_name("ksys"))
    for name in ("ksys-backup.service", "ksys-backup.timer"):
        text = (DEPLOY / name).read_text("utf-8").replace("/opt/ksys/.venv/bin/ksys", ksys)
        text = text.replace("/opt/ksys", str(docs.ROOT)).replace("=ksys\n", "=root\n")
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [program("systemd-analyze", "systemd"), "verify", str(tmp_path / "ksys-backup.timer")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_and_cron_run_the_same_command_every_night() -> None:
    started = unit("ksys-backup.service")["Service"]["ExecStart"]
    (command,) = re.findall(r"\.venv/bin/ksys (.+)", started)
    assert docs.command(command.split()) == ""
    assert unit("ksys-backup.timer")["Timer"]["OnCalendar"] == "*-*-* 02:10:00"
    lines = (DEPLOY / "ksys-backup.cron").read_text("utf-8").splitlines()
    (job,) = [line for line in lines if re.match(r"[\d*]", line)]
    minute, hour, day, month, weekday, user, shell = job.split(maxsplit=6)
    assert (minute, hour, day, month, weekday, user) == ("10", "2", "*", "*", "*", "ksys")
    assert f".venv/bin/ksys {command} " in shell
    # Cron ends a command at this sign.
    assert "%" not in shell
    done = subprocess.run(["sh", "-n", "-c", shell], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
