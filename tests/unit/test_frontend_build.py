"""Pages are built when what they are made of changed, once, and for any address."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from textwrap import dedent

import pytest

from ksys_app.ops import frontend
from ksys_app.ops.frontend import BuildFailed, ensure_built, fingerprint, shape
from rxconfig import SameOrigin, config

STATE = '''
class S(Base):
    """Doc."""

    phase: str = "idle"

    @rx.event
    def load(self, tag: str) -> None:
        """Load."""
        self.phase = "loaded"

    @rx.var
    def twice(self) -> int:
        return 2
'''

# Stands in for Reflex, whose own build the browser tests use: counts its runs.
SCRIPT = """
    from pathlib import Path
    runs = Path("runs")
    runs.write_text(str(int(runs.read_text()) + 1 if runs.exists() else 1))
    print("step: building the pages", flush=True)
    static = Path(".web/build/client")
    static.mkdir(parents=True, exist_ok=True)
    (static / "index.html").write_text("<html>")
"""


def project(root: Path, script: str = SCRIPT) -> Path:
    """A project's folder with as much as the build looks at."""
    for folder in ("scripts", "reflex.lock", "assets/look", "ksys_app/states", "ksys_app/models"):
        (root / folder).mkdir(parents=True)
    (root / "scripts/build_frontend.py").write_text(dedent(script))
    (root / "reflex.lock/package-lock.json").write_text("{}")
    (root / "assets/look/tokens.css").write_text(":root {}")
    (root / "ksys_app/states/dashboard.py").write_text(STATE)
    (root / "ksys_app/ksys_app.py").write_text("app = 1")
    (root / "ksys_app/models/views.py").write_text("x = 1")
    return root


def runs(root: Path) -> int:
    """How often the build script ran."""
    return int((root / "runs").read_text())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('self.phase = "loaded"', 'self.phase = "other"'),
        ('"""Load."""', '"""Loads."""'),
        ("    @rx.event", "    # why\n    @rx.event"),
    ],
)
def test_what_a_handler_does_is_no_part_of_a_page(before: str, after: str) -> None:
    assert before in STATE
    assert shape(STATE.replace(before, after)) == shape(STATE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"idle"', '"loading"'),
        ("phase: str", "state: str"),
        ("tag: str", "tag: str, window: str"),
        ("def load", "def reload"),
        ("return 2", "return 3"),
    ],
)
def test_fields_defaults_signatures_and_computed_vars_are(before: str, after: str) -> None:
    assert before in STATE
    assert shape(STATE.replace(before, after)) != shape(STATE)


def test_nothing_changed_builds_once_and_a_changed_style_builds_again(tmp_path: Path) -> None:
    root = project(tmp_path)
    steps: list[str] = []
    assert ensure_built(steps.append, root) == root / ".web/build/client"
    ensure_built(steps.append, root)
    assert (runs(root), steps) == (1, ["building the pages"])
    (root / "assets/look/tokens.css").write_text(":root { color: red }")
    ensure_built(steps.append, root)
    assert runs(root) == 2


def test_a_removed_page_is_built_again(tmp_path: Path) -> None:
    root = project(tmp_path)
    (ensure_built(root=root) / "index.html").unlink()
    ensure_built(root=root)
    assert runs(root) == 2


def test_another_lock_is_another_build(tmp_path: Path) -> None:
    root = project(tmp_path)
    before = fingerprint(root)
    (root / "reflex.lock/package-lock.json").write_text('{"a": 1}')
    changed = {kind for kind, value in fingerprint(root).items() if value != before[kind]}
    assert changed == {"packages"}


def test_two_builders_at_once_build_once(tmp_path: Path) -> None:
    root = project(tmp_path, "import time; time.sleep(0.5)\n" + dedent(SCRIPT))
    builders = [threading.Thread(target=ensure_built, args=(None, root)) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(30)
    assert runs(root) == 1


def test_a_failed_build_names_step_reason_and_log_and_is_tried_again(tmp_path: Path) -> None:
    failing = """
        import sys
        print("step: installing npm packages", flush=True)
        print("npm error code EINTEGRITY")
        sys.exit(1)
    """
    root = project(tmp_path, failing)
    with pytest.raises(BuildFailed) as failed:
        ensure_built(root=root)
    assert failed.value.message.startswith(
        "installing npm packages failed: npm error code EINTEGRITY;"
    )
    assert "EINTEGRITY" in (root / ".web/build.log").read_text()
    (root / "scripts/build_frontend.py").write_text(dedent(SCRIPT))
    ensure_built(root=root)
    assert runs(root) == 1


def test_an_abandoned_build_ends_with_its_children(tmp_path: Path) -> None:
    waiting = """
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(f"step: {child.pid}", flush=True)
        child.wait()
    """
    root = project(tmp_path, waiting)
    pids: list[int] = []

    def told(step: str) -> None:
        pids.append(int(step))
        frontend.abandon()

    with pytest.raises(BuildFailed):
        ensure_built(told, root)
    status = Path(f"/proc/{pids[0]}/status")
    deadline = time.monotonic() + 5
    while (there := status.exists() and "zombie" not in status.read_text()) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.05)
    assert not there


def test_a_server_s_settings_do_not_reach_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFLEX_API_URL", "http://elsewhere:1")
    monkeypatch.setenv("__REFLEX_SKIP_COMPILE", "true")
    root = project(
        tmp_path,
        'import os\nfrom pathlib import Path\nPath("env").write_text("\\n".join(os.environ))\n'
        + dedent(SCRIPT),
    )
    ensure_built(root=root)
    names = set((root / "env").read_text().splitlines())
    assert not names & {"REFLEX_API_URL", "__REFLEX_SKIP_COMPILE"}
    assert "REFLEX_USE_NPM" in names


def test_baked_addresses_become_the_page_s_own_origin(tmp_path: Path) -> None:
    script = tmp_path / "assets" / "env.js"
    script.parent.mkdir()
    script.write_text(
        'var e={PING:"http://ksys.invalid/ping",EVENT:`ws://ksys.invalid/_event`,'
        "HOME:'http://ksys.invalid'}"
    )
    SameOrigin().post_build(static_dir=tmp_path)
    assert script.read_text() == (
        'var e={PING:(location.origin+"/ping"),'
        'EVENT:(location.origin.replace(/^http/,"ws")+"/_event"),'
        'HOME:(location.origin+"")}'
    )


def test_a_build_without_its_address_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "env.js").write_text("var e={}")
    with pytest.raises(RuntimeError, match="no script"):
        SameOrigin().post_build(static_dir=tmp_path)


def test_an_address_in_an_unforeseen_place_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "env.js").write_text('var e={PING:"http://ksys.invalid/ping"}')
    (tmp_path / "index.html").write_text("see http://ksys.invalid/")
    with pytest.raises(RuntimeError, match=r"index\.html"):
        SameOrigin().post_build(static_dir=tmp_path)


def test_reflex_is_told_to_keep_to_itself() -> None:
    assert config.telemetry_enabled is False
    assert config.show_built_with_reflex is False
    assert "*" not in config.cors_allowed_origins
