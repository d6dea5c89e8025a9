"""Pages are built once when their inputs changed, and for any address."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from ksys_app.base_path import ENDPOINTS
from ksys_app.ops.serving import frontend, page_inputs
from ksys_app.ops.serving.frontend import BuildFailed, ensure_built, fingerprint
from ksys_app.ops.serving.page_inputs import shape
from rxconfig import SameOrigin, config
from tests import docs
from tests.waiting import HANGS_S

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
    static = Path(".web/build/client/__ksys_base__")
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
    assert ensure_built(steps.append, root) == root / ".web/build/client/__ksys_base__"
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
    steps: list[str] = []
    builders = [threading.Thread(target=ensure_built, args=(steps.append, root)) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(HANGS_S)
    assert runs(root) == 1
    assert sorted(steps) == ["building the pages"] + [
        "waiting for another process that builds them"
    ] * (len(steps) - 1)


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


def test_a_build_for_another_path_is_none(tmp_path: Path) -> None:
    root = project(tmp_path, SCRIPT.replace("/__ksys_base__", "/elsewhere"))
    with pytest.raises(BuildFailed, match=r"no pages in .*/__ksys_base__"):
        ensure_built(root=root)
    (root / "scripts/build_frontend.py").write_text(dedent(SCRIPT))
    assert (ensure_built(root=root) / "index.html").is_file()


def test_an_abandoned_build_ends_with_its_children(tmp_path: Path) -> None:
    waiting = """
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        print(f"step: {child.pid}", flush=True)
        child.wait()
    """
    root = project(tmp_path, waiting)
    pids: list[int] = []

    def abandon(step: str) -> None:
        pids.append(int(step))
        frontend.abandon()

    with pytest.raises(BuildFailed):
        ensure_built(abandon, root)
    deadline = time.monotonic() + HANGS_S
    while (running := is_running(pids[0])) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    # The process may end between the opening of the file and the reading.
    except (FileNotFoundError, ProcessLookupError):
        return False


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
        'var e={PING:(location.origin+"/__ksys_base__/ping"),'
        'EVENT:(location.origin.replace(/^http/,"ws")+"/__ksys_base__/_event"),'
        'HOME:(location.origin+"/__ksys_base__")}'
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


def changes() -> dict[str, Callable[[str], str]]:
    """The changes of Reflex's own files, by path."""
    tasks: dict[str, Callable[[str], str]] = {}
    SameOrigin().pre_compile(add_modify_task=tasks.__setitem__)
    return tasks


def test_the_client_reaches_the_websocket_on_any_host_port_and_path() -> None:
    change = changes()["utils/state.js"]
    script = (
        'const SAME_DOMAIN_HOSTNAMES = ["localhost", "::"];\n'
        "const endpoint = new URL(url_str);\nio(endpoint.href, {\npath: 1})"
    )
    changed = change(script)
    assert changed == (
        "const SAME_DOMAIN_HOSTNAMES = [];\n"
        "const endpoint = new URL(url_str); "
        "endpoint.host = globalThis.location?.host ?? endpoint.host;\n"
        'io(endpoint.origin + "/_event", {\npath: 1})'
    )
    assert change(changed) == changed, "a second build finds it changed already"
    for other in ("a();", script.replace("endpoint.href", "url"), script + script):
        with pytest.raises(RuntimeError, match="has to learn how"):
            change(other)


def test_the_development_server_passes_on_what_is_no_page() -> None:
    change = changes()["vite.config.js"]
    changed = change("export default {\n  server: {\n    port: 1,\n  },\n}")
    proxied = re.search(r"server: \{\n    proxy: (.*),\n    port: 1", changed)
    assert proxied is not None
    assert set(json.loads(proxied[1])) == {f"/{name}" for name in ENDPOINTS}
    with pytest.raises(RuntimeError, match="no server"):
        change("export default {}")


def test_reflex_sends_nothing_to_others() -> None:
    assert config.telemetry_enabled is False
    assert config.show_built_with_reflex is False
    assert "*" not in config.cors_allowed_origins


def test_every_word_component_and_field_of_a_page_is_an_input() -> None:
    root = docs.ROOT
    names = {str(path.relative_to(root)) for path in page_inputs.complete_files(root)}
    assert names >= {
        "ksys_app/texts/__init__.py",
        "ksys_app/texts/ko.json",
        "ksys_app/pages/comm.py",
    }
    assert names >= {"ksys_app/models/comm_views.py", "ksys_app/models/views.py", "rxconfig.py"}
    client = root / "ksys_app" / "components" / "client"
    assert names >= {str(path.relative_to(root)) for path in client.glob("*.js*")}
    shapes = {str(path.relative_to(root)) for path in page_inputs.shapes(root)}
    assert shapes >= {"ksys_app/states/comm.py", "ksys_app/ksys_app.py"}
    assert not [name for name in shapes if name.startswith(("ksys_app/queries", "ksys_app/db"))]


def test_what_a_page_imports_is_an_input_and_what_answers_at_run_time_is_none(
    tmp_path: Path,
) -> None:
    root = project(tmp_path)
    for path, text in {
        "pages/__init__.py": "from ksys_app import words\nfrom ksys_app.states import dashboard",
        "words.py": "from ksys_app.figures import dash",
        "figures.py": "def dash():\n    return '-'",
        "states/dashboard.py": f"from ksys_app.queries import tags\n{STATE}",
        "queries/tags.py": "SQL = 'SELECT 1'",
    }.items():
        file = root / "ksys_app" / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    before = fingerprint(root)

    def changed(path: str, text: str) -> set[str]:
        file = root / "ksys_app" / path
        former = file.read_text()
        file.write_text(text)
        now = fingerprint(root)
        file.write_text(former)
        return {kind for kind, value in now.items() if value != before[kind]}

    assert changed("figures.py", "def dash():\n    return '–'") == {"sources"}
    assert changed("states/dashboard.py", STATE) == {"shapes"}
    assert changed("queries/tags.py", "SQL = 'SELECT 2'") == set()
