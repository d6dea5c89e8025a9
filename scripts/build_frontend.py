"""Builds the pages with Reflex; ``ksys`` runs it when they are out of date.

Run from the project's root. Prints a line for each step.

    build_frontend.py           compile and bundle
    build_frontend.py --fresh   the same in a new .web, with the npm packages of reflex.lock
    build_frontend.py --lock    resolve the npm packages anew and write reflex.lock
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from reflex.utils import export, frontend_skeleton

from ksys_app.base_path import PLACEHOLDER
from ksys_app.reflex_packages import install, keep_to_lock, npm

LOCK = Path("reflex.lock")


def main(mode: str) -> None:
    """Build the pages; ``mode`` is one of the options above, or empty."""
    # Reflex reads settings from the environment; see ksys_app/base_path.py.
    os.environ["REFLEX_FRONTEND_PATH"] = PLACEHOLDER
    if mode != "--lock":
        keep_to_lock()
    if mode != "":
        registry = npm("config", "get", "registry", stdout=subprocess.PIPE).stdout.strip()
        os.environ.update(NPM_CONFIG_REGISTRY=registry, NPM_CONFIG_SAVE_EXACT="true")
        frontend_skeleton.initialize_web_directory()
    if mode == "--fresh":
        say("installing npm packages")
        install()
    say("building the pages")
    export.export(zipping=False, backend=False)
    if mode == "--lock":
        manifest = LOCK / "package.json"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()), indent=2) + "\n")


def say(step: str) -> None:
    """Print the current step."""
    print(f"step: {step}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
