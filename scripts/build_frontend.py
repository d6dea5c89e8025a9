"""Builds the pages with Reflex; ``ksys`` runs it when they are out of date.

Run from the project's root. Prints one line a step.

    build_frontend.py           compile and bundle
    build_frontend.py --fresh   the same in a new .web, with the npm packages of reflex.lock
    build_frontend.py --lock    resolve the npm packages anew and write reflex.lock
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from reflex.utils import export, frontend_skeleton, js_runtimes

WEB = Path(".web")
LOCK = Path("reflex.lock")


def main(mode: str) -> None:
    """Build, in the mode named above."""
    if mode != "--lock":
        js_runtimes.install_frontend_packages = locked
        frontend_skeleton.sync_web_lockfiles_to_root = lambda: None
    if mode != "":
        registry = npm("config", "get", "registry", stdout=subprocess.PIPE).stdout.strip()
        os.environ.update(NPM_CONFIG_REGISTRY=registry, NPM_CONFIG_SAVE_EXACT="true")
        frontend_skeleton.initialize_web_directory()
    if mode == "--fresh":
        say("installing npm packages")
        npm("ci", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error", cwd=WEB)
    say("building the pages")
    export.export(zipping=False, backend=False)
    if mode == "--lock":
        manifest = LOCK / "package.json"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()), indent=2) + "\n")


def npm(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run npm; where it fails, it has said why."""
    program = shutil.which("npm")
    if program is None:
        sys.exit("error: npm is missing beside this Python; run make setup")
    done = subprocess.run((program, *arguments), text=True, check=False, **options)  # noqa: S603
    return done if done.returncode == 0 else sys.exit(done.returncode)


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


def _given(spec: str, names: dict[str, str]) -> bool:
    name, _, version = spec.rpartition("@")
    return names.get(name) == version if name else spec in names


def say(step: str) -> None:
    """Tell who is waiting what happens now."""
    print(f"step: {step}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
