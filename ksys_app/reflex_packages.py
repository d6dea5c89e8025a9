"""The pages' npm packages: those of ``reflex.lock`` and no others, whoever starts Reflex."""

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
    """Let Reflex use the packages that the lock has, and never resolve or write any itself."""
    js_runtimes.install_frontend_packages = locked
    frontend_skeleton.sync_web_lockfiles_to_root = lambda: None


def install() -> None:
    """Install what the lock says into ``.web``, which Reflex has prepared."""
    npm("ci", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error", cwd=WEB)


def locked(packages: set[str], config: Any) -> None:
    """In place of Reflex's own installation: what is wanted must be what the lock installed."""
    wanted = set(packages)
    for plugin in config.plugins:
        wanted |= set(plugin.get_frontend_development_dependencies())
        wanted |= set(plugin.get_frontend_dependencies())
    given = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    names = {**given["dependencies"], **given["devDependencies"]}
    missing = sorted(spec for spec in wanted if not _given(spec, names))
    if missing:
        sys.exit(
            f"error: reflex.lock lacks {' '.join(missing)}; run scripts/build_frontend.py --lock"
        )
    if not (WEB / "node_modules").is_dir():
        install()


def _given(spec: str, names: dict[str, str]) -> bool:
    name, _, version = spec.rpartition("@")
    return names.get(name) == version if name else spec in names


def npm(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run npm; where it fails, it has said why."""
    program = shutil.which("npm")
    if program is None:
        sys.exit("error: npm is missing beside this Python; run make setup")
    done = subprocess.run((program, *arguments), text=True, check=False, **options)  # noqa: S603
    return done if done.returncode == 0 else sys.exit(done.returncode)


def use_own_node() -> None:
    """Let Reflex find the Node of this installation, and not look for another program."""
    here = str(Path(sys.executable).parent)
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join((here, os.environ.get("PATH", "")))
    os.environ.setdefault("REFLEX_USE_NPM", "true")
