"""The commands of the backend document for developers (PRD §24)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import docs


def ended(*command: str, cwd: Path, **settings: str) -> tuple[int, str]:
    """Exit code and output of a command that inherits nothing of this run."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command, cwd=cwd, env=inherited | settings, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


GOOD = "postgresql://eco_ro:s3cret@db.plant/EcoAnP?sslmode=verify-full"


@pytest.mark.parametrize(
    "command",
    [("-m", "ksys_app.security"), (str(docs.ROOT / "ksys_app" / "security.py"),)],
    ids=["module", "path"],
)
@pytest.mark.parametrize(
    ("settings", "code"),
    [({"TS_DSN": GOOD, "APP_ENV": "production"}, 0), ({}, 1), ({"TS_DSN": "nowhere"}, 2)],
    ids=["good", "missing", "wrong"],
)
def test_the_checks_of_the_environment_are_those_of_the_command(
    tmp_path: Path, command: tuple[str, ...], settings: dict[str, str], code: int
) -> None:
    (tmp_path / ".env").touch(mode=0o600)
    python = (sys.executable, *command)
    check = (str(Path(sys.executable).with_name("ksys")), "check", "--offline")
    both = [ended(*one, cwd=tmp_path, **settings) for one in (python, check)]
    assert both[0] == both[1]
    assert both[0][0] == code
    assert "s3cret" not in both[0][1]
    assert (".env permissions" in both[0][1]) == (code < 2)


def test_the_quick_tests_are_those_that_need_no_database() -> None:
    script = docs.ROOT / "ksys_app" / "scripts" / "quick_test.sh"
    wanted = ("--collect-only", "-n", "0", "-k", "test_windows")
    code, output = ended("bash", str(script), *wanted, cwd=Path("/"))
    assert code == 0, output
    tests = [line for line in output.splitlines() if "::" in line]
    assert tests
    assert all(line.startswith("tests/unit/") for line in tests)


def test_the_test_sheets_are_where_the_requirements_name_them() -> None:
    named = docs.ROOT / "ksys_app" / "tests" / "sheets"
    assert named.resolve() == docs.ROOT / "tests" / "sheets"
    assert (named / "kpi_24h.md").is_file()


def test_a_command_that_is_ended_while_it_loads_says_nothing(tmp_path: Path) -> None:
    # In place of a part that it loads: Ctrl-C at that very moment.
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    program = str(Path(sys.executable).with_name("ksys"))
    code, output = ended(program, "db", "status", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert (code, output) == (-2, "")
