"""``docs/monitoring/``: alerts, configuration and unit, checked by their own programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ksys_app.api.runbooks import RUNBOOKS
from ksys_app.errors import KsysError
from tests import docs
from tests.proxies import program

FOLDER = docs.ROOT / "docs" / "monitoring"
RULES = re.split(r"^ +- alert: ", (FOLDER / "rules.yml").read_text("utf-8"), flags=re.MULTILINE)[1:]
ALERTS = [pytest.param(rule, id=rule.splitlines()[0]) for rule in RULES]
BOARD: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text("utf-8"))
CODES = "{{ $labels.code }}"
# Of a hundred, by systemd's own count; 50 and more is "medium".
EXPOSED = 20
UNITS = ["ksys.service", "ksys-alarms.service", "ksys-notify.service"]


def queries(board: Any) -> list[str]:
    """The expressions of a dashboard's panels."""
    return [one["expr"] for panel in board["panels"] for one in panel.get("targets", ())]


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


def test_the_dashboard_s_expressions_are_understood_by_prometheus(tmp_path: Path) -> None:
    """As expressions of rules, with values for the variables of Grafana."""
    filled = [
        one.replace("$__rate_interval", "5m").replace("$instance", ".*") for one in queries(BOARD)
    ]
    assert len(filled) > 30
    assert [one for one in filled if "$" in one] == []
    rules = [{"record": f"one:{at}", "expr": text} for at, text in enumerate(filled)]
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert "SUCCESS" in run("promtool", "check", "rules", str(file), package="prometheus")


def test_the_dashboard_has_what_grafana_needs_and_no_source_of_its_own() -> None:
    assert BOARD["title"]
    assert BOARD["uid"]
    assert BOARD["schemaVersion"] >= 36
    assert "id" not in BOARD, "Grafana gives a number of its own to what it imports"
    source, instance = BOARD["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == (
        *("datasource", "datasource"),
        "prometheus",
    )
    panels = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert len({panel["title"] for panel in panels}) == len(panels)
    used = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels:
        assert panel["datasource"] == used
        assert panel["description"].endswith("."), panel["title"]
        assert {"defaults", "overrides"} <= set(panel["fieldConfig"])
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == sorted(set(letters))
        for target in panel["targets"]:
            assert target["datasource"] == used
            assert '{job="ksys", instance=~"$instance"' in target["expr"]
    assert instance["datasource"] == used


def test_no_panel_of_the_dashboard_lies_over_another() -> None:
    cells: dict[tuple[int, int], str] = {}
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert x < 24
                assert cells.setdefault((x, y), panel["title"]) == panel["title"]


def test_the_figures_of_each_alert_are_on_the_dashboard() -> None:
    drawn = set(re.findall(r"\bksys_\w+", " ".join(queries(BOARD))))
    for rule in RULES:
        (expression,) = re.findall(r"expr: (.+?)^ +for:", rule, re.MULTILINE | re.DOTALL)
        # The dashboard counts the jobs of each state; an alert names each job.
        metrics = set(re.findall(r"\bksys_\w+", expression)) - {"ksys_jobs", "ksys_job_state"}
        assert metrics - drawn <= {"ksys_jobs_expected"}, rule.splitlines()[0]


def unit(folder: Path, name: str) -> Path:
    """The unit with the folder of this project and an existing user."""
    text = (FOLDER / name).read_text("utf-8")
    text = text.replace("/opt/ksys/.venv/bin/ksys", str(Path(sys.executable).with_name("ksys")))
    text = text.replace("/opt/ksys", str(docs.ROOT)).replace("=ksys\n", "=root\n")
    file = folder / name
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_is_right_and_hardened(tmp_path: Path, name: str) -> None:
    file = str(unit(tmp_path, name))
    assert run("systemd-analyze", "verify", file, package="systemd") == ""
    run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSED}", file)


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_starts_the_command_and_knows_its_exit_codes(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    (command,) = re.findall(r"^ExecStart=/opt/ksys/\.venv/bin/ksys (.+)$", text, re.MULTILINE)
    assert docs.command(command.split()) == ""
    assert "RestartPreventExitStatus=2\n" in text
    for setting in ("NoNewPrivileges=true", "ProtectSystem=strict", "Restart=always"):
        assert f"\n{setting}\n" in text
