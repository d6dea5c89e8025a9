"""The commands of the backend document for developers (PRD §24)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import docs


def ended(*command: str, cwd: Path, **settings: str) -> tuple[int, str]:
    """Exit code and output of a command that inherits nothing of this run."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command, cwd=cwd, env=kept | settings, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_checks_of_the_environment_run_by_their_path(tmp_path: Path) -> None:
    script = str(docs.ROOT / "ksys_app" / "security.py")
    good = "postgresql://eco_ro:s3cret@db.plant/EcoAnP?sslmode=verify-full"
    code, said = ended(sys.executable, script, cwd=tmp_path, TS_DSN=good, APP_ENV="production")
    assert (code, [line.split()[0] for line in said.splitlines()]) == (0, ["ok"] * 3)
    assert "s3cret" not in said
    code, said = ended(sys.executable, script, cwd=tmp_path, TS_DSN=good.split("?", maxsplit=1)[0])
    assert (code, said.count("warn")) == (0, 1)
    code, said = ended(sys.executable, script, cwd=tmp_path)
    assert (code, said.startswith("FAIL  TS_DSN")) == (1, True)
    code, said = ended(sys.executable, script, cwd=tmp_path, TS_DSN="nowhere")
    assert (code, said.startswith("error: TS_DSN is not")) == (2, True)


def test_the_quick_tests_are_those_that_need_no_database() -> None:
    script = docs.ROOT / "ksys_app" / "scripts" / "quick_test.sh"
    wanted = ("--collect-only", "-n", "0", "-k", "test_windows")
    code, said = ended("bash", str(script), *wanted, cwd=Path("/"))
    assert code == 0, said
    tests = [line for line in said.splitlines() if "::" in line]
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
    code, said = ended(program, "db", "status", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert (code, said) == (-2, "")
