"""Makes Reflex use only the npm packages of ``reflex.lock``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from reflex.utils import frontend_skeleton, js_runtimes

WEB: Final = Path(".web")


def keep_to_lock() -> None:
    """Make Reflex use the packages of the lock; it never resolves or installs others."""
    js_runtimes.install_frontend_packages = check_packages
    frontend_skeleton.sync_web_lockfiles_to_root = lambda: None


def install() -> None:
    """Install the packages of the lock into ``.web``, which Reflex has prepared."""
    npm("ci", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error", cwd=WEB)


def check_packages(packages: set[str], config: Any) -> None:
    """Check that the lock has every required package; it replaces Reflex's own installation."""
    wanted = set(packages)
    for plugin in config.plugins:
        wanted |= set(plugin.get_frontend_development_dependencies())
        wanted |= set(plugin.get_frontend_dependencies())
    manifest = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    locked_versions = {**manifest["dependencies"], **manifest["devDependencies"]}
    missing = sorted(spec for spec in wanted if not _is_locked(spec, locked_versions))
    if missing:
        sys.exit(
            f"error: reflex.lock lacks {' '.join(missing)}; run scripts/build_frontend.py --lock"
        )
    if not (WEB / "node_modules").is_dir():
        install()


def _is_locked(spec: str, versions: dict[str, str]) -> bool:
    name, _, version = spec.rpartition("@")
    return versions.get(name) == version if name else spec in versions


def npm(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run npm. If it fails, end the process; npm has printed the reason."""
    program = shutil.which("npm")
    if program is None:
        sys.exit("error: npm is missing beside this Python; run make setup")
    result = subprocess.run((program, *arguments), text=True, check=False, **options)  # noqa: S603
    return result if result.returncode == 0 else sys.exit(result.returncode)


def use_own_node() -> None:
    """Let Reflex use the Node of this installation and no other program."""
    here = str(Path(sys.executable).parent)
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join((here, os.environ.get("PATH", "")))
    os.environ.setdefault("REFLEX_USE_NPM", "true")
