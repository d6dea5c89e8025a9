"""``docs/monitoring/``: alerts, configuration and unit, checked by their own programs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ksys_app.api.runbooks import RUNBOOKS
from ksys_app.errors import KsysError
from tests import docs
from tests.proxies import program

FOLDER = docs.ROOT / "docs" / "monitoring"
RULES = re.split(r"^ +- alert: ", (FOLDER / "rules.yml").read_text("utf-8"), flags=re.MULTILINE)[1:]
ALERTS = [pytest.param(rule, id=rule.splitlines()[0]) for rule in RULES]
CODES = "{{ $labels.code }}"
# Of a hundred, by systemd's own count; 50 and more is "medium".
EXPOSED = 20


def run(name: str, *arguments: str, package: str | None = None) -> str:
    """The output of one of Debian's programs, which must be content."""
    done = subprocess.run(
        [program(name, package), *arguments], cwd=FOLDER, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "rules.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", *sorted(path.name for path in FOLDER.glob("*_test.yml"))),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_promtool_is_content(arguments: tuple[str, ...]) -> None:
    assert "SUCCESS" in run("promtool", *arguments, package="prometheus")


@pytest.mark.parametrize("rule", ALERTS)
def test_an_alert_has_a_patience_a_severity_and_a_runbook_and_is_tested(rule: str) -> None:
    name = rule.splitlines()[0]
    assert re.search(r"^ +for: \d+[mh]$", rule, re.MULTILINE)
    assert re.search(r"^ +labels: {severity: (critical|warning)}$", rule, re.MULTILINE)
    assert re.search(r"^ +summary: \S", rule, re.MULTILINE)
    (page,) = re.findall(r"^ +runbook_url: http://\S.*/docs/runbooks/(.+)\.md$", rule, re.MULTILINE)
    codes = {error.code for error in KsysError.__subclasses__() if error.http_status == 503}
    assert page in RUNBOOKS or (page == CODES and codes - {"WS_FAIL"} <= set(RUNBOOKS))
    tests = "".join(path.read_text("utf-8") for path in FOLDER.glob("*_test.yml"))
    family = re.sub(r"(Hours|Days)$", "", name)
    assert re.search(rf"\b{name}\b|{family}\.\*|KsysJob\.\*|\b{name}\|", tests)


def unit(folder: Path) -> Path:
    """The unit as it is where the project is this one, with a user that there is."""
    text = (FOLDER / "ksys.service").read_text("utf-8")
    text = text.replace("/opt/ksys/.venv/bin/ksys", str(Path(sys.executable).with_name("ksys")))
    text = text.replace("/opt/ksys", str(docs.ROOT)).replace("=ksys\n", "=root\n")
    made = folder / "ksys.service"
    made.write_text(text)
    return made


def test_the_unit_is_right_and_hardened(tmp_path: Path) -> None:
    made = str(unit(tmp_path))
    assert run("systemd-analyze", "verify", made, package="systemd") == ""
    run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSED}", made)


def test_the_unit_starts_the_command_and_knows_its_exit_codes() -> None:
    text = (FOLDER / "ksys.service").read_text("utf-8")
    (command,) = re.findall(r"^ExecStart=/opt/ksys/\.venv/bin/ksys (.+)$", text, re.MULTILINE)
    assert docs.command(command.split()) == ""
    assert "RestartPreventExitStatus=2\n" in text
    for setting in ("NoNewPrivileges=true", "ProtectSystem=strict", "Restart=always"):
        assert f"\n{setting}\n" in text
