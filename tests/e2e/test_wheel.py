"""The built wheel, installed without a checkout: ``ksys demo`` in an empty folder (PRD §6)."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx
import pytest

from ksys_app.ops.serving import frontend
from tests import docs
from tests.ports import free_port
from tests.waiting import HANGS_S

UV = Path(sys.executable).with_name("uv")
# The commands must not find the checkout.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command, which must succeed."""
    process = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=HANGS_S,
        check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout.strip()


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The programs of a fresh virtual environment: the wheel, over this one's dependencies."""
    frontend.ensure_built()
    build = ("build", "--wheel", "--no-build-isolation", "--python", sys.executable)
    run(UV, *build, "--out-dir", tmp_path, docs.ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", "fresh", cwd=tmp_path)
    fresh = tmp_path / "fresh" / "bin"
    install = ("pip", "install", "--no-deps", "--offline", "--python", fresh / "python")
    run(UV, *install, wheel, cwd=tmp_path)
    site = run(fresh / "python", "-c", "import site; print(*site.getsitepackages())", cwd=tmp_path)
    # A .pth file in that folder is not read again, so the checkout stays out of reach.
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return fresh


def test_the_demo_runs_from_the_wheel_alone(programs: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    where = "from ksys_app import resources; print(resources.ROOT)"
    assert Path(run(programs / "python", "-c", where, cwd=empty)).is_relative_to(tmp_path)
    port = free_port()
    with subprocess.Popen(
        (programs / "ksys", "demo", "--no-feed", "--port", str(port)),
        cwd=empty, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as demo:  # fmt: skip
        try:
            assert demo.stdout is not None
            lines: list[str] = []
            for line in demo.stdout:
                lines.append(line)
                if line.startswith("ready: "):
                    break
            assert lines[-1:] == [f"ready: http://localhost:{port}\n"], "".join(lines)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=HANGS_S) as client:
                assert "D100" in client.get("/api/v1/tags").text, "it has the rules of data/qc"
                for path in ("/", "/trend", "/tech", "/comm", "/docs/runbooks/DB_CONN.md"):
                    assert client.get(path).status_code == 200, path
        finally:
            demo.terminate()
    assert demo.returncode == 0
    assert {path.name for path in empty.iterdir()} == {".ksys"}
